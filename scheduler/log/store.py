"""Reading the log: one delivery per recipient and one row per attempt, each with its state, fast at any size.

Pages walk parcels, newest first, and look inside only those that can hold a match, so that no query counts rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Table,
    Text,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    type_coerce,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from db.types import has
from scheduler.backlog.store import Backlog, backlog
from scheduler.delivery import (
    DONE,
    FINAL,
    LETTER,
    OF_LETTER,
    Attempt,
    Delivery,
    State,
    count,
    delivery_id,
    parse_delivery_id,
)
from scheduler.dispatch.carriers import WHOLE, Handover, handovers
from scheduler.dispatch.holds import ALL_LEFT
from scheduler.dispatch.tables import attempt, held, letters_together, parcel, parcel_recipients, receipt, waiting
from scheduler.log.places import Marked, Portion, people, places, portions
from scheduler.store import occurrence

PARCELS_AT_ONCE = 50
RARE = 20_000
FAILED = "failed"
NOT_DONE = tuple(state for state in State if state not in DONE)
HELD_BACK, HELD_UP = frozenset({State.CANCELLED}), frozenset({State.PENDING, State.MISSED})
"""What a delivery that a rule keeps from going is in: for good, or until some moment that may have come too late."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show; everything given must hold. `addresses` are the forms one recipient's address may stand in (`Seal.forms`).

    `reason` is why it has not arrived (`Delivery.reason`).
    """

    states: tuple[State, ...] = ()
    outlets: tuple[str, ...] = ()
    item: str = ""
    schedule: str = ""
    occurrence: str = ""
    addresses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """One delivery with what its partner said later; `next_at`: while it is pending, not before when it is tried."""

    delivery: Delivery
    receipts: tuple[Row[Any], ...]
    next_at: datetime | None = None


async def list_deliveries(
    connection: AsyncConnection, wanted: Filter, *, after: str = "", limit: int = 50
) -> list[Delivery]:
    """A page of deliveries, newest parcels first; `after` is the last id of the page before."""
    found: list[Delivery] = []
    async for delivery in walk(connection, wanted, after=after, page=limit):
        found.append(delivery)
        if len(found) == limit:
            break
    return found


async def walk(
    connection: AsyncConnection, wanted: Filter, *, after: str = "", page: int = 500
) -> AsyncIterator[Delivery]:
    """All matching deliveries, newest parcels first, a few parcels in memory at a time."""
    begin = parse_delivery_id(after) if after else None
    letters = {LETTER[state] for state in _states(wanted)}
    at_once = max(1, min(PARCELS_AT_ONCE, page // 50))
    rarely = bool(wanted.reason) and await _is_rare(connection, wanted.reason)
    while True:
        query = _parcels(wanted)
        if rarely:
            query = query.where(parcel.c.id.in_(union(*_with(wanted.reason, "parcel"))))
        query = query.order_by(parcel.c.id.desc()).limit(at_once)
        if begin is not None:
            query = query.where(parcel.c.id <= begin[0])
        rows = (await connection.execute(query)).all()
        marked = await _marked(connection, rows, wanted.reason) if wanted.reason else None
        for part in portions(rows, letters, wanted.addresses, marked, begin, page):
            async for delivery in _read(connection, part):
                if not wanted.reason or delivery.reason == wanted.reason:
                    yield delivery
        if len(rows) < at_once:
            return
        begin = (rows[-1].id - 1, -1)
        at_once = min(PARCELS_AT_ONCE, 8 * at_once)  # they hold little of what is wanted


def _states(wanted: Filter) -> tuple[State, ...]:
    """What is asked for can be in these; empty: in any."""
    return wanted.states or (NOT_DONE if wanted.reason else ())


async def _read(connection: AsyncConnection, portion: Portion) -> AsyncIterator[Delivery]:
    """The deliveries at these places with everything a reader sees of them."""
    tries, said = await _tries(connection, portion), await _said(connection, portion)
    ids = [row.id for row, _ in portion]
    holds, moved = await _holds(connection, ids), await handovers(connection, ids)
    for row, seqs in portion:
        persons = people(row, seqs)
        for seq in seqs:
            at = (row.id, seq)
            delivery = _delivery(row, seq, persons[seq], tries[at], holds, moved.get(row.id, ()))
            yield replace(delivery, said=said[at]) if at in said else delivery


def _parcels(wanted: Filter) -> Select[Any]:
    query = select(
        parcel,
        occurrence.c.schedule,
        occurrence.c.title,
        occurrence.c.klass,
        occurrence.c.reason,
        type_coerce(parcel_recipients.c.recipients, Text).label("recipients"),
    )
    query = query.join(occurrence, occurrence.c.id == parcel.c.occurrence)
    query = query.join(parcel_recipients, parcel_recipients.c.parcel == parcel.c.id)
    return _narrowed(query, wanted)


def _narrowed(query: Select[Any], wanted: Filter) -> Select[Any]:
    """The conditions a whole parcel can be judged by."""
    if wanted.states:
        query = query.where(or_(*(has(parcel.c.letters, LETTER[state]) for state in wanted.states)))
        if not FINAL.intersection(wanted.states):
            query = query.where(parcel.c.state != "done")
    if wanted.outlets:
        query = query.where(parcel.c.outlet.in_(wanted.outlets))
    if wanted.occurrence:
        query = query.where(parcel.c.occurrence == wanted.occurrence)
    if wanted.since:
        query = query.where(parcel.c.due_at >= wanted.since)
    if wanted.until:
        query = query.where(parcel.c.due_at < wanted.until)
    return _narrowed_further(query, wanted)


def _narrowed_further(query: Select[Any], wanted: Filter) -> Select[Any]:
    """By what a parcel's row does not say itself, or not at once."""
    if wanted.schedule:
        query = query.where(occurrence.c.schedule == wanted.schedule)
    if wanted.item:
        pinned, riders = (type_coerce(occurrence.c[name], Text) for name in ("pinned", "riders"))
        along = '%"outlet":"' + parcel.c.outlet + literal(f'","item":"{wanted.item}"%')
        query = query.where(or_(pinned.contains(f'"item":"{wanted.item}"'), riders.like(along)))
    if wanted.addresses:
        # recipients are frozen in order of address, so a person is looked for in one parcel an occurrence
        query = query.where(or_(*((parcel.c.first <= one) & (parcel.c.last >= one) for one in wanted.addresses)))
    if wanted.reason:
        query = query.where(or_(*(has(parcel.c.letters, LETTER[state]) for state in NOT_DONE)))
        query = query.where(or_(*(_some_for(table, wanted.reason) for table in (attempt, receipt))))
    return query


