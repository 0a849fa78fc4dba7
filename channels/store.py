"""Tables and SQL of this floor: outlets' health and sealed memory, and the calls of partners."""

from __future__ import annotations

import asyncio
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Confirmation, Heard, Told, Wrote
from channels.past import store as past_store
from channels.past.store import Turn
from channels.seal import Seal
from config.clock import Clock
from config.lazy import lazily
from db.database import Database
from db.types import Json, Moment, metadata, new_id, to_ms

if TYPE_CHECKING:
    from cryptography import fernet
else:
    fernet = lazily("cryptography.fernet")

NOTED_FAILURES = 3
"""So many failures in a row are trouble that an outlet's past tells of; one that passes by at once is not."""

outlet = Table(
    "outlet",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("applied_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Moment),
    Column("worked_at", Moment),
    Column("trouble", Text, nullable=False),
    Column("paused_at", Moment),
    Column("paused_by", Text),
    Column("free_at", BigInteger, nullable=False),
    Column("quota_day", BigInteger, nullable=False),
    Column("quota_used", BigInteger, nullable=False),
    Column("shelf_turn", BigInteger, nullable=False),
)

outlet_keep = Table(
    "outlet_keep",
    metadata,
    Column("outlet", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("outlet", "name"),
)

callback = Table(
    "callback",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("said", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("people", Text, nullable=False),
    Index("callback_state", "state", "received_at"),
)


async def apply_outlet(database: Database, tx: AsyncConnection, name: str, kind: str, title: str, at: datetime) -> None:
    """Note that the configuration has this outlet; its health is kept."""
    save = database.insert_or_update(outlet, ["name"], "kind", "title", "applied_at")
    new = {"failures": 0, "trouble": "", "free_at": 0, "quota_day": 0, "quota_used": 0, "shelf_turn": 0}
    await tx.execute(save.values(name=name, kind=kind, title=title, applied_at=at, **new))


async def outlet_rows(connection: AsyncConnection) -> dict[str, Row[Any]]:
    """Health of every outlet by name."""
    return {row.name: row for row in await connection.execute(select(outlet).order_by(outlet.c.name))}


async def outlet_worked(tx: AsyncConnection, name: str, at: datetime) -> None:
    """A send went well: the outlet is no longer failing."""
    healthy = (
        update(outlet).values(failures=0, failing_since=None, trouble="", worked_at=at).where(outlet.c.name == name)
    )
    if (await tx.execute(healthy.where(outlet.c.failures >= NOTED_FAILURES))).rowcount:
        await past_store.note(tx, name, at, Turn.WORKING)
    else:
        await tx.execute(healthy)


async def outlet_failed(tx: AsyncConnection, name: str, at: datetime, trouble: str, failures: int) -> Row[Any]:
    """So many sends in a row failed for the outlet's own fault; the row after it."""
    failed = (
        update(outlet)
        .where(outlet.c.name == name)
        .values(
            failures=outlet.c.failures + failures,
            failing_since=func.coalesce(outlet.c.failing_since, literal(at, Moment)),
            trouble=trouble,
        )
        .returning(outlet)
    )
    row: Row[Any] = (await tx.execute(failed)).one()
    if row.failures >= NOTED_FAILURES > row.failures - failures:
        await past_store.note(tx, name, at, Turn.TROUBLED, words=trouble)
    return row


async def pause_outlet(tx: AsyncConnection, name: str, at: datetime, by: str, why: str) -> bool:
    """Stop using an outlet until somebody resumes it; False when it is paused already."""
    pause = update(outlet).where(outlet.c.name == name, outlet.c.paused_at.is_(None))
    if (await tx.execute(pause.values(paused_at=at, paused_by=by, trouble=why))).rowcount != 1:
        return False
    await past_store.note(tx, name, at, Turn.PAUSED, by, why)
    return True


async def resume_outlet(tx: AsyncConnection, name: str, at: datetime, by: str) -> bool:
    """Use a paused outlet again; False when it was not paused."""
    resume = update(outlet).where(outlet.c.name == name, outlet.c.paused_at.is_not(None))
    fresh = {"paused_at": None, "paused_by": None, "failures": 0, "failing_since": None, "trouble": "", "free_at": 0}
    if (await tx.execute(resume.values(**fresh))).rowcount != 1:
        return False
    await past_store.note(tx, name, at, Turn.RESUMED, by)
    return True


class SealedKeep:
    """An outlet's small memory for tokens, sealed with a key of 32 bytes that is not in the database (see channel.Keep)."""

    def __init__(self, database: Database, clock: Clock, key: bytes, outlet_name: str) -> None:
        self._database = database
        self._clock = clock
        self._key = urlsafe_b64encode(key)
        self._outlet = outlet_name

    async def get(self, name: str) -> str | None:
        """See Keep.get; a value sealed with another key counts as absent."""
        mine = (outlet_keep.c.outlet == self._outlet) & (outlet_keep.c.name == name)
        async with self._database.read() as connection:
            value = (await connection.execute(select(outlet_keep.c.value).where(mine))).scalar_one_or_none()
        try:
            return None if value is None else fernet.Fernet(self._key).decrypt(value.encode()).decode()
        except fernet.InvalidToken:
            return None

    async def put(self, name: str, value: str) -> None:
        """See Keep.put."""
        sealed = fernet.Fernet(self._key).encrypt(value.encode()).decode()
        async with self._database.write() as tx:
            save = self._database.insert_or_update(outlet_keep, ["outlet", "name"], "value")
            await tx.execute(save.values(outlet=self._outlet, name=name, value=sealed))

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """See Keep.alone: a row that only one process can insert; a holder that died is overtaken after a minute."""
        lock = f"{name}.lock"
        while not (stamp := await self._take(lock)):
            await self._clock.wait(asyncio.Event(), 0.25)
        try:
            yield
        finally:
            async with self._database.write() as tx:
                mine = (outlet_keep.c.outlet == self._outlet) & (outlet_keep.c.name == lock)
                # Whoever was overtaken leaves the lock of the one who overtook alone.
                await tx.execute(delete(outlet_keep).where(mine, outlet_keep.c.value == stamp))

    async def _take(self, lock: str) -> str:
        """The stamp of the lock now ours, or nothing. One from the future is of a clock that was set back."""
        now = self._clock.now()
        stamp = f"{_stamp(now)} {secrets.token_hex(8)}"
        async with self._database.write() as tx:
            mine = (outlet_keep.c.outlet == self._outlet) & (outlet_keep.c.name == lock)
            value = outlet_keep.c.value
            dead = or_(value < _stamp(now - timedelta(minutes=1)), value > _stamp(now + timedelta(minutes=1)))
            await tx.execute(delete(outlet_keep).where(mine, dead))
            take = self._database.insert_if_absent(outlet_keep)
            taken = await tx.execute(take.values(outlet=self._outlet, name=lock, value=stamp))
            return stamp if taken.rowcount == 1 else ""


def _stamp(moment: datetime) -> str:
    return f"{to_ms(moment):020d}"


@dataclass(frozen=True, slots=True)
class Call:
    """A partner's call before anything is made of it: its body as it came, and what it says; sealed where it is stored.

    Its headers and address are not kept: they carry the secrets that proved it authentic.
    """

    outlet: str
    at: datetime
    body: bytes
    said: Sequence[Told]


async def store_callbacks(tx: AsyncConnection, seal: Seal, calls: Sequence[Call]) -> None:
    """Keep these calls, one or more. Keeping one again does no harm: what it says is applied once."""
    first = new_id(calls[0].at)
    await tx.execute(insert(callback), [_row(seal, f"{first}-{place:04}", one) for place, one in enumerate(calls)])


def _row(seal: Seal, id: str, call: Call) -> dict[str, Any]:
    body = call.body.decode("latin-1").replace("\0", "")
    said = json.dumps([asdict(one) for one in call.said], ensure_ascii=False)
    sealed = {"body": seal.close_text(body), "said": seal.close_text(said), "people": seal.marks(f"{body} {said}")}
    return {"id": id, "outlet": call.outlet, "received_at": call.at, "state": "new", "note": "", **sealed}


class Kept(NamedTuple):
    """A kept call that has not been applied, and what it says."""

    id: str
    outlet: str
    received_at: datetime
    said: Sequence[Told]


async def new_callbacks(connection: AsyncConnection, seal: Seal, limit: int = 500) -> list[Kept]:
    """Calls that have not been applied, oldest first."""
    query = select(callback).where(callback.c.state == "new").order_by(callback.c.received_at, callback.c.id)
    rows = await connection.execute(query.limit(limit))
    return [Kept(row.id, row.outlet, row.received_at, _said(seal, row.said)) for row in rows]


def _said(seal: Seal, stored: str | list[dict[str, Any]]) -> Sequence[Told]:
    # a list is from before calls were sealed
    plain = json.loads(seal.open_text(stored)) if isinstance(stored, str) else stored
    return [_told(one) for one in plain]


def _told(plain: dict[str, Any]) -> Told:
    kind = Heard if "wants" in plain else Wrote if "text" in plain else Confirmation
    return kind(**plain)


async def prune_callbacks(tx: AsyncConnection, before: datetime) -> int:
    """Forget settled calls received before a moment; what they said stays with the deliveries."""
    old = delete(callback).where(callback.c.state != "new", callback.c.received_at < before)
    return int((await tx.execute(old)).rowcount)


async def settle_callbacks(tx: AsyncConnection, outcomes: Mapping[str, tuple[str, str]]) -> None:
    """Note what became of calls: id to (state, note)."""
    if outcomes:
        rows = [{"call": id, "new_state": state, "new_note": note} for id, (state, note) in outcomes.items()]
        settle = update(callback).where(callback.c.id == bindparam("call"))
        await tx.execute(settle.values(state=bindparam("new_state"), note=bindparam("new_note")), rows)
