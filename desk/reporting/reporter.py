"""Reporter: counts what was sent in a period, and keeps a report that is handed in as it was."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Channel
from channels.classes import store as class_store
from channels.classes.store import Held
from channels.feedback import store as feedback_store
from channels.feedback.feedback import Source, Standing
from channels.outlet import Outlets
from channels.pulls import store as pull_store
from config.clock import Clock
from config.words import BadInput, Conflict, NotFound, Word
from content.contests import store as contest_store
from content.units import store as unit_store
from content.units.unit import ROOT
from db.database import Database
from db.journal import Journal
from db.types import new_id
from desk.plan import counting, progress
from desk.plan import store as plan_store
from desk.plan.plan import Plan
from desk.reporting import store
from desk.reporting.figures import (
    ClassLine,
    FeedbackFigures,
    FeedbackLine,
    Figures,
    Gathering,
    Line,
    PlanFigures,
    digest_of,
)
from desk.reporting.period import Period
from desk.reporting.store import HandedIn
from scheduler.tally import store as tally_store
from scheduler.tally import tally
from scheduler.tally.store import Carried
from scheduler.tally.tally import Share, Tally

NO_THEME = Word("Chưa chọn chủ đề", "No theme chosen")
NOW = 0
"""The number of no version: the figures as they are now, whatever was handed in."""


@dataclass(frozen=True, slots=True)
class Report:
    """A period's figures. `shown` is the version they are of, None when they are counted now; `versions` the newest first.

    `sound`: the stored figures are those that were handed in, by their digest.
    """

    period: Period
    figures: Figures
    shown: HandedIn | None
    versions: tuple[HandedIn, ...]
    sound: bool = True

    @property
    def digest(self) -> str:
        """Under which they were handed in, or would be."""
        return self.shown.digest if self.shown else self.figures.digest


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database says of a period."""

    tallies: Sequence[Tally]
    texts: Mapping[str, Sequence[tuple[str, str]]]
    themes: Mapping[str, str]
    outlets: Mapping[str, tuple[str, str]]
    runs: int
    people: int
    seconds: float
    senders: Mapping[str, str]
    """Which unit sent each schedule, of those that are not the office's own."""
    units: Mapping[str, str]
    """Names of units; none while there is but the office."""
    plan: PlanFigures | None = None
    feedback: FeedbackFigures | None = None
    classes: tuple[ClassLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """A plan to measure by, and what else has to be known for it: `asked` schedules, texts that announce `contests`, riders."""

    plan: Plan
    asked: Collection[str]
    contests: Collection[str]
    carried: Sequence[Carried]


class Reporter:
    """Figures of periods in the office's zone, and the verb that hands them in."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        outlets: Outlets,
        office: str,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._office = office
        self._zone = zone

    def today(self) -> date:
        """The day in the office's zone."""
        return self._clock.now().astimezone(self._zone).date()

    async def report(self, period: Period, version: int | None = None, unit: str = ROOT) -> Report:
        """Of a unit and all under it what was handed in last, or what is counted now while nothing was; or the version asked for, or `NOW`.

        Raises BadInput for a period to come, NotFound for a version that there is not.
        """
        self._check_begun(period)
        async with self._database.read() as connection:
            versions = tuple(await store.versions(connection, period.written, period.basis.value, unit))
            shown = _chosen(versions, version)
            if shown is None:
                return Report(period, await self._count(connection, period, unit), None, versions)
            stored = await store.figures_of(connection, shown.id)
            plan = await plan_store.find(connection, period.year, unit)
        figures = Figures.from_record(stored).with_words((*_words(period), *([plan.name] if plan else [])))
        return Report(period, figures, shown, versions, sound=digest_of(stored) == shown.digest)

    def _check_begun(self, period: Period) -> None:
        if period.begin > self.today():
            raise BadInput(
                f"Kỳ {period.title_vi} chưa bắt đầu (số liệu tính {period.days_vi})",
                f"The period {period.written} has not begun",
                field="period",
            )

    async def hand_in(self, period: Period, digest: str, by: str, reason: str = "", *, unit: str = ROOT) -> HandedIn:
        """Keep the figures that were looked at, by their digest, as the next version; after the first one with a reason.

        Raises BadInput, and Conflict when the period is not over or its figures are other ones by now.
        """
        self._check_begun(period)
        if period.end > self.today():
            raise Conflict(
                f"Kỳ này chưa hết: nộp được từ ngày {period.end:%d/%m/%Y}",
                f"The period is not over; it can be handed in from {period.end.isoformat()} on",
            )
        async with self._database.read() as connection:
            versions = await store.versions(connection, period.written, period.basis.value, unit)
            figures = await self._count(connection, period, unit)
        _check(figures, digest, versions, reason.strip())
        now, version = self._clock.now(), len(versions) + 1
        about = (period.written, period.basis.value, version, figures.title)
        new = HandedIn(new_id(now), *about, figures.digest, by, now, reason.strip() if versions else "", unit)
        async with self._database.write() as tx:
            if not await store.keep(self._database, tx, new, figures.record()):
                raise Conflict("Vừa có người khác nộp báo cáo này", "Somebody else has just handed this in")
            told = {"version": version, "digest": new.digest, "note": new.reason}
            thing = "/".join(filter(None, ("report", period.basis.value, period.written, unit)))
            await self._journal.note(tx, now, by, "hand_in", thing, **told)
        return new

    async def _count(self, connection: AsyncConnection, period: Period, unit: str) -> Figures:
        edges = [self._midnight(one.begin) for one in period.stretches()] + [self._midnight(period.end)]
        outlets = await tally_store.outlet_titles(connection)
        tree = await unit_store.tree(connection)
        senders = await tally_store.senders(connection, edges) if tree.units else {}
        units = tree.below(unit) if unit != ROOT else None
        shares = await tally_store.shares(connection, edges)
        ours = shares if units is None else [one for one in shares if senders.get(one.schedule, ROOT) in units]
        to_people = {name for name, (kind, _) in outlets.items() if _channel_has(kind, "scheme")}
        shelves = [
            name for name, (kind, _) in outlets.items() if _channel_has(kind, "shelf") and self._is_of(name, units)
        ]
        lists = await tally_store.lists(connection)
        # counted in a thread while the database looks the rest up
        counting_up = asyncio.create_task(asyncio.to_thread(tally.counted, ours, edges, to_people, lists))
        try:
            seconds = await pull_store.seconds_fetched(connection, shelves, edges[0], edges[-1])
            texts = await tally_store.texts(connection, edges)
            themes = await tally_store.theme_titles(connection)
            runs = await tally_store.runs(connection, edges, units)
            asked = await feedback_store.counts(connection, edges[0], edges[-1], units)
            held = await class_store.held(connection, edges[0], edges[-1])
            against = await self._against(connection, period, edges, unit)
        finally:
            tallies, people = await counting_up
        seen = Seen(
            *(tallies, texts, themes, outlets, runs, people, seconds, senders),
            units={id: one.name for id, one in tree.units.items()},
            feedback=feedback_of(asked, themes) if asked else None,
            classes=classes_of(one for one in held if units is None or one.unit in units),
        )
        office = tree[unit].office if unit != ROOT else self._office
        return await asyncio.to_thread(self._finished, office, period, seen, against, shares, held)

    async def _against(
        self, connection: AsyncConnection, period: Period, edges: Sequence[datetime], unit: str
    ) -> Against | None:
        plan = await plan_store.find(connection, period.year, unit)
        if plan is None or not plan.tasks:
            return None
        asked, carried = await tally_store.asked(connection), await tally_store.carried(connection, edges)
        return Against(plan, asked, await contest_store.announcing(connection), carried)

    def _finished(
        self,
        office: str,
        period: Period,
        seen: Seen,
        against: Against | None,
        shares: Sequence[Share],
        held: Sequence[Held],
    ) -> Figures:
        if against is not None:
            unit = against.plan.unit
            taken = counting.own(tally.taken(shares, against.asked), seen.senders, unit)
            sent = counting.sent_of(taken, seen.texts, seen.outlets, self._zone, against.contests)
            sent += counting.along_of(taken, against.carried, seen.outlets, self._zone)
            sent += counting.held_of(held, self._zone, unit)
            seen = replace(seen, plan=progress.figures(against.plan, sent, period))
        return gathered(office, period, seen)

    def _is_of(self, outlet: str, units: Container[str] | None) -> bool:
        at = self._outlets.get(outlet)
        return units is None or (at is not None and at.unit in units)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone).astimezone(UTC)


