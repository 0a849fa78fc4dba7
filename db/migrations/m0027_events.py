"""Step 27: events for other systems, who receives them, and what of each parcel they were told."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE event (id TEXT NOT NULL, kind TEXT NOT NULL, at BIGINT NOT NULL, subject TEXT NOT NULL,"
        " about TEXT NOT NULL, spread BIGINT NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX event_at ON event (at)",
        "CREATE INDEX event_new ON event (at) WHERE spread = 0",
        "CREATE TABLE telling (id BIGINT NOT NULL, wanted TEXT NOT NULL, PRIMARY KEY (id))",
        "INSERT INTO telling (id, wanted) VALUES (1, '[]')",
        "CREATE TABLE journal_told (id BIGINT NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (id))",
        "INSERT INTO journal_told (id, seq) VALUES (1, 0)",
        "CREATE TABLE parcel_told (parcel BIGINT NOT NULL REFERENCES parcel (id), letters TEXT NOT NULL,"
        " round BIGINT NOT NULL, look_at BIGINT, PRIMARY KEY (parcel))",
        "CREATE INDEX parcel_told_look ON parcel_told (look_at)",
        "CREATE TABLE subscription (id TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL, kinds TEXT NOT NULL,"
        " secret TEXT NOT NULL, former TEXT NOT NULL, former_until BIGINT, made_at BIGINT NOT NULL, made_by TEXT NOT NULL,"
        " paused_at BIGINT, paused_by TEXT NOT NULL, trouble TEXT NOT NULL, worked_at BIGINT, failed_at BIGINT,"
        " failed_status BIGINT, failed_words TEXT NOT NULL, failing_since BIGINT, held_until BIGINT, PRIMARY KEY (id))",
        "CREATE TABLE outgoing (subscription TEXT NOT NULL REFERENCES subscription (id), event TEXT NOT NULL,"
        " next_at BIGINT, tries BIGINT NOT NULL, PRIMARY KEY (subscription, event))",
        "CREATE INDEX outgoing_due ON outgoing (subscription, next_at)",
    ]
