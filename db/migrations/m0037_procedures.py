"""Step 37: administrative procedures, their changes, and the items that speak of them."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step; codes and ids sort by their bytes on both."""
    ordered = "TEXT" if sqlite else 'TEXT COLLATE "C"'
    return [
        f"CREATE TABLE procedure (code {ordered} NOT NULL, name TEXT NOT NULL, field TEXT NOT NULL, level TEXT NOT NULL,"
        " authority TEXT NOT NULL, time_limit TEXT NOT NULL, fee TEXT NOT NULL, dossier TEXT NOT NULL,"
        " legal_basis TEXT NOT NULL, decision TEXT NOT NULL, effective TEXT NOT NULL, status TEXT NOT NULL,"
        " folded TEXT NOT NULL, PRIMARY KEY (code))",
        f"CREATE TABLE procedure_change (id {ordered} NOT NULL, code TEXT NOT NULL, at BIGINT NOT NULL,"
        " person TEXT NOT NULL, source TEXT NOT NULL, was_new TEXT NOT NULL, differences TEXT NOT NULL,"
        " item TEXT NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX procedure_change_code ON procedure_change (code, id)",
        "CREATE INDEX procedure_change_item ON procedure_change (item)",
        f"CREATE TABLE item_procedure (item TEXT NOT NULL, code TEXT NOT NULL, seen {ordered} NOT NULL,"
        " PRIMARY KEY (item, code))",
        "CREATE TABLE procedure_source (source TEXT NOT NULL, digest TEXT NOT NULL, at BIGINT NOT NULL,"
        " fault TEXT NOT NULL, PRIMARY KEY (source))",
        "CREATE INDEX item_procedure_code ON item_procedure (code)",
    ]