def _chosen(versions: Sequence[HandedIn], version: int | None) -> HandedIn | None:
    if version == NOW or not versions:
        if version:
            raise _no_version(version)
        return None
    if version is None:
        return versions[0]
    found = next((one for one in versions if one.version == version), None)
    if found is None:
        raise _no_version(version)
    return found


def _no_version(version: int) -> NotFound:
    return NotFound(
        f"Kỳ này không có bản nộp số {version}", f"Nothing was handed in as version {version}", field="version"
    )


def _check(figures: Figures, digest: str, versions: Sequence[HandedIn], reason: str) -> None:
    """Raise unless these figures may be handed in now by who looked at those of that digest."""
    if not digest:
        raise BadInput("Thiếu digest của số liệu đã xem", "Give the digest of the figures", field="digest")
    if versions and not reason:
        raise BadInput(
            f"Kỳ này đã nộp bản {versions[0].version}: hãy ghi lý do nộp lại",
            "This was handed in before: say why it is again",
            field="note",
        )
    if figures.digest != digest:
        raise Conflict(
            "Số liệu đã thay đổi sau khi bạn xem: hãy xem lại rồi nộp", "The figures have changed since: look again"
        )
    if versions and versions[0].digest == digest:
        raise Conflict(
            f"Số liệu không khác bản {versions[0].version} đã nộp", "These are the figures that were handed in last"
        )


