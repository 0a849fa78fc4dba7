"""Units as the API takes and tells them."""

from __future__ import annotations

from datetime import date

from pydantic import AwareDatetime, Field

from content.bulletin import BulletinClass
from content.passing.passing import PassingState
from content.units.unit import LONGEST_NAME, Level
from desk.shape import Day, Fields, Listed, Needed, Note, PagedByTime, Told, Upload


class UnitFields(Fields):
    """A unit."""

    name: Needed = Field(max_length=LONGEST_NAME)
    id: str = Field("", max_length=40, description="Of one that is to be as said here; a new one when left out.")
    level: Level | None = Field(None, description="Told by how the name begins when left out.")
    parent: str = Field("", max_length=40, description="The unit it is under; the office when left out.")
    code: str = Field("", max_length=20, description="Of Decision 19/2025/QĐ-TTg.", examples=["04231"])
    since: Day = ""
    until: Day = Field("", description="The first day on which it is no more.")
    before: list[str] = Field([], description="What it was made of, by id.")


class UnitsFields(Fields):
    """Many units."""

    file: Upload = Field(description="CSV or XLSX.")


class ProvinceFields(Fields):
    """All communes, wards and special zones of a province."""

    province: Needed = Field(max_length=100, examples=["Sơn La"])


class UnitTold(Told):
    """A unit."""

    id: str
    name: str
    level: Level
    parent: str
    code: str
    since: date | None
    until: date | None
    before: list[str]


class UnitsTaken(Told):
    """How many were new, and how many are otherwise than before."""

    added: int
    changed: int


class PassFields(Fields):
    """To which units an item goes: those named, or `all` straight under its own."""

    unit: list[str] = Field([], description="By id.")
    all: bool = False
    note: Note = ""


class PassedTold(Told):
    """Who has it now who had it not, and of an urgent item the schedule by which it goes out."""

    units: list[str]
    schedules: list[str]


class PassingsAsked(PagedByTime):
    """Which of them."""

    state: PassingState | None = None


class PassingTold(Told):
    """An item passed down to a unit; `choices` are what the unit may still decide, `local` its own item."""

    id: str
    item: str
    title: str
    klass: BulletinClass = Field(alias="class")
    unit: str
    state: PassingState
    passed_by: str
    passed_at: AwareDatetime
    note: str
    decided_by: str
    decided_at: AwareDatetime | None
    reason: str
    local: str | None
    choices: list[PassingState]


PassingsTold = Listed[PassingTold]
UnitsTold = Listed[UnitTold]
