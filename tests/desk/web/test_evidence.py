"""Evidence of an item on the desk: slips as PDF and the bundle as ZIP, who may have them, and that its opening is noted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from content import store as content_store
from content.item import Draft, Item
from desk.evidence.checking import Known, Standing, check
from tests.sounds import record

TITLE = "Tiêm chủng: trẻ dưới năm tuổi, ữ ợ ế Ẵ đ <b>"


async def twice(desk: Any) -> Item:
    """Approved, changed by Mai, heard and approved again."""
    house = desk.house
    item = await desk.approved(title=TITLE)
    desk.clock.advance(3600)
    async with house.database.write() as tx:
        draft = {"title": TITLE, "body": "Ngày 06/12/2026.\n\n" + "Bà con nhớ mang sổ. " * 400, "source": "Trạm y tế"}
        await house.editing.revise(tx, item.id, Draft(**draft), "Lò Thị Mai")
        item = await house.editing.submit(tx, item.id, "Lò Thị Mai")
    await record(house, item)
    desk.clock.advance(60)
    async with house.database.write() as tx:
        audio = await house.press.audio_of(tx, await content_store.find_revision(tx, item.revision))
        return await house.editing.approve(tx, item.id, "Quản Trị", note="Đã nghe kỹ", recording=audio.sha256)  # type: ignore[no-any-return]


async def words_of(answer: Any) -> str:
    """The words of a PDF, all pages."""
    assert (200, "application/pdf") == (answer.status, answer.content_type)
    pages = PdfReader(io.BytesIO(await answer.read())).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


async def test_the_slip_of_what_is_in_force(desk: Any) -> None:
    """Names and times, the digest, what was heard, every rendition or its beginning with its sum."""
    item = await twice(desk)
    browser = await desk.browser("xem")
    answer = await browser.get(f"/items/{item.id}/slip")
    assert f'inline; filename="phieu-phe-duyet-{item.slug}-ban-2.pdf"' == answer.headers["Content-Disposition"]
    text = await words_of(answer)
    async with desk.house.database.read() as connection:
        revision = await content_store.find_revision(connection, item.revision)
        approval = (await content_store.approvals_of(connection, revision.id))[-1]
    whole = text.replace(" ", "")
    for long in (revision.digest, approval.recording, desk.house.stamp.fingerprint.replace(" ", "")):
        assert long in whole
    for words in (
        *("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "UBND XÃ SỐP CỘP", "Sốp Cộp, ngày 23 tháng 11 năm 2026"),
        *(TITLE, "bản 2", "Nguyễn Thị Lan", "Lò Thị Mai, 09:00:00 ngày 23/11/2026", "Quản Trị", "Đã nghe kỹ"),
        *("09:01:00 ngày 23/11/2026", "thông thường", "thông tin, tuyên truyền", "không hạn", "Trạm y tế"),
        *("1,5 giây", "Tin SMS", "Tin Zalo", "Lời được đọc thành tiếng", "ngày sáu tháng mười hai", "[…]"),
        *("NGƯỜI TRÌNH", "NGƯỜI DUYỆT", "trang 1/"),
    ):
        assert words in text, words
    again = await browser.get(f"/items/{item.id}/slip?revision=2")
    assert await again.read() == await (await browser.get(f"/items/{item.slug}/slip")).read()


async def test_slips_of_earlier_revisions(desk: Any) -> None:
    """Each approved one keeps its own, also when the item is withdrawn; one that was not approved has none."""
    item = await twice(desk)
    browser = await desk.browser("lan")
    text = await words_of(await browser.get(f"/items/{item.id}/slip?revision=1"))
    assert "Trần Văn Hùng" in text and "08:00:00 ngày 23/11/2026" in text
    assert "Lò Thị Mai" not in text and "Không có bản ghi âm khi duyệt" in text
    async with desk.house.database.write() as tx:
        await desk.house.editing.withdraw(tx, item.id, "Trần Văn Hùng", "Sai ngày")
    assert "bản 2" in await words_of(await browser.get(f"/items/{item.id}/slip"))
    assert 404 == (await browser.get(f"/items/{item.id}/slip?revision=3")).status
    assert 400 == (await browser.get(f"/items/{item.id}/slip?revision=x")).status
    draft = await desk.draft()
    for path in ("slip", "evidence.zip"):
        answer = await (await desk.browser("quan")).get(f"/items/{draft.id}/{path}")
        assert 404 == answer.status and "chưa có bản nào được duyệt" in await answer.text()


async def test_links_on_the_page(desk: Any) -> None:
    """Slips for who reads, the bundle for who may open it, nothing where nothing was approved."""
    item = await twice(desk)
    for login, may in (("xem", False), ("lan", False), ("hung", True), ("quan", True)):
        html = await (await desk.browser(login)).page(f"/items/{item.id}")
        assert f"/items/{item.id}/slip?revision=1" in html and f"/items/{item.id}/slip?revision=2" in html
        assert may == (f"/items/{item.id}/evidence.zip" in html), login
    html = await (await desk.browser("quan")).page(f"/items/{(await desk.draft()).id}")
    assert "/slip" not in html and "evidence.zip" not in html


async def test_the_office_keeps_the_name_it_had(desk: Any) -> None:
    """An office that is called otherwise later does not change what was approved: the journal has the name."""
    item = await desk.approved()
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, f"item/{item.id}")
    assert "UBND xã Sốp Cộp" == deeds[-1].detail["office"]


@pytest.mark.parametrize("api", [False, True])
async def test_the_bundle(desk: Any, tmp_path: Path, *, api: bool) -> None:
    """Streamed whole and right; who opened it is in the journal, and so in the bundle itself."""
    item = await twice(desk)
    await desk.deliveries("scf")
    if api:
        answer = await desk.client.get(f"/api/v1/items/{item.id}/evidence.zip", headers=await desk.api("hung", "read"))
    else:
        answer = await (await desk.browser("hung")).get(f"/items/{item.id}/evidence.zip")
    assert (200, "application/zip", "no-store") == (answer.status, answer.content_type, answer.headers["Cache-Control"])
    assert f'attachment; filename="bang-chung-{item.slug}.zip"' == answer.headers["Content-Disposition"]
    assert api == ("RateLimit" in answer.headers)
    file = tmp_path / "goi.zip"
    file.write_bytes(await answer.read())
    findings = list(check(file, Known(stamp=desk.house.stamp, journal=desk.house.journal)))
    assert findings and {Standing.RIGHT} == {one.standing for one in findings}
    async with desk.house.database.read() as connection:
        last = (await desk.house.journal.of(connection, f"item/{item.id}"))[-1]
    assert ("open_evidence", "Trần Văn Hùng") == (last.verb, last.person)
    assert b'"open_evidence"' in _read(file, "manifest.json")
    assert "mở gói bằng chứng" in await (await desk.browser("xem")).page(f"/items/{item.id}")


def _read(file: Path, path: str) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read(path)


@pytest.mark.parametrize(("login", "status"), [("lan", 403), ("xem", 403), ("dai", 403), ("hung", 200), ("quan", 200)])
async def test_who_may_open_it(desk: Any, login: str, status: int) -> None:
    """Approvers and administrators, on the page and by a token; a refusal notes nothing."""
    item = await desk.approved()
    browser, headers = await desk.browser(login), await desk.api(login, "read")
    for answer in (
        await browser.get(f"/items/{item.id}/evidence.zip"),
        await desk.client.get(f"/api/v1/items/{item.id}/evidence.zip", headers=headers),
    ):
        assert status == answer.status
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, f"item/{item.id}")
    assert (2 if status == 200 else 0) == sum(deed.verb == "open_evidence" for deed in deeds)
