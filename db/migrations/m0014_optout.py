"""Step 14: who wants to be sent nothing any more, whatever lists they stand on."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both; who was stopped on one list before is stopped on all."""
    return [
        "CREATE TABLE optout (scheme TEXT NOT NULL, address TEXT NOT NULL, at BIGINT NOT NULL, how TEXT NOT NULL,"
        " PRIMARY KEY (scheme, address))",
        "INSERT INTO optout SELECT scheme, address, min(stopped_at), '' FROM recipient WHERE stopped_at IS NOT NULL"
        " GROUP BY scheme, address",
        "UPDATE recipient SET stopped_at = (SELECT at FROM optout WHERE optout.scheme = recipient.scheme"
        " AND optout.address = recipient.address) WHERE stopped_at IS NULL AND EXISTS (SELECT 1 FROM optout"
        " WHERE optout.scheme = recipient.scheme AND optout.address = recipient.address)",
    ]
