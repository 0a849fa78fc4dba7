"""Step 11: the music under programmes, as the office has chosen it on the desk."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE bed (master TEXT NOT NULL, file TEXT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL,"
        " PRIMARY KEY (master))"
    ]
