"""Step 30: the yearly plan and its tasks."""

from __future__ import annotations


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [
        "CREATE TABLE plan (year INTEGER NOT NULL, number TEXT NOT NULL, signed TEXT NOT NULL, title TEXT NOT NULL,"
        " objectives TEXT NOT NULL, audiences TEXT NOT NULL, PRIMARY KEY (year))",
        "CREATE TABLE plan_task (id TEXT NOT NULL, year INTEGER NOT NULL REFERENCES plan (year), position INTEGER NOT NULL,"
        " words TEXT NOT NULL, theme TEXT NOT NULL, way TEXT NOT NULL, owner TEXT NOT NULL, rhythm TEXT NOT NULL,"
        " deadline TEXT NOT NULL, target INTEGER NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX plan_task_year ON plan_task (year, position)",
    ]
