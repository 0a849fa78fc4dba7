"""Schedules and their occurrences as the API takes and tells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from content.bulletin import BulletinClass
from desk.shape import Fields, Hour, Listed, Needed, Note, Paged, PagedByTime, Told
from desk.shapes.items import Moment, RuleTold
from scheduler.delivery import OccurrenceState, State
from scheduler.schedule import Missed, ScheduleState

Weekday = Literal["1", "2", "3", "4", "5", "6", "7"]


class SchedulesAsked(Paged):
    """Which schedules."""

    state: ScheduleState | None = None


class OccurrencesAsked(PagedByTime):
    """Whose occurrences."""

    schedule: str = ""


class Wished(Fields):
    """What goes where and when: one of `at`, `cron` and `every`, or `when` with what belongs to it."""

    item: list[Needed] = Field(min_length=1, description="Approved items by id, in running order.")
    outlet: list[Needed] = Field(min_length=1, description="By name.")
    audience: str = Field("", description="By name; for outlets with recipients.")
    at: Annotated[str, Field(description="`now`, or a moment in ISO 8601.", examples=["2026-12-01T05:00"])] = ""
    cron: str = Field("", examples=["0 5 * * *"])
    every: str = Field("", description="A length of time.", examples=["6h"])
    when: Literal["now", "once", "daily", "weekdays", "weekly", "every", "cron"] | None = None
    time: Hour = Field("", description="With `daily`, `weekdays`, `weekly`.")
    day: list[Weekday] = Field([], description="With `weekly`; 1 is Monday.")
    amount: str = Field("", description="With `when` = `every`.", examples=["6"])
    unit: Literal["m", "h", "d"] | None = None
    until: Moment = ""
    zone: str = Field("", description="Of `cron`; the office's when it is empty.")
    klass: BulletinClass | None = Field(None, alias="class")
    missed: Missed | None = Field(None, description="What is made up for after an outage.")
    title: str = ""


class ApproveSchedule(Fields):
    """What is approved."""

    digest: Needed = Field(description="Of the schedule that was looked at.")
    outlet: list[Needed] = Field([], description="Approve it over these of its outlets alone; none named: over all.")
    note: Note = ""


class MayNote(Fields):
    """A word for the journal."""

    note: Note = ""


class ScheduledTold(Told):
    """A text as it was approved."""

    item: str
    revision: str
    digest: str


class RuleOfTime(Told):
    """Once, by cron, every so many seconds, or `asked`: whenever somebody asks for it."""

    once: AwareDatetime | None
    cron: str
    every: float | None
    asked: bool = False


class ScheduleTold(Told):
    """A schedule."""

    id: str
    title: str
    state: ScheduleState
    digest: str = Field(description="What an approval belongs to.")
    items: list[ScheduledTold]
    outlets: list[str]
    audience: str
    rule: RuleOfTime
    zone: str
    klass: BulletinClass = Field(alias="class")
    start: AwareDatetime
    until: AwareDatetime | None
    missed: Missed
    next_due_at: AwareDatetime | None
    made_by: str
    made_at: AwareDatetime
    unit: str = Field(description="Who sends it; empty: the office itself.")


class ScheduleSheet(ScheduleTold):
    """A schedule with its next moments, what rules say of it, and which outlets may take over."""

    next: list[AwareDatetime]
    policy: list[RuleTold]
    fallbacks: list[str]


class Segments(Told):
    """Messages billed for one person."""

    with_marks: int
    without_marks: int


class CostTold(Told):
    """What a run costs at an SMS outlet, in đồng where the outlet says its price."""

    outlet: str
    text: str
    people: int
    segments: Segments
    total: int
    cost: int | None


class Preview(Told):
    """What would be stored; nothing was."""

    schedule: ScheduleTold
    next: list[AwareDatetime]
    policy: list[RuleTold]
    sms: list[CostTold]


class OccurrenceTold(Told):
    """One due moment of a schedule; `size` is how many deliveries it has; `early`: of its outlets only those listed were opened."""

    id: str
    schedule: str
    state: OccurrenceState
    title: str
    outlets: list[str]
    audience: str
    size: int
    reason: str
    klass: BulletinClass = Field(alias="class")
    early: bool
    due_at: AwareDatetime
    until: AwareDatetime | None
    planned_at: AwareDatetime | None


class CancelledTold(Told):
    """How many deliveries are in which state afterwards."""

    id: str
    counts: dict[State, int]


SchedulesTold = Listed[ScheduleTold]
OccurrencesTold = Listed[OccurrenceTold]