def _some_for(table: Table, reason: str) -> ColumnElement[bool]:
    """Whether a parcel has a try or a receipt with this reason."""
    return select(table.c.parcel).where(table.c.parcel == parcel.c.id, *_for(table, reason)).exists()


def _for(table: Table, reason: str) -> tuple[ColumnElement[bool], ...]:
    # the second is said as the index says it, or SQLite does not see that it may use it
    return table.c.reason == reason, table.c.reason != literal_column("''")


def _with(reason: str, *columns: str) -> list[Select[Any]]:
    """These columns of what gives this reason: tries, and receipts."""
    return [select(*(table.c[name] for name in columns)).where(*_for(table, reason)) for table in (attempt, receipt)]


async def _is_rare(connection: AsyncConnection, reason: str) -> bool:
    """Whether it takes less to go through all that has this reason than to ask of parcel after parcel whether it has any."""
    counts = (select(func.count()).select_from(one.limit(RARE).subquery()) for one in _with(reason, "parcel"))
    return all([int((await connection.execute(one)).scalar_one()) < RARE for one in counts])


async def _marked(connection: AsyncConnection, rows: Sequence[Row[Any]], reason: str) -> Marked:
    """What some try or receipt gives this reason for."""
    ids = [row.id for row in rows]
    queries = (one.where(one.selected_columns.parcel.in_(ids)) for one in _with(reason, "parcel", "seq"))
    found: defaultdict[int, list[int]] = defaultdict(list)
    for number, seq in await connection.execute(union(*queries).order_by("parcel", "seq")):
        found[number].append(seq)
    return found


