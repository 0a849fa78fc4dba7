"""Tables and SQL of stations: programmes of their slots, their tokens, and what they say they aired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Programme
from content.bulletin import Audio
from db.database import Database
from db.types import Json, Moment, metadata

programme = Table(
    "programme",
    metadata,
    Column("outlet", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("holds", Json, nullable=False),
    Column("item_ids", Json, nullable=False),
    Column("audio", Json),
    Column("frozen_at", Moment, nullable=False),
    Column("made_at", Moment),
    Column("tries", BigInteger, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("owner", Text),
    Column("lease_until", Moment),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("outlet", "starts_at", "slot"),
)

station_token = Table(
    "station_token",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("used_at", Moment),
    Column("ends_at", Moment),
    Index("station_token_outlet", "outlet"),
)

airing = Table(
    "airing",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("part", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seconds", Float),
    Column("slot", Text, nullable=False),
    Column("presenter", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
    Column("noted_by", Text, nullable=False),
    UniqueConstraint("outlet", "mark", name="airing_mark"),
    Index("airing_delivery", "delivery"),
    Index("airing_at", "outlet", "at"),
)


# --- programmes --------------------------------------------------------------------------------------------------------


def _programme(row: Row[Any]) -> Programme:
    audio = Audio.from_record(row.audio) if row.audio else None
    holds = tuple((delivery, parts) for delivery, parts in row.holds)
    moments = (row.starts_at, row.ends_at)
    return Programme(row.outlet, row.slot, *moments, row.version, row.state, holds, audio, row.made_at, row.note)


def _mine(one: Programme) -> Any:
    return (
        (programme.c.outlet == one.outlet) & (programme.c.starts_at == one.starts_at) & (programme.c.slot == one.slot)
    )


async def programmes(
    connection: AsyncConnection, outlet: str, *, since: datetime | None = None, limit: int = 100
) -> list[Programme]:
    """An outlet's programmes that end after `since`, the latest first."""
    query = select(programme).where(programme.c.outlet == outlet)
    if since is not None:
        query = query.where(programme.c.ends_at > since)
    rows = await connection.execute(query.order_by(programme.c.starts_at.desc(), programme.c.slot).limit(limit))
    return [_programme(row) for row in rows]


async def open_programmes(connection: AsyncConnection, now: datetime, until: datetime) -> list[Programme]:
    """Programmes of all outlets that are not over and start before `until`, the earliest first."""
    open_ = (programme.c.ends_at > now) & (programme.c.starts_at < until)
    query = select(programme).where(open_).order_by(programme.c.starts_at, programme.c.outlet, programme.c.slot)
    return [_programme(row) for row in await connection.execute(query)]


async def find_programme(connection: AsyncConnection, outlet: str, slot: str, starts_at: datetime) -> Programme | None:
    """The programme of one slot of one day, if it was frozen."""
    mine = (programme.c.outlet == outlet) & (programme.c.slot == slot) & (programme.c.starts_at == starts_at)
    row = (await connection.execute(select(programme).where(mine))).one_or_none()
    return None if row is None else _programme(row)


async def freeze_programme(
    database: Database, tx: AsyncConnection, new: Programme, items: Sequence[str], now: datetime
) -> bool:
    """Store what airs in a slot: a first time, or anew in place of a broken one; False when another node did."""
    fresh = {
        "ends_at": new.ends_at,
        "version": new.version,
        "state": "frozen",
        "holds": [list(one) for one in new.holds],
        "item_ids": list(items),
        "audio": None,
        "frozen_at": now,
        "made_at": None,
        "tries": 0,
        "next_try_at": now,
        "owner": None,
        "lease_until": None,
        "note": "",
    }
    if new.version == 1:
        save = database.insert_if_absent(programme)
        row = save.values(outlet=new.outlet, slot=new.slot, starts_at=new.starts_at, **fresh)
    else:
        broken = (programme.c.state == "broken") & (programme.c.version == new.version - 1)
        row = update(programme).where(_mine(new), broken).values(**fresh)
    return bool((await tx.execute(row)).rowcount == 1)


async def break_programmes(tx: AsyncConnection, item: str, now: datetime) -> int:
    """Programmes that hold the item and are not over lose their file at once, and are to be composed anew."""
    holds = type_coerce(programme.c.item_ids, Text).contains(f'"{item}"', autoescape=True)
    hurt = update(programme).where(programme.c.ends_at > now, programme.c.state != "broken", holds)
    return int((await tx.execute(hurt.values(state="broken", audio=None, owner=None, lease_until=None))).rowcount)


async def break_programme(tx: AsyncConnection, one: Programme) -> bool:
    """The same for this very version of one programme; False when it has changed meanwhile."""
    same = (programme.c.version == one.version) & (programme.c.state != "broken")
    hurt = update(programme).where(_mine(one), same).values(state="broken", audio=None, owner=None, lease_until=None)
    return bool((await tx.execute(hurt)).rowcount == 1)


async def claim_programme(
    tx: AsyncConnection, one: Programme, *, owner: str, now: datetime, lease_until: datetime
) -> int:
    """Take the joining of a frozen programme: how many tries that makes; 0 when it is made, taken, or not due."""
    free = or_(programme.c.owner.is_(None), programme.c.lease_until < now)
    due = (programme.c.state == "frozen") & (programme.c.version == one.version) & (programme.c.next_try_at <= now)
    take = update(programme).where(_mine(one), due, free)
    take = take.values(owner=owner, lease_until=lease_until, tries=programme.c.tries + 1)
    row = (await tx.execute(take.returning(programme.c.tries))).one_or_none()
    return 0 if row is None else int(row.tries)


