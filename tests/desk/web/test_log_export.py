"""The log as a file: what the filters find, masked, safe to open, and every delivery once."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from python_calamine import load_workbook
from sqlalchemy import text, update

from desk import log_export
from scheduler.dispatch.tables import attempt


async def rows(desk: Any, query: str, login: str = "xem") -> list[list[str]]:
    """The rows of the file, as a spreadsheet reads them."""
    answer = await (await desk.browser(login)).get(f"/deliveries/export?{query}")
    body = await answer.read()
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"]
    if "form=xlsx" in query:
        sheet = load_workbook(io.BytesIO(body)).get_sheet_by_index(0)
        return [[str(cell) for cell in row] for row in sheet.to_python()]
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_what_the_filters_find(desk: Any, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words, a page of two at a time: every one once, and no number whole."""
    monkeypatch.setattr(log_export, "AT_ONCE", 2)
    ids = await desk.deliveries("fcfsf")
    head, *found = await rows(desk, f"form={form}")
    assert tuple(head) == log_export.COLUMNS
    assert sorted(row[0] for row in found) == sorted(ids)
    assert {row[5] for row in found} == {"không gửi được", "đã xác nhận", "đã gửi"}
    assert found[0][2] == "SMS" and "+8491234" not in str(found) and "091234" not in str(found)
    _, *failed = await rows(desk, f"form={form}&state=failed")
    assert len(failed) == 3 and {row[9] for row in failed} == {"bad"}
    async with desk.house.database.write() as tx:
        await tx.execute(update(attempt).where(attempt.c.seq == 2).values(reason="number"))
    _, *for_number = await rows(desk, f"form={form}&reason=number")
    assert [(ids[2], "số hoặc tài khoản không đúng, không tồn tại")] == [(row[0], row[9]) for row in for_number]


async def test_no_cell_is_a_formula(desk: Any) -> None:
    """Whatever a title begins with."""
    await desk.deliveries("f")
    async with desk.house.database.write() as tx:
        await tx.execute(text("UPDATE occurrence SET title = '=HYPERLINK(1)'"))
    assert (await rows(desk, "form=csv"))[1][-1] == "'=HYPERLINK(1)"
    assert (await rows(desk, "form=xlsx"))[1][-1] == "=HYPERLINK(1)"  # a text there


async def test_more_than_a_sheet_holds_is_told_before(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that says what to do; CSV has no such end."""
    monkeypatch.setattr(log_export, "MOST_ROWS", 2)
    await desk.deliveries("fcf")
    viewer = await desk.browser("xem")
    answer = await viewer.get("/deliveries/export?form=xlsx")
    assert answer.status == 400 and "tải CSV" in await answer.text()
    assert len(await rows(desk, "form=csv")) == 4
    assert (await viewer.get("/deliveries/export?form=pdf")).status == 400
    assert (await viewer.get("/deliveries/export?state=x")).status == 400


async def test_a_station_gets_none(desk: Any) -> None:
    """It sees its own shelf only."""
    assert (await (await desk.browser("dai")).get("/deliveries/export")).status == 403
