"""Step 15: addresses of people are sealed; what the key is known by, and one order of sealed addresses on both databases."""

from __future__ import annotations

ORDERED = (("recipient", "address"), ("optout", "address"), ("parcel", "first"), ("parcel", "last"))


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step. Sealed addresses are letters of both cases, which a server may sort by its own language."""
    key = "CREATE TABLE people_key (id BIGINT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (id))"
    by_bytes = [f'ALTER TABLE {table} ALTER COLUMN "{name}" TYPE TEXT COLLATE "C"' for table, name in ORDERED]
    return [key] if sqlite else [key, *by_bytes]
