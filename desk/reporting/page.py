"""Reports on the desk: what was sent in a period, its charts and files; handing it in; what was handed in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from config.lazy import lazily
from config.words import BadInput, NotFound, Said, Word, in_english
from content.units import store as unit_store
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import after_of, choice, cursor, iso, limit_of, listed
from desk.reporting import charts, store
from desk.reporting.content import Content, Handed
from desk.reporting.period import Basis, Kind, Period, last_finished, parse, recent
from desk.reporting.reporter import Report
from desk.reporting.sentences import number_vi
from desk.reporting.store import HandedIn
from desk.reporting.writing import content_of
from desk.shape import PagedByTime, shape
from desk.shapes import reports as shapes
from desk.shapes.outlets import XLSX
from desk.shapes.reports import DOCX, PDF
from desk.units.choosing import asked_unit, unit_choices

if TYPE_CHECKING:
    from desk.reporting import pdf, sheets, word
else:
    pdf, sheets, word = (lazily(f"desk.reporting.{name}") for name in ("pdf", "sheets", "word"))

FEW = 10
MEDIA = {"docx": DOCX, "xlsx": XLSX, "pdf": PDF}
"""Files a report can be had as."""
BASES = {basis.value: basis.title_vi for basis in Basis}


@shape(shapes.ReportTold, shapes.FiguresAsked, media=(DOCX, XLSX, PDF))
async def show(visit: Visit) -> Answer:
    """GET /reports?period=2026-Q3: figures, or a file with `form`; the last period that is over when none is named.

    Of what was handed in the newest version, or the one asked for; `version=0` counts anew.
    """
    form = visit.asked("form")
    try:
        if form and form not in MEDIA:
            raise BadInput("form: docx, xlsx hoặc pdf", "form: docx, xlsx or pdf", field="form")
        period = _period(visit, visit.asked("period"), visit.asked("basis"), visit.asked("kind"))
        unit = await _whose(visit)
        report = await visit.house.reporter.report(period, _version(visit.asked("version")), unit)
    except (BadInput, NotFound) as fault:
        if visit.json or form:
            raise
        return (await _page(visit, await _usual(visit), visit.unit)).with_fault(fault)
    if form:
        return await _file(visit, report, form, unit)
    if visit.json:
        return Shown("", {}, _plain(visit, report, unit))
    return await _page(visit, report, unit)


async def _whose(visit: Visit) -> str:
    """Whose report it is: the unit that is named, or this person's own. Raises NotFound."""
    async with visit.house.database.read() as connection:
        return await asked_unit(visit, connection)


def _period(visit: Visit, written: str, basis: str, kind: str = "") -> Period:
    """The period that is asked for. Raises BadInput."""
    by, of_kind = choice(Basis, basis, "basis") or Basis.DECREE, choice(Kind, kind, "kind")
    if not written:
        return last_finished(of_kind or Kind.MONTH, by, visit.house.reporter.today())
    period = parse(written, by)
    if of_kind not in {None, period.kind}:
        raise BadInput(
            f"Kỳ “{written}” không phải loại kỳ đã chọn", f"{written} is no {of_kind} of the year", field="period"
        )
    return period


def _version(written: str) -> int | None:
    if not written:
        return None
    if not written.isascii() or not written.isdigit() or len(written) > 6:
        raise BadInput("version: số của bản đã nộp, hoặc 0", "version: the number of one, or 0", field="version")
    return int(written)


async def _usual(visit: Visit) -> Report:
    """What is looked at when nothing is asked for."""
    return await visit.house.reporter.report(_period(visit, "", ""), unit=visit.unit)


def content(visit: Visit, report: Report) -> Content:
    """What the report says, for whoever draws it."""
    shown = report.shown
    local, handed = visit.drawing.local, None
    if shown is not None:
        handed = Handed(shown.digest, shown.person, local(shown.at), shown.version, shown.reason)
    return content_of(report.figures, handed, local(visit.house.clock.now()))


async def _page(visit: Visit, report: Report, unit: str) -> Shown:
    period, today = report.period, visit.house.reporter.today()
    async with visit.house.database.read() as connection:
        handed = await store.handed_in(connection, units=visit.units, limit=FEW + 1)
        tree = await unit_store.tree(connection)
    newest, said = report.versions[0] if report.versions else None, content(visit, report)
    listed_periods = recent(period.kind, period.basis, today)
    if period not in listed_periods:
        listed_periods.append(period)
    values: dict[str, Any] = {
        "report": report,
        "period": period,
        "shown": report.shown,
        "content": said,
        "over": period.end <= today,
        "unchanged": newest is not None and newest.digest == said.digest,
        "kinds": list(Kind),
        "choices": [(one.written, _choice(one, running=one.end > today)) for one in listed_periods],
        "bases": [(value, title.capitalize()) for value, title in BASES.items()],
        "basis_titles": BASES,
        "handed": [_titled(one) for one in handed[:FEW]],
        "more": len(handed) > FEW,
        "reason": visit.text("note"),
        "drawn": charts,
        "figure": _figure,
        "unit": unit,
        "unit_choices": unit_choices(visit, tree, kept=unit),
        "tree": tree,
    }
    return Shown("reporting/page.html", values, {})


