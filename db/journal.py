"""Append-only, hash-chained record of who did what to which thing, in the same transaction as the deed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Row, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.types import Json, Moment, metadata, to_ms

START = "0" * 64
PAGE = 1000

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("person", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("thing", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("hash", Text, nullable=False),
    Index("journal_thing", "thing", "seq"),
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the journal."""

    seq: int
    at: datetime
    person: str
    verb: str
    thing: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A line in its chain: with the hash of the line before it and its own."""

    deed: Deed
    previous: str
    hash: str


class Journal:
    """Writes and verifies the chain. `key` is not in the database: who can edit rows still cannot forge a link."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    async def note(self, tx: AsyncConnection, at: datetime, person: str, verb: str, thing: str, **detail: Any) -> None:
        """Add one line inside the transaction of the deed itself."""
        # Moving the head first locks it: writers on PostgreSQL queue here, so the chain has no forks.
        moved = update(journal_head).where(journal_head.c.id == 1).values(seq=journal_head.c.seq + 1)
        seq, previous = (await tx.execute(moved.returning(journal_head.c.seq, journal_head.c.hash))).one()
        deed = Deed(seq, at, person, verb, thing, detail)
        link = self.link(previous, deed)
        await tx.execute(insert(journal).values(**_columns(deed), hash=link))
        await tx.execute(update(journal_head).where(journal_head.c.id == 1).values(hash=link))

    def link(self, previous: str, deed: Deed) -> str:
        """The hash of a line: HMAC-SHA256 over the line before and this one's canonical JSON."""
        return hmac.new(self._key, (previous + line(deed)).encode(), hashlib.sha256).hexdigest()

    async def verify(self, connection: AsyncConnection) -> int | None:
        """Walk the whole chain: the first line that was changed, removed or moved; None when all is well."""
        previous, expected = START, 1
        while True:
            page = select(journal).where(journal.c.seq >= expected).order_by(journal.c.seq).limit(PAGE)
            rows = (await connection.execute(page)).all()
            for row in rows:
                deed = _deed(row)
                if row.seq != expected or not hmac.compare_digest(self.link(previous, deed), row.hash):
                    return expected
                previous, expected = row.hash, expected + 1
            if len(rows) < PAGE:
                break
        head = (await connection.execute(select(journal_head).where(journal_head.c.id == 1))).one_or_none()
        whole = head is not None and (head.seq, head.hash) == (expected - 1, previous)
        return None if whole else expected

    async def of(self, connection: AsyncConnection, thing: str, limit: int = 200) -> list[Deed]:
        """What was done to one thing, oldest first."""
        query = select(journal).where(journal.c.thing == thing).order_by(journal.c.seq).limit(limit)
        return [_deed(row) for row in await connection.execute(query)]

    async def links(self, connection: AsyncConnection, things: Collection[str]) -> list[Link]:
        """All that was done to these things, oldest first, each line with its place in the chain."""
        before = journal.alias()
        query = select(journal, before.c.hash.label("previous"))
        query = query.outerjoin(before, before.c.seq == journal.c.seq - 1).where(journal.c.thing.in_(things))
        rows = await connection.execute(query.order_by(journal.c.seq))
        return [Link(_deed(row), row.previous or START, row.hash) for row in rows]

    async def head(self, connection: AsyncConnection) -> tuple[int, str]:
        """The number and the hash of the last line of all."""
        row = (await connection.execute(select(journal_head).where(journal_head.c.id == 1))).one()
        return row.seq, row.hash

    async def after(self, connection: AsyncConnection, seq: int, limit: int = PAGE) -> list[Deed]:
        """The lines that follow one, in order; the order is that in which they were committed."""
        query = select(journal).where(journal.c.seq > seq).order_by(journal.c.seq).limit(limit)
        return [_deed(row) for row in await connection.execute(query)]

    async def newest(self, connection: AsyncConnection) -> int:
        """The number of the last line."""
        return int((await connection.execute(select(journal_head.c.seq))).scalar_one())

    async def last(self, connection: AsyncConnection, thing: str) -> Deed | None:
        """What was done to one thing most lately."""
        query = select(journal).where(journal.c.thing == thing).order_by(journal.c.seq.desc()).limit(1)
        row = (await connection.execute(query)).one_or_none()
        return None if row is None else _deed(row)


def line(deed: Deed) -> str:
    """A line's canonical JSON, from which its hash is made; moments in milliseconds since 1970."""
    row = [deed.seq, to_ms(deed.at), deed.person, deed.verb, deed.thing, deed.detail]
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _deed(row: Row[Any]) -> Deed:
    return Deed(row.seq, row.at, row.person, row.verb, row.thing, row.detail)


def _columns(deed: Deed) -> dict[str, Any]:
    return {
        "seq": deed.seq,
        "at": deed.at,
        "person": deed.person,
        "verb": deed.verb,
        "thing": deed.thing,
        "detail": deed.detail,
    }
