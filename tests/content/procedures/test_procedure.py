"""A procedure as the catalogue has it: what differs between two, what cannot stand, how it is announced."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from config.unmarked import unmarked
from config.words import BadInput, in_english
from content.item import check_draft
from content.procedures.announcing import ALONE, LISTED, Changed, announcement, grouped
from content.procedures.procedure import Difference, Procedure, Status, as_of, check, differences

BIRTH = Procedure(
    *("1.001193", "Đăng ký khai sinh", "Hộ tịch", "Cấp xã", "Ủy ban nhân dân xã", "5 ngày làm việc", "8.000 đồng"),
    *("Tờ khai\nGiấy chứng sinh", "Luật Hộ tịch 2014", "528/QĐ-UBND", date(2026, 1, 1), Status.NEW),
)


def changed(now: Procedure, before: Procedure | None = BIRTH) -> Changed:
    """What is otherwise than before."""
    return Changed(now, differences(before, now), before is None)


def test_differences_are_told_field_by_field() -> None:
    """In the catalogue's order, as people read them; spaces and Unicode forms make none."""
    now = replace(BIRTH, time_limit="1 ngày làm việc", effective=date(2026, 12, 1), status=Status.AMENDED)
    assert [(one.field, one.before, one.after) for one in differences(BIRTH, now)] == [
        ("time_limit", "5 ngày làm việc", "1 ngày làm việc"),
        ("effective", "01/01/2026", "01/12/2026"),
        ("status", "mới ban hành", "sửa đổi, bổ sung"),
    ]
    assert differences(BIRTH, replace(BIRTH, name="Đăng  ký khai sinh", dossier="Tờ khai Giấy chứng sinh")) == ()
    assert {one.field for one in differences(None, BIRTH)} >= {"code", "name", "fee", "status"}


def test_a_kept_difference_of_the_status_has_its_english_again() -> None:
    """Records hold the Vietnamese alone; what is no status stays as it was written."""
    status = Difference.from_record("status", "", "sửa đổi, bổ sung")
    assert (status.before, in_english(status.after), status.title_vi.en) == ("", "amended", "status")
    assert in_english(Difference.from_record("fee", "được thay thế", "").before) == "được thay thế"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "1.00119"}, "code"),
        ({"code": "١.٠٠١١٩٣"}, "code"),
        ({"name": ""}, "name"),
        ({"fee": "đ" * 1001}, "fee"),
        ({"dossier": "a\x00"}, "dossier"),
        ({"effective": date(1026, 1, 1)}, "effective"),
    ],
)
def test_what_cannot_stand_is_named(wrong: dict[str, object], field: str) -> None:
    """By its field."""
    check(BIRTH)
    with pytest.raises(BadInput) as told:
        check(replace(BIRTH, **wrong))  # type: ignore[arg-type]
    assert told.value.field == field


def test_marks_make_no_difference_to_who_searches() -> None:
    """“Lý lịch” and “ly lich” are the same."""
    assert unmarked("Lý  LỊCH tư pháp, Đăng ký") == "ly lich tu phap, dang ky"


def test_a_change_is_said_in_plain_words() -> None:
    """What changed from what to what, from when, by which decision, where to file; all a draft needs."""
    now = replace(BIRTH, time_limit="1 ngày làm việc", fee="", decision="900/QĐ-UBND", effective=date(2026, 12, 1))
    draft = announcement([changed(now)])
    check_draft(draft)
    assert draft.title == "Thủ tục Đăng ký khai sinh có thay đổi từ ngày 01/12/2026"
    assert draft.body == (
        "Theo Quyết định 900/QĐ-UBND, thủ tục Đăng ký khai sinh (mã 1.001193) có thay đổi từ ngày 01/12/2026.\n\n"
        "- Thời hạn giải quyết: trước đây 5 ngày làm việc, nay 1 ngày làm việc.\n"
        "- Phí, lệ phí: trước đây 8.000 đồng, nay không quy định.\n\n"
        "Nơi nộp hồ sơ: Ủy ban nhân dân xã (cấp xã)."
    )
    assert draft.short == "Thủ tục Đăng ký khai sinh (mã 1.001193) có thay đổi từ ngày 01/12/2026."


def test_what_is_abolished_is_filed_nowhere() -> None:
    """Nor are its other fields told."""
    draft = announcement([changed(replace(BIRTH, status=Status.ABOLISHED, fee="0", effective=date(2026, 12, 1)))])
    assert draft.title.endswith("bị bãi bỏ từ ngày 01/12/2026")
    assert "Nơi nộp" not in draft.body and "lệ phí" not in draft.body


def test_many_changes_are_told_together_by_field_of_work() -> None:
    """Two hundred at once are a few drafts that name each, not two hundred; a few are told one by one."""
    many = [
        changed(replace(BIRTH, code=f"1.{n:06}", name=f"Thủ tục {n}", field="Đất đai" if n % 4 else "Hộ tịch", fee="0"))
        for n in range(200)
    ]
    groups = grouped(many)
    assert [len(each) for each in groups] == [50, LISTED, 50]
    assert sorted(one.now.code for each in groups for one in each) == sorted(one.now.code for one in many)
    for each in groups:
        draft = announcement(each)
        check_draft(draft)
        assert all(one.now.code in draft.body for one in each)
        assert len(draft.script) < 1000
    assert [len(each) for each in grouped(many[:ALONE])] == [1] * ALONE


def test_what_holds_on_a_day_is_found_by_undoing() -> None:
    """A change that is not in force yet leaves the procedure as it was; of one that only begins nothing holds."""
    later = replace(BIRTH, fee="Không", effective=date(2026, 12, 1), status=Status.ABOLISHED)
    changes = [differences(BIRTH, later), differences(None, BIRTH)]
    assert as_of(date(2026, 12, 1), later, changes) == (later, 0)
    assert as_of(date(2026, 11, 30), later, changes) == (BIRTH, 1)
    assert as_of(date(2025, 12, 31), later, changes) == (None, 2)
    assert as_of(date(2025, 12, 31), BIRTH, changes[1:]) == (None, 1)
