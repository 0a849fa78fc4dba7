"""Reporter: counts what was sent in a period, and keeps a report that is handed in as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Channel
from channels.classes.people import store as class_people_store
from channels.feedback import store as feedback_store
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
from desk.plan import store as plan_store
from desk.reporting import store
from desk.reporting.figures import Figures, digest_of
from desk.reporting.gathering import NO_THEME, Against, Seen, gathered
from desk.reporting.period import Period
from desk.reporting.store import HandedIn
from scheduler.tally import store as tally_store

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
        tree = await unit_store.tree(connection)
        units = tree.below(unit) if unit != ROOT else None
        outlets = await tally_store.outlet_titles(connection)
        to_people = [name for name, (kind, _) in outlets.items() if _channel_has(kind, "scheme")]
        shelves = [
            name for name, (kind, _) in outlets.items() if _channel_has(kind, "shelf") and self._is_of(name, units)
        ]
        seen = Seen(
            tallies=await tally_store.tallies(connection, edges, to_people, units),
            texts=await tally_store.texts(connection, edges),
            themes=await tally_store.theme_titles(connection),
            outlets=outlets,
            lists=await tally_store.lists(connection),
            went_out=await tally_store.went_out(connection, edges, units),
            seconds=await pull_store.seconds_fetched(connection, shelves, edges[0], edges[-1]),
            feedback=await feedback_store.counts(connection, edges[0], edges[-1], units),
            held=await class_people_store.held(connection, edges[0], edges[-1]),
            senders=await tally_store.senders(connection, edges) if tree.units else {},
            units=units,
            names={id: one.name for id, one in tree.units.items()},
            against=await self._against(connection, period, edges, unit),
        )
        office = tree[unit].office if unit != ROOT else self._office
        return await asyncio.to_thread(gathered, office, period, seen, self._zone)

    async def _against(
        self, connection: AsyncConnection, period: Period, edges: Sequence[datetime], unit: str
    ) -> Against | None:
        plan = await plan_store.find(connection, period.year, unit)
        if plan is None or not plan.tasks:
            return None
        taken = await tally_store.taken_over(connection, edges, self._zone)
        contests = await contest_store.announcing(connection)
        return Against(plan, taken, contests, await tally_store.carried(connection, edges))

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


def _words(period: Period) -> Iterator[Word]:
    """Titles that are the same in every report of a period, and nobody's own words."""
    yield from (NO_THEME, period.title_vi)
    yield from (Word(one.title_vi, one.title_en) for one in Channel.registry.values())
    yield from (one.title for one in period.stretches() if isinstance(one.title, Word))
