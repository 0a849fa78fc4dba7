"""Tables and SQL of who takes part. Addresses and names come sealed, and are never opened here; so does where one came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Row,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound, Word
from content.contests.marking import Mark, Paper
from db.types import ByteOrdered, Json, Moment, metadata

code = Table(
    "contest_code",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("contest", Text, nullable=False),
    Column("address", ByteOrdered, nullable=False),
    Column("source", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("tries", BigInteger, nullable=False),
    Index("contest_code_contest", "contest", "asked_at"),
)

entry = Table(
    "contest_entry",
    metadata,
    Column("id", ByteOrdered, primary_key=True),
    Column("contest", Text, nullable=False),
    Column("address", ByteOrdered, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("name", "place", "way", "source")),
    *(Column(name, Moment, nullable=False) for name in ("begun_at", "deadline")),
    Column("finished_at", Moment),
    *(Column(name, Json, nullable=False) for name in ("questions", "answers")),
    *(Column(name, BigInteger, nullable=False) for name in ("guess", "placed", "right_answers")),
    Column("prize", Text, nullable=False),
    UniqueConstraint("contest", "address", name="contest_entry_once"),
    Index("contest_entry_address", "address"),
)

GONE = "~erased-"
"""How the place of an address begins that was erased; the entry's id follows, so that each is one of its own."""


class Way(StrEnum):
    """By what a number was confirmed."""

    MESSAGE = "message"
    BOARD = "board"

    @property
    def title_vi(self) -> Word:
        """The word on screen."""
        return {
            "message": Word("mã qua tin nhắn", "code by message"),
            "board": Word("mã ở bảng tin", "code at a notice board"),
        }[self.value]


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's part. `questions` are those asked in order, `answers` the choice made of each (-1: none).

    `rank` is 0 and `right` means nothing before papers are marked.
    """

    id: str
    contest: str
    address: str
    name: str
    place: str
    way: Way
    source: str
    begun_at: datetime
    deadline: datetime
    questions: tuple[str, ...]
    finished_at: datetime | None = None
    answers: tuple[int, ...] = ()
    guess: int = 0
    rank: int = 0
    right: int = 0
    prize: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was asked for: the delivery it goes by, for whom, and how often a wrong one was typed."""

    delivery: str
    contest: str
    address: str
    asked_at: datetime
    tries: int


# --- codes ---------------------------------------------------------------------------------------------------------------


async def add_code(tx: AsyncConnection, delivery: str, contest: str, address: str, source: str, at: datetime) -> None:
    """Note that a code goes out."""
    row = {"delivery": delivery, "contest": contest, "address": address, "source": source, "asked_at": at, "tries": 0}
    await tx.execute(insert(code).values(**row))


async def asked_since(
    connection: AsyncConnection, contest: str, since: datetime, *, address: str = "", source: str = ""
) -> int:
    """How many codes were asked for since then; for one address, or from one place."""
    query = select(func.count()).select_from(code).where(code.c.contest == contest, code.c.asked_at > since)
    if address:
        query = query.where(code.c.address == address)
    if source:
        query = query.where(code.c.source == source)
    return int((await connection.execute(query)).scalar_one())


async def find_code(connection: AsyncConnection, delivery: str) -> Code:
    """The code of a delivery. Raises NotFound."""
    row = (await connection.execute(select(code).where(code.c.delivery == delivery))).one_or_none()
    if row is None:
        raise NotFound("Mã này không còn dùng được", "This code is no longer valid", field="code")
    return Code(row.delivery, row.contest, row.address, row.asked_at, row.tries)


async def count_try(tx: AsyncConnection, delivery: str) -> None:
    """A code was typed."""
    await tx.execute(update(code).where(code.c.delivery == delivery).values(tries=code.c.tries + 1))


async def codes_of(connection: AsyncConnection, contest: str) -> list[str]:
    """The deliveries of a contest's codes."""
    return list((await connection.execute(select(code.c.delivery).where(code.c.contest == contest))).scalars())


async def forget_code(tx: AsyncConnection, delivery: str) -> None:
    """Whom it was for is known no more."""
    await tx.execute(delete(code).where(code.c.delivery == delivery))


# --- papers --------------------------------------------------------------------------------------------------------------


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        *(row.id, row.contest, row.address, row.name, row.place, Way(row.way), row.source, row.begun_at, row.deadline),
        questions=tuple(row.questions),
        finished_at=row.finished_at,
        answers=tuple(row.answers),
        guess=row.guess,
        rank=row.placed,
        right=row.right_answers,
        prize=row.prize,
    )


