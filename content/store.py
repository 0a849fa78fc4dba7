"""Tables and SQL of this floor: themes, items, revisions, approvals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
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
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from content.bulletin import BulletinClass, Purpose
from content.item import Approval, Item, ItemState, Revision
from content.meeting import Meeting
from content.short import unaccented
from db.database import Database
from db.types import Json, Moment, metadata

theme = Table(
    "theme",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("retired_at", Moment),
)

item = Table(
    "item",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("approved", Text),
    Column("klass", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("valid_until", Moment),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("original", Text),
    Column("notice_of", Text),
    Column("unit", Text, nullable=False, default=""),
    Index("item_state", "state", "changed_at"),
    Index("item_original", "original"),
    Index("item_notice", "notice_of"),
    Index("item_unit", "unit", "changed_at"),
)

revision = Table(
    "revision",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, ForeignKey("item.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("title", "body", "article", "script", "spoken", "short", "chat")),
    Column("derived", Json, nullable=False),
    Column("theme", Text, nullable=False),
    Column("klass", Text, nullable=False),
    Column("valid_from", Moment),
    Column("valid_until", Moment),
    *(Column(name, Text, nullable=False) for name in ("source", "byline", "language", "writer")),
    Column("made_at", Moment, nullable=False),
    Column("readings", Json, nullable=False),
    Column("recorded", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("meetings", Json, nullable=False, default=list),
    UniqueConstraint("item", "number", name="revision_number"),
)

approval = Table(
    "approval",
    metadata,
    Column("id", Text, primary_key=True),
    Column("thing", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("recording", Text),
    Index("approval_thing", "thing", "at"),
)


ITEM_FIELDS = tuple(field.name for field in fields(Item))
REVISION_FIELDS = tuple(field.name for field in fields(Revision))


def searched(text: str) -> str:
    """A text as it is searched: without accents and in lower case, which neither database does alike by itself."""
    return " ".join(unaccented(text).lower().split())


def to_item(row: Row[Any]) -> Item:
    """An item of its row."""
    values = {name: getattr(row, name) for name in ITEM_FIELDS}
    return Item(**{**values, "state": ItemState(row.state), "klass": BulletinClass(row.klass)})


def to_revision(row: Row[Any]) -> Revision:
    """A revision of its row."""
    values = {name: getattr(row, name) for name in REVISION_FIELDS}
    plain = {"derived": tuple(row.derived), "readings": tuple((one[0], one[1]) for one in row.readings)}
    plain["meetings"] = tuple(Meeting(*one) for one in row.meetings)
    return Revision(**{**values, **plain, "klass": BulletinClass(row.klass), "purpose": Purpose(row.purpose)})


async def find_item(connection: AsyncConnection, id: str) -> Item:
    """The item with this id or slug. Raises NotFound."""
    row = (await connection.execute(select(item).where(or_(item.c.id == id, item.c.slug == id)))).one_or_none()
    if row is None:
        raise NotFound(f"Không có tin bài {id}", f"There is no item {id}", field="item")
    return to_item(row)


async def lock_item(database: Database, tx: AsyncConnection, id: str) -> Item:
    """The item, with its row held until the transaction ends. Raises NotFound."""
    query = select(item).where(or_(item.c.id == id, item.c.slug == id))
    row = (await tx.execute(database.locked(query))).one_or_none()
    if row is None:
        raise NotFound(f"Không có tin bài {id}", f"There is no item {id}", field="item")
    return to_item(row)


async def find_revision(connection: AsyncConnection, id: str) -> Revision:
    """The revision with this id. Raises NotFound."""
    row = (await connection.execute(select(revision).where(revision.c.id == id))).one_or_none()
    if row is None:
        raise NotFound(f"Không có bản thảo {id}", f"There is no revision {id}")
    return to_revision(row)


async def items_by_id(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Item]:
    """Those of the items that there are."""
    rows = await connection.execute(select(item).where(item.c.id.in_(ids)))
    return {row.id: to_item(row) for row in rows}


async def revisions_by_id(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Revision]:
    """Those of the revisions that there are."""
    rows = await connection.execute(select(revision).where(revision.c.id.in_(ids)))
    return {row.id: to_revision(row) for row in rows}


async def revisions_of(connection: AsyncConnection, item_id: str) -> list[Revision]:
    """All texts of an item, newest first."""
    query = select(revision).where(revision.c.item == item_id).order_by(revision.c.number.desc())
    return [to_revision(row) for row in await connection.execute(query)]


async def writers_of(connection: AsyncConnection, item_id: str) -> list[str]:
    """Everybody who wrote or edited a text of the item."""
    query = select(revision.c.writer).where(revision.c.item == item_id).distinct()
    return list((await connection.execute(query)).scalars())


async def list_items(
    connection: AsyncConnection,
    *,
    states: Sequence[ItemState] = (),
    text: str = "",
    units: Collection[str] | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Item]:
    """Items, last changed first, of these `units`; `before` is the (changed_at, id) of the last one of the page before."""
    query = select(item).order_by(item.c.changed_at.desc(), item.c.id.desc()).limit(limit)
    if states:
        query = query.where(item.c.state.in_([state.value for state in states]))
    if units is not None:
        query = query.where(item.c.unit.in_(sorted(units)))
    if text:
        query = query.where(item.c.search.contains(searched(text), autoescape=True))
    if before:
        at, id = before
        query = query.where(or_(item.c.changed_at < at, (item.c.changed_at == at) & (item.c.id < id)))
    return [to_item(row) for row in await connection.execute(query)]


async def add_item(tx: AsyncConnection, new: Item) -> None:
    """Store a new item."""
    plain = {"state": new.state.value, "klass": new.klass.value, "search": searched(new.title)}
    await tx.execute(insert(item).values(**{**asdict(new), **plain}))


async def change_item(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of one item."""
    if "title" in values:
        values["search"] = searched(values["title"])
    await tx.execute(update(item).where(item.c.id == id).values(**values))


