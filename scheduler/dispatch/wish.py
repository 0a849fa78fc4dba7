"""What a lane asks of a turn, what it is told, and a parcel's row as the turn holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels.channel import Pace
from scheduler.delivery import Parcel
from scheduler.outcome import Job, Outcome, Try


@dataclass(slots=True)
class Wish:
    """What a lane asks for: `room` deliveries more, as far as the pace allows. Moments in milliseconds since 1970.

    `look`: see whether the outlet is paused, what is due again and what goes before what is in hand; between two looks a
    quick outlet's pace is reckoned from `free_at` and `owed`, what has been sent since it was booked.
    `day` is the office's day as a number and `tomorrow` the moment the next begins, where the outlet has a daily quota.
    `stock` is how many more to have claimed by the next turn, `parcel_size` how many deliveries a parcel has lately had.
    `free` asks for nothing more and lets go of what is in hand. `hold` is a moment until which the partner wants to be
    left alone. `alone`: nothing else is under way, so that a suspect may go. `repair`: the last turn's commit was not
    answered, so nothing it wrote or claimed is taken for granted.
    """

    outlet: str
    owner: str
    now: int
    lease: int
    pace: Pace
    room: int
    stock: int
    look: bool = True
    free_at: int = 0
    owed: int = 0
    day: int = 0
    tomorrow: int = 0
    parcel_size: int = 1
    free: bool = False
    hold: int = 0
    alone: bool = False
    repair: bool = False


@dataclass(slots=True)
class Turn:
    """What came of it: jobs that may leave now, parcels newly in hand, tries logged, outcomes whose claim was lost.

    `anew` are repeats that are out under a claim that was lost, for they could be claimed anew: what comes of the old is set apart.
    `used` is how much of the outlet's daily quota is gone.
    """

    jobs: list[Job] = field(default_factory=list)
    taken: list[tuple[Parcel, int]] = field(default_factory=list)
    claimed: list[Parcel] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    anew: list[tuple[Parcel, int]] = field(default_factory=list)
    orphans: list[Outcome] = field(default_factory=list)
    over: list[tuple[int, int]] = field(default_factory=list)
    tried: list[Try] = field(default_factory=list)
    paused: bool = False
    free_at: int = 0
    owed: int = 0
    used: int = 0


@dataclass(slots=True)
class Row:
    """A parcel's row, held; written back once if it has changed. `busy`: something of it is in hand after this turn."""

    owner: str | None
    epoch: int
    state: str
    letters: list[str]
    cursor: int
    turn: int
    size: int
    occurrence: str
    rank: int
    until: int
    lease: int | None
    changed: bool = False
    intent: bool = False
    busy: bool = False


NO_ROW = Row(None, -1, "", [], 0, 0, 0, "", 0, 0, None)
