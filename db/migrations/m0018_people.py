"""Step 18: what is known of people on a list (tags), where their consent comes from, and lists that are a part of another."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE intake (id TEXT NOT NULL, audience TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,"
        " taken_by TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (id))",
        "ALTER TABLE recipient ADD COLUMN tags TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE recipient ADD COLUMN consent_at BIGINT",
        "ALTER TABLE recipient ADD COLUMN intake TEXT",
        "ALTER TABLE recipient ADD COLUMN line INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE audience ADD COLUMN part_of TEXT",
        "ALTER TABLE audience ADD COLUMN conditions TEXT NOT NULL DEFAULT '[]'",
    ]
