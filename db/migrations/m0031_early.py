"""Step 31: occurrences of which only the outlets whose partner reviews first were opened, before their moment."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "ALTER TABLE occurrence ADD COLUMN early BIGINT NOT NULL DEFAULT 0",
        "CREATE INDEX occurrence_early ON occurrence (due_at) WHERE early = 1",
    ]
