"""Step 13: what partners are asked to take back."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE retraction (outlet TEXT NOT NULL, item TEXT NOT NULL, slug TEXT NOT NULL, title TEXT NOT NULL,"
        " asked_at BIGINT NOT NULL, next_try_at BIGINT, tries BIGINT NOT NULL, done_at BIGINT, note TEXT NOT NULL,"
        " PRIMARY KEY (outlet, item))",
        "CREATE INDEX retraction_due ON retraction (next_try_at)",
    ]