async def add_revision(tx: AsyncConnection, new: Revision) -> None:
    """Store a new revision; revisions are never changed."""
    plain = {"klass": new.klass.value, "derived": list(new.derived), "readings": [list(one) for one in new.readings]}
    values = {**asdict(new), **plain, "digest": new.digest}
    await tx.execute(insert(revision).values(**values))


async def add_approval(tx: AsyncConnection, new: Approval) -> None:
    """Store a verdict; verdicts are never changed."""
    await tx.execute(insert(approval).values(**asdict(new)))


async def approvals_of(connection: AsyncConnection, thing: str) -> list[Approval]:
    """Every verdict on a revision or a schedule, oldest first."""
    query = select(approval).where(approval.c.thing == thing).order_by(approval.c.at, approval.c.id)
    return [Approval(**row._asdict()) for row in await connection.execute(query)]


async def heard_at_approval(connection: AsyncConnection, revisions: Collection[str]) -> dict[str, str]:
    """The sha256 of the recording that was heard at each revision's last approval, where one was."""
    query = select(approval.c.thing, approval.c.recording).where(
        approval.c.thing.in_(revisions), approval.c.verdict == "approved"
    )
    rows = await connection.execute(query.order_by(approval.c.at, approval.c.id))
    last = {row.thing: row.recording for row in rows}
    return {revision_id: sha256 for revision_id, sha256 in last.items() if sha256 is not None}


async def expired_items(connection: AsyncConnection, now: datetime, limit: int = 200) -> list[Item]:
    """Approved items whose validity is over."""
    query = select(item).where(item.c.state == ItemState.APPROVED.value, item.c.valid_until <= now).limit(limit)
    return [to_item(row) for row in await connection.execute(query)]


async def themes(connection: AsyncConnection) -> list[tuple[str, str]]:
    """Themes in use as (id, title), in the office's order."""
    query = select(theme.c.id, theme.c.title).where(theme.c.retired_at.is_(None)).order_by(theme.c.position, theme.c.id)
    return [(row.id, row.title) for row in await connection.execute(query)]


async def save_theme(database: Database, tx: AsyncConnection, id: str, title: str, position: int) -> None:
    """Add a theme or give it a new title and place."""
    save = database.insert_or_update(theme, ["id"], "title", "position", "retired_at")
    await tx.execute(save.values(id=id, title=title, position=position, retired_at=None))


async def retire_theme(tx: AsyncConnection, id: str, at: datetime) -> None:
    """Take a theme off the list; items that have it keep it."""
    await tx.execute(update(theme).where(theme.c.id == id).values(retired_at=at))


async def versions_of(connection: AsyncConnection, item_id: str) -> list[tuple[Item, str]]:
    """An item's versions in other languages with the original among them, each with its language, the original first."""
    origin = select(func.coalesce(item.c.original, item.c.id)).where(item.c.id == item_id).scalar_subquery()
    query = select(item, revision.c.language).join(revision, revision.c.id == item.c.revision)
    query = query.where(or_(item.c.id == origin, item.c.original == origin))
    rows = await connection.execute(query.order_by(item.c.original.is_not(None), item.c.id))
    return [(to_item(row), row.language) for row in rows]


async def notice_about(connection: AsyncConnection, item_id: str) -> Item | None:
    """The item that announces the withdrawal of this one; None while nobody has written it, or when it was given up."""
    query = select(item).where(item.c.notice_of == item_id, item.c.state != ItemState.WITHDRAWN.value)
    row = (await connection.execute(query.order_by(item.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else to_item(row)
