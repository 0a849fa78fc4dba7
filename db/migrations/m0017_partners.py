"""Step 17: what partners are asked about; which outlet carries what for which, and what allows it."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both; what was sent before it is not asked about, what was approved not diverted."""
    return [
        "CREATE TABLE inquiry (parcel BIGINT NOT NULL REFERENCES parcel (id), outlet TEXT NOT NULL,"
        " due_at BIGINT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (parcel, outlet))",
        "CREATE INDEX inquiry_due ON inquiry (outlet, due_at)",
        "CREATE TABLE handover (parcel BIGINT NOT NULL REFERENCES parcel (id), seq INTEGER NOT NULL, n INTEGER NOT NULL,"
        " outlet TEXT NOT NULL, was TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (parcel, seq, n))",
        "CREATE TABLE diversion (outlet TEXT NOT NULL PRIMARY KEY, since BIGINT NOT NULL, until BIGINT,"
        " times INTEGER NOT NULL, failures INTEGER NOT NULL)",
        "CREATE TABLE cover (schedule TEXT NOT NULL REFERENCES schedule (id), outlet TEXT NOT NULL,"
        " PRIMARY KEY (schedule, outlet))",
    ]
