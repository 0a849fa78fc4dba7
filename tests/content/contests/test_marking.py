"""Who wins and who is asked what: always the same for the same papers, in the order the rules say."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from config.words import BadInput
from content.contests.contest import days_of, prizes_of, read_code
from content.contests.marking import Paper, marked
from content.contests.question import Question, drawn, shown

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEY = {"a": 0, "b": 1}


def paper(entry: str, right: int, guess: int, minutes: int = 0) -> Paper:
    """A paper with so many right answers."""
    answers = (("a", 0 if right > 0 else 1), ("b", 1 if right > 1 else -1))
    return Paper(entry, answers, guess, NOW + timedelta(minutes=minutes))


def test_the_order() -> None:
    """Right answers, then the nearer guess, then who was earlier, then a draw that anybody can do again."""
    papers = [
        *(paper("far", 2, 9), paper("near", 2, 4), paper("late", 2, 4, 5)),
        *(paper("one", 1, 3), paper("none", 0, 3)),
    ]
    results = marked(papers, KEY, (("Nhất", 1), ("Nhì", 5)), "seed")
    assert results.all_right == 3
    assert [one.entry for one in results.marks] == ["near", "late", "far", "one", "none"]
    assert [one.prize for one in results.marks] == ["Nhất", "Nhì", "Nhì", "Nhì", ""], "nothing right wins nothing"
    random.Random(1).shuffle(papers)
    assert marked(papers, KEY, (("Nhất", 1), ("Nhì", 5)), "seed") == results


def test_what_is_alike_is_drawn() -> None:
    """By the seed: another seed, another order; nobody took part, nobody wins."""
    papers = [paper(f"p{number}", 2, 1) for number in range(20)]
    first, other = (marked(papers, KEY, (("Nhất", 1),), seed) for seed in ("one", "other"))
    assert [one.entry for one in first.marks] != [one.entry for one in other.marks]
    assert first.digest == marked(papers[::-1], KEY, (("Nhất", 1),), "one").digest
    assert marked([], KEY, (("Nhất", 1),), "one").marks == ()


def test_questions_are_drawn_evenly_and_in_an_order_of_ones_own() -> None:
    """As many of each theme as there can be; the same paper is always asked the same."""
    pool = [Question(f"{theme}{n}", theme, "?", ("a", "b", "c"), 0, "s") for theme in "xyz" for n in range(5)]
    mine = drawn(pool, 6, "seed", "me")
    assert sorted(id[0] for id in mine) == ["x", "x", "y", "y", "z", "z"]
    assert mine == drawn(pool[::-1], 6, "seed", "me")
    assert len({drawn(pool, 6, "seed", f"p{number}") for number in range(20)}) == 20
    assert len(drawn(pool, 60, "seed", "me")) == 15
    assert sorted(shown(pool[0], "seed", "me")) == [(0, "a"), (1, "b"), (2, "c")]
    assert len({tuple(shown(pool[0], "seed", f"p{number}")) for number in range(40)}) > 1


def test_what_was_written() -> None:
    """Prizes a line, days in any order, codes however people copy them."""
    assert prizes_of("Giải nhất: 1\n\n Giải  nhì : 2\nGiải phụ") == (("Giải nhất", 1), ("Giải nhì", 2), ("Giải phụ", 1))
    assert days_of("1, 7 3;3") == (7, 3, 1)
    assert read_code(" o1-l 2 ") == "0112"
    for wrong in ("Giải: 0", "Giải: 9999"):
        with pytest.raises(BadInput):
            prizes_of(wrong)
