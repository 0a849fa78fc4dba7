"""A plan's tasks, what was written made into them, and how far they have come on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from config.words import BadInput
from desk.plan.plan import Plan, Rhythm, Task, Way, copied, plan_from, task_from
from desk.plan.progress import Sent, Standing, figures, progress, standings
from desk.reporting.period import Basis, parse

HEAD = {"year": "2026", "number": "36/KH-UBND", "signed": "2026-01-23", "title": "Tuyên truyền 2026"}
HEAD |= {"objectives": " Nâng cao\nnhận thức ", "audiences": "Nhân dân"}
WRITTEN = {"words": "Bản tin  phát thanh", "theme": "mot-cua", "way": "radio", "owner": "Chị Lan"}
WRITTEN |= {"rhythm": "quarter", "deadline": "", "target": "12"}


def task(**more: Any) -> Task:
    """Twelve bulletins on the radio a quarter on one theme, unless it is said otherwise."""
    told: dict[str, Any] = {"id": "a", "year": 2026, "words": "Bản tin", "theme": "mot-cua", "way": Way.RADIO}
    told |= {"owner": "", "rhythm": Rhythm.QUARTER, "deadline": None, "target": 12}
    return Task(**(told | more))


def sent(*days: date, theme: str = "mot-cua", way: Way = Way.RADIO) -> list[Sent]:
    """One text on each of these days."""
    return [Sent(f"o{place}", "i", theme, day, frozenset({way})) for place, day in enumerate(days)]


def test_what_is_written_becomes_a_plan_and_a_task() -> None:
    """Blanks are put right; a plan is cited by number and date."""
    plan = plan_from(HEAD)
    assert "Kế hoạch số 36/KH-UBND ngày 23/01/2026" == plan.name and "Nâng cao\nnhận thức" == plan.objectives
    made = task_from(WRITTEN, "a", 2026, {"mot-cua"})
    assert task(words="Bản tin phát thanh", owner="Chị Lan") == made


@pytest.mark.parametrize(
    ("more", "field"),
    [
        *(({"words": " "}, "words"), ({"words": "x" * 501}, "words"), ({"theme": "la"}, "theme")),
        *(({"way": "fax"}, "way"), ({"owner": "x" * 201}, "owner"), ({"rhythm": ""}, "rhythm")),
        *(({"target": "0"}, "target"), ({"target": "-1"}, "target"), ({"target": "10000"}, "target")),
        *(({"deadline": "2026-06-30"}, "deadline"), ({"rhythm": "once"}, "deadline")),
        ({"rhythm": "once", "deadline": "2027-01-01"}, "deadline"),
        ({"rhythm": "once", "deadline": "2026-02-30"}, "deadline"),
    ],
)
def test_a_task_that_makes_no_sense_is_told_at_its_field(more: dict[str, str], field: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadInput) as caught:
        task_from(WRITTEN | more, "a", 2026, {"mot-cua"})
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("more", "field"),
    [
        *(({"year": "26"}, "year"), ({"year": "1999"}, "year"), ({"title": ""}, "title")),
        *(({"number": "x" * 51}, "number"), ({"signed": "hôm qua"}, "signed")),
    ],
)
def test_a_plan_that_makes_no_sense_is_told_at_its_field(more: dict[str, str], field: str) -> None:
    """The year is four digits, the day a day."""
    with pytest.raises(BadInput) as caught:
        plan_from(HEAD | more)
    assert field == caught.value.field


def test_a_copy_is_of_the_other_year() -> None:
    """Its title, its deadlines (29 February on the 28th), not its number and date."""
    old = Plan(2028, "36/KH-UBND", date(2028, 1, 23), "Tuyên truyền 2028", "a", "b", ())
    leap = task(year=2028, rhythm=Rhythm.ONCE, deadline=date(2028, 2, 29))
    new = copied(Plan(2028, old.number, old.signed, old.title, "a", "b", (leap, task(year=2028))), 2029)
    assert (2029, "", None, "Tuyên truyền 2029") == (new.year, new.number, new.signed, new.title)
    assert [(2029, date(2029, 2, 28)), (2029, None)] == [(one.year, one.deadline) for one in new.tasks]


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        *(({}, True), ({"theme": "", "way": None}, True), ({"theme": "thu-tuc"}, False), ({"way": Way.SMS}, False)),
        *(({"theme": ""}, True), ({"way": None}, True)),
    ],
)
def test_what_counts_is_told_by_theme_and_way(more: dict[str, Any], fits: bool) -> None:
    """Empty is any."""
    assert fits == bool(progress(task(**more), sent(date(2026, 11, 2)), date(2026, 11, 23)).now.done)


def test_what_is_expected_grows_with_the_days() -> None:
    """Of twelve in a quarter of 92 days: none on the first, six after 46, twelve when it is over."""
    days = [date(2026, 10, 1), date(2026, 11, 16), date(2026, 12, 31)]
    assert [0, 6, 11] == [progress(task(), [], day).expected for day in days]
    assert Standing.ON_TIME is progress(task(), [], days[0]).standing
    assert Standing.BEHIND is progress(task(), sent(*[date(2026, 10, 5)] * 5), days[1]).standing
    assert Standing.ON_TIME is progress(task(), sent(*[date(2026, 10, 5)] * 6), days[1]).standing
    assert Standing.REACHED is progress(task(), sent(*[date(2026, 12, 31)] * 12), days[2]).standing
    assert 0 == progress(task(), [], date(2025, 12, 1)).expected


def test_a_stretch_begins_and_ends_with_its_days() -> None:
    """What went out on the edge counts in one quarter and in no other; earlier ones that were short are named."""
    found = progress(task(target=1), sent(date(2026, 3, 31), date(2026, 7, 1), date(2027, 1, 1)), date(2026, 11, 23))
    assert [1, 0, 1, 0] == [one.done for one in found.parts]
    assert ["quý II"] == [one.stretch.title for one in found.short]
    assert [date(2026, 7, 1), date(2026, 3, 31)] == [one.day for one in found.counted]


def test_after_a_deadline_it_is_overdue() -> None:
    """On the last day it may still be reached; what comes after counts no more."""
    once = task(rhythm=Rhythm.ONCE, deadline=date(2026, 6, 30), target=2)
    assert Standing.ON_TIME is progress(once, sent(date(2026, 6, 1)), date(2026, 6, 30)).standing
    late = progress(once, sent(date(2026, 6, 30), date(2026, 7, 1)), date(2026, 7, 1))
    assert (Standing.OVERDUE, 1) == (late.standing, late.now.missing)
    assert Standing.REACHED is progress(once, sent(*[date(2026, 6, 30)] * 2), date(2026, 7, 1)).standing


def test_what_is_late_comes_first() -> None:
    """Overdue, behind, short before, and then the plan's order."""
    fine = task(id="fine", way=None, theme="", rhythm=Rhythm.YEAR, target=1)
    short = task(id="short", rhythm=Rhythm.MONTH, target=1)
    overdue = task(id="overdue", rhythm=Rhythm.ONCE, deadline=date(2026, 6, 30))
    plan = Plan(2026, "", None, "", "", "", (fine, short, task(id="behind"), overdue))
    found = standings(plan, sent(date(2026, 11, 2)), date(2026, 11, 23))
    assert ["overdue", "behind", "short", "fine"] == [one.task.id for one in found]


