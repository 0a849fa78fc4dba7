"""Reports as the API takes and tells them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from desk.reporting.period import Basis, Kind
from desk.shape import Fields, Listed, Needed, Note, Told
from scheduler.delivery import State

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Written = Annotated[
    str,
    Field(
        description="A month, a quarter, a half, nine months or a year.",
        pattern=r"^([0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]|H[12]|9M))?)?$",
        examples=["2026-11", "2026-Q3", "2026-H1", "2026-9M", "2025"],
    ),
]
ByDays = Annotated[
    Basis | None,
    Field(description="`decree`: a month goes from the 15th of the one before to the 14th; `calendar`: whole months."),
]


Whose = Annotated[
    str, Field(max_length=40, description="A unit with all under it; that of whoever asks when left out.")
]


class FiguresAsked(Fields):
    """Which period: the last of a kind that is over, or by name; of which version (0: counted now); as a file."""

    unit: Whose = ""
    kind: Kind | None = None
    period: Written = ""
    basis: ByDays = None
    version: int | None = Field(None, ge=0, le=999_999)
    form: Literal["docx", "xlsx", "pdf"] | None = None


class HandInFields(Fields):
    """What is handed in: the figures that were looked at, by their digest; after the first time, why again."""

    unit: Whose = ""
    period: Annotated[Written, Field(min_length=1)]
    basis: ByDays = None
    digest: Needed = Field(description="`digest` of the figures that were looked at.")
    note: Note = ""


class LineTold(Told):
    """A theme, channel, outlet or stretch: items that went out, deliveries by state."""

    key: str
    title: str
    items: int
    outcomes: dict[State, int]


class PlanLineTold(Told):
    """A task of the yearly plan: the part of its target that falls into the period, and how many counted."""

    key: str
    title: str
    owner: str
    target: float
    done: int


class PlanFiguresTold(Told):
    """The year's plan as it is cited, and its tasks with a target in the period."""

    name: str
    tasks: list[PlanLineTold]


class FeedbackLineTold(Told):
    """What people wrote about a theme."""

    key: str
    title: str
    received: int
    answered: int
    closed: int


class FeedbackFiguresTold(Told):
    """What people wrote to the office in the period."""

    whole: FeedbackLineTold
    sources: dict[str, int]
    themes: list[FeedbackLineTold]


class ClassLineTold(Told):
    """A training class: sessions held in the period, and how many came to them."""

    title: str
    sessions: int
    attended: int


class HandedTold(Told):
    """One version of a report that was handed in; `reason` of those after the first."""

    id: str
    period: str
    basis: Basis
    version: int
    title: str
    digest: str
    person: str
    at: AwareDatetime
    reason: str
    unit: str


class ReportTold(Told):
    """A period's figures, and what was handed in of it; `sound`: what is stored is still what was handed in."""

    unit: str = Field(description="Whose, with all under it; empty: the whole office's.")
    units: list[LineTold] = Field(description="By which unit sent; none while there is but the office.")
    office: str
    kind: Kind
    period: str
    basis: Basis
    title: str
    begin: date
    end: date
    whole: LineTold
    runs: int
    people: int
    audio_seconds: int
    stretches: list[LineTold]
    themes: list[LineTold]
    channels: list[LineTold]
    outlets: list[LineTold]
    plan: PlanFiguresTold | None
    feedback: FeedbackFiguresTold | None
    classes: list[ClassLineTold]
    digest: str
    over: bool
    handed_in: HandedTold | None
    sound: bool
    versions: list[HandedTold]


HandedListed = Listed[HandedTold]
