"""Marking: papers put in order, and who wins; pure, and always the same for the same papers.

Most right answers first. Of those with as many, whose guess of how many would have all right is nearest; then who handed
in first; then a draw by a hash of the contest's seed and the paper's name, which anybody can do again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from content.bulletin import digest_of
from db.types import to_ms


@dataclass(frozen=True, slots=True)
class Paper:
    """What one person handed in: the questions asked with the choice made (-1: none), and the guess."""

    entry: str
    answers: tuple[tuple[str, int], ...]
    guess: int
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """A paper's place: how many were right, how far off the guess was; `prize` is empty for who won none."""

    entry: str
    rank: int
    right: int
    asked: int
    off: int
    prize: str


@dataclass(frozen=True, slots=True)
class Results:
    """Everybody in order; `all_right` is what had to be guessed."""

    marks: tuple[Mark, ...]
    all_right: int

    @property
    def digest(self) -> str:
        """What is compared when it is computed again, and what the second person approves."""
        rows = [[one.entry, one.rank, one.right, one.asked, one.off, one.prize] for one in self.marks]
        return digest_of([self.all_right, rows])

    @property
    def winners(self) -> tuple[Mark, ...]:
        """Those with a prize, the first first."""
        return tuple(one for one in self.marks if one.prize)


def marked(papers: Sequence[Paper], key: Mapping[str, int], prizes: Sequence[tuple[str, int]], seed: str) -> Results:
    """The results of these papers; who has nothing right wins nothing."""
    right = {one.entry: sum(key.get(question) == choice for question, choice in one.answers) for one in papers}
    all_right = sum(right[one.entry] == len(one.answers) for one in papers)

    def place(one: Paper) -> tuple[int, int, int, bytes]:
        lot = hashlib.sha256(f"{seed} {one.entry}".encode()).digest()
        return -right[one.entry], abs(one.guess - all_right), to_ms(one.finished_at), lot

    ordered = sorted(papers, key=place)
    names = [name for name, number in prizes for _ in range(number)]
    marks = [
        Mark(
            one.entry,
            rank,
            right[one.entry],
            len(one.answers),
            abs(one.guess - all_right),
            names[rank - 1] if rank <= len(names) and right[one.entry] else "",
        )
        for rank, one in enumerate(ordered, 1)
    ]
    return Results(tuple(marks), all_right)
