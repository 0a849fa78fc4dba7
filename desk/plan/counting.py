"""What went out, taken from the log and told against the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Channel, Form
from content.contests import store as contest_store
from desk.plan import store
from desk.plan.plan import Plan, Way
from desk.plan.progress import Progress, Sent, standings
from scheduler.tally import store as tally_store
from scheduler.tally.store import Taken

Texts = Mapping[str, Sequence[tuple[str, str]]]


def way_of(kind: str) -> Way | None:
    """By which way the outlets of a kind reach people; None of a kind that is gone or is no way of its own."""
    channel = Channel.registry.get(kind)
    if channel is None:
        return None
    if kind.startswith("zalo"):
        return Way.ZALO
    if kind == "board":
        return Way.BOARD
    if channel.scheme == "phone":
        return Way.SMS
    return {Form.AUDIO: Way.RADIO, Form.SCRIPT: Way.RADIO, Form.ARTICLE: Way.PORTAL}.get(channel.form)


async def sent_between(
    connection: AsyncConnection, begin: date, end: date, zone: ZoneInfo, unit: str = ""
) -> list[Sent]:
    """Every text of every run of a unit's due in these days (`end` not among them) of which a partner took over anything."""
    edges = [datetime.combine(day, time(), zone).astimezone(UTC) for day in (begin, end)]
    taken, texts = await tally_store.taken_over(connection, edges), await tally_store.texts(connection, edges)
    taken = own(taken, await tally_store.senders(connection, edges), unit)
    outlets, contests = await tally_store.outlet_titles(connection), await contest_store.announcing(connection)
    return sent_of(taken, texts, outlets, zone, contests)


def own(taken: Sequence[Taken], senders: Mapping[str, str], unit: str) -> list[Taken]:
    """The runs that a unit sent itself: a plan is about what its own office does."""
    return [one for one in taken if senders.get(one.schedule, "") == unit]


def sent_of(
    taken: Sequence[Taken],
    texts: Texts,
    outlets: Mapping[str, tuple[str, str]],
    zone: ZoneInfo,
    contests: Collection[str],
) -> list[Sent]:
    """The same of what was read already: runs that were taken over, the texts of schedules, kind and title of outlets.

    A text that announces one of these `contests`, by item, is a contest as well.
    """
    kinds = {name: way_of(kind) for name, (kind, _) in outlets.items()}
    runs = dict[str, tuple[str, date]]()
    ways: defaultdict[str, set[Way]] = defaultdict(set)
    for one in taken:
        runs[one.occurrence] = one.schedule, one.due_at.astimezone(zone).date()
        if way := kinds.get(one.outlet):
            ways[one.occurrence].add(way)
    each = ((run, schedule, day, frozenset(ways[run])) for run, (schedule, day) in runs.items())
    return [
        Sent(run, item, theme, day, by | {Way.CONTEST} if item in contests else by)
        for run, schedule, day, by in each
        for item, theme in texts.get(schedule, ())
    ]


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
