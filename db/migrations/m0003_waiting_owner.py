"""Step 3: who holds what is to be tried again is found without going through all that waits."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return ["CREATE INDEX waiting_owner ON waiting (owner) WHERE owner IS NOT NULL"]
