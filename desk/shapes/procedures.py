"""Procedures as the API takes and tells them."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from content.procedures.procedure import Status
from desk.shape import Fields, Listed, Paged, Told, Upload


class ProceduresAsked(Paged):
    """Which of them, by code."""

    q: str = Field("", max_length=200, description="Words, with or without Vietnamese marks; all must occur.")
    status: Status | None = None


class CatalogueFields(Fields):
    """A catalogue of procedures."""

    file: Upload = Field(
        description="CSV, XLSX or JSON (a list of objects); fields as they are told, or in Vietnamese."
    )


class CatalogueTaken(Told):
    """How many were new, otherwise, and as known; `drafts` are the items that announce it, for a person to read."""

    added: int
    changed: int
    same: int
    drafts: list[str]


class ProcedureListed(Told):
    """A procedure."""

    code: str
    name: str
    field: str
    level: str
    authority: str
    time_limit: str
    fee: str
    dossier: str
    legal_basis: str
    decision: str
    effective: date | None
    status: Status


class DifferenceTold(Told):
    """One field that became otherwise."""

    field: str
    before: str
    after: str


class ChangeTold(Told):
    """What one import made otherwise; `item` announces it."""

    id: str
    at: AwareDatetime
    person: str
    source: str
    new: bool
    differences: list[DifferenceTold]
    item: str | None


class ProcedureTold(ProcedureListed):
    """A procedure with every change there was, the newest first, and the items that speak of it."""

    history: list[ChangeTold]
    items: list[str]


class CiteFields(Fields):
    """All procedures that an item speaks of; none takes them away."""

    codes: list[str] = Field([], description="Codes of the catalogue.", examples=[["1.001193"]])
    seen: str = Field(
        "", max_length=40, description="The newest change that was looked at; the newest there is when left out."
    )


class CitedTold(Told):
    """What the item speaks of now."""

    procedures: list[str]


ProceduresTold = Listed[ProcedureListed]
