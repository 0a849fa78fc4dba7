"""Step 9: what of a file was written to a connection that ended before it was known to have arrived."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return ["ALTER TABLE pull ADD COLUMN doubt TEXT NOT NULL DEFAULT '[]'"]
