"""Tables of dispatch: parcels and their recipients, the waiting list, attempts, receipts, handovers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
)

from db.types import ByteOrdered, Json, Moment, metadata
from scheduler.delivery import LETTER, State

parcel = Table(
    "parcel",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("occurrence", Text, ForeignKey("occurrence.id"), nullable=False),
    Column("outlet", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("first", ByteOrdered, nullable=False),
    Column("last", ByteOrdered, nullable=False),
    Column("cursor", Integer, nullable=False),
    Column("letters", Text, nullable=False),
    Column("window_at", Moment),
    Column("owner", Text),
    Column("lease_until", Moment),
    Column("epoch", Integer, nullable=False),
    *(
        Column(state.value, Integer, Computed(f"length(letters) - length(replace(letters, '{letter}', ''))"))
        for state, letter in LETTER.items()
    ),
    Index("parcel_turn", "outlet", "state", "rank", "turn"),
    Index("parcel_occurrence", "occurrence", "outlet", "turn", info={"only": "postgresql"}),
    Index("parcel_counted", "occurrence", "outlet", "turn", *LETTER, info={"only": "sqlite"}),
    Index("parcel_owner", "owner"),
    Index("parcel_outlet", "outlet", "id"),
)
Index("parcel_due", parcel.c.due_at, sqlite_where=parcel.c.state == "open", postgresql_where=parcel.c.state == "open")

numbers = tuple(func.sum(parcel.c[state]) for state in State)
"""How many deliveries of many parcels are in each state, for `delivery.counted`. SQLite has them at hand by occurrence alone."""
letters_together = func.aggregate_strings(parcel.c.letters, "")
"""The letters of many parcels in one row. Where no numbers are at hand that is a tenth of what counting them there takes."""

parcel_recipients = Table(
    "parcel_recipients",
    metadata,
    Column("parcel", BigInteger, ForeignKey("parcel.id"), primary_key=True, autoincrement=False),
    Column("recipients", Json, nullable=False),
)

waiting = Table(
    "waiting",
    metadata,
    Column("parcel", BigInteger, ForeignKey("parcel.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("owner", Text),
    Column("lease_until", Moment),
    PrimaryKeyConstraint("parcel", "seq"),
    Index("waiting_due", "outlet", "owner", "due_at"),
)
Index(
    "waiting_owner",
    waiting.c.owner,
    sqlite_where=waiting.c.owner.is_not(None),
    postgresql_where=waiting.c.owner.is_not(None),
)

# The one table that grows: no foreign key (a look-up a row), the narrowest types first, as PostgreSQL aligns them.
attempt = Table(
    "attempt",
    metadata,
    Column("parcel", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("seq", SmallInteger, nullable=False),
    Column("n", SmallInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("parcel", "seq", "n"),
    sqlite_with_rowid=False,
)
Index(
    "attempt_reference",
    attempt.c.reference,
    sqlite_where=attempt.c.reference != "",
    postgresql_where=attempt.c.reference != "",
)
Index(
    "attempt_reason",
    *(attempt.c.reason, attempt.c.parcel),
    sqlite_where=attempt.c.reason != "",
    postgresql_where=attempt.c.reason != "",
)

# What was known of tries whose claim was lost meanwhile: the log says what the one who took over knew, this the rest.
orphan = Table(
    "orphan",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("found_at", Moment, nullable=False),
    *(Column(column.name, column.type, nullable=False) for column in attempt.columns),
    Index("orphan_parcel", "parcel", "seq"),
)

# Whom messages were meant for lately, by address: only while something is counted by person (caps, advertising).
contact = Table(
    "contact",
    metadata,
    Column("parcel", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("advert", BigInteger, nullable=False),
    PrimaryKeyConstraint("parcel", "seq"),
    Index("contact_address", "address", "at"),
    Index("contact_at", "at"),
    sqlite_with_rowid=False,
)

# What a rule held back, and why: one delivery, or with seq -1 all that was left of a parcel.
held = Table(
    "held",
    metadata,
    Column("parcel", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("detail", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    PrimaryKeyConstraint("parcel", "seq"),
    Index("held_rule", "rule", "at"),
)

receipt = Table(
    "receipt",
    metadata,
    Column("parcel", BigInteger, ForeignKey("parcel.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("parcel", "seq", "stage"),
    sqlite_with_rowid=False,
)
Index(
    "receipt_reason",
    *(receipt.c.reason, receipt.c.parcel),
    sqlite_where=receipt.c.reason != "",
    postgresql_where=receipt.c.reason != "",
)

# For what was handed over to another outlet alone, `seq` -1 for a parcel as a whole: see `carriers.py`.
handover = Table(
    "handover",
    metadata,
    Column("parcel", BigInteger, ForeignKey("parcel.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("was", Text, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("parcel", "seq", "n"),
)
