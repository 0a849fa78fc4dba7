"""How far a file or a whole delivery has been fetched, by the bytes that really went out; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from config.words import Word

AFRESH = timedelta(hours=24)
"""A transfer that rests so long is begun anew (IAB Podcast Measurement 2.0 counts within 24 hours)."""
PROGRAMME = "slot/"
"""What the names of programmes begin with in the account: no file of an item has a slash."""


class Fetch(StrEnum):
    """How far something was fetched."""

    NEVER = "never"
    CHECKED = "checked"
    ASKED = "asked"
    PARTLY = "partly"
    COMPLETE = "complete"

    @property
    def rank(self) -> int:
        """The further, the higher."""
        return list(Fetch).index(self)

    @property
    def title_vi(self) -> Word:
        """The name on screen."""
        return {
            "never": Word("chưa hỏi lần nào", "never asked for"),
            "checked": Word("đã hỏi thăm, chưa tải", "looked at, not fetched"),
            "asked": Word("đã bắt đầu tải", "fetching begun"),
            "partly": Word("mới tải một phần", "partly fetched"),
            "complete": Word("đã tải đủ", "fetched whole"),
        }[self.value]


class Proof(NamedTuple):
    """What a file proves when it has gone out whole: one part (from 0) of a delivery's `parts`."""

    delivery: str
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was pulled of one file that proves one part of a delivery; sizes in bytes, ranges half open and apart.

    `checks` are HEAD requests and 304 answers: the station looked, and got nothing.
    """

    file: str
    proof: Proof
    size: int
    requests: int
    checks: int
    bytes: int
    ranges: tuple[tuple[int, int], ...]
    first_at: datetime
    last_at: datetime
    complete_at: datetime | None
    agent: str

    @property
    def state(self) -> Fetch:
        """How far it was fetched."""
        if self.complete_at is not None:
            return Fetch.COMPLETE
        if self.ranges:
            return Fetch.PARTLY
        return Fetch.ASKED if self.requests else Fetch.CHECKED

    @property
    def is_programme(self) -> bool:
        """Whether it is a joined programme, and not a file of this bulletin alone."""
        return self.file.startswith(PROGRAMME)

    @property
    def share(self) -> float:
        """How much of the file has gone out, from 0 to 1."""
        return 1.0 if self.complete_at else sum(end - begin for begin, end in self.ranges) / max(1, self.size)

    def plain(self) -> dict[str, Any]:
        """JSON-ready values."""
        moments = {"first_at": self.first_at, "last_at": self.last_at, "complete_at": self.complete_at}
        return {
            "file": self.file,
            "part": self.proof.part + 1,
            "parts": self.proof.parts,
            "state": self.state.value,
            "share": round(self.share, 4),
            "size": self.size,
            "requests": self.requests,
            "checks": self.checks,
            "bytes": self.bytes,
            **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
            "agent": self.agent,
        }


def part_states(pulls: Iterable[Pulled], parts: int) -> list[Fetch]:
    """How far each part of a delivery was fetched: by whichever of its files went furthest."""
    states = [Fetch.NEVER] * parts
    for pulled in pulls:
        if pulled.proof.part < parts:
            states[pulled.proof.part] = max(states[pulled.proof.part], pulled.state, key=lambda state: state.rank)
    return states


def delivery_state(states: Sequence[Fetch]) -> Fetch:
    """How far the whole was fetched: complete when every part is, never when none was asked for."""
    if all(state is Fetch.COMPLETE for state in states):
        return Fetch.COMPLETE
    furthest = max(states, key=lambda state: state.rank, default=Fetch.NEVER)
    return Fetch.PARTLY if furthest is Fetch.COMPLETE else furthest


def joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of half-open byte ranges, in order."""
    union: list[tuple[int, int]] = []
    for begin, end in sorted(ranges):
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        elif end > begin:
            union.append((begin, end))
    return union
