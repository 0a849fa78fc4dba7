"""The report as it is handed on: taken from the page by an officer, looked at on a phone, opened in LibreOffice."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import expect
from pypdf import PdfReader

from tests.story.libreoffice import opened
from tests.story.office import Somebody

OFFICE = "Ủy ban nhân dân xã Sốp Cộp"


async def takes_the_report(mai: Somebody, place: Path, deliveries: int) -> dict[str, Path]:
    """Of the quarter that is running and has so many deliveries, in each of the three forms."""
    page = mai.page
    await mai.goes_to("Báo cáo")
    await mai.press("Quý")
    choice = page.get_by_label("Kỳ báo cáo", exact=True)
    running = choice.locator("option").filter(has_text="chưa hết")
    await choice.select_option(label=await running.inner_text())
    await mai.press("Xem")
    await expect(page.get_by_role("main")).to_contain_text(
        f"tạo thành {deliveries} lượt gửi; {deliveries} lượt gửi được"
    )
    await mai.look("report", "Báo cáo quý")
    files = {}
    for form in ("Word", "Excel", "PDF"):
        async with page.expect_download() as coming:
            await mai.press(form)
        download = await coming.value
        files[form] = place / download.suggested_filename
        await download.save_as(files[form])
    return files


async def looks_at_the_report(hung: Somebody) -> None:
    """On the phone it is under “Mục khác”."""
    await hung.goes_to("Báo cáo")
    await hung.press("Quý")
    await hung.look("report", "Báo cáo quý", closely=True)


async def open_in_libreoffice(files: dict[str, Path], place: Path, deliveries: int) -> None:
    """As whoever receives them has it: the figures and the office's name are there, every letter of them."""
    made = await opened(files["Word"], "pdf", place / "word")
    for file in (made, files["PDF"]):
        text = " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())
        assert OFFICE.upper() in text and f"tạo thành {deliveries} lượt gửi" in text, file
    made = await opened(files["Excel"], "csv:Text - txt - csv (StarCalc):44,34,76", place / "excel")
    text = made.read_text(encoding="utf-8")
    assert OFFICE in text and re.search(rf"(?m)(^|,){deliveries}(,|$)", text), text
