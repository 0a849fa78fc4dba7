"""What went out, taken from the log and told against the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Channel, Form
from channels.classes.people import store as class_people_store
from channels.classes.people.store import Held
from config.words import Word
from content.contests import store as contest_store
from desk.plan import store
from desk.plan.plan import Plan, Way
from desk.plan.progress import Progress, Sent, standings
from scheduler.tally import store as tally_store
from scheduler.tally.store import Carried
from scheduler.tally.tally import Taken

Texts = Mapping[str, Sequence[tuple[str, str]]]
Outlets = Mapping[str, tuple[str, str]]
"""Kind and title, by name."""


def way_of(kind: str) -> Way | None:
    """By which way the outlets of a kind reach people; None of a kind that is gone or is no way of its own."""
    channel = Channel.registry.get(kind)
    if channel is None:
        return None
    if kind.startswith("zalo"):
        return Way.ZALO
    if kind in {Way.BOARD, Way.TELEVISION}:
        return Way(kind)
    if channel.scheme == "phone":
        return Way.SMS
    if channel.scheme == "email":
        return Way.EMAIL
    return {Form.AUDIO: Way.RADIO, Form.SCRIPT: Way.RADIO, Form.ARTICLE: Way.PORTAL}.get(channel.form)


async def sent_between(
    connection: AsyncConnection, begin: date, end: date, zone: ZoneInfo, unit: str = ""
) -> list[Sent]:
    """Every text of every run of a unit's due in these days (`end` not among them) of which a partner took over anything."""
    edges = [datetime.combine(day, time(), zone).astimezone(UTC) for day in (begin, end)]
    taken, texts = await tally_store.taken_over(connection, edges, zone), await tally_store.texts(connection, edges)
    taken = own(taken, await tally_store.senders(connection, edges), unit)
    outlets = await tally_store.outlet_titles(connection)
    contests = await contest_store.announcing(connection)
    along = along_of(taken, await tally_store.carried(connection, edges), outlets)
    held = held_of(await class_people_store.held(connection, *edges), zone, unit)
    return [*sent_of(taken, texts, outlets, contests), *along, *held]


def held_of(held: Sequence[Held], zone: ZoneInfo, unit: str) -> list[Sent]:
    """Sessions of a unit's own classes to which anybody came; each is one."""
    ways = frozenset({Way.CLASS})
    return [
        Sent(
            *(one.session, one.invitation, one.theme, one.begins_at.astimezone(zone).date(), ways, one.klass),
            Word(f"Lớp “{one.title}” ({one.attended} người dự)", f"Class “{one.title}” ({one.attended} came)"),
        )
        for one in held
        if one.unit == unit
    ]


def own(taken: Sequence[Taken], senders: Mapping[str, str], unit: str) -> list[Taken]:
    """The runs that a unit sent itself: a plan is about what its own office does."""
    return [one for one in taken if senders.get(one.schedule, "") == unit]


def sent_of(taken: Sequence[Taken], texts: Texts, outlets: Outlets, contests: Collection[str]) -> Iterator[Sent]:
    """The same of what was read already: runs that were taken over, the texts of schedules, kind and title of outlets.

    A text that announces one of these `contests`, by item, is a contest as well.
    """
    ways = {one: _ways(one, outlets) for one in {one.outlets for one in taken}}
    announcing = {one: of | {Way.CONTEST} for one, of in ways.items()}
    for run, schedule, day, names in taken:
        for item, theme in texts.get(schedule, ()):
            yield Sent(run, item, theme, day, (announcing if item in contests else ways)[names])


def _ways(names: Iterable[str], outlets: Outlets) -> frozenset[Way]:
    """By which ways these outlets reach people."""
    found = (way_of(outlets[name][0]) for name in names if name in outlets)
    return frozenset(way for way in found if way is not None)


def along_of(taken: Sequence[Taken], carried: Sequence[Carried], outlets: Outlets) -> list[Sent]:
    """What these runs took along: once a run, by the ways in which anything of it arrived."""
    carriers = {one.occurrence for one in carried}
    runs = {one.occurrence: one for one in taken if one.occurrence in carriers}
    by = defaultdict[tuple[str, str, str], set[str]](set)
    for one in carried:
        if one.occurrence in runs and one.outlet in runs[one.occurrence].outlets:
            by[one.occurrence, one.item, one.theme].add(one.outlet)
    return [Sent(run, item, theme, runs[run].day, _ways(names, outlets)) for (run, item, theme), names in by.items()]


async def standings_of(connection: AsyncConnection, plan: Plan, today: date, zone: ZoneInfo) -> list[Progress]:
    """How each task of a plan stands; a plan without tasks needs no look at the log."""
    if not plan.tasks:
        return []
    end = min(date(plan.year + 1, 1, 1), today + timedelta(days=1))
    return standings(plan, await sent_between(connection, date(plan.year, 1, 1), end, zone, plan.unit), today)


async def late(connection: AsyncConnection, today: date, zone: ZoneInfo, unit: str = "") -> list[Progress]:
    """Tasks of a unit's plan of this year that are behind or overdue; the log is looked at no further back than that takes."""
    plan = await store.find(connection, today.year, unit)
    if plan is None or not plan.tasks:
        return []
    begin = min(task.on(today).begin for task in plan.tasks)
    sent = await sent_between(connection, begin, today + timedelta(days=1), zone, unit)
    return [one for one in standings(plan, sent, today) if one.standing.is_late]
