"""Reports on the desk: figures of a period as a page, JSON and files; handing in; who may."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest
from python_calamine import CalamineWorkbook

from scheduler.delivery import parse_delivery_id
from scheduler.dispatch import store as dispatch

DECEMBER = "/reports?period=2026-12"
"""From 15/11 to 14/12: what the desk's tests send is in it."""
MONTH_ON = 30 * 86400


async def told(desk: Any, query: str = "?period=2026-12") -> dict[str, Any]:
    """A report as JSON."""
    answer = await desk.client.get(f"/api/v1/reports{query}", headers=await desk.api("xem", "read"))
    plain: dict[str, Any] = await answer.json()
    assert 200 == answer.status, plain
    return plain


async def hand_in(desk: Any, login: str, **more: str) -> Any:
    """What an officer sends from the page."""
    digest = more.pop("digest", "") or (await told(desk, "?period=2026-12&version=0"))["digest"]
    browser = await desk.browser(login)
    return await browser.post("/reports", {"period": "2026-12", "basis": "decree", "digest": digest} | more)


async def test_the_last_month_that_is_over_is_offered(desk: Any, words: Any) -> None:
    """With its days, other kinds of periods a tap away, and nothing that needs a script."""
    page = await (await desk.browser("xem")).page("/reports")
    assert "Báo cáo tháng 11 năm 2026" in words(page) and "từ ngày 15/10/2026 đến hết ngày 14/11/2026" in page
    assert '<option value="2026-11" selected>' in page and "(15/11 – 14/12, chưa hết)" in page
    for kind in ("quarter", "half", "nine_months", "year"):
        assert f"kind={kind}&amp;basis=decree" in page
    assert "Báo cáo quý III năm 2026" in words(await (await desk.browser("lan")).page("/reports?kind=quarter"))
    whole = await (await desk.browser("lan")).page("/reports?kind=month&basis=calendar")
    assert "từ ngày 01/10/2026 đến hết ngày 31/10/2026" in whole
    assert "Chưa nộp báo cáo nào" in page


async def test_figures_in_words_charts_and_tables(desk: Any, words: Any) -> None:
    """Headlines, a sentence, four shapes of charts each with its table."""
    await desk.deliveries("cccsfx")
    page = await (await desk.browser("xem")).page(DECEMBER)
    said = words(page)
    assert "đã phát hành 1 tin trong 1 kỳ phát, tạo thành 6 lượt gửi; 4 lượt gửi được (80,0%)" in said
    assert 'class="plot" viewBox' in page and 'class="arc good"' in page and '<ol class="bars">' in page
    assert 5 == page.count("<caption") - page.count("Báo cáo đã nộp, mới nhất trước")
    assert "4 gửi được" in said and "Tin nhắn SMS qua nhà cung cấp" in said and "Chưa chọn chủ đề" in said
    assert " style=" not in page and "<style" not in page
    plain = await told(desk)
    assert {"confirmed": 3, "sent": 1, "failed": 1, "cancelled": 1} == plain["whole"]["outcomes"]
    assert ["sms"] == [line["key"] for line in plain["outlets"]] and not plain["over"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=2026-13", "period"),
        ("period=2027-05", "period"),
        ("period=2026-11&kind=year", "period"),
        ("kind=week", "kind"),
        ("basis=lunar", "basis"),
        ("period=2026-11&version=3", "version"),
        ("period=2026-11&version=x", "version"),
    ],
)
async def test_what_cannot_be_shown_is_told_at_its_field(desk: Any, query: str, field: str) -> None:
    """On the page beside what can be, on the API as a problem."""
    answer = await (await desk.browser("xem")).get(f"/reports?{query}")
    page = await answer.text()
    assert 422 == answer.status and 'role="alert"' in page and f'href="#f-{field}"' in page
    if field in {"period", "basis"}:
        assert f'id="f-{field}"' in page and f'id="e-{field}"' in page
    answer = await desk.client.get(f"/api/v1/reports?{query}", headers=await desk.api("xem", "read"))
    assert answer.status in {400, 404, 422} and field == (await answer.json())["field"]
    assert 400 <= (await (await desk.browser("xem")).get(f"/reports?{query}&form=docx")).status < 500


