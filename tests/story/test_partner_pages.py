"""A commune's partners in a real browser: what was diverted, held back, refused or waits, told so that an officer understands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from scheduler.delivery import State
from tests.story.commune import WRONG_ROWS, Commune, commune
from tests.story.looking import Theme, chromium, faults_of, needs_chromium, sign_in, violations, violations_on

pytestmark = needs_chromium


@pytest.fixture
async def played(plain_settings: dict[str, Any]) -> AsyncIterator[Commune]:
    """Three days of a commune's office."""
    async with commune(plain_settings) as played:
        yield played


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def page(played: Commune, browser: Browser) -> Page:
    """A phone of the administrator's."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN", accept_downloads=True)
    page = await context.new_page()
    await sign_in(page, played.base)
    return page


async def test_every_page_stands(played: Commune, browser: Browser) -> None:
    """In both themes and at both widths."""
    assert [] == await faults_of(browser, played.base, played.pages)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing(played: Commune, browser: Browser, theme: Theme, width: int) -> None:
    """WCAG 2.1 A and AA by axe-core."""
    assert [] == await violations(browser, played.base, played.pages, theme, width)


async def test_what_happened_is_told(played: Commune, page: Page) -> None:
    """Why something went another way, not at all, or not yet, and when it will: in words, with no word of the machine's."""

    async def said(name: str) -> str:
        await page.goto(played.base + played.pages[name])
        text = await page.locator("main").inner_text()
        assert not any(
            word in text for word in ("person-day", "[policy]", "busy", "quota", "sms-level", "sms-du-phong")
        )
        return text

    diverted = await said("diverted")
    assert "Chuyển sang SMS dự phòng" in diverted and "SMS chính hỏng liên tục" in diverted
    assert "Đối tác quá tải" in diverted and "Đối tác trả lời: 100" in diverted
    held = await said("held")
    assert "giữ lại" in held and "đã nhận đủ 2 tin hôm nay" in held and "Chưa thử lần nào" not in held
    await page.get_by_role("link", name="Xem quy định").click()
    assert "nhiều nhất 2 tin" in await page.locator("#person-day + dd").inner_text()
    refused = await said("refused")
    assert "giữ lại" in refused and "Nghị định 49/2024" in refused and "cấp xã" in refused
    waits = await said("waits")
    assert "Sẽ gửi ngày mai 06:00" in waits and "Hết hạn mức" in waits
    assert "3 lượt giữ lại: đã nhận đủ số tin một ngày" in await said("held-schedule")
    await page.goto(f"{played.base}/outlets")
    assert "SMS dự phòng gửi thay" in await page.locator("#sms").inner_text()
    assert "hoạt động tốt" in await page.locator("#bai").inner_text()
    await page.goto(f"{played.base}/deliveries?outlet=sms")
    assert 3 == await page.get_by_text("SMS dự phòng gửi thay").count()


