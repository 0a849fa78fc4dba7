"""An office's day in a real browser: written, approved on a phone, sent, corrected, reported; by what the pages say alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyotp
import pytest
from playwright.async_api import Browser, Locator, Page, expect

from desk import auth
from desk.demo.play import AUDIENCE, AUTHOR, LEADER
from tests.story.handed_on import looks_at_the_report, open_in_libreoffice, takes_the_report
from tests.story.libreoffice import MISSING, SOFFICE
from tests.story.looking import PASSWORD, chromium, needs_chromium
from tests.story.office import PHONE, WIDE, PushedClock, Screens, Somebody, at_work

pytestmark = needs_chromium

TITLE = "Lịch tiêm phòng dại đợt 2 năm 2026"
BODY = """Từ 7h30 ngày 05/12/2026, UBND xã tổ chức tiêm phòng dại cho chó, mèo tại nhà văn hóa các bản.

Bà con mang theo sổ tiêm (nếu có). Mọi thắc mắc xin gọi 0212 3878 123."""
CORRECTION = "Đính chính: tiêm phòng dại ngày 06/12/2026, không phải 05/12/2026."
CORRECTED = f"{CORRECTION}\n\n{BODY.replace('05/12/2026', '06/12/2026')}"
OUTLETS = ("Cổng thông tin xã", "Trạm truyền thanh xã", "Tin nhắn SMS", "Zalo OA của xã")
AHEAD = timedelta(minutes=10)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SHELVES, TOLD = 2, 10 + 7
EVERYBODY = SHELVES + TOLD
ALL = EVERYBODY + SHELVES + TOLD


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
def clock() -> PushedClock:
    """The machine's, pushed when the story need not wait."""
    return PushedClock()


@pytest.fixture
async def screens(tmp_path: Path, browser: Browser, clock: PushedClock) -> AsyncIterator[Screens]:
    """Before the desk of an office with an officer who writes and a leader who approves."""
    async with at_work(tmp_path, clock) as on:
        await auth.add_person(on.house, "mai", AUTHOR, ("author",), PASSWORD)
        await auth.add_person(on.house, "hung", LEADER, ("approver",), PASSWORD)
        yield Screens(on.house.settings.web.base_url, browser)


async def test_the_life_of_an_item(screens: Screens, clock: PushedClock, tmp_path: Path) -> None:
    """From the first word to the last confirmation, its correction and the report, with nothing but what people press."""
    mai, hung = await screens.somebody("mai", **WIDE), await screens.somebody("hung", **PHONE)
    reader = await screens.somebody("reader", **PHONE)
    await mai.sign_in()
    await mai.look("today", "Hôm nay")
    await writes(mai)
    await guards_the_account(hung, clock)
    await approves(hung, TITLE)
    due = (clock.now() + AHEAD).astimezone(ZONE)
    await plans(mai, due)
    await approves_the_schedule(hung, due)
    await watches(mai, clock)
    await reads_the_portal(reader)
    await corrects(mai)
    await approves(hung, TITLE)
    await tells_the_people(mai)
    await approves_the_telling(hung)
    await sees_who_was_told(mai, reader)
    files = await takes_the_report(mai, tmp_path, ALL)
    await looks_at_the_report(hung)
    assert [] == screens.faults
    if SOFFICE is None:
        pytest.skip(f"all went well but that the report was opened: {MISSING}")
    await open_in_libreoffice(files, tmp_path, ALL)


async def writes(mai: Somebody) -> None:
    """The text, seen as it will go out while it is typed; saved and submitted at once."""
    page = mai.page
    await mai.press("Viết tin mới")
    await page.get_by_label("Tiêu đề", exact=True).fill(TITLE)
    await page.get_by_label("Nội dung", exact=True).fill(BODY)
    seen = page.get_by_role("complementary", name="Xem trước")
    for words in ("7h30 ngày 05/12/2026", "bảy giờ ba mươi", "Tu 7h30 ngay 05/12/2026", "Đã giữ bản đang viết"):
        await expect(seen).to_contain_text(words)
    await mai.look("writing", "Viết tin mới")
    await mai.press("Lưu và trình duyệt")
    await expect(page.get_by_role("status").first).to_contain_text("Đã lưu và trình duyệt.")
    await expect(page.locator("#verdict")).to_contain_text("Chờ duyệt.")
    await mai.look("submitted", TITLE)


