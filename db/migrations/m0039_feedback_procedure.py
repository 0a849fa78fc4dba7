"""Step 39: which procedure a question is about."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return ["ALTER TABLE feedback ADD COLUMN procedure TEXT NOT NULL DEFAULT ''"]
