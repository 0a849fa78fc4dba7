"""Tables and SQL of this floor: schedules and occurrences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from content.bulletin import BulletinClass, Pinned
from db.database import Database
from db.types import Json, Moment, metadata
from scheduler.delivery import OccurrenceState
from scheduler.schedule import Missed, Rule, Schedule, ScheduledItem, ScheduleState

schedule = Table(
    "schedule",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("pinned", Json, nullable=False),
    Column("outlets", Json, nullable=False),
    Column("audience", Text, nullable=False),
    Column("rule", Json, nullable=False),
    Column("zone", Text, nullable=False),
    Column("klass", Text, nullable=False),
    Column("start", Moment, nullable=False),
    Column("until", Moment),
    Column("missed", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("next_due_at", Moment),
    Column("made_by", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("stilled", BigInteger, nullable=False, default=0),
    Column("unit", Text, nullable=False, default=""),
    Index("schedule_due", "state", "next_due_at"),
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("id", Text, primary_key=True),
    Column("schedule", Text, ForeignKey("schedule.id"), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("klass", Text, nullable=False),
    Column("pinned", Json, nullable=False),
    Column("outlets", Json, nullable=False),
    Column("audience", Text, nullable=False),
    Column("outlet_at", Integer, nullable=False),
    Column("address_at", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("until", Moment),
    Column("planned_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("early", BigInteger, nullable=False, default=0),
    Column("riders", Json, nullable=False, default=[]),
    UniqueConstraint("schedule", "due_at", name="occurrence_due"),
    Index("occurrence_state", "state", "due_at"),
    Index("occurrence_due_at", "due_at"),
    Index("occurrence_early", "due_at", sqlite_where=text("early = 1"), postgresql_where=text("early = 1")),
)

# One row, always there: whoever starts a schedule holds it, so that none starts behind the back of whoever pauses all.
standstill = Table(
    "standstill",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("urgent", BigInteger, nullable=False),
)


def to_schedule(row: Row[Any]) -> Schedule:
    """A schedule of its row."""
    return Schedule(
        id=row.id,
        title=row.title,
        items=tuple(ScheduledItem(**pinned) for pinned in row.pinned),
        outlets=tuple(row.outlets),
        audience=row.audience,
        rule=Rule.from_record(row.rule),
        zone=row.zone,
        klass=BulletinClass(row.klass),
        start=row.start,
        until=row.until,
        missed=Missed(row.missed),
        state=ScheduleState(row.state),
        next_due_at=row.next_due_at,
        made_by=row.made_by,
        made_at=row.made_at,
        unit=row.unit,
    )


async def add_schedule(tx: AsyncConnection, new: Schedule, *, stilled: bool = False) -> None:
    """Store a new schedule; `stilled` if it is paused only because everything is."""
    await tx.execute(
        insert(schedule).values(
            id=new.id,
            title=new.title,
            pinned=[{"item": i.item, "revision": i.revision, "digest": i.digest} for i in new.items],
            outlets=list(new.outlets),
            audience=new.audience,
            rule=new.rule.record(),
            zone=new.zone,
            klass=new.klass.value,
            start=new.start,
            until=new.until,
            missed=new.missed.value,
            state=new.state.value,
            digest=new.digest,
            next_due_at=new.next_due_at,
            made_by=new.made_by,
            made_at=new.made_at,
            stilled=int(stilled),
            unit=new.unit,
        )
    )


async def find_schedule(connection: AsyncConnection, id: str) -> Schedule:
    """The schedule with this id. Raises NotFound."""
    row = (await connection.execute(select(schedule).where(schedule.c.id == id))).one_or_none()
    if row is None:
        raise NotFound(f"Không có lịch phát {id}", f"There is no schedule {id}", field="schedule")
    return to_schedule(row)


async def list_schedules(
    connection: AsyncConnection,
    *,
    states: Sequence[ScheduleState] = (),
    outlets: Sequence[str] | None = None,
    limit: int = 100,
    before: str = "",
) -> list[Schedule]:
    """Schedules, newest first, that go to any of these `outlets`; `before` is the last id of the page before."""
    query = select(schedule).order_by(schedule.c.id.desc()).limit(limit)
    if states:
        query = query.where(schedule.c.state.in_([state.value for state in states]))
    if outlets is not None:
        query = query.where(_goes_to(schedule.c.outlets, outlets))
    if before:
        query = query.where(schedule.c.id < before)
    return [to_schedule(row) for row in await connection.execute(query)]


def _goes_to(column: Column[Any], outlets: Sequence[str]) -> ColumnElement[bool]:
    """Whether a list of outlets, as it is stored, has any of these in it."""
    written = type_coerce(column, Text)
    return or_(*(written.contains(f'"{name}"', autoescape=True) for name in outlets))


async def schedules_with(connection: AsyncConnection, item: str) -> list[str]:
    """The ids of all schedules that are of this item, oldest first."""
    of_it = type_coerce(schedule.c.pinned, Text).contains(f'"item":"{item}"', autoescape=True)
    return list((await connection.execute(select(schedule.c.id).where(of_it).order_by(schedule.c.id))).scalars())


async def schedules_to(connection: AsyncConnection, outlet: str) -> int:
    """How many schedules that have not ended go to an outlet."""
    of_it = _goes_to(schedule.c.outlets, [outlet])
    ended = [ScheduleState.ENDED.value, ScheduleState.CANCELLED.value]
    query = select(func.count()).where(of_it, schedule.c.state.not_in(ended))
    return int((await connection.execute(query.select_from(schedule))).scalar_one())


async def coming_schedules(connection: AsyncConnection, until: datetime, limit: int = 200) -> list[Schedule]:
    """Running schedules with a due moment up to `until`, soonest first."""
    query = (
        select(schedule)
        .where(schedule.c.state == ScheduleState.APPROVED.value, schedule.c.next_due_at <= until)
        .order_by(schedule.c.next_due_at)
        .limit(limit)
    )
    return [to_schedule(row) for row in await connection.execute(query)]


async def coming_texts(connection: AsyncConnection, until: datetime, most: int) -> list[Pinned]:
    """Texts of running schedules with a due moment up to `until`, soonest first, of so many different programmes at most."""
    query = (
        select(schedule.c.pinned)
        .where(schedule.c.state == ScheduleState.APPROVED.value, schedule.c.next_due_at <= until)
        .group_by(schedule.c.pinned)
        .order_by(func.min(schedule.c.next_due_at))
        .limit(most)
    )
    texts = (Pinned(**one) for pinned in await connection.scalars(query) for one in pinned)
    return list(dict.fromkeys(texts))


async def next_due_moment(connection: AsyncConnection) -> datetime | None:
    """The earliest due moment of all running schedules."""
    query = select(func.min(schedule.c.next_due_at)).where(schedule.c.state == ScheduleState.APPROVED.value)
    earliest: datetime | None = (await connection.execute(query)).scalar_one()
    return earliest


async def move_schedule(tx: AsyncConnection, id: str, was: ScheduleState, to: ScheduleState, **values: Any) -> bool:
    """Change a schedule's state if it still is what it was; whether it did."""
    move = update(schedule).where(schedule.c.id == id, schedule.c.state == was.value)
    return bool((await tx.execute(move.values(state=to.value, **values))).rowcount == 1)


