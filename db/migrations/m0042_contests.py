"""Step 42: contests, the bank of questions, codes that were asked for, and who took part."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step; ids and addresses sort by their bytes on both."""
    ordered = "TEXT" if sqlite else 'TEXT COLLATE "C"'
    return [
        f"CREATE TABLE question (id {ordered} NOT NULL, unit TEXT NOT NULL, theme TEXT NOT NULL, text TEXT NOT NULL,"
        " choices TEXT NOT NULL, right_choice BIGINT NOT NULL, source TEXT NOT NULL, digest TEXT NOT NULL,"
        " added_by TEXT NOT NULL, added_at BIGINT NOT NULL, retired_at BIGINT, PRIMARY KEY (id))",
        "CREATE INDEX question_theme ON question (theme, id)",
        "CREATE INDEX question_digest ON question (digest)",
        f"CREATE TABLE contest (id {ordered} NOT NULL, unit TEXT NOT NULL, title TEXT NOT NULL, plan TEXT NOT NULL,"
        " opens_at BIGINT NOT NULL, closes_at BIGINT NOT NULL, erase_at BIGINT NOT NULL, state TEXT NOT NULL,"
        " made_by TEXT NOT NULL, made_at BIGINT NOT NULL, writers TEXT NOT NULL, questions TEXT NOT NULL,"
        " texts TEXT NOT NULL, codes TEXT NOT NULL, seed TEXT NOT NULL, approved_by TEXT NOT NULL,"
        " results TEXT NOT NULL, counted_by TEXT NOT NULL, published_at BIGINT, erased_at BIGINT, PRIMARY KEY (id))",
        "CREATE INDEX contest_state ON contest (state, erase_at)",
        "CREATE TABLE contest_code (delivery TEXT NOT NULL, contest TEXT NOT NULL,"
        f" address {ordered} NOT NULL, source TEXT NOT NULL, asked_at BIGINT NOT NULL, tries BIGINT NOT NULL,"
        " PRIMARY KEY (delivery))",
        "CREATE INDEX contest_code_contest ON contest_code (contest, asked_at)",
        f"CREATE TABLE contest_entry (id {ordered} NOT NULL, contest TEXT NOT NULL, address {ordered} NOT NULL,"
        " name TEXT NOT NULL, place TEXT NOT NULL, way TEXT NOT NULL, source TEXT NOT NULL, begun_at BIGINT NOT NULL,"
        " deadline BIGINT NOT NULL, finished_at BIGINT, questions TEXT NOT NULL, answers TEXT NOT NULL,"
        " guess BIGINT NOT NULL, placed BIGINT NOT NULL, right_answers BIGINT NOT NULL, prize TEXT NOT NULL,"
        " PRIMARY KEY (id), CONSTRAINT contest_entry_once UNIQUE (contest, address))",
        "CREATE INDEX contest_entry_address ON contest_entry (address)",
    ]