async def save_programme(tx: AsyncConnection, one: Programme, owner: str, **values: Any) -> bool:
    """Write what came of a joining; False when the claim was lost or the programme broken meanwhile."""
    if isinstance(values.get("audio"), Audio):
        values["audio"] = asdict(values["audio"])
    held = (programme.c.owner == owner) & (programme.c.version == one.version) & (programme.c.state == "frozen")
    save = update(programme).where(_mine(one), held).values(owner=None, lease_until=None, **values)
    return bool((await tx.execute(save)).rowcount == 1)


async def times_used(connection: AsyncConnection, outlet: str, since: datetime) -> dict[str, set[datetime]]:
    """In which programmes of an outlet each delivery was, by the start of their slots, from a moment on."""
    query = select(programme.c.starts_at, programme.c.holds, programme.c.state)
    used: dict[str, set[datetime]] = {}
    for row in await connection.execute(query.where(programme.c.outlet == outlet, programme.c.starts_at > since)):
        if row.state != "broken":
            for delivery, _ in row.holds:
                used.setdefault(delivery, set()).add(row.starts_at)
    return used


# --- tokens ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """A station's token as it is kept: its hash, when it was made, first used, and ends."""

    hash: str
    outlet: str
    made_at: datetime
    made_by: str
    used_at: datetime | None
    ends_at: datetime | None


async def add_token(tx: AsyncConnection, new: Token, others_end_at: datetime) -> None:
    """Store a token; those before it end at `others_end_at` at the latest, or when this one is first used."""
    before = (station_token.c.outlet == new.outlet) & or_(
        station_token.c.ends_at.is_(None), station_token.c.ends_at > others_end_at
    )
    await tx.execute(update(station_token).where(before).values(ends_at=others_end_at))
    await tx.execute(insert(station_token).values(**asdict(new)))


async def find_token(connection: AsyncConnection, outlet: str, hash: str, now: datetime) -> Token | None:
    """The token of that hash, if it opens this outlet's shelf now."""
    mine = (station_token.c.hash == hash) & (station_token.c.outlet == outlet)
    valid = or_(station_token.c.ends_at.is_(None), station_token.c.ends_at > now)
    row = (await connection.execute(select(station_token).where(mine, valid))).one_or_none()
    return None if row is None else Token(**row._asdict())


async def use_token(tx: AsyncConnection, token: Token, now: datetime) -> None:
    """Note the first use of a token: the ones made before it end now."""
    first = update(station_token).where(station_token.c.hash == token.hash, station_token.c.used_at.is_(None))
    if (await tx.execute(first.values(used_at=now))).rowcount == 1:
        others = (station_token.c.outlet == token.outlet) & (station_token.c.hash != token.hash)
        older = others & (station_token.c.made_at <= token.made_at)
        valid = or_(station_token.c.ends_at.is_(None), station_token.c.ends_at > now)
        await tx.execute(update(station_token).where(older, valid).values(ends_at=now))


async def tokens_of(connection: AsyncConnection, outlet: str, now: datetime) -> list[Token]:
    """Tokens that open an outlet's shelf now, newest first."""
    valid = or_(station_token.c.ends_at.is_(None), station_token.c.ends_at > now)
    query = select(station_token).where(station_token.c.outlet == outlet, valid)
    rows = await connection.execute(query.order_by(station_token.c.made_at.desc(), station_token.c.hash))
    return [Token(**row._asdict()) for row in rows]


# --- airings -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Airing:
    """What a station says it aired: which part (from 0; -1 for all) of which delivery, when, for how many seconds.

    `mark` makes it unique on its outlet, so that the same line told twice is kept once; `line` is the evidence itself.
    """

    id: str
    outlet: str
    mark: str
    delivery: str
    part: int
    at: datetime
    seconds: float | None
    slot: str
    presenter: str
    source: str
    line: str
    noted_at: datetime
    noted_by: str


async def add_airing(database: Database, tx: AsyncConnection, new: Airing) -> bool:
    """Keep a line of evidence; False when it is known."""
    save = database.insert_if_absent(airing).values(**asdict(new))
    return bool((await tx.execute(save)).rowcount == 1)


async def airings_of(connection: AsyncConnection, deliveries: Sequence[str]) -> dict[str, list[Airing]]:
    """What was said of these deliveries, oldest first."""
    found: dict[str, list[Airing]] = {}
    query = select(airing).where(airing.c.delivery.in_(deliveries)).order_by(airing.c.at, airing.c.id)
    for row in await connection.execute(query):
        found.setdefault(row.delivery, []).append(Airing(**row._asdict()))
    return found


async def aired_between(connection: AsyncConnection, outlet: str, since: datetime, until: datetime) -> list[Airing]:
    """What an outlet aired from `since` on and before `until`, oldest first."""
    within = (airing.c.outlet == outlet) & (airing.c.at >= since) & (airing.c.at < until)
    query = select(airing).where(within).order_by(airing.c.at, airing.c.id)
    return [Airing(**row._asdict()) for row in await connection.execute(query)]
