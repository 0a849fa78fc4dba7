"""Step 22: answers of the API kept under the key of their request."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE kept_answer (person TEXT NOT NULL REFERENCES person (id), key TEXT NOT NULL, digest TEXT NOT NULL,"
        " claim TEXT NOT NULL, begun_at BIGINT NOT NULL, done_at BIGINT, status INTEGER, headers TEXT, body TEXT,"
        " PRIMARY KEY (person, key))",
        "CREATE INDEX kept_answer_begun ON kept_answer (begun_at)",
    ]
