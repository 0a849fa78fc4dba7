"""Step 44: how many deliveries of a parcel are in which state, counted by the database itself."""

from __future__ import annotations

LETTERS = {
    "pending": "p",
    "sending": "i",
    "sent": "s",
    "confirmed": "c",
    "failed": "f",
    "unsure": "u",
    "missed": "m",
    "cancelled": "x",
}


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step: PostgreSQL keeps the counts in the row, SQLite in the index by which they are looked for."""
    columns = [
        f"ADD COLUMN {state} INTEGER GENERATED ALWAYS AS (length(letters) - length(replace(letters, '{letter}', '')))"
        for state, letter in LETTERS.items()
    ]
    if not sqlite:
        return ["ALTER TABLE parcel " + ", ".join(f"{column} STORED" for column in columns)]
    return [
        *(f"ALTER TABLE parcel {column} VIRTUAL" for column in columns),
        "DROP INDEX parcel_occurrence",
        f"CREATE INDEX parcel_counted ON parcel (occurrence, outlet, turn, {', '.join(LETTERS)})",
    ]