@pytest.mark.parametrize(
    ("written", "rhythm", "target"),
    [
        *(("2026-11", "quarter", 4), ("2026-Q4", "quarter", 12), ("2026", "quarter", 48), ("2026-9M", "month", 108)),
        *(("2026-H1", "year", 6), ("2026-11", "year", 1)),
    ],
)
def test_a_target_is_shared_out_over_a_report(written: str, rhythm: str, target: int) -> None:
    """By months, whatever days a month has in it."""
    for basis in Basis:
        assert target == task(rhythm=Rhythm(rhythm)).within(parse(written, basis))


def test_a_deadline_is_shared_out_by_days() -> None:
    """Half of the days is half of the target; a report after it does not name it, and what came too late does not count."""
    once = task(rhythm=Rhythm.ONCE, deadline=date(2026, 2, 28), target=10)
    assert 5.3 == once.within(parse("2026-01", Basis.CALENDAR))  # 31 of 59 days
    plan = Plan(2026, "", None, "", "", "", (once,))
    came = sent(date(2026, 2, 3), date(2026, 3, 2))
    assert () == figures(plan, came, parse("2026-03", Basis.CALENDAR)).tasks
    [line] = figures(plan, came, parse("2026-Q1", Basis.CALENDAR)).tasks
    assert (10, 1, 10.0) == (line.target, line.done, line.share)
