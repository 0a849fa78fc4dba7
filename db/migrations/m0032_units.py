"""Step 32: the tree of units, and what belongs to which."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE unit (id TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, level TEXT NOT NULL,"
        " parent TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX unit_parent ON unit (parent)",
        "CREATE TABLE unit_before (unit TEXT NOT NULL, before TEXT NOT NULL, PRIMARY KEY (unit, before))",
        *(
            f"ALTER TABLE {table} ADD COLUMN unit TEXT NOT NULL DEFAULT ''"
            for table in ("person", "item", "schedule", "audience")
        ),
        "CREATE INDEX item_unit ON item (unit, changed_at)",
    ]
