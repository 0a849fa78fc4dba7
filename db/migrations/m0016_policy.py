"""Step 16: what a text is for; whom messages reached lately, what was held back by which rule, who wants no advertising."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step."""
    without_rowid = " WITHOUT ROWID" if sqlite else ""
    return [
        "ALTER TABLE revision ADD COLUMN purpose TEXT NOT NULL DEFAULT 'outreach'",
        "CREATE TABLE contact (parcel BIGINT NOT NULL, seq BIGINT NOT NULL, address TEXT NOT NULL,"
        f" at BIGINT NOT NULL, advert BIGINT NOT NULL, PRIMARY KEY (parcel, seq)){without_rowid}",
        "CREATE INDEX contact_address ON contact (address, at)",
        "CREATE INDEX contact_at ON contact (at)",
        "CREATE TABLE held (parcel BIGINT NOT NULL, seq BIGINT NOT NULL, rule TEXT NOT NULL,"
        " at BIGINT NOT NULL, detail TEXT NOT NULL, number BIGINT NOT NULL, PRIMARY KEY (parcel, seq))",
        "CREATE INDEX held_rule ON held (rule, at)",
        "CREATE TABLE no_advert (address TEXT NOT NULL, added_at BIGINT NOT NULL, PRIMARY KEY (address))",
    ]
