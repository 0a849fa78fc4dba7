"""How many have an intent and wait: a tenth of a second's work, and the next turn begins while they last."""

from __future__ import annotations

from scheduler.ahead import MOST_AHEAD, Ahead


def test_a_tenth_of_a_second_of_the_outlets_work() -> None:
    """Of its pace, or a guess, while nothing is known; of what it answers afterwards; never more than a crash may leave."""
    ahead = Ahead(40.0)
    assert (4, 2) == (ahead.most(0.0), ahead.most(20.0))
    assert (100, 800, MOST_AHEAD) == tuple(Ahead(1e6).most(rate) for rate in (0.0, 8000.0, 1e6))


def test_the_next_turn_begins_while_those_that_wait_last_as_long_as_it_takes() -> None:
    """Half of them until a turn was measured; never more than there are."""
    ahead = Ahead(1e6)
    assert 500 == ahead.low(1000, 20_000.0)
    ahead.took(0.01)
    assert (250, 40, 500) == (ahead.low(1000, 20_000.0), ahead.low(40, 20_000.0), ahead.low(1000, 0.0))


def test_one_slow_turn_is_not_taken_for_all() -> None:
    """A disk that was busy once; if it stays so, the next turns begin earlier."""
    ahead = Ahead(1e6)
    ahead.took(0.01)
    ahead.took(0.05)
    assert 500 == ahead.low(1000, 20_000.0)
    for _ in range(10):
        ahead.took(0.05)
    assert 1000 == ahead.low(1000, 20_000.0) and 1200 < ahead.low(2000, 20_000.0) <= 1250