def _choice(period: Period, *, running: bool) -> Word:
    """A line of the list, with the year of days that are in another one."""
    begin, last = period.begin, period.last
    days = f"{begin:%d/%m} – {last:%d/%m}" if begin.year == last.year else f"{begin:%d/%m/%Y} – {last:%d/%m/%Y}"
    title = period.title_vi.capitalize()
    return Word(
        f"{title} ({days}{', chưa hết' if running else ''})", f"{title.en} ({days}{', not over' if running else ''})"
    )


def _titled(one: HandedIn) -> HandedIn:
    """With its title in both languages, if periods are still called as they were."""
    title = parse(one.period, Basis(one.basis)).title_vi
    return replace(one, title=title) if title == one.title else one


def _figure(cell: object) -> str:
    return cell if isinstance(cell, str) else number_vi(cell)  # type: ignore[arg-type]


async def _file(visit: Visit, report: Report, form: str, unit: str) -> web.Response:
    body = await asyncio.to_thread(_drawn, form, content(visit, report))
    period, version = report.period, f"-ban-{report.shown.version}" if report.shown else ""
    days = "" if period.basis is Basis.DECREE else "-tron-thang"
    whose = f"{unit}-" if unit else ""
    name = f"bao-cao-{whose}{period.written}{days}{version}.{form}"
    told = {"Content-Type": MEDIA[form], "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, headers=told)


def _drawn(form: str, content: Content) -> bytes:
    """The file; what draws it is loaded when it is first asked for. Blocks."""
    draw: Callable[[Content], bytes] = {"docx": word, "xlsx": sheets, "pdf": pdf}[form].drawn
    return draw(content)


@shape(shapes.HandedTold, shapes.HandInFields, status=201)
async def hand_in(visit: Visit) -> Answer:
    """POST /reports: keep the figures of `digest` as they are, as the period's report; later versions with the reason in `note`."""
    written = visit.text("period").strip()
    if not written:
        raise BadInput("Thiếu kỳ báo cáo", "Say which period", field="period")
    period = _period(visit, written, visit.text("basis").strip())
    digest, note, unit = visit.text("digest").strip(), visit.text("note"), await _whose(visit)
    try:
        new = await visit.house.reporter.hand_in(period, digest, visit.name, note, unit=unit)
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit, await visit.house.reporter.report(period, 0, unit), unit)).with_fault(fault)
    to = f"/reports?period={new.period}&basis={new.basis}" + (f"&unit={unit}" if unit else "")
    said = Word(
        f"Đã nộp báo cáo {new.title}, bản {new.version}.",
        f"Report {in_english(new.title)} handed in, version {new.version}.",
    )
    return Done(to, said, plain_handed(new), 201)


@shape(shapes.HandedListed, PagedByTime)
async def list_handed_in(visit: Visit) -> Answer:
    """GET /reports/handed-in: every version of every report, the latest first."""
    limit = limit_of(visit)
    async with visit.house.database.read() as connection:
        found = await store.handed_in(connection, units=visit.units, after=after_of(visit), limit=limit + 1)
        tree = await unit_store.tree(connection)
    page = found[:limit]
    next = cursor(page[-1].at, page[-1].id) if len(found) > limit else None
    values = {"handed": [_titled(one) for one in page], "next": next, "basis_titles": BASES, "tree": tree}
    return Shown("reporting/list.html", values, listed([plain_handed(one) for one in page], next))


def plain_handed(one: HandedIn) -> dict[str, Any]:
    """One version as JSON."""
    return asdict(one) | {"at": iso(one.at)}


def _plain(visit: Visit, report: Report, unit: str) -> dict[str, Any]:
    return (
        {"plan": None, "feedback": None, "units": [], "classes": [], "unit": unit}
        | report.figures.record()
        | {
            "digest": report.digest,
            "over": report.period.end <= visit.house.reporter.today(),
            "handed_in": plain_handed(report.shown) if report.shown else None,
            "sound": report.sound,
            "versions": [plain_handed(one) for one in report.versions],
        }
    )