def _channel_has(kind: str, what: str) -> bool:
    """Whether outlets of a kind have a shelf, or recipients; of a kind that is gone nothing is known."""
    return kind in Channel.registry and bool(getattr(Channel.registry[kind], what))


def gathered(office: str, period: Period, seen: Seen) -> Figures:
    """Everything counted, line by line; a bulletin with texts of two themes counts for both."""
    whole = Gathering("", period.title_vi)
    stretches = [Gathering(one.begin.isoformat(), one.title) for one in period.stretches()]
    themes = {id: Gathering(id, title) for id, title in seen.themes.items()} | {"": Gathering("", NO_THEME)}
    kinds: dict[str, Gathering] = {}
    outlets: dict[str, Gathering] = {}
    units = {id: Gathering(id, name) for id, name in {ROOT: office, **seen.units}.items()} if seen.units else {}
    for given in seen.tallies:
        texts = seen.texts.get(given.schedule, ())
        items = {item for item, _ in texts}
        kind, title = seen.outlets.get(given.outlet, (given.outlet, given.outlet))
        if kind not in kinds:
            kinds[kind] = Gathering(kind, _kind_title(kind))
        if given.outlet not in outlets:
            outlets[given.outlet] = Gathering(given.outlet, title)
        unit = seen.senders.get(given.schedule, ROOT)
        ours = (units[unit],) if unit in units else ()
        for line in (whole, stretches[given.place], kinds[kind], outlets[given.outlet], *ours):
            line.add(items, given.outcomes)
        by_theme = defaultdict[str, set[str]](set)
        for item, theme in texts:
            by_theme[theme if theme in themes else ""].add(item)
        for theme, some in by_theme.items():
            themes[theme].add(some, given.outcomes)
    return Figures(
        office=office,
        kind=period.kind.value,
        period=period.written,
        basis=period.basis.value,
        title=period.title_vi,
        begin=period.begin.isoformat(),
        end=period.last.isoformat(),
        whole=whole.line(),
        runs=seen.runs,
        people=seen.people,
        audio_seconds=round(seen.seconds),
        stretches=tuple(one.line() for one in stretches),
        themes=_told(themes),
        channels=_told(kinds),
        outlets=_told(outlets),
        plan=seen.plan,
        units=_told(units),
        feedback=seen.feedback,
        classes=seen.classes,
    )


def classes_of(held: Iterable[Held]) -> tuple[ClassLine, ...]:
    """Sessions that were held, by class, the earliest first."""
    titles, sessions, came = dict[str, str](), Counter[str](), Counter[str]()
    for one in held:
        titles.setdefault(one.klass, one.title)
        sessions[one.klass] += 1
        came[one.klass] += one.attended
    return tuple(ClassLine(title, sessions[id], came[id]) for id, title in titles.items())


def feedback_of(asked: Counter[tuple[Source, str, Standing]], themes: Mapping[str, str]) -> FeedbackFigures:
    """What people wrote, by theme in the office's order, what has none last."""
    sources = Counter[str]()
    by_theme: defaultdict[str, Counter[Standing]] = defaultdict(Counter)
    for (source, theme, standing), count in asked.items():
        sources[source.value] += count
        by_theme[theme if theme in themes else ""][standing] += count
    titles = {**themes, "": NO_THEME}
    lines = tuple(_feedback_line(key, title, by_theme[key]) for key, title in titles.items() if key in by_theme)
    whole = _feedback_line("", Word("Tất cả", "All"), sum(by_theme.values(), Counter[Standing]()))
    return FeedbackFigures(whole, {one.value: sources[one.value] for one in Source if sources[one.value]}, lines)


def _feedback_line(key: str, title: str, count: Counter[Standing]) -> FeedbackLine:
    return FeedbackLine(key, title, count.total(), count[Standing.ANSWERED], count[Standing.CLOSED])


def _kind_title(kind: str) -> str:
    if kind not in Channel.registry:
        return kind
    channel = Channel.registry[kind]
    return Word(channel.title_vi, channel.title_en)


def _words(period: Period) -> Iterator[Word]:
    """Titles that are the same in every report of a period, and nobody's own words."""
    yield from (NO_THEME, period.title_vi)
    yield from (Word(one.title_vi, one.title_en) for one in Channel.registry.values())
    yield from (one.title for one in period.stretches() if isinstance(one.title, Word))


def _told(lines: Mapping[str, Gathering]) -> tuple[Line, ...]:
    """Lines that had anything, those with most deliveries first."""
    found = [line for line in (one.line() for one in lines.values()) if line.total]
    return tuple(sorted(found, key=lambda line: (-line.total, line.title, line.key)))