async def test_handing_in_freezes(desk: Any, words: Any) -> None:
    """Who, when and the digest stand on the page; figures and files stay, whatever comes later; a further one has a reason."""
    ids = await desk.deliveries("ccs")
    desk.clock.advance(MONTH_ON)
    before = await told(desk)
    assert 303 == (await hand_in(desk, "hung")).status
    parcel, _ = parse_delivery_id(ids[0])
    async with desk.house.database.write() as tx:
        await dispatch.change_parcel(tx, parcel, letters="cff")
    frozen = await told(desk)
    assert before["whole"] == frozen["whole"] and before["digest"] == frozen["handed_in"]["digest"]
    page = words(await (await desk.browser("xem")).page(DECEMBER))
    assert "Đã nộp, bản 1" in page and "Trần Văn Hùng nộp" in page and before["digest"] in page
    assert {"confirmed": 1, "failed": 2} == (await told(desk, "?period=2026-12&version=0"))["whole"]["outcomes"]
    now = await (await desk.browser("quan")).page(f"{DECEMBER}&version=0")
    assert "khác" in words(now) and 'name="note"' in now
    answer = await hand_in(desk, "quan")
    assert 422 == answer.status and 'id="e-note"' in await answer.text()
    desk.clock.advance(60)
    assert 303 == (await hand_in(desk, "quan", note="Nhà mạng báo lại")).status
    latest = await told(desk)
    assert (2, "Nhà mạng báo lại") == (latest["handed_in"]["version"], latest["handed_in"]["reason"])
    assert before["whole"] == (await told(desk, "?period=2026-12&version=1"))["whole"]
    assert "Đây là bản cũ" in await (await desk.browser("xem")).page(f"{DECEMBER}&version=1")
    listed = await (await desk.browser("xem")).page("/reports/handed-in")
    assert "Nhà mạng báo lại" in listed and listed.index("version=2") < listed.index("version=1")


async def test_files_are_drawn_from_what_was_handed_in(desk: Any) -> None:
    """Word and Excel, named for the period and version, with the figures as they were."""
    ids = await desk.deliveries("ccs")
    desk.clock.advance(MONTH_ON)
    await hand_in(desk, "hung")
    parcel, _ = parse_delivery_id(ids[0])
    async with desk.house.database.write() as tx:
        await dispatch.change_parcel(tx, parcel, letters="fff")
    browser = await desk.browser("xem")
    answer = await browser.get(f"{DECEMBER}&form=docx")
    assert 'filename="bao-cao-2026-12-ban-1.docx"' in answer.headers["Content-Disposition"]
    document = docx.Document(io.BytesIO(await answer.read()))
    assert ["Gửi được, có xác nhận", "2", "66,7"] == [cell.text for cell in document.tables[1].rows[1].cells]
    assert any("Trần Văn Hùng nộp" in one.text for one in document.paragraphs)
    answer = await browser.get(f"{DECEMBER}&form=xlsx&version=0")
    assert 'filename="bao-cao-2026-12.xlsx"' in answer.headers["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(await answer.read()))
    assert ["Không gửi được", 3.0, 100.0] == book.get_sheet_by_index(1).to_python()[3]
    assert 400 == (await browser.get(f"{DECEMBER}&form=pdf2")).status


async def test_who_may_hand_in(desk: Any) -> None:
    """Approvers and administrators, of a period that is over; others see no button."""
    await desk.deliveries("c")
    assert 409 == (await hand_in(desk, "hung")).status
    assert "chưa hết" in await (await desk.browser("hung")).page(DECEMBER)
    desk.clock.advance(MONTH_ON)
    for login in ("lan", "xem", "dai"):
        assert 403 == (await hand_in(desk, login)).status, login
    assert "Nộp báo cáo</button>" not in await (await desk.browser("xem")).page(DECEMBER)
    assert "Nộp báo cáo</button>" in await (await desk.browser("hung")).page(DECEMBER)
    assert 409 == (await hand_in(desk, "hung", digest="0" * 64)).status
    assert 403 == (await (await desk.browser("dai")).get("/reports")).status
    token = await desk.api("hung", "read", "write")
    answer = await desk.client.post("/api/v1/reports", headers=token, json={"period": "2026-12", "digest": "x"})
    assert 403 == answer.status


async def test_a_program_hands_in_once(desk: Any) -> None:
    """Under its key, with the digest it read; without one nothing is handed in."""
    await desk.deliveries("c")
    desk.clock.advance(MONTH_ON)
    headers = await desk.api("hung")
    answer = await desk.client.post("/api/v1/reports", headers=headers, json={"period": "2026-12"})
    assert (400, "digest") == (answer.status, (await answer.json())["field"])
    answer = await desk.client.post("/api/v1/reports", headers=headers, json={"digest": "x"})
    assert (400, "period") == (answer.status, (await answer.json())["field"])
    wish = {"period": "2026-12", "digest": (await told(desk))["digest"]}
    for _ in range(2):
        answer = await desk.client.post("/api/v1/reports", headers=headers | {"Idempotency-Key": "k"}, json=wish)
        plain = await answer.json()
        assert (201, 1, wish["digest"]) == (answer.status, plain["version"], plain["digest"])
    answer = await desk.client.get("/api/v1/reports/handed-in", headers=await desk.api("xem", "read"))
    assert [plain] == (await answer.json())["items"]


async def test_forged_figures_are_told(desk: Any) -> None:
    """The page says that what is stored is not what was handed in."""
    await desk.deliveries("cc")
    desk.clock.advance(MONTH_ON)
    await hand_in(desk, "hung")
    async with desk.house.database.write() as tx:
        await tx.exec_driver_sql("""UPDATE report SET figures = replace(figures, '"confirmed":2', '"confirmed":3')""")
    assert "không khớp mã này" in await (await desk.browser("xem")).page(DECEMBER)
    assert not (await told(desk))["sound"]
