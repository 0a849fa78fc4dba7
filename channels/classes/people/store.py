"""Tables and SQL of whom training classes invite and who came; names and addresses are sealed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import audience, is_person, recipient
from channels.classes.store import training_class, training_session
from channels.classes.training import Answer, How, Person
from channels.seal import ERASED, Seal
from config.words import NotFound
from db.database import Database
from db.types import ByteOrdered, Moment, metadata

training_person = Table(
    "training_person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("klass", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("address", ByteOrdered, nullable=False),
    Column("name", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("answered_at", Moment),
    Column("added_at", Moment, nullable=False),
    UniqueConstraint("klass", "scheme", "address", name="training_person_once"),
    Index("training_person_address", "address"),
)
training_attendance = Table(
    "training_attendance",
    metadata,
    Column("session", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("how", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    PrimaryKeyConstraint("session", "person"),
    Index("training_attendance_person", "person"),
)


class Held(NamedTuple):
    """A session that took place, with how many came."""

    session: str
    klass: str
    title: str
    theme: str
    unit: str
    invitation: str
    begins_at: datetime
    attended: int


async def add_people(
    database: Database, tx: AsyncConnection, seal: Seal, people: Sequence[Person], at: datetime
) -> None:
    """Those who are not on the class's list yet; whoever is keeps the answer, and gets the name."""
    rows = [
        {
            "id": one.id,
            "klass": one.klass,
            "scheme": one.scheme,
            "address": seal.close(one.scheme, one.address) if one.scheme else f"~{one.id}",
            "name": seal.close_text(one.name),
            "answer": "",
            "how": "",
            "added_at": at,
        }
        for one in people
    ]
    if rows:
        await tx.execute(database.insert_or_update(training_person, ["klass", "scheme", "address"], "name"), rows)


async def people_of(connection: AsyncConnection, seal: Seal, klass: str) -> list[Person]:
    """Everybody of a class, by name."""
    query = select(training_person).where(training_person.c.klass == klass)
    return sorted(await _people(connection, seal, query), key=lambda one: (_by_name(one.name), one.id))


def _by_name(name: str) -> str:
    """Vietnamese lists go by the given name, which stands last."""
    return " ".join(reversed(name.casefold().split()))


async def person(connection: AsyncConnection, seal: Seal, id: str) -> Person:
    """One of them. Raises NotFound."""
    found = await _people(connection, seal, select(training_person).where(training_person.c.id == id))
    if not found:
        raise NotFound("Không có người này trong lớp", "There is no such person in the class", field="person")
    return found[0]


async def at_address(connection: AsyncConnection, seal: Seal, klass: str, scheme: str, address: str) -> Person | None:
    """Who of a class is reached there."""
    query = select(training_person).where(training_person.c.klass == klass)
    found = await _people(connection, seal, query.where(is_person(training_person, seal, scheme, address)))
    return found[0] if found else None


async def places_of(connection: AsyncConnection, seal: Seal, scheme: str, address: str) -> list[Person]:
    """The same person in every class, the last invited first."""
    query = select(training_person).where(is_person(training_person, seal, scheme, address))
    return await _people(
        connection, seal, query.order_by(training_person.c.added_at.desc(), training_person.c.id.desc())
    )


async def _people(connection: AsyncConnection, seal: Seal, query: Any) -> list[Person]:
    rows = list(await connection.execute(query))
    there: defaultdict[str, set[str]] = defaultdict(set)
    kept = training_attendance.c
    classes = {row.klass for row in rows}
    seen = select(kept.person, kept.session).join(training_session, training_session.c.id == kept.session)
    for row in await connection.execute(seen.where(training_session.c.klass.in_(sorted(classes)))):
        there[row.person].add(row.session)
    return [_person(row, seal, frozenset(there[row.id])) for row in rows]


def _person(row: Row[Any], seal: Seal, attended: frozenset[str]) -> Person:
    address = "" if row.address.startswith("~") else seal.open(row.address)
    answer, how = Answer(row.answer) if row.answer else None, How(row.how) if row.how else None
    name = seal.open_text(row.name)
    return Person(
        row.id, row.klass, row.scheme if address else "", address, name, answer, how, row.answered_at, attended
    )


