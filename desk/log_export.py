"""The log as a file: CSV as it is read, a spreadsheet once it is whole; safe to open, addresses masked, flat in memory."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import IO, Any

import xlsxwriter
from aiohttp import web

from channels.audience import shown
from channels.reasons import in_words
from config.words import BadInput
from desk.answer import Answer, Visit
from desk.cells import MARK, PLAIN_TEXT, csv_lines
from desk.deliveries import OUTCOME_TITLES, filter_of
from desk.shape import shape
from desk.shapes import deliveries as shapes
from desk.shapes.outlets import CSV, XLSX
from scheduler.delivery import TITLES, Delivery
from scheduler.log import store
from scheduler.log.store import Filter

COLUMNS = (
    *(
        "Mã lượt gửi",
        "Giờ phát",
        "Điểm phát",
        "Gửi qua",
        "Nơi nhận",
        "Trạng thái",
        "Số lần thử",
        "Lần thử cuối",
        "Kết quả",
    ),
    *("Lý do", "Mã của đối tác", "Chi tiết", "Loại tin", "Tin"),
)
AT_ONCE = 2000
MOST_ROWS = 1_048_575
"""Of a sheet of Excel, below its headings."""
MEGABYTE = 2**20
Rows = Sequence[tuple[str, ...]]


@shape(None, shapes.ExportAsked, media=(CSV, XLSX))
async def export(visit: Visit) -> Answer:
    """GET /deliveries/export: what the log's filters find, `form=csv` (all there is) or `form=xlsx` (a sheet holds a million)."""
    wanted, form = filter_of(visit), visit.asked("form") or "csv"
    if form == "csv":
        return await _send(visit, "csv", CSV, _lines(visit, wanted))
    if form == "xlsx":
        await _check_size(visit, wanted)
        with tempfile.TemporaryFile() as file:
            await _fill(visit, wanted, file)
            return await _send(visit, "xlsx", XLSX, _pieces(file))
    raise BadInput("form: csv hoặc xlsx", "form: csv or xlsx", field="form")


async def _check_size(visit: Visit, wanted: Filter) -> None:
    async with visit.house.database.read() as connection:
        counts = await store.stats(connection, wanted)
    if sum(count.total() for count in counts.values()) > MOST_ROWS:
        raise BadInput(
            "Nhiều hơn 1.048.575 lượt, một trang tính không chứa hết: lọc theo ngày, hoặc tải CSV",
            "More than 1,048,575 deliveries do not fit a sheet: narrow the days, or take CSV",
            field="form",
        )


async def _send(visit: Visit, kind: str, media: str, body: AsyncIterator[bytes]) -> web.StreamResponse:
    name = f"nhat-ky-{visit.drawing.local(visit.house.clock.now()):%Y%m%d-%H%M}.{kind}"
    headers = {
        "Content-Type": media,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    response = web.StreamResponse(headers=headers)
    await response.prepare(visit.request)
    if visit.looks:
        return response
    async for piece in body:
        await response.write(piece)
    await response.write_eof()
    return response


async def _rows(visit: Visit, wanted: Filter) -> AsyncIterator[Rows]:
    """Some thousand rows at a time, newest first. Whoever takes them slowly holds no connection of the database meanwhile."""
    after = ""
    while True:
        async with visit.house.database.read() as connection:
            page = await store.list_deliveries(connection, wanted, after=after, limit=AT_ONCE)
        if page:
            yield [_row(visit, one) for one in page]
        if len(page) < AT_ONCE:
            return
        after = page[-1].id


def _row(visit: Visit, one: Delivery) -> tuple[str, ...]:
    house, last = visit.house, one.last
    tried = f"{visit.drawing.local(last.at):%Y-%m-%d %H:%M:%S}" if last else ""
    return (
        one.id,
        f"{visit.drawing.local(one.due_at):%Y-%m-%d %H:%M:%S}",
        _title(visit, one.outlet),
        _title(visit, one.carrier),
        shown(house.seal, one.address) if one.address != one.outlet else "",
        TITLES[one.state],
        str(len(one.attempts)),
        tried,
        OUTCOME_TITLES.get(last.outcome, last.outcome) if last else "",
        in_words(one.reason),
        one.reference,
        one.detail,
        one.klass,
        one.title,
    )


def _title(visit: Visit, outlet: str) -> str:
    return visit.house.outlets[outlet].outlet.title if outlet in visit.house.outlets else outlet


async def _lines(visit: Visit, wanted: Filter) -> AsyncIterator[bytes]:
    yield MARK + csv_lines([COLUMNS])
    async for rows in _rows(visit, wanted):
        yield await asyncio.to_thread(csv_lines, rows)


async def _fill(visit: Visit, wanted: Filter, file: IO[bytes]) -> None:
    """A workbook of one sheet, a row at a time on disk; text is text, never a formula or a link."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True, **PLAIN_TEXT})
    try:
        sheet, at = book.add_worksheet("Nhat ky"), 1
        sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(COLUMNS) - 1, 18)
        async for rows in _rows(visit, wanted):
            await asyncio.to_thread(_write, sheet, at, rows)
            at += len(rows)
    finally:
        await asyncio.to_thread(book.close)  # which takes its own files off the disk too


def _write(sheet: Any, at: int, rows: Rows) -> None:
    for place, row in enumerate(rows, at):
        for column, cell in enumerate(row):
            sheet.write_string(place, column, cell)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, MEGABYTE):
        yield piece
