"""Step 42: what texts invite to."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step."""
    return ["ALTER TABLE revision ADD COLUMN meetings TEXT NOT NULL DEFAULT '[]'"]
