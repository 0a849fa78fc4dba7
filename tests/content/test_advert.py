"""Advertising by SMS: 122/268/421 characters, its label, the way to refuse; told at once and never cut in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from content.advert import advert_length, is_labelled, tells_how_to_refuse
from content.bulletin import Purpose
from content.findings import findings, lengths_of
from content.item import Draft, Revision
from content.rendition import SHORT_CHARACTERS, render

GOOD = "[QC] Hội chợ nông sản xã 28/11. Từ chối: soạn TC gửi 1234"


def advert(short: str, **draft: Any) -> Revision:
    """An advertisement with this SMS text."""
    made = Draft("Hội chợ", "Mời bà con tới hội chợ.", short=short, purpose=Purpose.ADVERTISING, **draft)
    return render(made, id="r", item="i", number=1, writer="Mai", made_at=datetime(2026, 11, 23, tzinfo=UTC))


def bad(revision: Revision) -> list[str]:
    """What stops its submission."""
    return [one.vi for one in findings(revision) if one.bad]


@pytest.mark.parametrize(
    ("characters", "segments"), [(1, 1), (122, 1), (123, 2), (268, 2), (269, 3), (421, 3), (422, 4)]
)
def test_the_classes_without_marks(characters: int, segments: int) -> None:
    """Operators' classes to the letter; the length that is told is the text's own."""
    length = advert_length("a" * characters)
    assert (False, characters, segments) == (length.unicode, length.units, length.segments)


@pytest.mark.parametrize(("characters", "segments"), [(32, 1), (33, 2), (96, 2), (97, 3), (163, 3), (164, 4)])
def test_the_classes_with_marks(characters: int, segments: int) -> None:
    """The operator's 38 characters stand in the same alphabet: 70/134/201 less 38."""
    assert segments == advert_length("ạ" * characters).segments


def test_brackets_cost_two() -> None:
    """The label's own are of the GSM extension table: what fits by letters may be a message more."""
    text = "[QC] " + "a" * 117
    assert (122, 124, 2) == (len(text), advert_length(text).units, advert_length(text).segments)


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("[QC] Hội chợ", True),
        (" [qc]Hội chợ", True),
        ("[AD] x", True),
        ("Hội chợ [QC]", False),
        ("QC Hội", False),
        ("", False),
    ],
)
def test_the_label_comes_first(text: str, labelled: bool) -> None:
    """Decree 91/2020, Article 15: in that form and nowhere else."""
    assert labelled is is_labelled(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD, True),
        ("TU CHOI QC SOAN TC GUI 18001091", True),
        ("Không nhận tin nữa, gọi 0212 3878 123", True),
        ("Từ chối\nnhận: https://xa.vn/t", True),
        ("Xã không từ chối ai", False),
        ("Gọi 0212 3878 123 để biết thêm", False),
        ("", False),
    ],
)
def test_how_to_refuse_is_told(text: str, told: bool) -> None:
    """Words of refusal and something to do; with marks or without, over line ends."""
    assert told is tells_how_to_refuse(text)


def test_a_good_one_passes_and_is_told_its_room() -> None:
    """The classes stand beside the text, with how much of them is used."""
    revision = advert(GOOD)
    assert [] == bad(revision)
    told = "; ".join(one.vi for one in findings(revision))
    bare = lengths_of(revision)[1]
    assert f"122/268/421 ký tự không dấu (đang có {bare.units})" in told and "32/96/163 có dấu" in told


@pytest.mark.parametrize(
    ("short", "said"),
    [
        (GOOD.removeprefix("[QC] "), "bắt đầu bằng [QC] hoặc [AD] (Nghị định 91/2020/NĐ-CP, Điều 15)"),
        ("[QC] Hội chợ nông sản xã 28/11.", "phải chỉ cách từ chối"),
        (f"{GOOD} {'a' * 400}", "Tin SMS dài 4 tin, tối đa 3"),
    ],
)
def test_what_the_law_asks_for_stops_a_submission(short: str, said: str) -> None:
    """One sentence each, and the text stays as it was written."""
    revision = advert(short)
    assert [True] == [said in one for one in bad(revision)]
    assert short == revision.short


def test_the_same_text_is_shorter_where_it_is_no_advertising() -> None:
    """421 characters are three messages of advertising and three of outreach; 430 are four and three."""
    plain = Draft("Hội chợ", "Mời bà con.", short="a" * 430)
    outreach = render(plain, id="r", item="i", number=1, writer="Mai", made_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert (3, 4) == (lengths_of(outreach)[1].segments, lengths_of(advert("a" * 430))[1].segments)
    assert [] == bad(outreach)


def test_a_derived_text_has_the_label_and_says_what_it_lacks() -> None:
    """Nobody's number to refuse at is made up: the writer puts it in."""
    revision = advert("", article="")
    assert revision.short.startswith("[QC] Hội chợ") and len(revision.short) <= SHORT_CHARACTERS
    assert ["phải chỉ cách từ chối"] == [one[14:35] for one in bad(revision)]
