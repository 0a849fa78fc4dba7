"""Step 5: the office's own readings, and those of one text alone."""

from __future__ import annotations

GLOSSARY = (
    "CREATE TABLE glossary (abbr TEXT NOT NULL, condition TEXT NOT NULL, spoken TEXT NOT NULL, person TEXT NOT NULL,"
    " at BIGINT NOT NULL, PRIMARY KEY (abbr, condition))"
)


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [GLOSSARY, "ALTER TABLE revision ADD COLUMN readings TEXT NOT NULL DEFAULT '[]'"]
