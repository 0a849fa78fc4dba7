"""Step 17: which parcels partners are to be asked about, and when."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both; what was sent before it is not asked about."""
    return [
        "CREATE TABLE inquiry (parcel BIGINT NOT NULL REFERENCES parcel (id), outlet TEXT NOT NULL,"
        " due_at BIGINT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (parcel, outlet))",
        "CREATE INDEX inquiry_due ON inquiry (outlet, due_at)",
    ]
