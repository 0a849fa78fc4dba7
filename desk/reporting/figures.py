"""Figures of one period as plain values, the same counted, stored and read back; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from config.words import Word
from db.types import to_json
from scheduler.delivery import State


@dataclass(frozen=True, slots=True)
class Line:
    """What one theme, channel, outlet or stretch had: how many items went out, and its deliveries by state.

    Items count that were taken over by at least one partner or reader's shelf.
    """

    key: str
    title: str
    items: int
    outcomes: Mapping[str, int]

    @property
    def total(self) -> int:
        """All deliveries."""
        return sum(self.outcomes.values())

    @property
    def sent(self) -> int:
        """Those that were taken over, with proof or without."""
        return self._of(State.SENT, State.CONFIRMED)

    @property
    def confirmed(self) -> int:
        """Those of which there is proof."""
        return self._of(State.CONFIRMED)

    @property
    def lost(self) -> int:
        """Those that did not get there: failed, or missed."""
        return self._of(State.FAILED, State.MISSED)

    @property
    def undecided(self) -> int:
        """Those that have no outcome yet, or none that is known."""
        return self._of(State.PENDING, State.SENDING, State.UNSURE)

    @property
    def cancelled(self) -> int:
        """Those that were called off."""
        return self._of(State.CANCELLED)

    @property
    def share(self) -> float | None:
        """How many percent of what was not called off were taken over; None of nothing."""
        meant = self.total - self.cancelled
        return round(100 * self.sent / meant, 1) if meant else None

    def _of(self, *states: State) -> int:
        return sum(self.outcomes.get(state.value, 0) for state in states)


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One task of the yearly plan in the period: how many were meant (a part of its own target), how many there were."""

    key: str
    title: str
    owner: str
    target: int | float
    done: int

    @property
    def share(self) -> float:
        """How many percent of what was meant were done."""
        return round(100 * self.done / self.target, 1)


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """The plan as it is cited, and its tasks that have a target in the period."""

    name: str
    tasks: tuple[PlanLine, ...]


@dataclass(frozen=True, slots=True)
class FeedbackLine:
    """What people wrote about one theme: how much, and what has become of it; the rest waits."""

    key: str
    title: str
    received: int
    answered: int
    closed: int

    @property
    def waiting(self) -> int:
        """What has no answer yet."""
        return self.received - self.answered - self.closed


@dataclass(frozen=True, slots=True)
class FeedbackFigures:
    """What people wrote in the period, in all and by theme; `sources` how much of it came from where."""

    whole: FeedbackLine
    sources: Mapping[str, int]
    themes: tuple[FeedbackLine, ...]


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A training class: how many of its sessions were held in the period, and how many people came to them, one by one."""

    title: str
    sessions: int
    attended: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A whole period's. `begin` and `end` are its first and last day, as ISO 8601; `period` and `basis` as in addresses."""

    office: str
    kind: str
    period: str
    basis: str
    title: str
    begin: str
    end: str
    whole: Line
    runs: int
    people: int
    audio_seconds: int
    stretches: tuple[Line, ...]
    themes: tuple[Line, ...]
    channels: tuple[Line, ...]
    outlets: tuple[Line, ...]
    plan: PlanFigures | None = None
    units: tuple[Line, ...] = ()
    feedback: FeedbackFigures | None = None
    classes: tuple[ClassLine, ...] = ()

    @property
    def by_week(self) -> bool:
        """Whether its stretches are weeks; else they are months."""
        return self.kind in {"month", "quarter"}

    def record(self) -> dict[str, Any]:
        """JSON-ready values; without a plan or units they are those of before there were any, and so is their digest."""
        return {name: value for name, value in asdict(self).items() if value or name not in LATER}

    @classmethod
    def from_record(cls, plain: Mapping[str, Any]) -> Figures:
        """The opposite of `record`, after JSON."""
        lists = {name: tuple(Line(**one) for one in plain.get(name, ())) for name in LISTS}
        plan = _plan_of(plain["plan"]) if plain.get("plan") else None
        feedback = _feedback_of(plain["feedback"]) if plain.get("feedback") else None
        classes = tuple(ClassLine(**one) for one in plain.get("classes", ()))
        return cls(
            **{
                **plain,
                **lists,
                "whole": Line(**plain["whole"]),
                "plan": plan,
                "feedback": feedback,
                "classes": classes,
            }
        )

    def with_words(self, words: Iterable[Word]) -> Figures:
        """The same with those titles in both languages that are such words; of what was read back all are Vietnamese alone."""
        known = {str(word): word for word in words}

        def told(title: str) -> str:
            return known.get(title) or title

        def lines(some: tuple[Line, ...]) -> tuple[Line, ...]:
            return tuple(replace(one, title=told(one.title)) for one in some)

        plan, feedback = self.plan, self.feedback
        return replace(
            self,
            title=told(self.title),
            whole=lines((self.whole,))[0],
            stretches=lines(self.stretches),
            themes=lines(self.themes),
            channels=lines(self.channels),
            plan=replace(plan, name=told(plan.name)) if plan else None,
            feedback=replace(feedback, themes=tuple(replace(one, title=told(one.title)) for one in feedback.themes))
            if feedback
            else None,
        )

    @property
    def digest(self) -> str:
        """That of their record: the same for whoever counts the same."""
        return digest_of(self.record())


def _plan_of(plain: Mapping[str, Any]) -> PlanFigures:
    return PlanFigures(plain["name"], tuple(PlanLine(**one) for one in plain["tasks"]))


def _feedback_of(plain: Mapping[str, Any]) -> FeedbackFigures:
    themes = tuple(FeedbackLine(**one) for one in plain["themes"])
    return FeedbackFigures(FeedbackLine(**plain["whole"]), plain["sources"], themes)


def digest_of(record: Mapping[str, Any]) -> str:
    """SHA-256 of exactly these values, in hex; of what is stored, so that a later Loa with other figures finds the same."""
    return hashlib.sha256(to_json(record).encode()).hexdigest()


LISTS = ("stretches", "themes", "channels", "outlets", "units")
LATER = frozenset({"plan", "units", "feedback", "classes"})
"""What reports did not have from the first."""
