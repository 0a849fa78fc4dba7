"""The stations' month as a supervising office asks for it: sent, fetched, aired, seconds asked and played, urgent apart."""

from __future__ import annotations

import asyncio
import io
import re
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta

import xlsxwriter
from aiohttp import web

from channels.outlet import InService
from channels.pulls import store as pull_store
from channels.shelf import store as shelf_store
from channels.shelf.fetched import Fetch, delivery_state, part_states
from channels.station import store as station_store
from config.words import BadInput, Word
from content.bulletin import BulletinClass
from desk.answer import Answer, Shown, Visit
from desk.app import House
from desk.cells import MARK, PLAIN_TEXT, csv_lines
from desk.shape import shape
from desk.shapes import outlets as shapes

TITLES = (
    *(
        Word("Đài", "Station"),
        Word("Tên đài", "Title"),
        Word("Đã gửi", "Sent"),
        Word("Đài đã lấy", "Fetched"),
        Word("Đài đã phát", "Aired"),
        Word("Giây yêu cầu phát", "Seconds asked for"),
        Word("Giây đã phát", "Seconds aired"),
        Word("Tỷ lệ phát (%)", "Share aired (%)"),
    ),
    *(
        Word("Khẩn cấp đã gửi", "Urgent sent"),
        Word("Khẩn cấp đã lấy", "Urgent fetched"),
        Word("Khẩn cấp đã phát", "Urgent aired"),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One station's month: bulletins sent, of these fetched and aired; seconds; the same of urgent ones."""

    outlet: str
    title: str
    sent: int
    fetched: int
    aired: int
    asked: int
    played: int
    share: float
    urgent_sent: int
    urgent_fetched: int
    urgent_aired: int


@shape(shapes.StationsMonth, shapes.ReportAsked, media=(shapes.CSV, shapes.XLSX))
async def show(visit: Visit) -> Answer:
    """GET /reports/stations?month=2026-11: a page, JSON, or with `form=csv` or `form=xlsx` a file."""
    house, form = visit.house, visit.asked("form")
    begin, end = _month(visit)
    rows = [
        await station_month(house, at, begin, end)
        for at in visit.outlets
        if at.channel.timetable(at.outlet) is not None
    ]
    name = f"bao-cao-dai-{begin:%Y-%m}"
    if form == "csv":
        return _file(_csv(rows), f"{name}.csv", "text/csv; charset=utf-8")
    if form == "xlsx":
        return _file(await asyncio.to_thread(_xlsx, rows, f"{begin:%m-%Y}"), f"{name}.xlsx", shapes.XLSX)
    if form:
        raise BadInput("form: csv hoặc xlsx", "form: csv or xlsx", field="form")
    before, after = begin - timedelta(days=1), end
    values = {"rows": rows, "titles": TITLES, "month": begin, "before": before, "after": after}
    plain = [{field.name: getattr(row, field.name) for field in fields(Row)} for row in rows]
    return Shown("reports.html", values, {"month": f"{begin:%Y-%m}", "stations": plain})


def _month(visit: Visit) -> tuple[datetime, datetime]:
    """The first moment of the month that was asked for, in the office's zone, and of the one after it."""
    now = visit.house.clock.now().astimezone(visit.drawing.zone)
    written = visit.asked("month") or f"{now:%Y-%m}"
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", written):
        raise BadInput("Tháng có dạng 2026-11", "A month is written 2026-11", field="month")
    year, month = map(int, written.split("-"))
    begin = datetime(year, month, 1, tzinfo=visit.drawing.zone)
    return begin, begin.replace(year=year + month // 12, month=month % 12 + 1)


async def station_month(house: House, at: InService, begin: datetime, end: datetime) -> Row:
    """What one station was sent from `begin` on and before `end`, and what it did with it.

    Each bulletin is asked to be played once, or as often as it was in a programme.
    """
    async with house.database.read() as connection:
        sent = await shelf_store.shelved_between(connection, at.name, begin, end)
        ids = [one.delivery for one in sent]
        pulls = await pull_store.pulls_of(connection, ids)
        airings = await station_store.airings_of(connection, ids)
        used = await station_store.times_used(connection, at.name, begin - timedelta(days=1))
        month = await station_store.aired_between(connection, at.name, begin, end)
    urgent = {one.delivery for one in sent if one.bulletin.klass is BulletinClass.URGENT}
    fetched, asked = set(), 0.0
    for one in sent:
        parts = one.bulletin.parts
        if delivery_state(part_states(pulls.get(one.delivery, ()), len(parts))) is Fetch.COMPLETE:
            fetched.add(one.delivery)
        seconds = sum(part.audio.seconds for part in parts if part.audio is not None)
        asked += seconds * max(1, len(used.get(one.delivery, ())))
    aired = set(airings)
    played = sum(one.seconds or 0.0 for one in month)
    share = round(100 * played / asked, 1) if asked else 0.0
    counts = (len(sent), len(fetched), len(aired), round(asked), round(played), share)
    return Row(at.name, at.outlet.title, *counts, len(urgent), len(urgent & fetched), len(urgent & aired))


def _csv(rows: list[Row]) -> bytes:
    """All of it as CSV."""
    return MARK + csv_lines([TITLES, *map(astuple, rows)])


def _xlsx(rows: list[Row], name: str) -> bytes:
    """A spreadsheet of one sheet; text is text, never a formula or a link. Blocks."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **PLAIN_TEXT}) as book:
        sheet = book.add_worksheet(f"Thang {name}")
        bold = book.add_format({"bold": True, "text_wrap": True, "border": 1})
        sheet.write_row(0, 0, TITLES, bold)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, astuple(row))
        sheet.set_column(0, 1, 24)
        sheet.set_column(2, len(TITLES) - 1, 12)
        sheet.freeze_panes(1, 2)
    return file.getvalue()


def _file(body: bytes, name: str, media: str) -> web.Response:
    return web.Response(
        body=body, headers={"Content-Type": media, "Content-Disposition": f'attachment; filename="{name}"'}
    )
