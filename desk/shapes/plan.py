"""The yearly plan as the API takes and tells it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from desk.plan.plan import LONGEST, MOST, Rhythm, Way
from desk.plan.progress import Standing
from desk.reporting.period import FIRST_YEAR, LAST_YEAR
from desk.shape import Day, Fields, Told

Unit = Annotated[str, Field(max_length=40, description="Whose plan; that of whoever asks when left out.")]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR, examples=[2026])]


class PlanAsked(Fields):
    """Which plan: this year's when none is named."""

    unit: Unit = ""
    year: Year | None = None


class PlanFields(Fields):
    """A year's plan without its tasks; number and date stay empty until it is signed."""

    unit: Unit = ""
    year: Year
    title: str = Field(min_length=1, max_length=LONGEST["title"])
    number: str = Field("", max_length=LONGEST["number"], examples=["36/KH-UBND"])
    signed: Day = ""
    objectives: str = Field("", max_length=LONGEST["objectives"])
    audiences: str = Field("", max_length=LONGEST["audiences"])


class CopyFields(Fields):
    """From which year's plan (the one before, when none is named) to which year, which has none yet."""

    unit: Unit = ""
    year: Year
    from_: Year | None = Field(None, alias="from")


class TaskText(Fields):
    """A task of a plan: so many of `target` in every month, quarter or year, or once before the deadline."""

    words: str = Field(min_length=1, max_length=LONGEST["words"])
    theme: str = Field("", description="One of the office's, by id; any when left out.")
    way: Way | None = Field(None, description="Any when left out.")
    owner: str = Field("", max_length=LONGEST["owner"], description="Who sees to it, by name.")
    rhythm: Rhythm
    deadline: Day = Field("", description="Within the year; of `once`, and of nothing else.")
    target: int = Field(ge=1, le=MOST)


class NewTask(TaskText):
    """The same, and the year of the plan it goes into."""

    unit: Unit = ""
    year: Year


class PlanHead(Told):
    """A plan without its tasks; `unit` empty: the office's."""

    unit: str
    year: int
    number: str
    signed: date | None
    title: str
    objectives: str
    audiences: str


class TaskTold(Told):
    """A task as it stands in its plan."""

    id: str
    unit: str
    year: int
    words: str
    theme: str
    way: Way | None
    owner: str
    rhythm: Rhythm
    deadline: date | None
    target: int


class PartTold(Told):
    """A stretch of the year, from its first day to its last, and what was done in it."""

    begin: date
    end: date
    target: int
    done: int


class CountedTold(Told):
    """A text that counted, once for each run in which it went out; or a session of a class that was held, by its id."""

    occurrence: str
    item: str | None
    klass: str | None = Field(alias="class")
    day: date


class ProgressTold(TaskTold):
    """A task and how it stands today; `expected`: how many there should be by now, pro rata."""

    now: PartTold
    expected: int
    gap: int
    standing: Standing
    parts: list[PartTold]
    counted: list[CountedTold] = Field(description="The newest first, 50 at most.")


class PlanTold(PlanHead):
    """A plan and how far it has come; what is late comes first."""

    tasks: list[ProgressTold]
