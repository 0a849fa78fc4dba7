"""What became of all that runs gave their outlets to send, put together in three ways: for a report, for a plan, by people; pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from channels.audiences.store import RETOLD
from db.types import to_ms
from scheduler.delivery import DONE, LETTER, State, count

_TAKEN = frozenset(LETTER[state] for state in DONE)


class Run(NamedTuple):
    """What one run gave its outlets, to a list of that name: parcel by parcel the outlet, and each delivery's state as its letter.

    When it was due is told in milliseconds since 1970: of a year there are thousands, to be compared only.
    """

    occurrence: str
    schedule: str
    due_ms: int
    audience: str
    parcels: tuple[tuple[str, str], ...]


class Tally(NamedTuple):
    """What one schedule gave one outlet to send in one stretch, by the place of the stretch, and what became of it.

    What went to people is told run by run, each with the name of the list it went to.
    """

    place: int
    schedule: str
    outlet: str
    run: str
    audience: str
    outcomes: Counter[State]


class Taken(NamedTuple):
    """One run of a schedule, the day it was due on, and the outlets whose partners took over at least one delivery of it."""

    occurrence: str
    schedule: str
    day: date
    outlets: frozenset[str]


def tallies(runs: Sequence[Run], edges: Sequence[datetime], to_people: Collection[str]) -> list[Tally]:
    """Counted by the stretches between the edges, outside of which nothing lies; `to_people` are outlets that send to people."""
    together = defaultdict[tuple[int, str, str, str, str], list[str]](list)
    begins = [to_ms(edge) for edge in edges]
    for id, schedule, due_ms, audience, parcels in runs:
        place = bisect_right(begins, due_ms) - 1
        for outlet, letters in parcels:
            run = (id, audience) if outlet in to_people else ("", "")
            together[place, schedule, outlet, *run].append(letters)
    return [Tally(*whose, count("".join(letters))) for whose, letters in together.items()]


def taken(runs: Sequence[Run], asked: Collection[str], zone: ZoneInfo) -> list[Taken]:
    """Each run of which anything arrived by any outlet, with proof or without.

    What goes to single people who ask for it (`Rule.asked`, by schedule) is no run of a text.
    """
    arrived = cache(_arrived)  # few runs differ in it, but for those to people
    return [
        Taken(id, schedule, datetime.fromtimestamp(due_ms / 1000, zone).date(), outlets)
        for id, schedule, due_ms, _, parcels in runs
        if schedule not in asked and (outlets := arrived(parcels))
    ]


def _arrived(parcels: tuple[tuple[str, str], ...]) -> frozenset[str]:
    """The outlets by which any of it arrived."""
    return frozenset(outlet for outlet, letters in parcels if not _TAKEN.isdisjoint(letters))


def people(tallies: Sequence[Tally], lists: Mapping[str, str]) -> int:
    """How many people were sent something: of each list, as many as the run had that reached most of them.

    `lists` tells what a list counts as, by its name; one that was renamed or removed since counts by the name it had. Who
    stands on two lists counts twice; whom only another run reached, not. Whoever is told of a correction has been counted
    with what is corrected, unless nothing else was sent.
    """
    most: Counter[str] = Counter()
    retold = 0
    for one in tallies:
        if not one.audience:
            continue
        number = sum(one.outcomes[state] for state in DONE)
        if one.audience.startswith(RETOLD):
            retold = max(retold, number)
        else:
            of = lists.get(one.audience, one.audience)
            most[of] = max(most[of], number)
    return max(retold, most.total())
