"""Step 41: training classes, and what texts invite to."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step; addresses are compared byte by byte on both."""
    bytes_ = "TEXT" if sqlite else 'TEXT COLLATE "C"'
    return [
        "ALTER TABLE revision ADD COLUMN meetings TEXT NOT NULL DEFAULT '[]'",
        "CREATE TABLE training_class (id TEXT NOT NULL, unit TEXT NOT NULL, title TEXT NOT NULL, theme TEXT NOT NULL,"
        " about TEXT NOT NULL, purpose TEXT NOT NULL, audience TEXT NOT NULL, outlets TEXT NOT NULL,"
        " capacity INTEGER NOT NULL, needed INTEGER NOT NULL, made_by TEXT NOT NULL, made_at BIGINT NOT NULL,"
        " invitation TEXT NOT NULL, list TEXT NOT NULL, invited_at BIGINT, cancelled_at BIGINT, PRIMARY KEY (id))",
        "CREATE INDEX training_class_made ON training_class (made_at, id)",
        "CREATE INDEX training_class_invitation ON training_class (invitation)",
        "CREATE TABLE training_session (id TEXT NOT NULL, klass TEXT NOT NULL, begins_at BIGINT NOT NULL,"
        " ends_at BIGINT NOT NULL, place TEXT NOT NULL, lecturer TEXT NOT NULL, reminder TEXT NOT NULL,"
        " reminded_at BIGINT, PRIMARY KEY (id))",
        "CREATE INDEX training_session_class ON training_session (klass)",
        "CREATE INDEX training_session_reminder ON training_session (reminder)",
        "CREATE INDEX training_session_begins ON training_session (begins_at)",
        "CREATE TABLE training_person (id TEXT NOT NULL, klass TEXT NOT NULL, scheme TEXT NOT NULL,"
        f" address {bytes_} NOT NULL, name TEXT NOT NULL, answer TEXT NOT NULL, how TEXT NOT NULL, answered_at BIGINT,"
        " added_at BIGINT NOT NULL, PRIMARY KEY (id), CONSTRAINT training_person_once UNIQUE (klass, scheme, address))",
        "CREATE INDEX training_person_address ON training_person (address)",
        "CREATE TABLE training_attendance (session TEXT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL,"
        " how TEXT NOT NULL, made_by TEXT NOT NULL, PRIMARY KEY (session, person))",
        "CREATE INDEX training_attendance_person ON training_attendance (person)",
        "CREATE TABLE training_material (id TEXT NOT NULL, klass TEXT NOT NULL, title TEXT NOT NULL, link TEXT NOT NULL,"
        " item TEXT NOT NULL, media TEXT NOT NULL, body TEXT NOT NULL, made_by TEXT NOT NULL, at BIGINT NOT NULL,"
        " PRIMARY KEY (id))",
        "CREATE INDEX training_material_class ON training_material (klass)",
        "CREATE TABLE training_certificate (id TEXT NOT NULL, klass TEXT NOT NULL, person TEXT NOT NULL,"
        " year INTEGER NOT NULL, number INTEGER NOT NULL, code TEXT NOT NULL, made_by TEXT NOT NULL, at BIGINT NOT NULL,"
        " PRIMARY KEY (id), CONSTRAINT training_certificate_once UNIQUE (klass, person),"
        " CONSTRAINT training_certificate_number UNIQUE (year, number),"
        " CONSTRAINT training_certificate_code UNIQUE (code))",
    ]
