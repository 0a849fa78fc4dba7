"""Tables and SQL of procedures: as they are, every change there was, and which items speak of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Row, Table, Text, and_, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.unmarked import unmarked
from config.words import NotFound
from content import store as content_store
from content.item import Item, ItemState
from content.procedures.procedure import Difference, Procedure, Status
from db.database import Database
from db.types import ByteOrdered, Day, Json, Moment, has, metadata

procedure = Table(
    "procedure",
    metadata,
    Column("code", ByteOrdered, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("name", "field", "level", "authority", "time_limit", "fee")),
    *(Column(name, Text, nullable=False) for name in ("dossier", "legal_basis", "decision")),
    Column("effective", Day, nullable=False),
    Column("status", Text, nullable=False),
    Column("folded", Text, nullable=False),
)
procedure_change = Table(
    "procedure_change",
    metadata,
    Column("id", ByteOrdered, primary_key=True),
    Column("code", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("person", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("was_new", Text, nullable=False),
    Column("differences", Json, nullable=False),
    Column("item", Text, nullable=False),
    Index("procedure_change_code", "code", "id"),
    Index("procedure_change_item", "item"),
)
item_procedure = Table(
    "item_procedure",
    metadata,
    Column("item", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("seen", ByteOrdered, nullable=False),
    Index("item_procedure_code", "code"),
)

procedure_source = Table(
    "procedure_source",
    metadata,
    Column("source", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("fault", Text, nullable=False),
)

CHANGING = tuple(column.name for column in procedure.c if column.name != "code")
AT_ONCE = 500
"""So many codes are asked for by one statement."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one import made otherwise of one procedure, and the item that announces it (empty: none)."""

    id: str
    code: str
    at: datetime
    person: str
    source: str
    is_new: bool
    differences: tuple[Difference, ...]
    item: str = ""


async def find(connection: AsyncConnection, code: str) -> Procedure:
    """The one of that code. Raises NotFound."""
    if found := await by_code(connection, [code]):
        return found[code]
    raise NotFound(f"Không có thủ tục {code[:20]}", f"There is no procedure {code[:20]}", field="code")


async def by_code(connection: AsyncConnection, codes: Collection[str]) -> dict[str, Procedure]:
    """Those of these codes that are known."""
    wanted, found = sorted(codes), dict[str, Procedure]()
    for begin in range(0, len(wanted), AT_ONCE):
        query = select(procedure).where(procedure.c.code.in_(wanted[begin : begin + AT_ONCE]))
        found |= {row.code: _procedure(row) for row in await connection.execute(query)}
    return found


async def known(connection: AsyncConnection) -> dict[str, Procedure]:
    """The whole catalogue by code: some thousands."""
    return {row.code: _procedure(row) for row in await connection.execute(select(procedure))}


async def count(connection: AsyncConnection) -> int:
    """How many there are."""
    return int((await connection.execute(select(func.count()).select_from(procedure))).scalar_one())


async def search(
    connection: AsyncConnection,
    words: str = "",
    *,
    status: Status | None = None,
    after: str = "",
    limit: int = 50,
) -> list[Procedure]:
    """Those that have every one of the words, with or without marks, by code; from the one after `after`."""
    query = select(procedure).where(procedure.c.code > after).order_by(procedure.c.code).limit(limit)
    for word in unmarked(words).split():
        query = query.where(has(procedure.c.folded, word.replace("%", "").replace("_", "")))
    if status is not None:
        query = query.where(procedure.c.status == status.value)
    return [_procedure(row) for row in await connection.execute(query)]


def _procedure(row: Row[Any]) -> Procedure:
    return Procedure(
        *(row.code, row.name, row.field, row.level, row.authority, row.time_limit, row.fee, row.dossier),
        *(row.legal_basis, row.decision, row.effective),
        Status(row.status),
    )


async def save(database: Database, tx: AsyncConnection, procedures: Iterable[Procedure]) -> None:
    """Procedures, new or as they are now."""
    rows = [_columns(one) for one in procedures]
    if rows:
        await tx.execute(database.insert_or_update(procedure, ["code"], *CHANGING), rows)


def _columns(one: Procedure) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in CHANGING if name != "status"}
    return plain | {"code": one.code, "status": one.status.value}


async def add_changes(tx: AsyncConnection, changes: Iterable[Change]) -> None:
    """What an import made otherwise."""
    rows = [
        {
            "id": one.id,
            "code": one.code,
            "at": one.at,
            "person": one.person,
            "source": one.source,
            "was_new": "yes" if one.is_new else "",
            "differences": [[each.field, each.before, each.after] for each in one.differences],
            "item": one.item,
        }
        for one in changes
    ]
    if rows:
        await tx.execute(insert(procedure_change), rows)


async def history(connection: AsyncConnection, code: str) -> list[Change]:
    """Every change of a procedure, the newest first."""
    return (await histories(connection, [code])).get(code, [])


async def histories(connection: AsyncConnection, codes: Collection[str]) -> dict[str, list[Change]]:
    """Every change of each of these, the newest first."""
    query = select(procedure_change).where(procedure_change.c.code.in_(sorted(codes)))
    found: dict[str, list[Change]] = {}
    for row in await connection.execute(query.order_by(procedure_change.c.id.desc())):
        found.setdefault(row.code, []).append(_change(row))
    return found


