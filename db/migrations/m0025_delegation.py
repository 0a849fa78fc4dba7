"""Step 25: who approves in whose stead, from when to when."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE delegation (id TEXT NOT NULL, giver TEXT NOT NULL REFERENCES person (id),"
        " receiver TEXT NOT NULL REFERENCES person (id), begins_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,"
        " note TEXT NOT NULL, made_at BIGINT NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX delegation_receiver ON delegation (receiver, ends_at)",
    ]