@dataclass(frozen=True, slots=True)
class Standstill:
    """Everything paused at once: since when, by whom and why; `urgent`: urgent bulletins too."""

    at: datetime
    person: str
    reason: str
    urgent: bool

    def holds(self, klass: BulletinClass) -> bool:
        """Whether a schedule of this class is paused with the rest."""
        return self.urgent or klass is not BulletinClass.URGENT


async def find_standstill(connection: AsyncConnection) -> Standstill | None:
    """The standstill, while there is one."""
    return _standstill((await connection.execute(select(standstill))).one())


async def hold_standstill(database: Database, tx: AsyncConnection, *, shared: bool = True) -> Standstill | None:
    """The same, and nobody begins or ends one before the transaction ends; not `shared` for who is to do so."""
    return _standstill((await tx.execute(database.locked(select(standstill), shared=shared))).one())


def _standstill(row: Row[Any]) -> Standstill | None:
    return None if row.at is None else Standstill(row.at, row.person, row.reason, bool(row.urgent))


async def begin_standstill(tx: AsyncConnection, new: Standstill) -> int:
    """Pause every running schedule that it holds, marked, in one statement; how many."""
    about = {"at": new.at, "person": new.person, "reason": new.reason, "urgent": int(new.urgent)}
    await tx.execute(update(standstill).values(**about))
    running = update(schedule).where(schedule.c.state == ScheduleState.APPROVED.value)
    if not new.urgent:
        running = running.where(schedule.c.klass != BulletinClass.URGENT.value)
    return (await tx.execute(running.values(state=ScheduleState.PAUSED.value, stilled=1))).rowcount


async def end_standstill(tx: AsyncConnection) -> int:
    """Let exactly those run again that it paused and nobody has moved since; how many."""
    await tx.execute(update(standstill).values(at=None, person="", reason="", urgent=0))
    held = update(schedule).where(schedule.c.state == ScheduleState.PAUSED.value, schedule.c.stilled == 1)
    return (await tx.execute(held.values(state=ScheduleState.APPROVED.value, stilled=0))).rowcount


