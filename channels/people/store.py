"""SQL about single people: what is kept of one, one forgotten, and addresses sealed that were stored before there were seals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Table, Text, bindparam, delete, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import audience, audience_names, intake, is_person, optout, plain_recipients, recipient
from channels.seal import ERASED, SEALED, Seal
from channels.store import callback
from db.database import Database
from db.types import metadata

people_key = Table(
    "people_key",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", Text, nullable=False),
)

# --- the rights of a person ---------------------------------------------------------------------------------------------


_TAKEN = (intake.c.file, intake.c.sha256, intake.c.taken_by, intake.c.at.label("taken_at"))


async def standings(connection: AsyncConnection, seal: Seal, scheme: str, address: str) -> list[Row[Any]]:
    """The person's rows, each with the `list` it is on."""
    query = (
        select(recipient, audience.c.name.label("list"), *_TAKEN)
        .join(audience, audience.c.id == recipient.c.audience)
        .join(intake, intake.c.id == recipient.c.intake, isouter=True)
    )
    query = query.where(is_person(recipient, seal, scheme, address)).order_by(audience.c.name)
    return list(await connection.execute(query))


async def opted_out(connection: AsyncConnection, seal: Seal, scheme: str, address: str) -> Row[Any] | None:
    """When and how the person said to want nothing more."""
    return (await connection.execute(select(optout).where(is_person(optout, seal, scheme, address)))).first()


async def forget_person(tx: AsyncConnection, seal: Seal, scheme: str, address: str) -> int:
    """Take the person off every list and out of partners' raw calls; from how many lists. An opt-out stays, as a seal.

    A call that is not applied yet keeps what it says until it is; its body goes at once.
    """
    lists = (await tx.execute(delete(recipient).where(is_person(recipient, seal, scheme, address)))).rowcount
    await tx.execute(update(optout).where(is_person(optout, seal, scheme, address)).values(how=ERASED))
    digits = digits_of(address)
    plain = callback.c.body.contains(digits) | type_coerce(callback.c.said, Text).contains(digits)  # from before seals
    told = callback.c.people.contains(seal.person_mark(address)) | plain
    await tx.execute(update(callback).where(told, callback.c.state != "new").values(said=[], body="", people=""))
    await tx.execute(update(callback).where(told).values(body=""))
    return int(lists)


def digits_of(address: str) -> str:
    """What every writing of an address has in common: of a Vietnamese number the nine digits without its country."""
    return address.removeprefix("+84").removeprefix("+")


# --- sealing -------------------------------------------------------------------------------------------------------------


async def seal_recipients(tx: AsyncConnection, seal: Seal, id: str, rows: Sequence[Row[Any]]) -> None:
    """Seal these addresses of an audience."""
    one = update(recipient).where(
        recipient.c.audience == id, recipient.c.scheme == bindparam("s"), recipient.c.address == bindparam("plain")
    )
    sealed = [{"s": row.scheme, "plain": row.address, "sealed": seal.close(row.scheme, row.address)} for row in rows]
    await tx.execute(one.values(address=bindparam("sealed")), sealed)


async def seal_opt_outs(database: Database, tx: AsyncConnection, seal: Seal, most: int) -> int:
    """Seal addresses of people who want nothing any more, some at once; how many were not."""
    query = select(optout).where(optout.c.scheme.in_(SEALED), optout.c.address < "A").limit(most)
    rows = [row._asdict() for row in await tx.execute(query)]
    if rows:
        sealed = [row | {"address": seal.close(row["scheme"], row["address"])} for row in rows]
        await tx.execute(database.insert_if_absent(optout), sealed)
        old = delete(optout).where(optout.c.scheme == bindparam("s"), optout.c.address == bindparam("plain"))
        await tx.execute(old, [{"s": row["scheme"], "plain": row["address"]} for row in rows])
    return len(rows)


async def any_plain(connection: AsyncConnection) -> bool:
    """Whether an address stands anywhere as it is dialled."""
    stopped = select(optout.c.at).where(optout.c.scheme.in_(SEALED), optout.c.address < "A").limit(1)
    if (await connection.execute(stopped)).first() is not None:
        return True
    return any([await plain_recipients(connection, one.id, 1) for one in await audience_names(connection)])


async def key_mark(connection: AsyncConnection) -> str | None:
    """By what the key is known that the addresses are sealed with."""
    return (await connection.execute(select(people_key.c.mark))).scalar_one_or_none()


async def note_key(database: Database, tx: AsyncConnection, mark: str) -> str:
    """Take the key for the one of this database unless another was; its mark."""
    await tx.execute(database.insert_if_absent(people_key).values(id=1, mark=mark))
    return str((await tx.execute(select(people_key.c.mark))).scalar_one())
