"""Tables and SQL of notice boards: who said that a sheet was posted or taken down, and their photos."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.board.sheet import Deed, Said, Way
from channels.shelf.store import shelf
from config.words import NotFound
from db.database import Database
from db.types import Moment, metadata

posting = Table(
    "posting",
    metadata,
    Column("delivery", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("photo", Text, nullable=False),
    PrimaryKeyConstraint("delivery", "deed"),
    Index("posting_outlet", "outlet", "at"),
)
posting_photo = Table(
    "posting_photo",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("jpeg", Text, nullable=False),
)
"""In base64, so that a backup and a move to another database take them along; a few hundred kilobytes each."""


async def say(database: Database, tx: AsyncConnection, new: Said) -> bool:
    """Keep somebody's word; False when the same deed was said before."""
    kept = asdict(new) | {"deed": new.deed.value, "way": new.way.value}
    return bool((await tx.execute(database.insert_if_absent(posting).values(**kept))).rowcount == 1)


async def said_of(connection: AsyncConnection, deliveries: Sequence[str]) -> dict[str, list[Said]]:
    """What was said of these sheets."""
    found: dict[str, list[Said]] = {}
    for row in await connection.execute(select(posting).where(posting.c.delivery.in_(deliveries))):
        one = Said(row.delivery, row.outlet, Deed(row.deed), row.at, row.by, Way(row.way), row.photo)
        found.setdefault(row.delivery, []).append(one)
    return found


async def waiting(connection: AsyncConnection, outlet: str, now: datetime, limit: int = 200) -> tuple[int, int]:
    """How many sheets of a board's newest are still to be posted, and how many to be taken down."""
    newest = select(shelf.c.delivery, shelf.c.until, shelf.c.withdrawn_at).where(shelf.c.outlet == outlet)
    one = newest.order_by(shelf.c.since.desc()).limit(limit).subquery()
    posted, down = posting.alias(), posting.alias()
    over = or_(one.c.withdrawn_at.is_not(None), and_(one.c.until.is_not(None), one.c.until <= now))
    to_post = and_(posted.c.delivery.is_(None), ~over)
    to_take_down = and_(posted.c.delivery.is_not(None), down.c.delivery.is_(None), over)
    query = (
        select(func.count().filter(to_post), func.count().filter(to_take_down))
        .select_from(one)
        .outerjoin(posted, (posted.c.delivery == one.c.delivery) & (posted.c.deed == Deed.POSTED.value))
        .outerjoin(down, (down.c.delivery == one.c.delivery) & (down.c.deed == Deed.DOWN.value))
    )
    row = (await connection.execute(query)).one()
    return int(row[0]), int(row[1])


async def keep_photo(database: Database, tx: AsyncConnection, jpeg: bytes) -> str:
    """Store a photo; its name."""
    sha256 = hashlib.sha256(jpeg).hexdigest()
    row = {"sha256": sha256, "jpeg": base64.b64encode(jpeg).decode()}
    await tx.execute(database.insert_if_absent(posting_photo).values(**row))
    return sha256


async def photo_of(connection: AsyncConnection, outlet: str, delivery: str, deed: Deed) -> bytes:
    """The photo that came with a word said of a sheet of this outlet. Raises NotFound."""
    mine = (posting.c.outlet == outlet) & (posting.c.delivery == delivery) & (posting.c.deed == deed.value)
    query = select(posting_photo.c.jpeg).join(posting, posting.c.photo == posting_photo.c.sha256).where(mine)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound("Không có ảnh này", "There is no such photo")
    return base64.b64decode(row.jpeg)