async def _tries(connection: AsyncConnection, portion: Portion) -> defaultdict[tuple[int, int], list[Attempt]]:
    """What was tried, in order, by parcel and place."""
    # whole numbers, written out: fifty spans as SQLAlchemy's own expressions take longer than the database does
    spans = " OR ".join(f"(parcel = {row.id} AND seq {_among(seqs)})" for row, seqs in portion)
    query = select(attempt).where(text(spans)).order_by(attempt.c.parcel, attempt.c.seq, attempt.c.n)
    tries: defaultdict[tuple[int, int], list[Attempt]] = defaultdict(list)
    for one in await connection.execute(query):
        tries[one.parcel, one.seq].append(_attempt(one))
    return tries


def _among(seqs: Sequence[int]) -> str:
    """Which places are asked for: from the first to the last, unless most of those between are not."""
    if seqs[-1] - seqs[0] < 2 * len(seqs):
        return f"BETWEEN {seqs[0]} AND {seqs[-1]}"
    return f"IN ({', '.join(map(str, seqs))})"


async def _said(connection: AsyncConnection, portion: Portion) -> dict[tuple[int, int], str]:
    """Why deliveries failed of which that was said later, by parcel and place."""
    ids = [row.id for row, _ in portion]
    query = select(receipt.c.parcel, receipt.c.seq, receipt.c.reason)
    query = query.where(receipt.c.parcel.in_(ids), receipt.c.stage == FAILED, receipt.c.reason != "")
    return {(row.parcel, row.seq): row.reason for row in await connection.execute(query)}


Holds = dict[tuple[int, int], Row[Any]]


async def _holds(connection: AsyncConnection, parcels: Sequence[int]) -> Holds:
    """What rules keep, or kept, from going, by parcel and place."""
    rows = await connection.execute(select(held).where(held.c.parcel.in_(parcels)))
    return {(row.parcel, row.seq): row for row in rows}


def _delivery(
    row: Row[Any], seq: int, person: Sequence[str], tries: list[Attempt], holds: Holds, moved: Sequence[Handover]
) -> Delivery:
    address, name = person
    state = OF_LETTER[row.letters[seq]]
    hold = holds.get((row.id, seq)) or (None if tries else holds.get((row.id, ALL_LEFT)))
    if hold and state not in (HELD_BACK if hold.number else HELD_UP):
        hold = None
    return Delivery(
        id=delivery_id(row.id, seq),
        parcel=row.id,
        seq=seq,
        occurrence=row.occurrence,
        schedule=row.schedule,
        outlet=next((one.was for one in moved if one.seq == WHOLE), row.outlet),
        klass=row.klass,
        title=row.title,
        address=address,
        name=name,
        state=state,
        due_at=row.due_at,
        attempts=tuple(tries),
        note=hold.detail if hold else row.reason,
        rule=hold.rule if hold else "",
        carriers=tuple((one.n, one.outlet) for one in moved if one.seq in {WHOLE, seq}),
    )


def _attempt(row: Row[Any]) -> Attempt:
    said = (row.reason, row.reference, row.detail)
    return Attempt(row.parcel, row.seq, row.n, row.at, row.ms, row.outcome, *said)


async def outlet_of(connection: AsyncConnection, id: str) -> str:
    """Through which outlet a delivery goes. Raises NotFound."""
    number, _ = parse_delivery_id(id)
    found = (await connection.execute(select(parcel.c.outlet).where(parcel.c.id == number))).scalar_one_or_none()
    if found is None:
        raise NotFound(f"Không có lượt gửi {id}", f"There is no delivery {id}")
    return str(found)


