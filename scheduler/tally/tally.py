"""What became of all that runs gave their outlets to send: for a report, for a plan, by people; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from channels.audiences.store import RETOLD
from scheduler.delivery import DONE, State


class Tally(NamedTuple):
    """What one schedule gave one outlet to send in one stretch, by the place of the stretch, and what became of it.

    What went to people is told run by run, each with the name of the list it went to; of all else there is no `run`.
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


def people(tallies: Sequence[Tally], lists: Mapping[str, str]) -> int:
    """How many people were sent something: of each list, as many as the run had that reached most of them.

    `lists` tells what a list counts as, by its name; one that was renamed or removed since counts by the name it had. Who
    stands on two lists counts twice; whom only another run reached, not. Whoever is told of a correction has been counted
    with what is corrected, unless nothing else was sent.
    """
    most: Counter[str] = Counter()
    retold = 0
    for one in tallies:
        if not one.run or not one.audience:
            continue
        number = sum(one.outcomes[state] for state in DONE)
        if one.audience.startswith(RETOLD):
            retold = max(retold, number)
        else:
            of = lists.get(one.audience, one.audience)
            most[of] = max(most[of], number)
    return max(retold, most.total())
