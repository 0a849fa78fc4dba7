"""Tables and SQL of whom messages go to: lists and saved filters, who is on them by which consent, who wants nothing any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.seal import ERASED, SEALED, Seal
from channels.tags import Pairs, patterns, read, stored
from config.words import Conflict, NotFound
from db.database import Database
from db.types import ByteOrdered, Json, Moment, metadata

MOST_TAGS = 10_000
"""Different sets of tags on a list that are looked through for what can be filtered by."""

RETOLD = "Đã nhận "
ASKED = "Người hỏi: "
ONES_OWN = (RETOLD, ASKED)
"""So begin the names of lists of people who have something already and are to be told that it was corrected or withdrawn."""

audience = Table(
    "audience",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("made_at", Moment, nullable=False),
    Column("part_of", Text),
    Column("conditions", Json, nullable=False, default=list),
    Column("unit", Text, nullable=False, default=""),
)

intake = Table(
    "intake",
    metadata,
    Column("id", Text, primary_key=True),
    Column("audience", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

recipient = Table(
    "recipient",
    metadata,
    Column("audience", Text, ForeignKey("audience.id"), nullable=False),
    Column("scheme", Text, nullable=False),
    Column("address", ByteOrdered, nullable=False),
    Column("name", Text, nullable=False),
    Column("consent", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("stopped_at", Moment),
    Column("tags", Text, nullable=False, default=""),
    Column("consent_at", Moment),
    Column("intake", Text),
    Column("line", Integer, nullable=False, default=0),
    PrimaryKeyConstraint("audience", "scheme", "address"),
    sqlite_with_rowid=False,
)

optout = Table(
    "optout",
    metadata,
    Column("scheme", Text, nullable=False),
    Column("address", ByteOrdered, nullable=False),
    Column("at", Moment, nullable=False),
    Column("how", Text, nullable=False),
    PrimaryKeyConstraint("scheme", "address"),
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person reached at one address; `consent` says in words how the address was given, `consent_at` when.

    `tags` are (tag, value) pairs (`channels/tags.py`), `line` is that of the file.
    """

    scheme: str
    address: str
    name: str = ""
    consent: str = ""
    consent_at: datetime | None = None
    tags: Pairs = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a list came from: the file, its SHA-256, and who took it in."""

    file: str
    sha256: str
    by: str


@dataclass(frozen=True, slots=True)
class Audience:
    """A list with how many can be reached; a saved filter is the `conditions` (tag, value) over the list called `part_of`."""

    id: str
    name: str
    made_at: datetime
    size: int
    part_of: str = ""
    conditions: Pairs = ()
    unit: str = ""


async def audience_id(connection: AsyncConnection, name: str) -> str:
    """The id of the audience of that name. Raises NotFound."""
    found = (await connection.execute(select(audience.c.id).where(audience.c.name == name))).scalar_one_or_none()
    if found is None:
        raise NotFound(f"Không có nhóm nhận “{name}”", f"There is no audience {name!r}", field="audience")
    return str(found)


async def save_audience(
    database: Database,
    tx: AsyncConnection,
    seal: Seal,
    id: str,
    name: str,
    people: Sequence[Recipient],
    at: datetime,
    source: Source | None = None,
    *,
    unit: str = "",
) -> int:
    """Add people to an audience, making it for a `unit` if needed; how many addresses are new.

    A person who opted out stays out, one who was erased is not even noted. Whoever is on it already gets the name, and the
    tags and the proof of consent where the new row has any. Conflict for a saved filter, and while the list still holds
    addresses from before there were seals: one person would be on it twice.
    """
    list_id = await _open_list(database, tx, id, name, at, unit)
    if people and await plain_recipients(tx, list_id, 1):
        raise Conflict(
            f"Nhóm “{name}” đang được chia để gửi; hãy nhập lại sau ít phút",
            f"{name!r} is just being sent to; import it again in some minutes",
            field="name",
        )
    before = await count_recipients(tx, list_id)
    taken = None
    if source is not None:
        taken = id
        about = {"file": source.file, "sha256": source.sha256, "taken_by": source.by}
        await tx.execute(insert(intake).values(id=id, audience=list_id, at=at, **about))
    for person_has, some in _alike(people).items():
        rows = [_row(seal, list_id, taken, person, at) for person in some]
        changed = [name for has, names in zip(person_has, (_TAGGED, _PROVED), strict=True) if has for name in names]
        await tx.execute(
            database.insert_or_update(recipient, ["audience", "scheme", "address"], "name", *changed), rows
        )
    await _keep_out(tx, list_id, at)
    return await count_recipients(tx, list_id) - before


async def _open_list(database: Database, tx: AsyncConnection, id: str, name: str, at: datetime, unit: str) -> str:
    """The id of the list of that name, which is made if need be."""
    await tx.execute(database.insert_if_absent(audience).values(id=id, name=name, made_at=at, unit=unit))
    kept = (await tx.execute(select(audience).where(audience.c.name == name))).one()
    if kept.part_of:
        raise Conflict(f"“{name}” là nhóm lọc, không nhập người vào được", f"{name!r} is a saved filter", field="name")
    return str(kept.id)


_TAGGED, _PROVED = ("tags",), ("consent", "consent_at", "intake", "line")


def _alike(people: Sequence[Recipient]) -> dict[tuple[bool, bool], list[Recipient]]:
    """Those that say the same: whether there are tags, and a consent."""
    groups: dict[tuple[bool, bool], list[Recipient]] = {}
    for person in people:
        groups.setdefault((bool(person.tags), bool(person.consent or person.consent_at)), []).append(person)
    return groups


def _row(seal: Seal, id: str, taken: str | None, person: Recipient, at: datetime) -> dict[str, Any]:
    address, tags = seal.close(person.scheme, person.address), stored(person.tags)
    known = {"name": person.name, "tags": tags, "consent": person.consent, "consent_at": person.consent_at}
    return {
        "audience": id,
        "scheme": person.scheme,
        "address": address,
        "added_at": at,
        **known,
        "intake": taken,
        "line": person.line,
    }


async def _keep_out(tx: AsyncConnection, list_id: str, at: datetime) -> None:
    """Who was erased is off the list again, who wants nothing any more stays on it and is sent nothing."""
    mine = (optout.c.scheme == recipient.c.scheme) & (optout.c.address == recipient.c.address)
    new = (recipient.c.audience == list_id) & recipient.c.stopped_at.is_(None)
    erased = select(optout.c.at).where(mine, optout.c.how == ERASED).exists()
    await tx.execute(delete(recipient).where(new, erased))
    await tx.execute(update(recipient).where(new, select(optout.c.at).where(mine).exists()).values(stopped_at=at))


async def empty_list(tx: AsyncConnection, name: str) -> int:
    """Take everybody off the list of that name, if there is one; how many."""
    id = select(audience.c.id).where(audience.c.name == name).scalar_subquery()
    return int((await tx.execute(delete(recipient).where(recipient.c.audience == id))).rowcount)


async def save_filter(tx: AsyncConnection, id: str, name: str, of: str, conditions: Pairs, at: datetime) -> int:
    """Keep a part of another list under a name of its own; how many it has now. It is looked up anew whenever it is used.

    Raises NotFound when there is no such list, Conflict when the name is taken or `of` is a filter itself.
    """
    if (await tx.execute(select(audience.c.id).where(audience.c.name == name))).first() is not None:
        raise Conflict(f"Đã có nhóm “{name}”", f"There is an audience {name!r} already", field="name")
    whole = await audience_id(tx, of)
    kept = (await tx.execute(select(audience.c.part_of, audience.c.unit).where(audience.c.id == whole))).one()
    if kept.part_of:
        raise Conflict(f"“{of}” là nhóm lọc; hãy lọc từ nhóm gốc", f"{of!r} is a filter itself", field="of")
    about = {"part_of": whole, "conditions": conditions, "unit": kept.unit}
    await tx.execute(insert(audience).values(id=id, name=name, made_at=at, **about))
    return await count_recipients(tx, id)


async def reach(connection: AsyncConnection, id: str) -> ColumnElement[bool]:
    """Which recipients can be reached by an audience, be it a list or a saved filter."""
    kept = (await connection.execute(select(audience).where(audience.c.id == id))).one()
    return _part(kept.part_of or kept.id, kept.conditions)


def _part(id: str, conditions: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    mine = (recipient.c.audience == id) & recipient.c.stopped_at.is_(None)
    pairs = tuple((tag, value) for tag, value in conditions)
    return and_(mine, *(or_(*(recipient.c.tags.like(one) for one in some)) for some in patterns(pairs)))


async def opt_out(
    database: Database, tx: AsyncConnection, seal: Seal, scheme: str, address: str, at: datetime, how: str
) -> bool:
    """Somebody wants nothing any more, on any list, now or later; False when that was known."""
    new = database.insert_if_absent(optout).values(scheme=scheme, address=seal.close(scheme, address), at=at, how=how)
    known = (await tx.execute(new)).rowcount == 0
    await tx.execute(
        update(recipient)
        .where(is_person(recipient, seal, scheme, address), recipient.c.stopped_at.is_(None))
        .values(stopped_at=at)
    )
    return not known


async def opt_in(tx: AsyncConnection, seal: Seal, scheme: str, address: str, *, undoes: str = "") -> bool:
    """The same person wants to be reached again; False when nothing else was known, or not in the way this `undoes`."""
    mine = is_person(optout, seal, scheme, address)
    if undoes and undoes not in (await tx.execute(select(optout.c.how).where(mine))).scalars():
        return False
    await tx.execute(update(recipient).where(is_person(recipient, seal, scheme, address)).values(stopped_at=None))
    return bool((await tx.execute(delete(optout).where(mine))).rowcount)


def is_person(table: Table, seal: Seal, scheme: str, address: str) -> ColumnElement[bool]:
    """Whether a row is about this person, however it came to be stored."""
    return (table.c.scheme == scheme) & table.c.address.in_(seal.forms(address))


async def plain_recipients(connection: AsyncConnection, id: str, most: int) -> list[Row[Any]]:
    """Recipients of an audience whose addresses are not sealed, as (scheme, address)."""
    query = select(recipient.c.scheme, recipient.c.address)
    query = query.where(recipient.c.audience == id, recipient.c.scheme.in_(SEALED), recipient.c.address < "A")
    return list(await connection.execute(query.limit(most)))


async def is_opted_out(connection: AsyncConnection, seal: Seal, scheme: str, address: str) -> bool:
    """Whether somebody wants nothing any more."""
    mine = exists().where(is_person(optout, seal, scheme, address))
    return bool((await connection.execute(select(mine))).scalar_one())


async def count_opted_out(connection: AsyncConnection) -> int:
    """How many people want nothing any more."""
    return int((await connection.execute(select(func.count()).select_from(optout))).scalar_one())


async def count_recipients(connection: AsyncConnection, id: str, scheme: str | None = None) -> int:
    """Reachable addresses of an audience."""
    query = select(func.count()).where(await reach(connection, id))
    if scheme is not None:
        query = query.where(recipient.c.scheme == scheme)
    return int((await connection.execute(query)).scalar_one())


async def people(
    connection: AsyncConnection, seal: Seal, id: str, schemes: Collection[str], most: int
) -> list[Recipient]:
    """Who is reached by an audience in these ways, at most so many; their addresses opened."""
    query = select(recipient).where(await reach(connection, id), recipient.c.scheme.in_(sorted(schemes))).limit(most)
    rows = await connection.execute(query.order_by(recipient.c.added_at, recipient.c.line, recipient.c.scheme))
    return [Recipient(row.scheme, seal.open(row.address), row.name, row.consent, row.consent_at) for row in rows]


async def take_off(tx: AsyncConnection, seal: Seal, name: str, scheme: str, address: str) -> None:
    """Somebody is on this one list no more."""
    mine = recipient.c.audience == await audience_id(tx, name)
    await tx.execute(delete(recipient).where(mine, is_person(recipient, seal, scheme, address)))


async def audience_names(connection: AsyncConnection) -> list[Row[Any]]:
    """Every audience as (id, name, part_of); the last is the id of the list a saved filter is over."""
    return list(await connection.execute(select(audience.c.id, audience.c.name, audience.c.part_of)))


async def audience_unit(connection: AsyncConnection, name: str) -> str | None:
    """Whose the audience of that name is; None when there is none."""
    query = select(audience.c.unit).where(audience.c.name == name)
    return (await connection.execute(query)).scalar_one_or_none()


async def audiences(connection: AsyncConnection, units: Collection[str] | None = None) -> list[Audience]:
    """Every audience, or those of these units, with its number of reachable addresses."""
    kept = [audience.c[name] for name in ("id", "name", "made_at", "part_of", "conditions", "unit")]
    reachable = func.count(recipient.c.address).filter(recipient.c.stopped_at.is_(None)).label("size")
    query = (
        select(*kept, reachable).join_from(audience, recipient, isouter=True).group_by(*kept).order_by(audience.c.name)
    )
    if units is not None:
        query = query.where(audience.c.unit.in_(sorted(units)))
    rows = list(await connection.execute(query))
    names = {row.id: row.name for row in rows}
    return [
        Audience(
            *(row.id, row.name, row.made_at),
            await count_recipients(connection, row.id) if row.part_of else row.size,
            names.get(row.part_of, ""),
            tuple((tag, value) for tag, value in row.conditions),
            row.unit,
        )
        for row in rows
    ]


async def find_audience(connection: AsyncConnection, name: str) -> Audience:
    """The audience of that name with how many it reaches now. Raises NotFound."""
    kept = (
        await connection.execute(select(audience).where(audience.c.id == await audience_id(connection, name)))
    ).one()
    whole = select(audience.c.name).where(audience.c.id == kept.part_of)
    part_of = (await connection.execute(whole)).scalar_one_or_none() or ""
    conditions = tuple((tag, value) for tag, value in kept.conditions)
    return Audience(kept.id, name, kept.made_at, await count_recipients(connection, kept.id), part_of, conditions)


async def tag_values(connection: AsyncConnection, name: str) -> dict[str, list[str]]:
    """Which values the tags of a list's people have, so that a filter can be written. Raises NotFound."""
    query = select(recipient.c.tags).where(recipient.c.audience == await audience_id(connection, name)).distinct()
    values: dict[str, set[str]] = {}
    for text in (await connection.execute(query.limit(MOST_TAGS))).scalars():
        for tag, value in read(text):
            values.setdefault(tag, set()).add(value)
    return {tag: sorted(some) for tag, some in sorted(values.items())}
