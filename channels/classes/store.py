"""Tables and SQL of training classes, whom they invite and who came; names and addresses of people are sealed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import audience, is_person, recipient
from channels.classes.training import Answer, How, Person, Session, TrainingClass
from channels.seal import ERASED, Seal
from config.words import NotFound
from content.bulletin import Purpose
from db.database import Database
from db.types import ByteOrdered, Json, Moment, metadata

training_class = Table(
    "training_class",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("unit", "title", "theme", "about", "purpose", "audience")),
    Column("outlets", Json, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("invited_at", Moment),
    Column("cancelled_at", Moment),
    Index("training_class_made", "made_at", "id"),
    Index("training_class_invitation", "invitation"),
)
training_session = Table(
    "training_session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("klass", Text, nullable=False),
    Column("begins_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("place", Text, nullable=False),
    Column("lecturer", Text, nullable=False),
    Column("reminder", Text, nullable=False),
    Column("reminded_at", Moment),
    Index("training_session_class", "klass"),
    Index("training_session_reminder", "reminder"),
    Index("training_session_begins", "begins_at"),
)
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


# --- classes and sessions ------------------------------------------------------------------------------------------------


async def add(tx: AsyncConnection, new: TrainingClass) -> None:
    """Keep a new class with its sessions."""
    names = (column.name for column in training_class.c)
    row = {name: getattr(new, name) for name in names} | {"purpose": new.purpose.value, "outlets": list(new.outlets)}
    await tx.execute(insert(training_class).values(**row))
    for one in new.sessions:
        await add_session(tx, one)


async def add_session(tx: AsyncConnection, new: Session) -> None:
    """Keep a new session."""
    names = ("id", "klass", "begins_at", "ends_at", "place", "lecturer", "reminder")
    await tx.execute(insert(training_session).values({name: getattr(new, name) for name in names}))


async def change(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of a class."""
    await tx.execute(update(training_class).where(training_class.c.id == id).values(**values))


async def change_session(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of a session."""
    await tx.execute(update(training_session).where(training_session.c.id == id).values(**values))


async def remind(tx: AsyncConnection, id: str, at: datetime) -> bool:
    """Note that people are reminded of a session; False when they were before."""
    mine = (training_session.c.id == id) & training_session.c.reminded_at.is_(None)
    return bool((await tx.execute(update(training_session).where(mine).values(reminded_at=at))).rowcount)


async def drop_session(tx: AsyncConnection, id: str) -> None:
    """A session that will not be."""
    await tx.execute(delete(training_session).where(training_session.c.id == id))


async def find(connection: AsyncConnection, id: str) -> TrainingClass:
    """The class of that id. Raises NotFound."""
    row = (await connection.execute(select(training_class).where(training_class.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có lớp tập huấn này", "There is no such class")
    [found] = await _with_sessions(connection, [row])
    return found


async def hold(database: Database, tx: AsyncConnection, id: str) -> TrainingClass:
    """The same, with its row held until the transaction ends: two answers at once do not take the last place twice."""
    await tx.execute(database.locked(select(training_class.c.id).where(training_class.c.id == id)))
    return await find(tx, id)


async def unit_of(connection: AsyncConnection, id: str) -> str | None:
    """Whose it is; None when there is none."""
    query = select(training_class.c.unit).where(training_class.c.id == id)
    return (await connection.execute(query)).scalar_one_or_none()


async def listed(
    connection: AsyncConnection,
    *,
    units: Collection[str] | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[TrainingClass]:
    """Classes of these units (None: of any), the last made first; `before` is the (made_at, id) of the last one shown."""
    kept = training_class.c
    query = select(training_class).order_by(kept.made_at.desc(), kept.id.desc()).limit(limit)
    if units is not None:
        query = query.where(kept.unit.in_(sorted(units)))
    if before is not None:
        at, id = before
        query = query.where(or_(kept.made_at < at, and_(kept.made_at == at, kept.id < id)))
    return await _with_sessions(connection, list(await connection.execute(query)))


async def beginning(
    connection: AsyncConnection, begin: datetime, end: datetime, units: Collection[str] | None = None
) -> list[TrainingClass]:
    """Classes of these units, not called off, of which a session begins between two moments; the oldest first."""
    soon = select(training_session.c.klass).where(training_session.c.begins_at.between(begin, end))
    kept = training_class.c
    query = select(training_class).where(kept.cancelled_at.is_(None), kept.id.in_(soon)).order_by(kept.id)
    if units is not None:
        query = query.where(kept.unit.in_(sorted(units)))
    return await _with_sessions(connection, list(await connection.execute(query)))


async def by_invitation(connection: AsyncConnection, item: str) -> TrainingClass | None:
    """The class that an item invites to."""
    row = (await connection.execute(select(training_class).where(training_class.c.invitation == item))).first()
    return (await _with_sessions(connection, [row]))[0] if row is not None else None


async def by_reminder(connection: AsyncConnection, item: str) -> tuple[TrainingClass, Session] | None:
    """The class and the session that an item reminds of."""
    kept = training_session.c
    row = (await connection.execute(select(kept.id, kept.klass).where(kept.reminder == item))).first()
    if row is None:
        return None
    course = await find(connection, row.klass)
    return course, next(one for one in course.sessions if one.id == row.id)


async def by_session(connection: AsyncConnection, id: str) -> tuple[TrainingClass, Session]:
    """A session and its class. Raises NotFound."""
    query = select(training_session.c.klass).where(training_session.c.id == id)
    klass = (await connection.execute(query)).scalar_one_or_none()
    if klass is None:
        raise NotFound("Không có buổi học này", "There is no such session")
    course = await find(connection, klass)
    return course, next(one for one in course.sessions if one.id == id)


async def _with_sessions(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[TrainingClass]:
    kept = training_session.c
    query = select(training_session).where(kept.klass.in_([row.id for row in rows]))
    of: defaultdict[str, list[Session]] = defaultdict(list)
    for each in await connection.execute(query.order_by(kept.begins_at, kept.id)):
        told = (each.begins_at, each.ends_at, each.place, each.lecturer, each.reminder)
        of[each.klass].append(Session(each.id, each.klass, *told))
    return [_class(row, of[row.id]) for row in rows]


def _class(row: Row[Any], sessions: Sequence[Session]) -> TrainingClass:
    plain = {column.name: getattr(row, column.name) for column in training_class.c}
    typed = {"purpose": Purpose(row.purpose), "outlets": tuple(row.outlets), "sessions": tuple(sessions)}
    return TrainingClass(**{**plain, **typed})


# --- people --------------------------------------------------------------------------------------------------------------


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