async def test_a_withdrawal_is_announced(played: Commune, browser: Browser) -> None:
    """The writer presses once and submits what is written already; the leader's approval, on a phone, sends it."""

    async def sit_down(login: str, width: int) -> Page:
        page = await (await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN")).new_page()
        await sign_in(page, played.base, login)
        await page.goto(played.base + played.pages["withdrawn-message"])
        return page

    page = await sit_down("lan", 1280)
    await page.get_by_role("link", name="Báo thu hồi cho 3 người đã nhận").click()
    body = await page.locator("textarea[name=body]").input_value()
    assert "thu hồi tin “Nhắc nhận kết quả”. Lý do: Ghi nhầm phòng trả kết quả." in body
    assert [] == await violations_on(page)
    await page.locator("input[name=klass][value=urgent]").check()  # they have had all that is sent to one person a day
    await page.get_by_role("button", name="trình duyệt").click()
    await page.get_by_role("status").filter(has_text="Đã lưu và trình duyệt").wait_for()
    phone = await sit_down("thu", 390)
    await phone.get_by_role("link", name="Thu hồi tin: Nhắc nhận kết quả").click()
    assert "gửi ngay tới 3 người đã nhận tin bị thu hồi" in await phone.locator("main").inner_text()
    assert [] == await violations_on(phone)
    await phone.get_by_role("button", name="Duyệt bản này").click()
    await phone.get_by_role("status").filter(has_text="Tin báo thu hồi đang gửi qua: SMS dự phòng").wait_for()
    await played.office.drain()
    sent = [one for one in await played.office.deliveries() if one.title.startswith("Thu hồi tin: Nhắc nhận kết quả")]
    assert [State.SENT] * 3 == [one.state for one in sent]


async def test_wrong_rows_are_listed(played: Commune, page: Page) -> None:
    """Line, column and what is wrong, in a table a program can read out; nobody was taken in."""
    await page.goto(f"{played.base}/audiences")
    form = page.locator("form[enctype]")
    await form.locator("input[name=name]").fill("Danh sách mới")
    file = {"name": "sai.csv", "mimeType": "text/csv", "buffer": WRONG_ROWS.encode()}
    await form.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await form.locator("button").click()
    rows = await page.locator("section[aria-labelledby=t-faults] tbody tr").all_inner_texts()
    assert 3 == len(rows) and ["2", "3", "4"] == [row.split()[0] for row in rows]
    assert (
        "+84…789" in rows[0]
        and "0123456" not in rows[0]
        and "số điện thoại" in rows[0]
        and [] == await violations_on(page)
    )
    assert 0 == await page.get_by_role("row", name="Danh sách mới").count()


async def test_a_persons_rights(played: Commune, page: Page) -> None:
    """All that is kept comes as a file; erased, nothing names them, and the log keeps its lines."""
    await page.goto(f"{played.base}/audiences")
    rights = page.locator("section[aria-labelledby=t-rights]")
    await rights.locator("input[name=person]").fill("0980 000 101")
    async with page.expect_download() as coming:
        await rights.get_by_role("button", name="Tải mọi dữ liệu").click()
    told = (await (await coming.value).path()).read_text(encoding="utf-8")
    assert "phiếu một cửa số 12" in told and "Hồ sơ đã có kết quả" in told
    await rights.locator("input[name=reason]").fill("đơn ngày 25/11/2026")
    await rights.get_by_role("button", name="Xóa người này").click()
    await page.get_by_role("status").filter(has_text="Đã xóa +84…101").wait_for()
    await page.goto(f"{played.base}/deliveries")
    assert "Lò Văn Inh" not in await page.locator("#list").inner_text() and "đã xóa" in await page.content()


async def test_what_was_corrected_or_withdrawn_says_so_to_everybody(played: Commune, page: Page) -> None:
    """The page and its print with the date, the register with both; a withdrawn address says since when, and is no dead end."""
    await page.goto(played.base + played.pages["corrected"])
    assert "đã được sửa" in await page.get_by_role("note").inner_text()
    assert "05/12" in await page.locator("article").inner_text()
    await page.goto(played.base + played.pages["print"])
    assert (
        "sửa Thứ tư, 25/11/2026" in await page.locator("body").inner_text() and 1 == await page.locator("svg").count()
    )
    await page.goto(played.base + played.pages["found"])
    assert "Lịch tiêm chủng tháng 12" in await page.locator("main").inner_text()
    answer = await page.goto(played.base + played.gone)
    assert answer is not None and 410 == answer.status
    assert "Thông tin này đã được thu hồi" == await page.locator("h1").inner_text()
    assert "thu hồi Thứ tư, 25/11/2026" in await page.get_by_role("note").inner_text()
    assert 0 >= await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert [] == await violations_on(page)
    await page.locator("article").get_by_role("link", name="Sổ công bố thông tin").click()
    row = page.get_by_role("row", name="Họp dân bản B")
    assert "Thu hồi 25/11/2026" in await row.inner_text()
    answer = await page.goto(f"{played.base}/portal/khong-co-trang-nay")
    assert answer is not None and 404 == answer.status
    assert [] == await violations_on(page)
    await page.locator("article").get_by_role("link", name="Tin mới nhất").click()
    assert "Lịch tiêm chủng tháng 12" in await page.locator("main").inner_text()


async def test_a_citizen_stops_without_a_script(played: Commune, browser: Browser) -> None:
    """One button, and back by the same link."""
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await phone.new_page()
    await page.goto(played.base + played.pages["stop-link"])
    await page.get_by_role("button", name="Thôi nhận tin").click()
    assert "không nhận tin nữa" in await page.locator("h1").inner_text()
    await page.get_by_role("button", name="Nhận tin trở lại").click()
    assert "Thôi nhận tin?" == await page.locator("h1").inner_text()
