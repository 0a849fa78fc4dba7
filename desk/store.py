"""Tables and SQL of this floor: people, sessions, API tokens, answers kept under the key of their request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, Row, Table, Text, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Json, Moment, metadata
from desk.second_step.store import second_step

person = Table(
    "person",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("roles", Json, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    Column("unit", Text, nullable=False, default=""),
)

session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("form_token", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("person", Text, ForeignKey("person.id"), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("until", Moment),
    Column("used_at", Moment),
)

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("claim", Text, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("status", Integer),
    Column("headers", Json),
    Column("body", Text),
    Index("kept_answer_begun", "begun_at"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works here, for a `unit` and all under it (`content/units`); empty: the whole office."""

    id: str
    login: str
    name: str
    roles: tuple[str, ...]
    disabled_at: datetime | None = None
    unit: str = ""


def to_person(row: Row[Any]) -> Person:
    """A person of a row; the password stays in the row."""
    return Person(row.id, row.login, row.name, tuple(row.roles), row.disabled_at, row.unit)


async def count_people(connection: AsyncConnection) -> int:
    """How many people there are, disabled ones too."""
    return int((await connection.execute(select(func.count()).select_from(person))).scalar_one())


async def add_person(tx: AsyncConnection, new: Person, password: str, at: datetime) -> None:
    """Store a person with a hashed password."""
    row = {"id": new.id, "login": new.login, "name": new.name, "roles": list(new.roles), "unit": new.unit}
    await tx.execute(insert(person).values(**row, password=password, made_at=at))


async def people(connection: AsyncConnection) -> list[Person]:
    """Everybody, by name."""
    return [to_person(row) for row in await connection.execute(select(person).order_by(person.c.name))]


async def person_by_login(connection: AsyncConnection, login: str) -> Row[Any] | None:
    """The row of whoever signs in with this name."""
    query = select(person).where(person.c.login == login, person.c.disabled_at.is_(None))
    return (await connection.execute(query)).one_or_none()


async def account(connection: AsyncConnection, login: str) -> Person | None:
    """Whoever signs in with this name, or did before the account was closed."""
    row = (await connection.execute(select(person).where(person.c.login == login))).one_or_none()
    return None if row is None else to_person(row)


async def set_roles(tx: AsyncConnection, id: str, roles: Sequence[str]) -> None:
    """Other roles for a person, from the next request on."""
    await tx.execute(update(person).where(person.c.id == id).values(roles=list(roles)))


async def set_unit(tx: AsyncConnection, id: str, unit: str) -> None:
    """Another unit for a person, from the next request on; what was delegated to or by them ends with it being another's."""
    await tx.execute(update(person).where(person.c.id == id).values(unit=unit))


async def set_disabled(tx: AsyncConnection, id: str, at: datetime | None) -> None:
    """Close an account, whose sessions all end, or open it again."""
    await tx.execute(update(person).where(person.c.id == id).values(disabled_at=at))
    await tx.execute(delete(session).where(session.c.person == id))


async def person_called(connection: AsyncConnection, name: str) -> Person | None:
    """The person with this written name or sign-in name."""
    query = select(person).where(or_(person.c.name == name, person.c.login == name))
    row = (await connection.execute(query)).first()
    return None if row is None else to_person(row)


async def set_password(tx: AsyncConnection, id: str, password: str) -> None:
    """Store another hashed password; every session of the person ends."""
    await tx.execute(update(person).where(person.c.id == id).values(password=password))
    await tx.execute(delete(session).where(session.c.person == id))


async def add_session(tx: AsyncConnection, id: str, person_id: str, form_token: str, at: datetime) -> None:
    """Store a session under the hash of its secret."""
    await tx.execute(insert(session).values(id=id, person=person_id, form_token=form_token, made_at=at, seen_at=at))


async def find_session(connection: AsyncConnection, id: str, *, idle_since: datetime, made_since: datetime) -> Any:
    """The session, its person and their second step as one row, if it is neither idle too long nor too old."""
    query = (
        select(session.c.form_token, session.c.seen_at, second_step.c.since.label("second_step_since"), person)
        .join(person, person.c.id == session.c.person)
        .outerjoin(second_step, second_step.c.person == person.c.id)
        .where(
            session.c.id == id,
            session.c.seen_at >= idle_since,
            session.c.made_at >= made_since,
            person.c.disabled_at.is_(None),
        )
    )
    return (await connection.execute(query)).one_or_none()


