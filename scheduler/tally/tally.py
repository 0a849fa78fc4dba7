"""What became of all that runs gave their outlets to send, put together in three ways: for a report, for a plan, by people; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from channels.audiences.store import RETOLD
from db.types import from_ms, to_ms
from scheduler.delivery import DONE, LETTER, State, count

NOT_REACHED = frozenset(State) - DONE
_TAKEN = frozenset(LETTER[state] for state in DONE)


class Share(NamedTuple):
    """A parcel of what one run gave one outlet, to a list of that name: the state of each delivery as its letter.

    When it was due is told in milliseconds since 1970: of a year there are thousands, to be compared only.
    """

    occurrence: str
    schedule: str
    due_ms: int
    outlet: str
    audience: str
    letters: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What one schedule gave one outlet to send in one stretch, by the place of the stretch, and what became of it."""

    place: int
    schedule: str
    outlet: str
    outcomes: Counter[State]


class Taken(NamedTuple):
    """One run of a schedule, with the outlets whose partners took over at least one delivery of it."""

    occurrence: str
    schedule: str
    due_at: datetime
    outlets: frozenset[str]


def counted(
    shares: Sequence[Share], edges: Sequence[datetime], outlets: Collection[str], lists: Mapping[str, str]
) -> tuple[list[Tally], int]:
    """The tallies of all, and the people whom these outlets reached. Takes some time for a year: not for the loop."""
    return tallies(shares, edges), people(shares, outlets, lists)


def tallies(shares: Sequence[Share], edges: Sequence[datetime]) -> list[Tally]:
    """Counted by the stretches between the edges; nothing in `shares` lies outside of them."""
    together = defaultdict[tuple[int, str, str], list[str]](list)
    begins = [to_ms(edge) for edge in edges]
    for one in shares:
        together[bisect_right(begins, one.due_ms) - 1, one.schedule, one.outlet].append(one.letters)
    return [Tally(*whose, count("".join(letters))) for whose, letters in together.items()]


def taken(shares: Sequence[Share], asked: Collection[str]) -> list[Taken]:
    """Each run of which anything arrived by any outlet, with proof or without.

    What goes to single people who ask for it (`Rule.asked`, by schedule) is no run of a text.
    """
    outlets, first = defaultdict[str, list[str]](list), dict[str, Share]()
    for one in shares:
        if one.schedule not in asked and not _TAKEN.isdisjoint(one.letters):
            outlets[one.occurrence].append(one.outlet)
            first.setdefault(one.occurrence, one)
    return [Taken(id, one.schedule, from_ms(one.due_ms), frozenset(outlets[id])) for id, one in first.items()]


def people(shares: Sequence[Share], outlets: Collection[str], lists: Mapping[str, str]) -> int:
    """How many people were sent something by these outlets: of each list, as many as the run had that reached most of them.

    `lists` tells what a list counts as, by its name; one that was renamed or removed since counts by the name it had. Who
    stands on two lists counts twice; whom only another run reached, not. Whoever is told of a correction has been counted
    with what is corrected, unless nothing else was sent.
    """
    runs = defaultdict[tuple[str, str, str], list[str]](list)
    for one in shares:
        if one.audience and one.outlet in outlets:
            runs[one.occurrence, one.outlet, one.audience].append(one.letters)
    most: Counter[str] = Counter()
    retold = 0
    for (_, _, name), parts in runs.items():
        letters = "".join(parts)
        number = len(letters) - count(letters, NOT_REACHED).total()
        if name.startswith(RETOLD):
            retold = max(retold, number)
        else:
            of = lists.get(name, name)
            most[of] = max(most[of], number)
    return max(retold, most.total())