async def guards_the_account(hung: Somebody, clock: PushedClock) -> None:
    """The second step, set up on the phone because Today advises it, and asked for at the next sign-in."""
    page = hung.page
    await hung.sign_in()
    await hung.look("today-advised", "Hôm nay")
    await hung.press("Bật đăng nhập hai bước")
    secret = (await page.locator("code.spelled").inner_text()).replace(" ", "")
    await page.get_by_label("Mã 6 số").fill(pyotp.TOTP(secret).at(clock.now()))
    await page.get_by_label("Mật khẩu của bạn").fill(PASSWORD)
    await hung.press("Bật đăng nhập hai bước")
    await hung.look("recovery-codes", "mã khôi phục")
    await page.locator("main a.button").tap()
    await page.locator("details.me > summary").tap()
    await hung.press("Đăng xuất")
    clock.push(timedelta(seconds=30))
    await page.get_by_label("Tên đăng nhập").fill("hung")
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await hung.press("Đăng nhập")
    await page.get_by_label("Mã 6 số").fill(pyotp.TOTP(secret).at(clock.now()))
    await hung.press("Tiếp tục")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Hôm nay")


async def approves(hung: Somebody, title: str) -> None:
    """Found on Today; read and heard; allowed."""
    page = hung.page
    await hung.goes_to("Hôm nay")
    await hung.look("today-waiting", "Hôm nay", closely=True)
    await page.get_by_role("region", name="Chờ duyệt").get_by_role("link", name=title).tap()
    await expect(page.locator("audio").first).to_be_visible()
    await hung.look("to-approve", TITLE, closely=True)
    await hung.press("Đã xem hết, đến nút duyệt")
    await hung.press("Duyệt bản này")
    await expect(page.get_by_role("status").first).to_contain_text("Đã duyệt")
    await hung.look("approved", TITLE)


async def plans(mai: Somebody, due: datetime) -> None:
    """Where, to whom and when; what it costs is seen before it is stored."""
    page = mai.page
    await mai.look("item-approved", TITLE)
    await mai.press("Lên lịch phát")
    for title in OUTLETS:
        await page.get_by_label(title).check()
    await page.get_by_label("Nhóm nhận").select_option(label=f"{AUDIENCE} ({TOLD} địa chỉ)")
    await page.get_by_label("Ngày giờ phát").fill(f"{due:%Y-%m-%dT%H:%M}")
    await mai.look("planning", "Lên lịch phát")
    await mai.press("Xem trước")
    await mai.look("plan-previewed", "Lên lịch phát", closely=True)
    await mai.press("Lưu lịch")
    await expect(page.get_by_role("status").first).to_contain_text("chờ người thứ hai duyệt")
    await mai.look("planned", TITLE)


async def approves_the_schedule(hung: Somebody, due: datetime) -> None:
    """What, where, when and at what cost, on one page of the phone."""
    page = hung.page
    await hung.goes_to("Hôm nay")
    await hung.look("today-schedule", "Hôm nay")
    await page.get_by_role("region", name="Chờ duyệt").get_by_role("link", name=TITLE).tap()
    said = page.get_by_role("main")
    for words in (TITLE, *OUTLETS, AUDIENCE, f"{due:%d/%m/%Y, %H:%M}", "20 tin, khoảng 7.000 đ"):
        await expect(said).to_contain_text(words)
    await hung.look("schedule-to-approve", TITLE, closely=True)
    await hung.press("Đã xem hết, đến nút duyệt")
    await hung.press("Duyệt lịch")
    await expect(page.get_by_role("status").first).to_contain_text("Đã duyệt")
    await hung.look("schedule-approved", TITLE)


async def watches(mai: Somebody, clock: PushedClock) -> None:
    """The log, opened before the time has come, fills by itself until everything is confirmed."""
    page = mai.page
    await mai.press("Nhật ký gửi")
    await expect(page.get_by_role("main")).to_contain_text("Chưa gửi gì")
    await mai.look("log-empty", "Nhật ký gửi")
    clock.push(AHEAD)
    await all_confirmed(page, EVERYBODY)
    await mai.look("log-full", "Nhật ký gửi")