async def answered(tx: AsyncConnection, id: str, answer: Answer, how: How, at: datetime) -> None:
    """What somebody said of coming."""
    told = {"answer": answer.value, "how": how.value, "answered_at": at}
    await tx.execute(update(training_person).where(training_person.c.id == id).values(**told))


async def count_coming(connection: AsyncConnection, klass: str) -> int:
    """How many said yes."""
    mine = (training_person.c.klass == klass) & (training_person.c.answer == Answer.YES.value)
    return int((await connection.execute(select(func.count()).select_from(training_person).where(mine))).scalar_one())


async def counts(connection: AsyncConnection, klasses: Collection[str]) -> dict[str, Counter[str]]:
    """How many of each class said yes, no and nothing (an empty answer)."""
    kept = training_person.c
    query = select(kept.klass, kept.answer, func.count()).where(kept.klass.in_(sorted(klasses)))
    found: dict[str, Counter[str]] = {id: Counter() for id in klasses}
    for of, answer, count in await connection.execute(query.group_by(kept.klass, kept.answer)):
        found[of][answer] += int(count)
    return found


# --- who came ------------------------------------------------------------------------------------------------------------


async def attend(
    database: Database, tx: AsyncConnection, session: str, person: str, at: datetime, how: How, by: str
) -> bool:
    """Somebody was there; False when that was known."""
    row = {"session": session, "person": person, "at": at, "how": how.value, "made_by": by}
    return bool((await tx.execute(database.insert_if_absent(training_attendance).values(**row))).rowcount)


async def stayed_away(tx: AsyncConnection, session: str, person: str) -> None:
    """Somebody was not there after all."""
    kept = training_attendance.c
    await tx.execute(delete(training_attendance).where(kept.session == session, kept.person == person))


async def there(connection: AsyncConnection, session: str) -> set[str]:
    """Who came to a session, by id."""
    query = select(training_attendance.c.person).where(training_attendance.c.session == session)
    return set((await connection.execute(query)).scalars())


async def held(connection: AsyncConnection, begin: datetime, end: datetime) -> list[Held]:
    """Sessions that began from `begin` on and before `end` and to which anybody came."""
    klass, session = training_class.c, training_session.c
    came = func.count(training_attendance.c.person)
    query = (
        select(session.id, klass.id, klass.title, klass.theme, klass.unit, klass.invitation, session.begins_at, came)
        .join(training_class, klass.id == session.klass)
        .join(training_attendance, training_attendance.c.session == session.id)
        .where(session.begins_at >= begin, session.begins_at < end)
        .group_by(session.id, klass.id, klass.title, klass.theme, klass.unit, klass.invitation, session.begins_at)
        .order_by(session.begins_at, session.id)
    )
    return [Held(*row) for row in await connection.execute(query)]


# --- the rights of a person ----------------------------------------------------------------------------------------------


async def forget_person(tx: AsyncConnection, seal: Seal, scheme: str, address: str) -> int:
    """Empty who somebody was; that somebody came, and was certified, stays as a count. How many places."""
    found = await places_of(tx, seal, scheme, address)
    return await _forget(tx, [one.id for one in found])


async def forget_old(tx: AsyncConnection, before: datetime) -> int:
    """The same of everybody whose class was over before a moment, and of the list that was the class's own. How many."""
    kept = training_person.c
    later = select(training_session.c.id).where(
        training_session.c.klass == kept.klass, training_session.c.ends_at >= before
    )
    query = select(kept.id, kept.klass).where(kept.added_at < before, kept.name + kept.scheme != "", ~later.exists())
    found = list(await tx.execute(query))
    own = select(training_class.c.list).where(training_class.c.id.in_({row.klass for row in found}))
    lists = select(audience.c.id).where(audience.c.name.in_(list((await tx.execute(own)).scalars())))
    await tx.execute(delete(recipient).where(recipient.c.audience.in_(lists)))
    return await _forget(tx, [row.id for row in found])


async def _forget(tx: AsyncConnection, ids: Sequence[str]) -> int:
    for id in ids:
        values = {"scheme": "", "address": f"{ERASED}/{id}", "name": ""}
        await tx.execute(update(training_person).where(training_person.c.id == id).values(**values))
    return len(ids)
