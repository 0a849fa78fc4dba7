"""Step 19: which item announces the withdrawal of another, and partners' raw calls sealed, found by whom they name."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "ALTER TABLE item ADD COLUMN notice_of TEXT",
        "CREATE INDEX item_notice ON item (notice_of)",
        "ALTER TABLE callback ADD COLUMN people TEXT NOT NULL DEFAULT ''",
    ]
