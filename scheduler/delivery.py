"""Occurrence, Parcel, Delivery, Attempt; the states of a delivery and the moves it may make as a table; pure.

A parcel is a few hundred recipients of one occurrence and one outlet, frozen together. The state of each delivery is
one letter in its parcel's `letters`, so that a million deliveries cost a million letters and not a million rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from config.words import NotFound, Word
from content.bulletin import Bulletin, Order
from db.types import spell, unspell

PARCEL_SIZE = 500


class State(StrEnum):
    """Where a delivery stands (`docs/states.md`)."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    UNSURE = "unsure"
    MISSED = "missed"
    CANCELLED = "cancelled"


TITLES = {
    State.PENDING: Word("chờ gửi", "waiting"),
    State.SENDING: Word("đang gửi", "sending"),
    State.SENT: Word("đã gửi", "sent"),
    State.CONFIRMED: Word("đã xác nhận", "confirmed"),
    State.FAILED: Word("không gửi được", "failed"),
    State.UNSURE: Word("chưa rõ", "unsure"),
    State.MISSED: Word("lỡ giờ", "missed"),
    State.CANCELLED: Word("đã hủy", "cancelled"),
}

LETTER = {
    State.PENDING: "p",
    State.SENDING: "i",
    State.SENT: "s",
    State.CONFIRMED: "c",
    State.FAILED: "f",
    State.UNSURE: "u",
    State.MISSED: "m",
    State.CANCELLED: "x",
}
STATES = tuple(State)
OF_LETTER = {letter: state for state, letter in LETTER.items()}

MOVES: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.SENDING, State.MISSED, State.CANCELLED, State.CONFIRMED, State.UNSURE}),
    State.SENDING: frozenset({State.SENT, State.PENDING, State.FAILED, State.UNSURE, State.CONFIRMED}),
    State.SENT: frozenset({State.CONFIRMED, State.FAILED}),
    State.UNSURE: frozenset({State.SENT, State.CONFIRMED, State.FAILED, State.PENDING}),
    State.FAILED: frozenset({State.PENDING}),
    State.MISSED: frozenset({State.PENDING}),
    State.CONFIRMED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""Pending goes to confirmed when a receipt overtakes the answer it belongs to, and to unsure when a try whose answer was
lost is not repeated after all; failed, missed and unsure go back to pending only by a person's decision."""

DONE = frozenset({State.SENT, State.CONFIRMED})
RARE = (State.CONFIRMED, *(state for state in State if state not in DONE))
"""Those that are looked for among many letters: a letter is found the slower the more there are of it, so the rest are sent."""
FINAL = DONE | {State.FAILED, State.MISSED, State.CANCELLED}
UNSETTLED = frozenset(LETTER[state] for state in State if state not in FINAL)


class OccurrenceState(StrEnum):
    """Where one due moment of a schedule stands."""

    PLANNING = "planning"
    OPEN = "open"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"