async def touch_session(tx: AsyncConnection, id: str, at: datetime) -> None:
    """Note that a session is in use."""
    await tx.execute(update(session).where(session.c.id == id).values(seen_at=at))


async def end_session(tx: AsyncConnection, id: str) -> None:
    """Forget a session."""
    await tx.execute(delete(session).where(session.c.id == id))


async def end_other_sessions(tx: AsyncConnection, person_id: str, kept: str) -> None:
    """Forget every session of a person but the one with this id."""
    await tx.execute(delete(session).where(session.c.person == person_id, session.c.id != kept))


async def prune_sessions(tx: AsyncConnection, before: datetime) -> None:
    """Forget sessions not used since."""
    await tx.execute(delete(session).where(session.c.seen_at < before))


async def add_token(
    tx: AsyncConnection, id: str, name: str, person_id: str, scopes: Sequence[str], at: datetime, until: datetime | None
) -> None:
    """Store an API token under its hash."""
    row = {"id": id, "name": name, "person": person_id, "scopes": list(scopes), "made_at": at, "until": until}
    await tx.execute(insert(api_token).values(**row))


async def find_token(connection: AsyncConnection, id: str, now: datetime) -> Any:
    """The token and its person as one row, if it has not expired."""
    query = (
        select(api_token.c.scopes, person)
        .join(person, person.c.id == api_token.c.person)
        .where(
            api_token.c.id == id,
            or_(api_token.c.until.is_(None), api_token.c.until > now),
            person.c.disabled_at.is_(None),
        )
    )
    return (await connection.execute(query)).one_or_none()


async def tokens(connection: AsyncConnection, person_id: str = "") -> list[Row[Any]]:
    """Everybody's tokens or one person's, with `person_name`, the last made first."""
    query = select(api_token, person.c.name.label("person_name"), person.c.login)
    query = query.join(person, person.c.id == api_token.c.person).order_by(api_token.c.made_at.desc())
    return list(await connection.execute(query.where(api_token.c.person == person_id) if person_id else query))


async def drop_token(tx: AsyncConnection, id: str) -> None:
    """Let a token open nothing any more."""
    await tx.execute(delete(api_token).where(api_token.c.id == id))


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that names an Idempotency-Key: whose, which, what is asked (a digest), and a mark of this very try."""

    person: str
    key: str
    digest: str
    claim: str


def _of(mine: Claim) -> Any:
    return (kept_answer.c.person == mine.person) & (kept_answer.c.key == mine.key)


async def claim_key(database: Database, tx: AsyncConnection, mine: Claim, now: datetime, stale: datetime) -> Any:
    """Take the key; None when it is ours now, else the row of whoever had it first.

    Who began before `stale` and has neither done the deed nor answered is taken over.
    """
    new = {"person": mine.person, "key": mine.key, "digest": mine.digest, "claim": mine.claim, "begun_at": now}
    if (await tx.execute(database.insert_if_absent(kept_answer).values(**new))).rowcount:
        return None
    row = (await tx.execute(database.locked(select(kept_answer).where(_of(mine))))).one()
    if row.digest != mine.digest or row.done_at or row.status or row.begun_at > stale:
        return row
    await tx.execute(update(kept_answer).where(_of(mine)).values(claim=mine.claim, begun_at=now))
    return None


async def mark_done(tx: AsyncConnection, mine: Claim, at: datetime) -> bool:
    """Note that the deed is done; False when another try has taken the key over."""
    query = update(kept_answer).where(_of(mine), kept_answer.c.claim == mine.claim).values(done_at=at)
    return bool((await tx.execute(query)).rowcount)


async def keep_answer(tx: AsyncConnection, mine: Claim, status: int, headers: dict[str, str], body: str | None) -> None:
    """Keep what was answered."""
    query = update(kept_answer).where(_of(mine), kept_answer.c.claim == mine.claim)
    await tx.execute(query.values(status=status, headers=headers, body=body))


async def free_key(tx: AsyncConnection, mine: Claim) -> None:
    """Forget a try that came to nothing."""
    mine_alone = _of(mine) & (kept_answer.c.claim == mine.claim) & kept_answer.c.done_at.is_(None)
    await tx.execute(delete(kept_answer).where(mine_alone))


async def forget_answers(tx: AsyncConnection, before: datetime) -> None:
    """Forget what was asked before."""
    await tx.execute(delete(kept_answer).where(kept_answer.c.begun_at < before))