async def all_confirmed(page: Page, count: int) -> None:
    """So many lines of the log, each confirmed, without the page being loaded again."""
    await expect(lines(page)).to_have_count(count)
    await expect(lines(page).filter(has_text="đã xác nhận")).to_have_count(count)


def lines(page: Page) -> Locator:
    """The lines of the log."""
    return page.get_by_role("region", name="Các lượt gửi").locator("tbody tr")


async def reads_the_portal(reader: Somebody) -> None:
    """Somebody of the commune, on a phone."""
    await reader.page.goto(f"{reader.screens.base}/portal/")
    await reader.look("portal", "Tin mới")
    await reader.page.get_by_role("link", name=TITLE).first.tap()
    await expect(reader.page.locator("article")).to_contain_text("ngày 05/12/2026")
    await reader.look("portal-item", TITLE)


async def corrects(mai: Somebody) -> None:
    """A later text that says what is otherwise; what is otherwise is also shown."""
    page = mai.page
    await page.get_by_role("link", name=TITLE).first.click()
    await mai.look("delivery", TITLE)
    await mai.goes_to("Tin bài")
    await page.get_by_role("link", name=TITLE).click()
    await mai.press("Sửa")
    await page.get_by_label("Nội dung", exact=True).fill(CORRECTED)
    await mai.look("correcting", "Sửa tin")
    await mai.press("Lưu và trình duyệt")
    await expect(page.get_by_role("region", name="Đổi gì so với bản đã duyệt")).to_contain_text("06/12/2026")
    await mai.look("correction-submitted", TITLE)


async def tells_the_people(mai: Somebody) -> None:
    """Those, and only those, who have the earlier text; offered as soon as the later one is approved."""
    tell = mai.page.get_by_role("button", name=f"Gửi đính chính tới {TOLD} người đã nhận bản trước")
    await expect(tell).to_be_visible()
    await mai.look("correction-approved", TITLE, closely=True)
    await tell.click()
    await expect(mai.page.get_by_role("status").first).to_contain_text("chờ người thứ hai duyệt")
    await mai.look("telling", TITLE)


async def approves_the_telling(hung: Somebody) -> None:
    """One list for each way it went."""
    for outlet in ("Tin nhắn SMS", "Zalo OA của xã"):
        await hung.goes_to("Hôm nay")
        waiting = hung.page.get_by_role("region", name="Chờ duyệt").get_by_role("listitem").filter(has_text=outlet)
        await waiting.get_by_role("link", name="Xem để duyệt").tap()
        await hung.look("telling-to-approve", f"Bản sửa: {TITLE}")
        await hung.press("Duyệt lịch")
        await expect(hung.page.get_by_role("status").first).to_contain_text("Đã duyệt")


async def sees_who_was_told(mai: Somebody, reader: Somebody) -> None:
    """The log of the item: everything that went out, each time to whom; the portal's is confirmed once it was read."""
    await mai.press("Nhật ký gửi")
    told = lines(mai.page).filter(has_text=f"Bản sửa: {TITLE}")
    await expect(told.filter(has_text="Cổng thông tin xã")).to_contain_text(re.compile("đã gửi|đã xác nhận"))
    await reads_the_correction(reader)
    await all_confirmed(mai.page, ALL)
    await expect(told).to_have_count(SHELVES + TOLD)
    await expect(told.filter(has_text="…101 · Quàng Văn Pành")).to_have_count(2)
    await mai.look("log-corrected", "Nhật ký gửi")


async def reads_the_correction(reader: Somebody) -> None:
    """At the address where it always stood, with a note that it is otherwise, and since when."""
    await reader.page.reload()
    said = re.compile(r"Nội dung đã được sửa so với lần công bố đầu tiên, gần nhất vào .+, \d\d/\d\d/\d{4}, \d\d:\d\d")
    await expect(reader.page.get_by_role("note")).to_contain_text(said)
    await expect(reader.page.locator("article")).to_contain_text(CORRECTION)
    await reader.look("portal-corrected", TITLE)
