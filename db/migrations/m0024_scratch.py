"""Step 24: what people are writing and have not saved yet."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE scratch (person TEXT NOT NULL REFERENCES person (id), place TEXT NOT NULL, item TEXT NOT NULL,"
        " title TEXT NOT NULL, form TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (person, place))",
        "CREATE INDEX scratch_item ON scratch (item, at)",
    ]
