"""Step 36: sheets of notice boards, posted and taken down, with photos."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        'CREATE TABLE posting (delivery TEXT NOT NULL, deed TEXT NOT NULL, outlet TEXT NOT NULL, "at" BIGINT NOT NULL,'
        ' "by" TEXT NOT NULL, way TEXT NOT NULL, photo TEXT NOT NULL, PRIMARY KEY (delivery, deed))',
        'CREATE INDEX posting_outlet ON posting (outlet, "at")',
        "CREATE TABLE posting_photo (sha256 TEXT NOT NULL, jpeg TEXT NOT NULL, PRIMARY KEY (sha256))",
    ]