async def add(tx: AsyncConnection, new: Entry) -> None:
    """Somebody begins."""
    plain = {name: getattr(new, name) for name in ("id", "contest", "address", "name", "place", "source", "begun_at")}
    plain |= {"way": new.way.value, "deadline": new.deadline, "questions": list(new.questions), "answers": []}
    await tx.execute(insert(entry).values(**plain, guess=0, placed=0, right_answers=0, prize=""))


async def find(connection: AsyncConnection, id: str) -> Entry:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(select(entry).where(entry.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có bài thi này", "There is no such paper")
    return _entry(row)


async def of_address(connection: AsyncConnection, contest: str, address: str) -> Entry | None:
    """The part of whoever has this address, if they took any."""
    query = select(entry).where(entry.c.contest == contest, entry.c.address == address)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _entry(row)


async def finish(tx: AsyncConnection, id: str, answers: Sequence[int], guess: int, at: datetime) -> bool:
    """Hand a paper in, once; whether it was not handed in before."""
    done = update(entry).where(entry.c.id == id, entry.c.finished_at.is_(None))
    return bool((await tx.execute(done.values(answers=list(answers), guess=guess, finished_at=at))).rowcount)


async def begun_since(connection: AsyncConnection, contest: str, since: datetime, source: str) -> int:
    """How many began since then from one place."""
    query = select(func.count()).select_from(entry)
    query = query.where(entry.c.contest == contest, entry.c.begun_at > since, entry.c.source == source)
    return int((await connection.execute(query)).scalar_one())


async def listed(connection: AsyncConnection, contest: str) -> list[Entry]:
    """Everybody: in order of their places once they are marked, else of when they began."""
    placed = (entry.c.placed == 0, entry.c.placed, entry.c.begun_at, entry.c.id)
    query = select(entry).where(entry.c.contest == contest).order_by(*placed)
    return [_entry(row) for row in await connection.execute(query)]


def papers(entries: Sequence[Entry]) -> list[Paper]:
    """What was handed in."""
    return [
        Paper(one.id, tuple(zip(one.questions, one.answers, strict=True)), one.guess, one.finished_at)
        for one in entries
        if one.finished_at is not None
    ]


async def place(tx: AsyncConnection, contest: str, marks: Sequence[Mark]) -> None:
    """Write down everybody's place, in the stead of what was there."""
    cleared = {"placed": 0, "right_answers": 0, "prize": ""}
    await tx.execute(update(entry).where(entry.c.contest == contest).values(**cleared))
    for one in marks:
        told = {"placed": one.rank, "right_answers": one.right, "prize": one.prize}
        await tx.execute(update(entry).where(entry.c.id == one.entry).values(**told))


async def counts(connection: AsyncConnection, contests: Collection[str]) -> Counter[tuple[str, bool]]:
    """How many took part in each contest, and whether they handed in."""
    done = entry.c.finished_at.is_not(None)
    query = select(entry.c.contest, done, func.count()).where(entry.c.contest.in_(sorted(contests)))
    rows = await connection.execute(query.group_by(entry.c.contest, done))
    return Counter({(contest, bool(finished)): int(count) for contest, finished, count in rows})


# --- rights --------------------------------------------------------------------------------------------------------------


async def of_person(connection: AsyncConnection, forms: Collection[str]) -> list[Entry]:
    """All parts of whoever has an address, in any writing of it."""
    query = select(entry).where(entry.c.address.in_(forms)).order_by(entry.c.begun_at)
    return [_entry(row) for row in await connection.execute(query)]


async def forget_person(tx: AsyncConnection, forms: Collection[str]) -> int:
    """Take a person off their papers; answers and places stay. How many papers."""
    await tx.execute(delete(code).where(code.c.address.in_(forms)))
    nobody = {"address": GONE + entry.c.id, "name": "", "source": ""}
    return int((await tx.execute(update(entry).where(entry.c.address.in_(forms)).values(**nobody))).rowcount)


async def forget_contest(tx: AsyncConnection, contest: str) -> int:
    """Take everybody off the papers of a contest. How many."""
    named = (entry.c.contest == contest) & entry.c.address.not_like(f"{GONE}%")
    nobody = {"address": GONE + entry.c.id, "name": "", "source": ""}
    return int((await tx.execute(update(entry).where(named).values(**nobody))).rowcount)
