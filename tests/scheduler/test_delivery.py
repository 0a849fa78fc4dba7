"""States of a delivery as letters, the moves between them, ids, retries, breaker; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.answer import Refused, SendError, Unavailable, Unsure
from config.words import NotFound
from content.bulletin import BulletinClass, Order
from scheduler.delivery import (
    FINAL,
    LETTER,
    MOVES,
    Parcel,
    State,
    count,
    delivery_id,
    moved,
    parse_delivery_id,
)
from scheduler.outcome import Breaker, Outcome, Try, job, verdict
from scheduler.retry import MOST_TRIES, STEPS, next_try

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=24)


@given(st.text(alphabet="".join(LETTER.values()), min_size=1, max_size=50), st.data())
def test_letters_only_make_allowed_moves(letters: str, data: st.DataObject) -> None:
    """Any change the table does not know leaves the letter alone; nothing else changes."""
    changes = data.draw(st.dictionaries(st.integers(0, len(letters) - 1), st.sampled_from(list(State))))
    after = moved(letters, changes)
    states = {letter: state for state, letter in LETTER.items()}
    for place, (was, became) in enumerate(zip(letters, after, strict=True)):
        if was != became:
            assert changes[place] in MOVES[states[was]]
            assert LETTER[changes[place]] == became
    assert len(letters) == count(after).total()


@given(st.text(alphabet="".join(LETTER.values()), max_size=50), st.sets(st.sampled_from(list(State))))
def test_letters_are_counted(letters: str, states: set[State]) -> None:
    """Each state as often as its letter stands there, and none that does not; of some states, or of all."""
    found = {state: letters.count(LETTER[state]) for state in State if LETTER[state] in letters}
    assert found == dict(count(letters))
    if states:
        assert {state: number for state, number in found.items() if state in states} == dict(count(letters, states))


def test_confirmed_and_cancelled_are_for_ever() -> None:
    """No receipt, retry or person moves them."""
    assert not MOVES[State.CONFIRMED]
    assert not MOVES[State.CANCELLED]


def test_unsure_is_no_end() -> None:
    """An unsure delivery keeps its parcel open until somebody knows."""
    assert State.UNSURE not in FINAL


@given(st.integers(0, 2**63 - 1), st.integers(0, 999))
def test_a_delivery_id_names_its_place(parcel: int, seq: int) -> None:
    """The id can be read back."""
    assert (parcel, seq) == parse_delivery_id(delivery_id(parcel, seq))


@pytest.mark.parametrize(
    "id",
    ["", "x", "0123456789abc", "0123456789abc-", "0123456789abc-x", "0123456789abi-1", "-1", "٣-1", "zzzzzzzzzzzzz-0"],
)
def test_a_wrong_id_is_not_found(id: str) -> None:
    """Anything else is told, not crashed on."""
    with pytest.raises(NotFound):
        parse_delivery_id(id)


def test_pauses_grow_and_end() -> None:
    """Each pause is longer than the one before, and the eighth try is the last."""
    moments = [next_try(tries, NOW, NOW + timedelta(days=3)) for tries in range(1, MOST_TRIES + 1)]
    assert moments[-1] is None
    pauses = [moment - NOW for moment in moments if moment]
    assert list(STEPS) == pauses


@given(st.integers(1, MOST_TRIES - 1), st.floats(0, 7200), st.floats(0, 1))
def test_the_partners_hint_is_never_undercut(tries: int, hint: float, spread: float) -> None:
    """Retry-After is honoured to the second, whatever our own pause would be."""
    again = next_try(tries, NOW, LATER, hint=hint, spread=spread)
    assert again is not None
    assert again >= NOW + timedelta(seconds=hint) - timedelta(milliseconds=1)


def test_no_try_beyond_the_window() -> None:
    """A hint past the end of validity means no further try."""
    assert next_try(1, NOW, NOW + timedelta(seconds=59), hint=60) is None


ORDER = Order("o", BulletinClass.NORMAL, NOW, ())
PARCEL = Parcel(1, 2, 0, 0, 1, ORDER, [["+84981000101", "Pành"]], [(0, 0, "first")], first=True)
JOB = job(PARCEL, 0, 0, "first")
BUSY = Unavailable("busy", "bận", "busy", retry_after=90)


@pytest.mark.parametrize(
    ("error", "repeatable", "can_ask", "state", "again", "why"),
    [
        (Refused("r", "", ""), True, False, State.FAILED, None, "retry"),
        (BUSY, False, False, State.PENDING, NOW + timedelta(seconds=90), "retry"),
        (Unsure("timeout", "", ""), False, False, State.UNSURE, None, "ask"),
        (Unsure("timeout", "", ""), False, True, State.UNSURE, NOW + timedelta(seconds=30), "ask"),
    ],
)
def test_what_follows_from_an_error(
    error: SendError, repeatable: bool, can_ask: bool, state: State, again: datetime | None, why: str
) -> None:
    """Refused is never tried again; unsure is asked about or held where a repeat could double it."""
    assert (state, again, why) == verdict(JOB, error, NOW, LATER, repeatable=repeatable, can_ask=can_ask)


def test_unsure_is_repeated_only_where_that_does_no_harm() -> None:
    """A partner that knows our id gets the same id again."""
    state, again, _ = verdict(JOB, Unsure("timeout", "", ""), NOW, LATER, repeatable=True, can_ask=False)
    assert (State.PENDING, True) == (state, again is not None)


def test_unsure_never_ends_as_failed() -> None:
    """When the tries are used up nobody knows what became of it, and that is what is said."""
    last = job(PARCEL, 0, MOST_TRIES - 1, "retry")
    assert State.UNSURE is verdict(last, Unsure("timeout", "", ""), NOW, LATER, repeatable=True, can_ask=False)[0]
    assert State.FAILED is verdict(last, BUSY, NOW, LATER, repeatable=True, can_ask=False)[0]


def _outcome(error: SendError | None) -> Outcome:
    return Outcome(JOB, State.PENDING, Try(1, 0, 1, 0, 1, "x"), error=error)


def test_the_breaker_opens_after_five_and_closes_on_success() -> None:
    """Five failures in a row give the outlet a rest that grows with each probe that fails; one success ends it."""
    breaker = Breaker()
    for _ in range(20):
        breaker.note(_outcome(BUSY), NOW)
    assert breaker.resting(NOW + timedelta(seconds=4))
    later = NOW + timedelta(seconds=6)
    assert not breaker.resting(later)
    breaker.note(_outcome(BUSY), later)
    assert breaker.resting(later + timedelta(seconds=14))
    breaker.note(_outcome(None), NOW)
    assert not breaker.tripped
    assert not breaker.resting(NOW)


def test_a_clock_set_back_ends_its_rest() -> None:
    """It rests for seconds, not for the hours that the clock was set back by."""
    breaker = Breaker()
    for _ in range(5):
        breaker.note(_outcome(BUSY), NOW)
    assert breaker.resting(NOW)
    assert not breaker.resting(NOW - timedelta(hours=2))


def test_four_failures_do_not_open_it() -> None:
    """A few failures are no outage."""
    breaker = Breaker()
    for _ in range(4):
        breaker.note(_outcome(BUSY), NOW)
    assert not breaker.resting(NOW)


def test_a_refusal_is_no_failure_of_the_outlet() -> None:
    """A partner that refuses a number works."""
    breaker = Breaker()
    for error in (*[BUSY] * 4, Refused("r", "", ""), *[BUSY] * 4):
        breaker.note(_outcome(error), NOW)
    assert not breaker.tripped
