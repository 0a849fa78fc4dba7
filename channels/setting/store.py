"""Tables and SQL of outlets that are set up on the desk; kind, title and options are sealed, since secrets are among them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Table, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from config.lazy import lazily
from db.database import Database
from db.types import Moment, metadata, to_json

if TYPE_CHECKING:
    from cryptography import fernet
else:
    fernet = lazily("cryptography.fernet")

outlet_setting = Table(
    "outlet_setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("sealed", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """An outlet as the desk has it: `table` is what would stand in the configuration file, secrets and all."""

    name: str
    revision: int
    changed_at: datetime
    changed_by: str
    table: Mapping[str, Any]


async def revisions(connection: AsyncConnection) -> dict[str, int]:
    """Which there are, and how often each was set: whoever knows the same mapping has missed nothing."""
    rows = await connection.execute(select(outlet_setting.c.name, outlet_setting.c.revision))
    return {row.name: row.revision for row in rows}


async def settings(connection: AsyncConnection, key: bytes) -> dict[str, Setting]:
    """All of them by name. One that was sealed with another key has an empty table."""
    rows = await connection.execute(select(outlet_setting).order_by(outlet_setting.c.name))
    return {
        row.name: Setting(row.name, row.revision, row.changed_at, row.changed_by, _opened(key, row.sealed))
        for row in rows
    }


async def setting(connection: AsyncConnection, key: bytes, name: str) -> Setting | None:
    """One of them."""
    return (await settings(connection, key)).get(name)


async def set_outlet(database: Database, tx: AsyncConnection, key: bytes, setting: Setting) -> None:
    """Keep an outlet as it is set now."""
    save = database.insert_or_update(outlet_setting, ["name"], "revision", "changed_at", "changed_by", "sealed")
    who = {"changed_at": setting.changed_at, "changed_by": setting.changed_by}
    sealed = _fernet(key).encrypt(to_json(dict(setting.table)).encode()).decode()
    await tx.execute(save.values(name=setting.name, revision=setting.revision, sealed=sealed, **who))


async def forget_outlet(tx: AsyncConnection, name: str) -> None:
    """Have an outlet no longer."""
    await tx.execute(delete(outlet_setting).where(outlet_setting.c.name == name))


def _opened(key: bytes, sealed: str) -> dict[str, Any]:
    try:
        table: dict[str, Any] = json.loads(_fernet(key).decrypt(sealed.encode()))
    except fernet.InvalidToken:
        return {}
    return table


def _fernet(key: bytes) -> fernet.Fernet:
    return fernet.Fernet(urlsafe_b64encode(key))
