"""Items: where they may go, who is one person, addresses from titles, what an approval is bound to, what cannot stand."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.words import BadInput, Conflict
from content.bulletin import BulletinClass, Purpose
from content.item import (
    DEFAULT_THEMES,
    TITLES,
    Draft,
    Item,
    ItemState,
    Revision,
    check_draft,
    same_person,
    slug_of,
)
from content.meeting import Meeting

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ALLOWED = {
    ("draft", "draft"),
    ("draft", "in_review"),
    ("draft", "withdrawn"),
    ("in_review", "draft"),
    ("in_review", "approved"),
    ("in_review", "withdrawn"),
    ("approved", "draft"),
    ("approved", "withdrawn"),
    ("approved", "expired"),
    ("expired", "draft"),
}

REVISION = Revision(
    id="r1",
    item="i1",
    number=1,
    title="Tiêu đề",
    body="Nội dung",
    article="<p>Nội dung</p>",
    script="Tiêu đề.\n\nNội dung",
    spoken="tiêu đề. nội dung",
    short="Tiêu đề. Nội dung",
    chat="Tiêu đề\n\nNội dung",
    derived=("article", "script", "short", "chat"),
    theme="mot-cua",
    klass=BulletinClass.NORMAL,
    valid_from=None,
    valid_until=None,
    source="UBND xã",
    byline="Như Thủy",
    language="vi",
    writer="Mai",
    made_at=NOON,
)


@pytest.mark.parametrize("was", list(ItemState))
@pytest.mark.parametrize("to", list(ItemState))
def test_an_item_moves_only_as_the_table_says(was: ItemState, to: ItemState) -> None:
    """Every pair of states: allowed, or a Conflict that names both in Vietnamese."""
    item = Item("i1", "s", was, "Tin", "r1", None, BulletinClass.NORMAL, "", None, NOON, NOON)
    if (was.value, to.value) in ALLOWED:
        item.check_move(to)
        return
    with pytest.raises(Conflict) as caught:
        item.check_move(to)
    assert TITLES[was] in caught.value.vi
    assert TITLES[to] in caught.value.vi


@pytest.mark.parametrize(
    "other",
    [
        "nguyễn thị mai",
        "NGUYỄN THỊ MAI",
        "  Nguyễn \t Thị\u00a0Mai ",
        "Nguye\u0302\u0303n Thi\u0323 Mai",
        "Nguyễn\u200b Thị Mai\ufeff",
        "Nguyễn Thị Ｍai",
        "Nguyễn\u00ad Thị Mai",
    ],
)
def test_writing_a_name_otherwise_makes_no_second_person(other: str) -> None:
    """Case, spacing, Unicode form and letters nobody sees."""
    assert same_person("Nguyễn Thị Mai", other)
    assert same_person(other, "Nguyễn Thị Mai")


@pytest.mark.parametrize("other", ["Nguyễn Thị Mãi", "Nguyen Thi Mai", "Nguyễn Mai", ""])
def test_other_names_are_other_people(other: str) -> None:
    """Marks tell people apart in Vietnamese."""
    assert not same_person("Nguyễn Thị Mai", other)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Sốp Cộp tăng cường tuyên truyền", "sop-cop-tang-cuong-tuyen-truyen"),
        ("Đường dây nóng: 1022!", "duong-day-nong-1022"),
        ("D\u0323i\u0323ch vu\u0323", "dich-vu"),
        ("ƯU TIÊN", "uu-tien"),
        ("!!!", "tin"),
        ("", "tin"),
        ("công báo", "cong-bao"),
        ("<script>../../x", "script-x"),
    ],
)
def test_a_title_becomes_an_address(title: str, slug: str) -> None:
    """Plain small letters, digits and hyphens; never empty."""
    assert slug == slug_of(title)


def test_a_long_title_is_cut_at_a_word() -> None:
    """At most 80 letters, whole words; a word that alone is longer is cut."""
    assert "-".join(["tuyen"] * 13) == slug_of("tuyên " * 40)
    assert "a" * 80 == slug_of("a" * 80 + " b")
    assert "a" * 80 == slug_of("a" * 200)


@given(st.text(max_size=200))
def test_any_title_makes_a_good_address(title: str) -> None:
    """Nothing that must be quoted, nothing empty, nothing long."""
    slug = slug_of(title)
    assert 1 <= len(slug) <= 80
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug == slug.strip("-")


CHANGES: dict[str, Any] = {
    **dict.fromkeys(("title", "article", "script", "spoken", "short", "chat"), "khác"),
    **dict.fromkeys(("theme", "source", "byline", "language", "recorded"), "khác"),
    "klass": BulletinClass.URGENT,
    "purpose": Purpose.ADVERTISING,
    "valid_from": NOON,
    "valid_until": NOON,
    "meetings": (Meeting("m1", "2026-12-05T08:00:00+07:00", "2026-12-05T11:30:00+07:00", "Tập huấn", "Nhà văn hóa"),),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_whatever_can_be_heard_or_read_is_in_the_digest(name: str) -> None:
    """Changing it voids an approval."""
    assert REVISION.digest != replace(REVISION, **{name: CHANGES[name]}).digest


def test_what_nobody_hears_or_reads_is_not_in_the_digest() -> None:
    """Who wrote when, under which number, the source text the renditions were made of; own readings count by their words."""
    other = {"id": "r2", "item": "i2", "number": 2, "writer": "Hùng", "made_at": NOON + timedelta(1), "derived": ()}
    sources: dict[str, Any] = {"body": "x", "readings": (("X", "ích xì"),)}
    assert REVISION.digest == replace(REVISION, **sources, **other).digest
    assert {field.name for field in fields(Revision)} == {*CHANGES, *other, *sources}


def test_text_that_moves_from_one_field_to_the_next_changes_the_digest() -> None:
    """The fields are told apart, not run together; so are beginning and end of validity."""
    assert replace(REVISION, short="ab", chat="c").digest != replace(REVISION, short="a", chat="bc").digest
    assert replace(REVISION, valid_from=NOON).digest != replace(REVISION, valid_until=NOON).digest


def test_the_same_moment_in_another_zone_is_the_same_digest() -> None:
    """What the database gives back in UTC, to the millisecond, is what was written in the office's zone."""
    here = NOON.astimezone(timezone(timedelta(hours=7))) + timedelta(microseconds=7)
    assert replace(REVISION, valid_until=NOON).digest == replace(REVISION, valid_until=here).digest


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("title", {"title": ""}),
        ("title", {"title": " \n\u00a0"}),
        ("title", {"title": "a" * 301}),
        ("title", {"title": "a\0b"}),
        ("body", {"body": "\t\n"}),
        ("body", {"body": "a" * 200_001}),
        ("body", {"body": "a\x1bb"}),
        ("script", {"script": "\ud83d"}),
        ("article", {"article": "a" * 200_001}),
        ("short", {"short": "a" * 20_001}),
        ("byline", {"byline": "a" * 301}),
        ("source", {"source": "a" * 301}),
        ("language", {"language": "v" * 36}),
        ("valid_until", {"valid_from": NOON, "valid_until": NOON}),
        ("valid_until", {"valid_from": NOON, "valid_until": NOON - timedelta(1)}),
        ("valid_until", {"valid_until": datetime(9999, 12, 31, tzinfo=UTC)}),
        ("valid_from", {"valid_from": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=7)))}),
    ],
)
def test_a_draft_that_cannot_stand_is_told_by_field(field: str, values: dict[str, Any]) -> None:
    """The first wrong field is named, in both languages."""
    with pytest.raises(BadInput) as caught:
        check_draft(replace(Draft(title="Tiêu đề", body="Nội dung"), **values))
    assert field == caught.value.field
    assert caught.value.vi != caught.value.en


def test_who_brings_a_book_is_told_how_long_it_is_and_what_to_do() -> None:
    """The number as Vietnamese writes it."""
    with pytest.raises(BadInput) as caught:
        check_draft(Draft(title="Sổ tay", body="a" * 439_998))
    assert "439.998" in caught.value.vi and "chia thành nhiều tin" in caught.value.vi


def test_a_draft_at_the_limits_stands() -> None:
    """300 and 200,000 characters, tabs and line ends, one moment of validity."""
    check_draft(Draft("a" * 300, "a\t\n" * 66_666, valid_from=NOON, valid_until=NOON + timedelta(milliseconds=1)))


def test_the_founding_plan_has_six_themes() -> None:
    """Each under an address-like id."""
    assert 6 == len(dict(DEFAULT_THEMES))
    assert [] == [id for id, _ in DEFAULT_THEMES if id != slug_of(id)]
