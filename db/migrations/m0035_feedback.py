"""Step 35: what people write to the office."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step; addresses are compared byte by byte on both."""
    bytes_ = "TEXT" if sqlite else 'TEXT COLLATE "C"'
    return [
        "CREATE TABLE feedback (id TEXT NOT NULL, unit TEXT NOT NULL, source TEXT NOT NULL, outlet TEXT NOT NULL,"
        f" mark TEXT NOT NULL, scheme TEXT NOT NULL, address {bytes_} NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL,"
        " about TEXT NOT NULL, theme TEXT NOT NULL, received_at BIGINT NOT NULL, answer TEXT NOT NULL, told_at BIGINT,"
        " closed_at BIGINT, closed_by TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (id),"
        " CONSTRAINT feedback_once UNIQUE (mark))",
        "CREATE INDEX feedback_received ON feedback (received_at, id)",
        "CREATE INDEX feedback_address ON feedback (address)",
        "CREATE INDEX feedback_answer ON feedback (answer)",
    ]
