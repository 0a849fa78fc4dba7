"""Step 8: which of two voices people found better."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE listening (id TEXT NOT NULL, person TEXT NOT NULL, sentence TEXT NOT NULL, first TEXT NOT NULL,"
        " second TEXT NOT NULL, made_at BIGINT NOT NULL, better TEXT, judged_at BIGINT, PRIMARY KEY (id))"
    ]