async def story(connection: AsyncConnection, id: str) -> Story:
    """One delivery with everything known of it. Raises NotFound."""
    number, seq = parse_delivery_id(id)
    row = (await connection.execute(_parcels(Filter()).where(parcel.c.id == number))).one_or_none()
    if row is None or seq >= row.size:
        raise NotFound(f"Không có lượt gửi {id}", f"There is no delivery {id}")
    said = select(receipt).where(receipt.c.parcel == number, receipt.c.seq == seq).order_by(receipt.c.at)
    [delivery] = [one async for one in _read(connection, [(row, [seq])])]
    again = select(waiting.c.due_at).where(waiting.c.parcel == number, waiting.c.seq == seq)
    next_at = (await connection.execute(again)).scalar_one_or_none() or row.due_at
    return Story(delivery, tuple(await connection.execute(said)), next_at if delivery.state is State.PENDING else None)


async def receipts_of(connection: AsyncConnection, deliveries: Sequence[Delivery]) -> list[tuple[Delivery, Row[Any]]]:
    """What partners said later of these deliveries, in their order, each oldest first."""
    found: defaultdict[tuple[int, int], list[Row[Any]]] = defaultdict(list)
    parcels = {one.parcel for one in deliveries}
    for row in await connection.execute(select(receipt).where(receipt.c.parcel.in_(parcels)).order_by(receipt.c.at)):
        found[row.parcel, row.seq].append(row)
    return [(one, row) for one in deliveries for row in found.get((one.parcel, one.seq), ())]


async def stats(connection: AsyncConnection, wanted: Filter) -> dict[str, Counter[State]]:
    """How many deliveries of each outlet are in which of the states asked for. Reads every parcel: not for every second.

    By reason nothing is counted, that would take a row a try: told is what has not arrived of the parcels that have any,
    which is no less.
    """
    if wanted.addresses:
        return await _stats_of_person(connection, wanted)
    query = select(parcel.c.outlet, letters_together).join(occurrence, occurrence.c.id == parcel.c.occurrence)
    query = _narrowed(query, wanted).group_by(parcel.c.outlet).order_by(parcel.c.outlet)
    return {outlet: count(letters, _states(wanted)) for outlet, letters in await connection.execute(query)}


async def _stats_of_person(connection: AsyncConnection, wanted: Filter) -> dict[str, Counter[State]]:
    found: defaultdict[str, Counter[State]] = defaultdict(Counter)
    letters = {LETTER[state] for state in wanted.states}
    async for row in await connection.stream(_parcels(wanted).order_by(parcel.c.outlet)):
        for seq in places(row, letters, wanted.addresses):
            found[row.outlet][OF_LETTER[row.letters[seq]]] += 1
    return found


async def held_back(connection: AsyncConnection, wanted: Filter) -> dict[str, Counter[str]]:
    """How many deliveries of each outlet were held back for good, by rule."""
    query = select(parcel.c.outlet, held.c.rule, func.sum(held.c.number).label("number"))
    query = query.join(parcel, parcel.c.id == held.c.parcel).join(occurrence, occurrence.c.id == parcel.c.occurrence)
    query = _narrowed(query, wanted).where(held.c.number > 0).group_by(parcel.c.outlet, held.c.rule)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in await connection.execute(query):
        found[row.outlet][row.rule] = int(row.number)
    return dict(found)


async def still_to_do(connection: AsyncConnection, wanted: Filter, now: datetime) -> dict[str, Backlog]:
    """What is not done of the deliveries asked for, outlet by outlet."""

    def narrow(query: Select[Any]) -> Select[Any]:
        return _narrowed(query.join(occurrence, occurrence.c.id == parcel.c.occurrence), wanted)

    return await backlog(connection, now, narrow)
