"""Step 4: how much of an outlet's daily quota is used, and of which day."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    columns = ("quota_day", "quota_used")
    return [f"ALTER TABLE outlet ADD COLUMN {column} BIGINT NOT NULL DEFAULT 0" for column in columns]