async def stilled_schedules(connection: AsyncConnection, limit: int) -> list[Schedule]:
    """Those that a standstill paused, soonest due first."""
    query = select(schedule).where(schedule.c.state == ScheduleState.PAUSED.value, schedule.c.stilled == 1)
    return [to_schedule(row) for row in await connection.execute(query.order_by(schedule.c.next_due_at).limit(limit))]


async def planning_since(connection: AsyncConnection) -> datetime | None:
    """When the first occurrence was opened whose recipients are not all frozen yet."""
    query = select(func.min(occurrence.c.planned_at)).where(occurrence.c.state == OccurrenceState.PLANNING.value)
    earliest: datetime | None = (await connection.execute(query)).scalar_one()
    return earliest


async def audiences_being_frozen(database: Database, tx: AsyncConnection) -> set[str]:
    """Names of audiences whose recipients are not all frozen yet; nobody begins with another before the transaction ends."""
    await database.still(tx, occurrence)
    query = select(occurrence.c.audience).where(occurrence.c.state == OccurrenceState.PLANNING.value)
    return set((await tx.execute(query)).scalars())


async def change_occurrence(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of one occurrence."""
    await tx.execute(update(occurrence).where(occurrence.c.id == id).values(**values))


async def leave_early(tx: AsyncConnection, of: str, reason: str) -> None:
    """What of a schedule was opened before its moment stays all there is: its other outlets are not opened any more."""
    opened = update(occurrence).where(occurrence.c.schedule == of, occurrence.c.early == 1)
    await tx.execute(opened.values(early=0, reason=reason))


async def skip_due(tx: AsyncConnection, of: str, due: datetime, following: datetime | None) -> None:
    """A schedule that is due at one moment is so at the next instead; with none, it has ended."""
    waits = update(schedule).where(schedule.c.id == of, schedule.c.next_due_at == due)
    over = {} if following else {"state": ScheduleState.ENDED.value}
    await tx.execute(waits.values(next_due_at=following, **over))


async def opened_early(connection: AsyncConnection) -> dict[str, list[str]]:
    """Schedules of whose coming occurrence some outlets are opened already, and which."""
    query = select(occurrence.c.schedule, occurrence.c.outlets).where(occurrence.c.early == 1)
    return {row.schedule: row.outlets for row in await connection.execute(query)}


async def reopen_occurrence(tx: AsyncConnection, id: str) -> None:
    """Open one that was done; one whose recipients are still being frozen goes on with that."""
    done = update(occurrence).where(occurrence.c.id == id, occurrence.c.state == OccurrenceState.DONE.value)
    await tx.execute(done.values(state=OccurrenceState.OPEN.value))


async def hold_occurrence(database: Database, tx: AsyncConnection, id: str) -> Row[Any]:
    """The occurrence, held: nobody plans it further before this transaction ends. Raises NotFound."""
    of = select(occurrence.c.schedule).where(occurrence.c.id == id).scalar_subquery()
    await tx.execute(database.locked(select(schedule.c.id).where(schedule.c.id == of)))  # first, as a planner does
    await tx.execute(database.locked(select(occurrence.c.id).where(occurrence.c.id == id)))
    return await find_occurrence(tx, id)


async def find_occurrence(connection: AsyncConnection, id: str) -> Row[Any]:
    """The occurrence with this id. Raises NotFound."""
    row = (await connection.execute(select(occurrence).where(occurrence.c.id == id))).one_or_none()
    if row is None:
        raise NotFound(f"Không có kỳ phát {id}", f"There is no occurrence {id}")
    return row


async def list_occurrences(
    connection: AsyncConnection,
    *,
    schedule_id: str = "",
    outlets: Sequence[str] | None = None,
    since: datetime | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Row[Any]]:
    """Occurrences, last due first, that go to any of these `outlets`; `before` is the (due_at, id) of the last one of the page before."""
    query = select(occurrence).order_by(occurrence.c.due_at.desc(), occurrence.c.id.desc()).limit(limit)
    if schedule_id:
        query = query.where(occurrence.c.schedule == schedule_id)
    if outlets is not None:
        query = query.where(_goes_to(occurrence.c.outlets, outlets))
    if since:
        query = query.where(occurrence.c.due_at >= since)
    if before:
        at, id = before
        query = query.where(or_(occurrence.c.due_at < at, (occurrence.c.due_at == at) & (occurrence.c.id < id)))
    return list(await connection.execute(query))


async def open_occurrences(connection: AsyncConnection) -> list[Row[Any]]:
    """Occurrences that have deliveries to settle."""
    states = (OccurrenceState.PLANNING.value, OccurrenceState.OPEN.value)
    return list(await connection.execute(select(occurrence).where(occurrence.c.state.in_(states))))
