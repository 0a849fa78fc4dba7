"""Step 1: the house as it was first built."""

from __future__ import annotations

TABLES = """
CREATE TABLE theme (
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    position INTEGER NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (id)
);

CREATE TABLE item (
    id TEXT NOT NULL,
    slug TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    search TEXT NOT NULL,
    revision TEXT NOT NULL,
    approved TEXT,
    klass TEXT NOT NULL,
    theme TEXT NOT NULL,
    valid_until BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug)
);
CREATE INDEX item_state ON item (state, changed_at);

CREATE TABLE revision (
    id TEXT NOT NULL,
    item TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    article TEXT NOT NULL,
    script TEXT NOT NULL,
    spoken TEXT NOT NULL,
    short TEXT NOT NULL,
    chat TEXT NOT NULL,
    derived TEXT NOT NULL,
    theme TEXT NOT NULL,
    klass TEXT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    source TEXT NOT NULL,
    byline TEXT NOT NULL,
    language TEXT NOT NULL,
    writer TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT revision_number UNIQUE (item, number),
    FOREIGN KEY(item) REFERENCES item (id)
);

CREATE TABLE approval (
    id TEXT NOT NULL,
    thing TEXT NOT NULL,
    digest TEXT NOT NULL,
    verdict TEXT NOT NULL,
    person TEXT NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL,
    recording TEXT,
    PRIMARY KEY (id)
);
CREATE INDEX approval_thing ON approval (thing, at);

CREATE TABLE recording (
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    name TEXT,
    sha256 TEXT,
    bytes BIGINT,
    seconds FLOAT,
    loudness FLOAT,
    peak FLOAT,
    voice TEXT,
    note TEXT,
    made_at BIGINT,
    tries INTEGER NOT NULL,
    next_try_at BIGINT NOT NULL,
    owner TEXT,
    lease_until BIGINT,
    PRIMARY KEY (key)
);

CREATE TABLE outlet (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    applied_at BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    worked_at BIGINT,
    trouble TEXT NOT NULL,
    paused_at BIGINT,
    paused_by TEXT,
    free_at BIGINT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE outlet_keep (
    outlet TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (outlet, name)
);

CREATE TABLE audience (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE recipient (
    audience TEXT NOT NULL,
    scheme TEXT NOT NULL,
    address TEXT NOT NULL,
    name TEXT NOT NULL,
    consent TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    stopped_at BIGINT,
    PRIMARY KEY (audience, scheme, address),
    FOREIGN KEY(audience) REFERENCES audience (id)
);

CREATE TABLE shelf (
    delivery TEXT NOT NULL,
    outlet TEXT NOT NULL,
    holds TEXT NOT NULL,
    bulletin TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    withdrawn_at BIGINT,
    PRIMARY KEY (delivery)
);
CREATE INDEX shelf_since ON shelf (outlet, since);

CREATE TABLE pull (
    delivery TEXT NOT NULL,
    outlet TEXT NOT NULL,
    requests INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    ranges TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    complete_at BIGINT,
    agent TEXT NOT NULL,
    PRIMARY KEY (delivery)
);

CREATE TABLE callback (
    id TEXT NOT NULL,
    outlet TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    said TEXT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX callback_state ON callback (state, received_at);

CREATE TABLE schedule (
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    pinned TEXT NOT NULL,
    outlets TEXT NOT NULL,
    audience TEXT NOT NULL,
    rule TEXT NOT NULL,
    zone TEXT NOT NULL,
    klass TEXT NOT NULL,
    start BIGINT NOT NULL,
    until BIGINT,
    missed TEXT NOT NULL,
    state TEXT NOT NULL,
    digest TEXT NOT NULL,
    next_due_at BIGINT,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX schedule_due ON schedule (state, next_due_at);

CREATE TABLE occurrence (
    id TEXT NOT NULL,
    schedule TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    klass TEXT NOT NULL,
    pinned TEXT NOT NULL,
    outlets TEXT NOT NULL,
    audience TEXT NOT NULL,
    outlet_at INTEGER NOT NULL,
    address_at TEXT NOT NULL,
    size INTEGER NOT NULL,
    until BIGINT,
    planned_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT occurrence_due UNIQUE (schedule, due_at),
    FOREIGN KEY(schedule) REFERENCES schedule (id)
);
CREATE INDEX occurrence_state ON occurrence (state, due_at);

CREATE TABLE parcel (
    id BIGINT NOT NULL,
    occurrence TEXT NOT NULL,
    outlet TEXT NOT NULL,
    rank INTEGER NOT NULL,
    turn BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    state TEXT NOT NULL,
    size INTEGER NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    cursor INTEGER NOT NULL,
    letters TEXT NOT NULL,
    window_at BIGINT,
    owner TEXT,
    lease_until BIGINT,
    epoch INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(occurrence) REFERENCES occurrence (id)
);
CREATE INDEX parcel_turn ON parcel (outlet, state, rank, turn);
CREATE INDEX parcel_due ON parcel (due_at) WHERE state = 'open';
CREATE INDEX parcel_occurrence ON parcel (occurrence, outlet, turn);
CREATE INDEX parcel_owner ON parcel (owner);

CREATE TABLE parcel_recipients (
    parcel BIGINT NOT NULL,
    recipients TEXT NOT NULL,
    PRIMARY KEY (parcel),
    FOREIGN KEY(parcel) REFERENCES parcel (id)
);

CREATE TABLE waiting (
    parcel BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    outlet TEXT NOT NULL,
    rank INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    tries INTEGER NOT NULL,
    why TEXT NOT NULL,
    crashes INTEGER NOT NULL,
    owner TEXT,
    lease_until BIGINT,
    PRIMARY KEY (parcel, seq),
    FOREIGN KEY(parcel) REFERENCES parcel (id)
);
CREATE INDEX waiting_due ON waiting (outlet, owner, due_at);

CREATE TABLE attempt (
    parcel BIGINT NOT NULL,
    at BIGINT NOT NULL,
    ms INTEGER NOT NULL,
    seq SMALLINT NOT NULL,
    n SMALLINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (parcel, seq, n)
){without_rowid};
CREATE INDEX attempt_reference ON attempt (reference) WHERE reference <> '';

CREATE TABLE orphan (
    id BIGINT NOT NULL,
    found_at BIGINT NOT NULL,
    parcel BIGINT NOT NULL,
    at BIGINT NOT NULL,
    ms INTEGER NOT NULL,
    seq SMALLINT NOT NULL,
    n SMALLINT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX orphan_parcel ON orphan (parcel, seq);

CREATE TABLE receipt (
    parcel BIGINT NOT NULL,
    seq INTEGER NOT NULL,
    stage TEXT NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (parcel, seq, stage),
    FOREIGN KEY(parcel) REFERENCES parcel (id)
){without_rowid};

CREATE TABLE journal (
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    person TEXT NOT NULL,
    verb TEXT NOT NULL,
    thing TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (seq)
);
CREATE INDEX journal_thing ON journal (thing, seq);

CREATE TABLE journal_head (
    id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE person (
    id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    password TEXT NOT NULL,
    roles TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (id),
    UNIQUE (login),
    UNIQUE (name)
);

CREATE TABLE session (
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    form_token TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(person) REFERENCES person (id)
);

CREATE TABLE api_token (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    person TEXT NOT NULL,
    scopes TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    until BIGINT,
    used_at BIGINT,
    PRIMARY KEY (id),
    FOREIGN KEY(person) REFERENCES person (id)
)
"""

FIRST_HEAD = "INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, '" + "0" * 64 + "')"

ONLY_APPENDED_SQLITE = (
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal"
    " BEGIN SELECT RAISE(ABORT, 'the journal is only ever appended to'); END",
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal"
    " BEGIN SELECT RAISE(ABORT, 'the journal is only ever appended to'); END",
)

ONLY_APPENDED_POSTGRESQL = (
    "CREATE FUNCTION journal_only_appended() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the journal is only ever appended to'; END $$",
    "CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
    " FOR EACH STATEMENT EXECUTE FUNCTION journal_only_appended()",
)


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step. Attempts are by far the most rows: without a row id SQLite keeps them in their key."""
    tables = TABLES.format(without_rowid=" WITHOUT ROWID" if sqlite else "")
    made = [statement.strip() for statement in tables.split(";\n") if statement.strip()]
    return [*made, FIRST_HEAD, *(ONLY_APPENDED_SQLITE if sqlite else ONLY_APPENDED_POSTGRESQL)]
