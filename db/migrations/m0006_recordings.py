"""Step 6: recordings keep their master and may have variants; a revision may be read by a person, an item be a version."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "ALTER TABLE recording ADD COLUMN master TEXT",
        "ALTER TABLE recording ADD COLUMN variant_of TEXT",
        "ALTER TABLE recording ADD COLUMN format TEXT",
        "ALTER TABLE recording ADD COLUMN lufs FLOAT",
        "ALTER TABLE revision ADD COLUMN recorded TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE item ADD COLUMN original TEXT",
        "CREATE INDEX recording_sha256 ON recording (sha256)",
        "CREATE INDEX recording_variant_of ON recording (variant_of)",
        "CREATE INDEX item_original ON item (original)",
    ]