@dataclass(eq=False, slots=True)
class Parcel:
    """A parcel in hand, or some deliveries of one whose next try is due (`first` is False).

    A `suspect` was in hand at several crashes and is sent alone.

    `todo` lists (seq, tries made, why), `at` is how far it has been gone through, `out` which of them (seq) have no outcome yet.
    `rank` and `turn` say who goes next; `until` is in milliseconds since 1970. `order` is what its occurrence is to say,
    `bulletin` what goes out, once it was checked at `checked` (steady seconds), `allotted_at` when its people were last looked at;
    `linked`: each gets a link or a code of their own in it.
    """

    id: int
    rank: int
    turn: int
    until: int
    epoch: int
    order: Order
    people: list[list[str]]
    todo: list[tuple[int, int, str]]
    first: bool
    suspect: bool = False
    at: int = 0
    out: set[int] = field(default_factory=set)
    bulletin: Bulletin | None = None
    checked: float = 0.0
    allotted_at: datetime | None = None
    linked: bool = False
    word: str = field(init=False)

    def __post_init__(self) -> None:
        self.word = spell(self.id)

    @property
    def left(self) -> int:
        """Deliveries not yet taken out."""
        return len(self.todo) - self.at

    @property
    def asks(self) -> bool:
        """Whether these are questions to the partner: nothing goes out, so nothing need be checked."""
        return self.todo[0][2] == "ask"

    @property
    def may_go(self) -> bool:
        """Whether what comes next was checked, or is only a question."""
        return self.bulletin is not None or self.asks

    @property
    def place(self) -> tuple[int, int]:
        """The lowest goes next: urgent class first, then whose turn it is."""
        return self.rank, self.turn


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one delivery: when it began, how long it took in milliseconds, how it ended."""

    parcel: int
    seq: int
    n: int
    at: datetime
    ms: int
    outcome: str
    reason: str = ""
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One occurrence to one address of one outlet, as a reader sees it."""

    id: str
    parcel: int
    seq: int
    occurrence: str
    schedule: str
    outlet: str
    klass: str
    title: str
    address: str
    name: str
    state: State
    due_at: datetime
    attempts: tuple[Attempt, ...] = ()
    note: str = ""
    rule: str = ""
    """Which rule of the policy holds it back, or makes it wait."""
    said: str = ""
    """Why it did not arrive, as its partner said later."""
    carriers: tuple[tuple[int, str], ...] = ()
    """Where it was handed over: from which try on, and to which outlet."""

    @property
    def last(self) -> Attempt | None:
        """The last try, if any was made."""
        return self.attempts[-1] if self.attempts else None

    @property
    def reason(self) -> str:
        """Why it has not arrived, in one word: what its partner said last, at a try or later; of what has, nothing."""
        if self.state in DONE:
            return ""
        return self.said or (self.last.reason if self.last else "")

    @property
    def reference(self) -> str:
        """The partner's own id or the public address, from the last try that brought one."""
        return next((attempt.reference for attempt in reversed(self.attempts) if attempt.reference), "")

    @property
    def carrier(self) -> str:
        """The outlet that carries it now."""
        return self.carriers[-1][1] if self.carriers else self.outlet

    def carrier_at(self, n: int) -> str:
        """The outlet by which a try went."""
        return next((outlet for begin, outlet in reversed(self.carriers) if begin <= n), self.outlet)

    @property
    def detail(self) -> str:
        """What there is to say: of the rule that holds it, of the last try, else the note on the occurrence."""
        return self.last.detail if self.last and not self.rule else self.note


def delivery_id(parcel: int, seq: int) -> str:
    """The delivery's name towards partners and people: the same on every try, after every restart."""
    return f"{spell(parcel)}-{seq}"


def parse_delivery_id(id: str) -> tuple[int, int]:
    """Parcel and place of a delivery id. Raises NotFound for anything else."""
    word, _, place = id.partition("-")
    try:
        return unspell(word), int(place if place.isascii() and place.isdigit() else "x")
    except ValueError:
        raise NotFound(f"Không có lượt gửi {id}", f"There is no delivery {id}") from None


def may_move(letter: str, to: State) -> bool:
    """Whether a delivery with this letter may become `to`."""
    return to in MOVES[OF_LETTER[letter]]


def moved(letters: str, changes: Mapping[int, State]) -> str:
    """The letters with each allowed change made; a change the table does not know is left out (states only move forward)."""
    line = list(letters)
    for seq, to in changes.items():
        if may_move(line[seq], to):
            line[seq] = LETTER[to]
    return "".join(line)


def counted(numbers: Iterable[int]) -> Counter[State]:
    """How many deliveries are in which state, of a number for each state in their order."""
    found: Counter[State] = Counter()
    for state, number in zip(STATES, numbers, strict=True):
        if number:
            found[state] = number
    return found


def count(letters: str, states: Collection[State] = ()) -> Counter[State]:
    """How many deliveries of a parcel, or of many whose letters stand in one row, are in which state, of these or of all."""
    found: Counter[State] = Counter()
    left = len(letters)
    for state in states or RARE:
        if LETTER[state] in letters:  # that one is not there is seen much sooner than that there are none of it
            found[state] = number = letters.count(LETTER[state])
            left -= number
    if left and not states:
        found[State.SENT] = left
    return found
