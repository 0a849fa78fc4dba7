"""SQLite connections of which a statement fails as a disk or a lock makes it fail."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

FAULTS = ("database or disk is full", "database is locked", "disk I/O error", "attempt to write a readonly database")


@dataclass
class Fault:
    """From the `nth` time on that a statement is made, so many statements of any kind fail with `said`."""

    sql: str = ""
    nth: int = 1
    length: int = 1
    said: str = FAULTS[0]
    seen: Counter[str] = field(default_factory=Counter)
    armed: bool = False

    def meet(self, sql: str) -> None:
        """Raise when it is this one's turn. What undoes never fails."""
        if not self.armed or sql.startswith("ROLLBACK"):
            return
        self.seen[sql] += 1
        if self.length and self.sql and self.seen[self.sql] >= self.nth:
            self.length -= 1
            raise sqlite3.OperationalError(self.said)


class FaultyCursor(sqlite3.Cursor):
    """Every statement passes here."""

    connection: FaultyConnection

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """See sqlite3."""
        self.connection.fault.meet(sql)
        return super().execute(sql, *values)

    def executemany(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """See sqlite3."""
        self.connection.fault.meet(sql)
        return super().executemany(sql, *values)


class FaultyConnection(sqlite3.Connection):
    """A connection all of whose statements may fail."""

    def __init__(self, *args: Any, fault: Fault, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fault = fault

    def cursor(self, *_: Any) -> Any:
        """See sqlite3."""
        return super().cursor(FaultyCursor)

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """See sqlite3, whose own does not ask for the cursor above."""
        return self.cursor().execute(sql, *values)  # type: ignore[no-any-return]

    def commit(self) -> None:
        """See sqlite3."""
        if self.in_transaction:
            self.fault.meet("COMMIT")
        super().commit()


@contextmanager
def faulty(fault: Fault) -> Iterator[None]:
    """Connections made in this block may fail."""
    plain = sqlite3.connect
    failing: Any = partial(plain, factory=partial(FaultyConnection, fault=fault))
    sqlite3.connect = sqlite3.dbapi2.connect = failing  # drivers ask for it by either name
    try:
        yield
    finally:
        sqlite3.connect = sqlite3.dbapi2.connect = plain
