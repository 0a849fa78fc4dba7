"""Step 28: outlets that are set up on the desk, and what every outlet has been through."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE outlet_setting (name TEXT NOT NULL, revision BIGINT NOT NULL, changed_at BIGINT NOT NULL,"
        " changed_by TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (name))",
        "CREATE TABLE outlet_past (id TEXT NOT NULL, outlet TEXT NOT NULL, at BIGINT NOT NULL, turn TEXT NOT NULL,"
        " by TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX outlet_past_at ON outlet_past (outlet, at)",
    ]
