"""How far a plan has come: what went out told against its tasks, what lags behind and by how much; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from config.words import Word
from desk.plan.plan import Plan, Stretch, Task, Way
from desk.reporting.figures import PlanFigures, PlanLine
from desk.reporting.period import Period


class Sent(NamedTuple):
    """One text that went out at one due moment: its theme then, the day on the office's clock, and by which ways it left.

    Or one session of a training class that was held: `course` is the class by id, `title` what it is called.
    """

    occurrence: str
    item: str
    theme: str
    day: date
    ways: frozenset[Way]
    course: str = ""
    title: str = ""


class Standing(StrEnum):
    """How a task stands today, the gravest first."""

    OVERDUE = "overdue"
    BEHIND = "behind"
    ON_TIME = "on_time"
    REACHED = "reached"

    @property
    def title_vi(self) -> str:
        """The word on screen."""
        return {
            "overdue": Word("quá hạn", "overdue"),
            "behind": Word("chậm", "late"),
            "on_time": Word("đúng tiến độ", "on time"),
            "reached": Word("đạt", "reached"),
        }[self.value]

    @property
    def is_late(self) -> bool:
        """Whether something is to be done about it."""
        return self in {Standing.OVERDUE, Standing.BEHIND}


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of a task: how many of its target were done."""

    stretch: Stretch
    done: int
    target: int

    @property
    def missing(self) -> int:
        """How many are still to come, or did not."""
        return max(0, self.target - self.done)


@dataclass(frozen=True, slots=True)
class Progress:
    """A task on one day. `now` is its stretch of that day, `short` are earlier ones that ended with less than their target."""

    task: Task
    now: Part
    expected: int
    standing: Standing
    parts: tuple[Part, ...]
    short: tuple[Part, ...]
    counted: tuple[Sent, ...]
    """What counted in the whole year, the newest first."""

    @property
    def gap(self) -> int:
        """How many there should be by this day and are not."""
        return max(0, self.expected - self.now.done)


def counts(task: Task, theme: str, ways: Container[Way]) -> bool:
    """Whether what went out is what the task asks for, whenever that was."""
    return task.theme in {"", theme} and (task.way is None or task.way in ways)


def progress(task: Task, sent: Sequence[Sent], today: date) -> Progress:
    """How a task stands on a day; of `today` itself nothing is expected yet."""
    fitting = [one for one in sent if counts(task, one.theme, one.ways)]
    parts = tuple(_part(task, stretch, fitting) for stretch in task.stretches())
    now = next(one for one in parts if one.stretch == task.on(today))
    begin, end = now.stretch.begin, now.stretch.end
    elapsed = min(max(today, begin), end) - begin
    expected = task.target * elapsed.days // (end - begin).days
    counted = sorted(
        (one for one in fitting if parts[0].stretch.begin <= one.day < parts[-1].stretch.end),
        key=lambda one: (one.day, one.occurrence, one.item),
        reverse=True,
    )
    short = tuple(one for one in parts if one.stretch.end <= begin and one.missing)
    return Progress(task, now, expected, _standing(now, expected, today), parts, short, tuple(counted))


def _part(task: Task, stretch: Stretch, fitting: Sequence[Sent]) -> Part:
    return Part(stretch, sum(stretch.begin <= one.day < stretch.end for one in fitting), task.target)


def _standing(now: Part, expected: int, today: date) -> Standing:
    if not now.missing:
        return Standing.REACHED
    if today >= now.stretch.end:
        return Standing.OVERDUE
    return Standing.BEHIND if now.done < expected else Standing.ON_TIME


def standings(plan: Plan, sent: Sequence[Sent], today: date) -> list[Progress]:
    """All tasks of a plan: first what is late, then what was short before, then the others in the plan's order."""
    order = list(Standing)
    found = [progress(task, sent, today) for task in plan.tasks]
    return sorted(found, key=lambda one: (order.index(one.standing) if one.standing.is_late else 9, not one.short))


def figures(plan: Plan, sent: Iterable[Sent], period: Period) -> PlanFigures:
    """The plan in a report of a period of its year: each task that has a target in it, and how many counted in its days."""
    begin, last, lines = period.begin, period.end, []
    days = defaultdict[tuple[str, frozenset[Way]], list[date]](list)  # a year has thousands, of some dozen kinds
    for one in sent:
        days[one.theme, one.ways].append(one.day)
    for task in plan.tasks:
        if target := task.within(period):
            end = min(last, task.stretches()[-1].end) if task.deadline else last
            fitting = (alike for (theme, ways), alike in days.items() if counts(task, theme, ways))
            done = sum(begin <= day < end for alike in fitting for day in alike)
            lines.append(PlanLine(task.id, task.words, task.owner, target, done))
    return PlanFigures(plan.name, tuple(lines))
