"""Step 21: occurrences by their moment, for the calendar; everything paused at once, and which schedules that paused."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE INDEX occurrence_due_at ON occurrence (due_at)",
        "ALTER TABLE schedule ADD COLUMN stilled BIGINT NOT NULL DEFAULT 0",
        "CREATE TABLE standstill (id BIGINT NOT NULL, at BIGINT, person TEXT NOT NULL, reason TEXT NOT NULL,"
        " urgent BIGINT NOT NULL, PRIMARY KEY (id))",
        "INSERT INTO standstill (id, at, person, reason, urgent) VALUES (1, NULL, '', '', 0)",
    ]
