"""Step 40: texts that go along in other bulletins by rule, what each run carries, and what shelves hold of it."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        """CREATE TABLE ride (
    id TEXT NOT NULL,
    item TEXT NOT NULL,
    revision TEXT NOT NULL,
    text TEXT NOT NULL,
    outlets TEXT NOT NULL,
    themes TEXT NOT NULL,
    begins TEXT NOT NULL,
    ends TEXT NOT NULL,
    weeks BIGINT NOT NULL,
    share BIGINT NOT NULL,
    unit TEXT NOT NULL,
    state TEXT NOT NULL,
    digest TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT,
    note TEXT NOT NULL,
    seen BIGINT NOT NULL,
    carried BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (item) REFERENCES item (id)
)""",
        "CREATE INDEX ride_state ON ride (state, ends)",
        "CREATE INDEX ride_item ON ride (item)",
        "ALTER TABLE occurrence ADD COLUMN riders TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE shelf ADD COLUMN carries TEXT NOT NULL DEFAULT '[]'",
    ]
