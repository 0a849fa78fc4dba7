"""Step 20: the second step of signing in: its sealed secrets, which codes were used, and the recovery codes that are left."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE second_step (person TEXT NOT NULL REFERENCES person (id), secret TEXT NOT NULL, since BIGINT,"
        " removed_at BIGINT, removed_by TEXT, PRIMARY KEY (person))",
        "CREATE TABLE used_code (person TEXT NOT NULL REFERENCES person (id), number BIGINT NOT NULL,"
        " PRIMARY KEY (person, number))",
        "CREATE TABLE recovery_code (person TEXT NOT NULL REFERENCES person (id), mark TEXT NOT NULL,"
        " PRIMARY KEY (person, mark))",
    ]
