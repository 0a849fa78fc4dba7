"""Step 34: items passed down to units."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE passing (id TEXT NOT NULL, item TEXT NOT NULL REFERENCES item (id), unit TEXT NOT NULL,"
        " state TEXT NOT NULL, passed_by TEXT NOT NULL, passed_at BIGINT NOT NULL, note TEXT NOT NULL,"
        " decided_by TEXT NOT NULL, decided_at BIGINT, reason TEXT NOT NULL, local TEXT NOT NULL, PRIMARY KEY (id),"
        " CONSTRAINT passing_once UNIQUE (item, unit))",
        "CREATE INDEX passing_unit ON passing (unit, state, passed_at)",
    ]