def _change(row: Row[Any]) -> Change:
    told = tuple(Difference.from_record(*each) for each in row.differences)
    return Change(row.id, row.code, row.at, row.person, row.source, bool(row.was_new), told, row.item)


async def last_changes(connection: AsyncConnection, codes: Collection[str]) -> dict[str, str]:
    """The id of the newest change of each of these."""
    query = select(procedure_change.c.code, func.max(procedure_change.c.id).label("id"))
    query = query.where(procedure_change.c.code.in_(sorted(codes))).group_by(procedure_change.c.code)
    return {row.code: row.id for row in await connection.execute(query)}


async def cite(database: Database, tx: AsyncConnection, item: str, codes: Iterable[str], seen: str) -> None:
    """Note that an item speaks of these procedures as they stood after the change `seen`."""
    rows = [{"item": item, "code": code, "seen": seen} for code in codes]
    if rows:
        await tx.execute(database.insert_or_update(item_procedure, ["item", "code"], "seen"), rows)


async def uncite(tx: AsyncConnection, item: str, code: str) -> bool:
    """Whether the item spoke of it until now."""
    gone = item_procedure.delete().where(item_procedure.c.item == item, item_procedure.c.code == code)
    return bool((await tx.execute(gone)).rowcount)


async def look_again(tx: AsyncConnection, item: str, seen: str) -> None:
    """Note that somebody has looked at all changes up to `seen` and left the item as it is."""
    await tx.execute(update(item_procedure).where(item_procedure.c.item == item).values(seen=seen))


_CHANGED = exists(
    select(procedure_change.c.id).where(
        procedure_change.c.code == item_procedure.c.code, procedure_change.c.id > item_procedure.c.seen
    )
)


async def cited(connection: AsyncConnection, item: str) -> list[tuple[Procedure, bool]]:
    """What an item speaks of, each with whether it has changed since."""
    query = select(procedure, _CHANGED.label("changed")).join(
        item_procedure, and_(item_procedure.c.code == procedure.c.code, item_procedure.c.item == item)
    )
    rows = await connection.execute(query.order_by(procedure.c.code))
    return [(_procedure(row), bool(row.changed)) for row in rows]


async def outdated(connection: AsyncConnection) -> dict[str, list[str]]:
    """Items under way or in force that speak of procedures that have changed since, with their codes."""
    item = content_store.item
    query = select(item_procedure.c.item, item_procedure.c.code).join(item, item.c.id == item_procedure.c.item)
    query = query.where(_CHANGED, item.c.state.not_in([ItemState.WITHDRAWN.value, ItemState.EXPIRED.value]))
    found: dict[str, list[str]] = {}
    for row in await connection.execute(query.order_by(item_procedure.c.item, item_procedure.c.code)):
        found.setdefault(row.item, []).append(row.code)
    return found


async def announced_before(connection: AsyncConnection, item: str) -> set[str]:
    """Items that announced earlier changes of the procedures that this one speaks of."""
    mine = select(procedure_change.c.code).where(procedure_change.c.item == item)
    others = select(procedure_change.c.item).where(procedure_change.c.code.in_(mine))
    return set((await connection.execute(others.distinct())).scalars()) - {"", item}


async def replaced_by(connection: AsyncConnection, item: str) -> list[Item]:
    """Approved items that announce later changes of all that this one announced; none while there are not such of each."""
    mine = select(procedure_change.c.code, func.max(procedure_change.c.id).label("id"))
    mine = mine.where(procedure_change.c.item == item).group_by(procedure_change.c.code)
    told = {row.code: row.id for row in await connection.execute(mine)}
    if not told:
        return []
    later = select(procedure_change.c.code, procedure_change.c.id, procedure_change.c.item)
    later = later.where(procedure_change.c.code.in_(sorted(told)), procedure_change.c.id > min(told.values()))
    rows = [row for row in await connection.execute(later) if row.item not in {"", item} and row.id > told[row.code]]
    items = await content_store.items_by_id(connection, {row.item for row in rows})
    standing = [row for row in rows if items[row.item].state is ItemState.APPROVED]
    if {row.code for row in standing} != told.keys():
        return []
    return [items[id] for id in sorted({row.item for row in standing})]


async def items_citing(connection: AsyncConnection, code: str) -> list[str]:
    """The items that speak of a procedure."""
    query = select(item_procedure.c.item).where(item_procedure.c.code == code)
    return list((await connection.execute(query.order_by(item_procedure.c.item.desc()))).scalars())


async def seen_digest(connection: AsyncConnection, source: str) -> str:
    """The sha256 of what stood at a watched place last; empty while nothing was seen there."""
    query = select(procedure_source.c.digest).where(procedure_source.c.source == source)
    return (await connection.execute(query)).scalar_one_or_none() or ""


async def note_source(
    database: Database, tx: AsyncConnection, source: str, digest: str, at: datetime, fault: str
) -> None:
    """What was seen at a watched place, and what is wrong with it (empty: nothing)."""
    row = {"source": source, "digest": digest, "at": at, "fault": fault}
    await tx.execute(database.insert_or_update(procedure_source, ["source"], "digest", "at", "fault").values(**row))


async def source_faults(connection: AsyncConnection) -> list[tuple[str, str]]:
    """Watched places with something wrong, each with what it is."""
    query = select(procedure_source.c.source, procedure_source.c.fault).where(procedure_source.c.fault != "")
    return [(row.source, row.fault) for row in await connection.execute(query.order_by(procedure_source.c.source))]
