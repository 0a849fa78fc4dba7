"""Column types both databases share: UTC time as milliseconds, days and JSON as text; and ids that sort by time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from threading import Lock
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, MetaData, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [one + other for one in LETTERS for other in LETTERS]

metadata = MetaData()


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware moment; a naive one is refused."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(value: int) -> datetime:
    """The aware UTC moment of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=value)


def to_json(value: Any) -> str:
    """A JSON value as it is stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


ByteOrdered = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that both databases sort alike, by its bytes; a server sorts others by its own language."""


class Moment(TypeDecorator[datetime]):
    """Aware UTC time, stored as milliseconds since 1970 so that both databases compare and add it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else from_ms(value)


class Day(TypeDecorator[date]):
    """A day of the calendar or none, stored as ISO 8601 text; nothing is the empty text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str:
        """To the database."""
        return value.isoformat() if value else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        """From the database."""
        return date.fromisoformat(value) if value else None


class Json(TypeDecorator[Any]):
    """Any JSON value, stored as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)


class _Given:
    """The numbers this process has given in a moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._moment = 0
        self._given: set[int] = set()

    def draw(self, moment: int) -> int:
        """21 random bits that nothing else of the moment has."""
        with self._lock:
            if moment != self._moment:
                self._moment, self._given = moment, set()
            number = secrets.randbits(21)
            while number in self._given:
                number = secrets.randbits(21)
            self._given.add(number)
            return number


_given = _Given()


def new_number(now: datetime) -> int:
    """A 63-bit number that sorts by time: 42 bits of milliseconds, 21 random ones, no two alike from one process.

    Two processes may clash once in a long while: a primary key guards that.
    """
    moment = to_ms(now)
    return (moment << 21 | _given.draw(moment)) & (1 << 63) - 1


def new_id(now: datetime) -> str:
    """A 13-letter id that sorts by time and can be read out over the telephone (no i, l, o, u)."""
    return spell(new_number(now))


def new_ids(now: datetime) -> Iterator[str]:
    """Ids for many things of one moment, each after the one before: none of them clash with one another."""
    return map(spell, count(new_number(now)))


def spell(number: int) -> str:
    """A 63-bit number in 13 letters of base 32 that sort as the number does."""
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(60, -10, -10)]
    return "".join(pairs)[1:]


def unspell(word: str) -> int:
    """The opposite of `spell`. Raises ValueError."""
    if len(word) != 13:
        raise ValueError(word)
    number = 0
    for letter in word:
        number = number * 32 + LETTERS.index(letter)
    if number >= 1 << 63:
        raise ValueError(word)
    return number


class has(FunctionElement[bool]):  # noqa: N801 (it is written like SQL's own functions)
    """Whether a text column holds a letter: `LIKE`, or on PostgreSQL `strpos`, which takes under half the time there."""

    name = "has"
    type = Boolean()
    inherit_cache = True


@compiles(has)
def _like(element: has, compiler: Any, **options: Any) -> str:
    column, letter = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} LIKE '%' || {letter} || '%')"


@compiles(has, "postgresql")
def _strpos(element: has, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)}) > 0"


class number_at(FunctionElement[float]):  # noqa: N801 (as above)
    """The number at a place, from 0, of a column that is a list in JSON; NULL where there is none."""

    name = "number_at"
    type = Float()
    inherit_cache = True


@compiles(number_at)
def _json_extract(element: number_at, compiler: Any, **options: Any) -> str:
    column, place = (compiler.process(clause, **options) for clause in element.clauses)
    return f"json_extract({column}, '$[' || {place} || ']')"


@compiles(number_at, "postgresql")
def _json_path(element: number_at, compiler: Any, **options: Any) -> str:
    column, place = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(CAST({column} AS json) ->> CAST({place} AS INTEGER) AS DOUBLE PRECISION)"
