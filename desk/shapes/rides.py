"""Rides (texts that go along in other bulletins) as the API takes and tells them."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from desk.shape import Fields, Listed, Needed, Note, Paged, Told
from scheduler.ride.ride import MOST_WEEKS, RideState


class RidesAsked(Paged):
    """Which rides."""

    state: RideState | None = None
    item: str = Field("", description="For the page: the text a new one is to be made of.")


class RideFields(Fields):
    """A text, and the rule by which it goes along."""

    item: Needed = Field(description="An approved item, by id.")
    outlet: list[Needed] = Field(min_length=1, description="By name: whose bulletins carry it.")
    theme: list[Needed] = Field([], description="Themes of the bulletins that carry it, by id; none named: any.")
    begins: Needed = Field(description="The first day.", examples=["2026-12-01"])
    ends: Needed = Field(description="The last day.", examples=["2026-12-31"])
    weeks: int = Field(1, ge=1, le=MOST_WEEKS, description="In every so many weeks, the first being that of `begins`.")
    share: int = Field(100, ge=1, le=100, description="How many of a hundred such bulletins carry it, evenly.")


class ApproveRide(Fields):
    """What is approved."""

    digest: Needed = Field(description="Of the ride that was looked at.")
    note: Note = ""


class RideTold(Told):
    """A ride; `seen` counts bulletins it could have gone along in, `carried` those it did."""

    id: str
    item: str
    revision: str
    outlets: list[str]
    themes: list[str]
    begins: date
    ends: date
    weeks: int
    share: int
    unit: str
    state: RideState
    digest: str
    made_by: str
    made_at: AwareDatetime
    decided_by: str
    decided_at: AwareDatetime | None
    note: str
    seen: int
    carried: int


class HostTold(Told):
    """A run ahead that could carry it, and whether it will as things stand."""

    at: AwareDatetime
    schedule: str
    title: str
    carries: bool


class RideSheet(RideTold):
    """A ride with its hosts of the next four weeks, and the last occurrences that carried it."""

    coming: list[HostTold]
    runs: list[str]


RidesTold = Listed[RideTold]
