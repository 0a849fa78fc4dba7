"""Step 38: what ended on a shelf because something newer says it, and what that is."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return ["ALTER TABLE shelf ADD COLUMN replaced TEXT NOT NULL DEFAULT ''"]
