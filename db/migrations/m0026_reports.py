"""Step 26: reports that were handed in, with their figures as they were."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE report (id TEXT NOT NULL, period TEXT NOT NULL, basis TEXT NOT NULL, version INTEGER NOT NULL,"
        " title TEXT NOT NULL, figures TEXT NOT NULL, digest TEXT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL,"
        " reason TEXT NOT NULL, PRIMARY KEY (id), CONSTRAINT report_version UNIQUE (period, basis, version))",
        "CREATE INDEX report_at ON report (at, id)",
    ]
