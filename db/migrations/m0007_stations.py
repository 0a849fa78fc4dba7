"""Step 7: pulls kept by file and not by bulletin, what each file proves, programmes of slots, stations' tokens and airings."""

from __future__ import annotations

TABLES = """
CREATE TABLE pull (
    outlet TEXT NOT NULL,
    file TEXT NOT NULL,
    size BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    checks BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    ranges TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    complete_at BIGINT,
    agent TEXT NOT NULL,
    PRIMARY KEY (outlet, file)
);

CREATE TABLE proof (
    delivery TEXT NOT NULL,
    part BIGINT NOT NULL,
    file TEXT NOT NULL,
    outlet TEXT NOT NULL,
    parts BIGINT NOT NULL,
    complete_at BIGINT,
    PRIMARY KEY (delivery, part, file)
);

CREATE TABLE programme (
    outlet TEXT NOT NULL,
    slot TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    holds TEXT NOT NULL,
    item_ids TEXT NOT NULL,
    audio TEXT,
    frozen_at BIGINT NOT NULL,
    made_at BIGINT,
    tries BIGINT NOT NULL,
    next_try_at BIGINT NOT NULL,
    owner TEXT,
    lease_until BIGINT,
    note TEXT NOT NULL,
    PRIMARY KEY (outlet, starts_at, slot)
);

CREATE TABLE station_token (
    hash TEXT NOT NULL,
    outlet TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    used_at BIGINT,
    ends_at BIGINT,
    PRIMARY KEY (hash)
);
CREATE INDEX station_token_outlet ON station_token (outlet);

CREATE TABLE airing (
    id TEXT NOT NULL,
    outlet TEXT NOT NULL,
    mark TEXT NOT NULL,
    delivery TEXT NOT NULL,
    part BIGINT NOT NULL,
    at BIGINT NOT NULL,
    seconds FLOAT,
    slot TEXT NOT NULL,
    presenter TEXT NOT NULL,
    source TEXT NOT NULL,
    line TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    noted_by TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT airing_mark UNIQUE (outlet, mark)
);
CREATE INDEX airing_delivery ON airing (delivery);
CREATE INDEX airing_at ON airing (outlet, at)
"""

# What was pulled before is kept under the delivery's own name: then a bulletin was proved by one file alone.
KEPT = (
    "INSERT INTO pull SELECT outlet, delivery, bytes, requests, 0, bytes, ranges, first_at,"
    " coalesce(complete_at, first_at), complete_at, agent FROM pull_before",
    "INSERT INTO proof SELECT delivery, 0, delivery, outlet, 1, complete_at FROM pull_before",
    "DROP TABLE pull_before",
)


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    before = ["CREATE TABLE pull_before AS SELECT * FROM pull", "DROP TABLE pull"]
    turn = "ALTER TABLE outlet ADD COLUMN shelf_turn BIGINT NOT NULL DEFAULT 0"
    return [*before, *(one.strip() for one in TABLES.split(";")), *KEPT, turn]
