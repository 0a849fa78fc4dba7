"""The calendar, moving and pausing everything, as the API takes and tells them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from content.bulletin import BulletinClass
from desk.shape import Day, Fields, Hour, Note, Reason, Told
from desk.shapes.items import Moment
from scheduler.delivery import OccurrenceState, State
from scheduler.schedule import Missed, ScheduleState


class CalendarAsked(Fields):
    """Which days: a month, a week or a day around `day`, or from one to another; narrowed to a kind, an outlet, a theme."""

    view: Literal["month", "week", "day"] | None = None
    day: Day = ""
    begin: Day = Field("", alias="from")
    to: Day = ""
    kind: str = Field("", description="Of outlet.")
    outlet: str = Field("", description="By name.")
    theme: str = ""


class Clash(Told):
    """Another schedule on the same outlet at the same time."""

    outlet: str
    title: str


class EntryTold(Told):
    """Runs of one schedule on one day: what came of them, or what will be (`state` is the schedule's)."""

    schedule: str
    title: str
    klass: BulletinClass = Field(alias="class")
    outlets: list[str]
    themes: list[str]
    state: ScheduleState | None
    runs: int
    first: AwareDatetime
    last: AwareDatetime
    occurrences: dict[OccurrenceState, int]
    deliveries: dict[State, int]
    waits_until: AwareDatetime | None = Field(description="The end of the quiet hours it falls into.")
    clashes: list[Clash]


class LunarTold(Told):
    """The day by the Vietnamese lunar calendar."""

    year: int
    month: int
    day: int
    leap: bool


class DayTold(Told):
    """One day; `more` runs are not among the entries."""

    date: date
    lunar: LunarTold
    holiday: str | None
    runs: int
    more: int
    entries: list[EntryTold]


class StandstillTold(Told):
    """Everything paused: since when, by whom and why; `urgent`: urgent bulletins too."""

    at: AwareDatetime
    person: str
    reason: str
    urgent: bool


class CalendarTold(Told):
    """Days with what went out and what will; `cut`: there is more than is told."""

    begin: date = Field(alias="from")
    to: date
    cut: bool
    standstill: StandstillTold | None
    days: list[DayTold]


class MoveFields(Fields):
    """Another moment: `date` and `time`, or `at`; a daily or weekly schedule takes the time alone."""

    date: Day = ""
    time: Hour = ""
    at: Moment = ""
    note: Note = ""


class PausingAsked(Fields):
    """Until when everything would stand still."""

    until: Moment = ""


class FateTold(Told):
    """What becomes of a schedule's runs that fall due meanwhile."""

    schedule: str
    title: str
    klass: BulletinClass = Field(alias="class")
    policy: Missed
    first: AwareDatetime
    made_up: int
    missed: int
    more: bool


class PausingTold(Told):
    """What would become of it all; `cut`: there are more schedules than are told."""

    standstill: StandstillTold | None
    until: AwareDatetime
    runs: list[FateTold]
    under_way: int
    cut: bool


class PauseFields(Fields):
    """The reason, and whether urgent bulletins stand still too."""

    note: Reason
    urgent: bool = False


class StoodTold(Told):
    """How many schedules were paused, or go on."""

    state: ScheduleState
    schedules: int
