"""Tables and SQL of contests and of the bank of questions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Row, Table, Text, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from content.contests.contest import Contest, State, from_record, record
from content.contests.question import Question
from db.database import Database
from db.types import ByteOrdered, Json, Moment, metadata

question = Table(
    "question",
    metadata,
    Column("id", ByteOrdered, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("unit", "theme", "text")),
    Column("choices", Json, nullable=False),
    Column("right_choice", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("source", "digest", "added_by")),
    Column("added_at", Moment, nullable=False),
    Column("retired_at", Moment),
    Index("question_theme", "theme", "id"),
    Index("question_digest", "digest"),
)

contest = Table(
    "contest",
    metadata,
    Column("id", ByteOrdered, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("unit", "title")),
    Column("plan", Json, nullable=False),
    *(Column(name, Moment, nullable=False) for name in ("opens_at", "closes_at", "erase_at")),
    *(Column(name, Text, nullable=False) for name in ("state", "made_by")),
    Column("made_at", Moment, nullable=False),
    *(Column(name, Json, nullable=False) for name in ("writers", "questions", "texts")),
    *(Column(name, Text, nullable=False) for name in ("codes", "seed", "approved_by", "results", "counted_by")),
    Column("published_at", Moment),
    Column("erased_at", Moment),
    Index("contest_state", "state", "erase_at"),
)

AT_ONCE = 500
SHOWN_TO_ALL = (State.APPROVED.value, State.COUNTED.value, State.PUBLISHED.value)


@dataclass(frozen=True, slots=True)
class Banked:
    """A question with who added it when, and since when it is asked no more."""

    question: Question
    added_by: str
    added_at: datetime
    retired_at: datetime | None


# --- the bank ------------------------------------------------------------------------------------------------------------


def _question(row: Row[Any]) -> Question:
    return Question(row.id, row.theme, row.text, tuple(row.choices), row.right_choice, row.source, row.unit)


async def add_questions(tx: AsyncConnection, new: Iterable[Question], by: str, at: datetime) -> None:
    """Put questions into the bank."""
    rows = [
        {
            "id": one.id,
            "unit": one.unit,
            "theme": one.theme,
            "text": one.text,
            "choices": list(one.choices),
            "right_choice": one.right,
            "source": one.source,
            "digest": one.digest,
            "added_by": by,
            "added_at": at,
        }
        for one in new
    ]
    if rows:
        await tx.execute(insert(question), rows)


async def known_digests(connection: AsyncConnection, unit: str) -> set[str]:
    """By what questions in use of a unit are known again."""
    query = select(question.c.digest).where(question.c.unit == unit, question.c.retired_at.is_(None))
    return set((await connection.execute(query)).scalars())


async def banked(
    connection: AsyncConnection,
    *,
    units: Collection[str] | None = None,
    theme: str = "",
    after: str = "",
    limit: int = 50,
) -> list[Banked]:
    """Questions in use, in order of their ids, from the one after `after`."""
    query = select(question).where(question.c.retired_at.is_(None), question.c.id > after)
    query = query.order_by(question.c.id).limit(limit)
    if units is not None:
        query = query.where(question.c.unit.in_(sorted(units)))
    if theme:
        query = query.where(question.c.theme == theme)
    return [
        Banked(_question(row), row.added_by, row.added_at, row.retired_at) for row in await connection.execute(query)
    ]


async def find_question(connection: AsyncConnection, id: str) -> Banked:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(select(question).where(question.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có câu hỏi này", "There is no such question")
    return Banked(_question(row), row.added_by, row.added_at, row.retired_at)


async def retire_question(tx: AsyncConnection, id: str, at: datetime) -> bool:
    """It is asked no more in contests that are handed in from now on; whether it was until now."""
    retire = update(question).where(question.c.id == id, question.c.retired_at.is_(None)).values(retired_at=at)
    return bool((await tx.execute(retire)).rowcount)


async def count_questions(connection: AsyncConnection, units: Collection[str] | None = None) -> dict[str, int]:
    """How many are in use, by theme."""
    query = select(question.c.theme, func.count()).where(question.c.retired_at.is_(None))
    if units is not None:
        query = query.where(question.c.unit.in_(sorted(units)))
    rows = await connection.execute(query.group_by(question.c.theme))
    return {str(theme): int(count) for theme, count in rows}


async def pool(connection: AsyncConnection, unit: str, themes: Sequence[str]) -> list[Question]:
    """All in use that a contest of this unit asks from: its own and the office's, of these themes or of all."""
    query = select(question).where(question.c.retired_at.is_(None), question.c.unit.in_(["", unit]))
    if themes:
        query = query.where(question.c.theme.in_(themes))
    return [_question(row) for row in await connection.execute(query.order_by(question.c.id))]


async def questions_of(connection: AsyncConnection, ids: Sequence[str]) -> list[Banked]:
    """Those of these ids, in the same order."""
    found: dict[str, Banked] = {}
    for begin in range(0, len(ids), AT_ONCE):
        query = select(question).where(question.c.id.in_(ids[begin : begin + AT_ONCE]))
        for row in await connection.execute(query):
            found[row.id] = Banked(_question(row), row.added_by, row.added_at, row.retired_at)
    return [found[id] for id in ids]


# --- contests ------------------------------------------------------------------------------------------------------------


