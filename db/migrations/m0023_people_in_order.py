"""Step 23: people of a list lie on disk in the order in which a list is frozen, one read instead of one a person (SQLite)."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step. PostgreSQL has no such table, and reads in another process anyway."""
    if not sqlite:
        return []
    return [
        "CREATE TABLE recipient_in_order (audience TEXT NOT NULL REFERENCES audience (id), scheme TEXT NOT NULL,"
        " address TEXT NOT NULL, name TEXT NOT NULL, consent TEXT NOT NULL, added_at BIGINT NOT NULL, stopped_at BIGINT,"
        " tags TEXT NOT NULL DEFAULT '', consent_at BIGINT, intake TEXT, line INTEGER NOT NULL DEFAULT 0,"
        " PRIMARY KEY (audience, scheme, address)) WITHOUT ROWID",
        "INSERT INTO recipient_in_order SELECT audience, scheme, address, name, consent, added_at, stopped_at, tags,"
        " consent_at, intake, line FROM recipient ORDER BY audience, scheme, address",
        "DROP TABLE recipient",
        "ALTER TABLE recipient_in_order RENAME TO recipient",
    ]
