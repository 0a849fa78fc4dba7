"""Step 29: the log is looked through by why something did not arrive; only what did not takes room for it."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE INDEX attempt_reason ON attempt (reason, parcel) WHERE reason <> ''",
        "CREATE INDEX receipt_reason ON receipt (reason, parcel) WHERE reason <> ''",
    ]
