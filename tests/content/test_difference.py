"""What changed between two texts: nothing is lost, dates stay whole, and derived texts are not told twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from content.bulletin import BulletinClass
from content.difference import Change, Mark, changes, differences, shortened
from content.item import Draft, Revision
from content.rendition import render

GONE, NEW, SAME, LEFT_OUT = Mark.GONE, Mark.NEW, Mark.SAME, Mark.LEFT_OUT
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BODY = "Từ ngày 01/12/2026 xã nhận hồ sơ.\n\nMời bà con."


def revision(**more: Any) -> Revision:
    """A text."""
    draft = Draft(**({"title": "Nhận hồ sơ", "body": BODY} | more))
    return render(draft, id="r", item="i", number=1, writer="Lan", made_at=NOW)


def told(found: list[Change]) -> dict[str, tuple[tuple[Mark, str], ...]]:
    """Changes by part."""
    return {one.part: one.stretches for one in found}


@given(st.text("ab 1/.\n", max_size=60), st.text("ab 1/.\n", max_size=60))
def test_both_texts_can_be_read_from_it(old: str, new: str) -> None:
    """What stayed and what went is the old one; what stayed and what came is the new one."""
    found = differences(old, new)
    assert "".join(text for mark, text in found if mark is not NEW) == old
    assert "".join(text for mark, text in found if mark is not GONE) == new


def test_a_date_changes_as_a_whole() -> None:
    """And so does a phrase, with the blanks in it."""
    assert differences("ngày 01/12/2026, xã", "ngày 05/12/2026, xã") == [
        *[(SAME, "ngày "), (GONE, "01/12/2026"), (NEW, "05/12/2026"), (SAME, ", xã")]
    ]
    assert differences("mời bà con đến", "mời các hộ dân đến") == [
        *[(SAME, "mời "), (GONE, "bà con"), (NEW, "các hộ dân"), (SAME, " đến")]
    ]


def test_what_stayed_is_cut_short_at_words() -> None:
    """Only what stands beside a change is shown of a long stretch."""
    same = "xã nhận hồ sơ " * 40
    found = shortened(differences(f"{same}sáng {same}", f"{same}chiều {same}"))
    assert [mark for mark, _ in found] == [LEFT_OUT, SAME, GONE, NEW, SAME, LEFT_OUT]
    assert all(len(text) < 70 for _, text in found) and found[1][1].startswith(" ") and found[4][1].endswith(" ")


def test_a_text_of_another_size_is_told_in_time() -> None:
    """Thousands of words on one line, all of them others, are not paired word by word."""
    old, new = " ".join(f"a{n}" for n in range(20_000)), " ".join(f"b{n}" for n in range(20_000))
    assert differences(old, new) == [(GONE, old), (NEW, new)]


def test_a_derived_rendition_is_told_where_it_differs_alone() -> None:
    """The article and the script are the body again; the SMS is cut from it, so its own change is told."""
    old, new = revision(), revision(body=BODY.replace("01/12", "05/12"))
    assert told(changes(old, new)).keys() == {"body", "short", "chat"}
    written = revision(script="Xin mời nghe.")
    assert told(changes(old, written)).keys() == {"script"}
    assert changes(old, old) == []


def test_facts_are_told_as_one_thing() -> None:
    """Class, validity, theme: what it was and what it is."""
    new = revision(klass=BulletinClass.URGENT, valid_until=NOW, theme="mot-cua", readings=(("HTC", "hội trường cũ"),))
    found = told(changes(revision(), new))
    assert found["klass"] == ((GONE, "normal"), (NEW, "urgent")) and found["theme"] == ((NEW, "mot-cua"),)
    assert found["valid_until"] == ((NEW, NOW.isoformat()),)
    assert found["readings"] == ((NEW, "HTC = hội trường cũ"),)