def _contest(row: Row[Any]) -> Contest:
    return Contest(
        id=row.id,
        unit=row.unit,
        plan=from_record(row.plan),
        state=State(row.state),
        made_by=row.made_by,
        made_at=row.made_at,
        writers=tuple(row.writers),
        questions=tuple(row.questions),
        items=dict(row.texts),
        codes=row.codes,
        seed=row.seed,
        approved_by=row.approved_by,
        results=row.results,
        counted_by=row.counted_by,
        published_at=row.published_at,
        erased_at=row.erased_at,
    )


def _columns(one: Contest) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("unit", "title", "made_by", "made_at", "codes", "seed")}
    plain |= {name: getattr(one, name) for name in ("approved_by", "results", "counted_by", "published_at")}
    plain |= {"plan": record(one.plan), "opens_at": one.plan.opens_at, "closes_at": one.plan.closes_at}
    plain |= {"state": one.state.value, "writers": list(one.writers), "questions": list(one.questions)}
    return plain | {"texts": dict(one.items), "erase_at": one.erase_at, "erased_at": one.erased_at}


async def add(tx: AsyncConnection, new: Contest) -> None:
    """Store a new contest."""
    await tx.execute(insert(contest).values(id=new.id, **_columns(new)))


async def save(tx: AsyncConnection, one: Contest) -> None:
    """Store it as it is now."""
    await tx.execute(update(contest).where(contest.c.id == one.id).values(**_columns(one)))


async def find(connection: AsyncConnection, id: str) -> Contest:
    """The one of that id. Raises NotFound."""
    return _found((await connection.execute(select(contest).where(contest.c.id == id))).one_or_none())


async def lock(database: Database, tx: AsyncConnection, id: str) -> Contest:
    """The one of that id, held until the transaction ends. Raises NotFound."""
    return _found((await tx.execute(database.locked(select(contest).where(contest.c.id == id)))).one_or_none())


def _found(row: Row[Any] | None) -> Contest:
    if row is None:
        raise NotFound("Không có cuộc thi này", "There is no such contest")
    return _contest(row)


async def unit_of(connection: AsyncConnection, id: str) -> str | None:
    """Whose it is; None when there is none of that id."""
    return (await connection.execute(select(contest.c.unit).where(contest.c.id == id))).scalar_one_or_none()


async def listed(
    connection: AsyncConnection, *, units: Collection[str] | None = None, after: str = "", limit: int = 50
) -> list[Contest]:
    """Contests, the newest first; from the one after `after`."""
    query = select(contest).order_by(contest.c.id.desc()).limit(limit)
    if units is not None:
        query = query.where(contest.c.unit.in_(sorted(units)))
    if after:
        query = query.where(contest.c.id < after)
    return [_contest(row) for row in await connection.execute(query)]


async def waiting(connection: AsyncConnection, units: Collection[str] | None, now: datetime) -> list[Contest]:
    """Contests that wait for a person: to be approved, or over and not counted, or counted and not published; oldest first."""
    over = (contest.c.state == State.APPROVED.value) & (contest.c.closes_at <= now)
    query = select(contest).where(or_(over, contest.c.state.in_([State.IN_REVIEW.value, State.COUNTED.value])))
    if units is not None:
        query = query.where(contest.c.unit.in_(sorted(units)))
    return [_contest(row) for row in await connection.execute(query.order_by(contest.c.id))]


async def shown(connection: AsyncConnection, unit: str, since: datetime, limit: int = 30) -> list[Contest]:
    """Contests that people may see on a portal of this unit (empty: all), whose end is not before `since`; the newest first."""
    query = select(contest).where(contest.c.state.in_(SHOWN_TO_ALL), contest.c.closes_at >= since)
    if unit:
        query = query.where(contest.c.unit.in_(["", unit]))
    rows = await connection.execute(query.order_by(contest.c.closes_at.desc(), contest.c.id).limit(limit))
    return [_contest(row) for row in rows]


async def to_erase(connection: AsyncConnection, now: datetime) -> list[Contest]:
    """Contests whose time is over for keeping who took part, of which that has not been erased."""
    query = select(contest).where(contest.c.erase_at <= now, contest.c.erased_at.is_(None))
    query = query.where(contest.c.state.not_in([State.DRAFT.value, State.IN_REVIEW.value]))
    return [_contest(row) for row in await connection.execute(query.order_by(contest.c.id))]


async def announcements(connection: AsyncConnection, items: Collection[str]) -> dict[str, str]:
    """Of these items, those that announce a contest, with its id."""
    rows = await connection.execute(select(contest.c.id, contest.c.texts).where(contest.c.state.in_(SHOWN_TO_ALL)))
    return {row.texts["announce"]: row.id for row in rows if row.texts.get("announce") in items}


async def announcing(connection: AsyncConnection) -> frozenset[str]:
    """The items that announce contests which were held or are."""
    rows = await connection.execute(select(contest.c.texts).where(contest.c.state.in_(SHOWN_TO_ALL)))
    return frozenset(row.texts["announce"] for row in rows if "announce" in row.texts)


async def note_erased(tx: AsyncConnection, id: str, at: datetime) -> None:
    """Nothing names who took part any more."""
    await tx.execute(update(contest).where(contest.c.id == id).values(erased_at=at))
