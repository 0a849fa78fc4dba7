"""Step 33: yearly plans and handed-in reports of units, beside those of the office."""

from __future__ import annotations

PLAN = (
    "year INTEGER NOT NULL, number TEXT NOT NULL, signed TEXT NOT NULL, title TEXT NOT NULL,"
    " objectives TEXT NOT NULL, audiences TEXT NOT NULL, unit TEXT NOT NULL DEFAULT '', PRIMARY KEY (unit, year)"
)
TASK = (
    "id TEXT NOT NULL, year INTEGER NOT NULL, position INTEGER NOT NULL, words TEXT NOT NULL, theme TEXT NOT NULL,"
    " way TEXT NOT NULL, owner TEXT NOT NULL, rhythm TEXT NOT NULL, deadline TEXT NOT NULL, target INTEGER NOT NULL,"
    " unit TEXT NOT NULL DEFAULT '', PRIMARY KEY (id), FOREIGN KEY (unit, year) REFERENCES plan (unit, year)"
)
REPORT = (
    "id TEXT NOT NULL, period TEXT NOT NULL, basis TEXT NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL,"
    " figures TEXT NOT NULL, digest TEXT NOT NULL, person TEXT NOT NULL, at BIGINT NOT NULL, reason TEXT NOT NULL,"
    " unit TEXT NOT NULL DEFAULT '', PRIMARY KEY (id), CONSTRAINT report_version UNIQUE (unit, period, basis, version)"
)


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step: SQLite cannot change a table's keys, so there each is written anew."""
    return _anew() if sqlite else _in_place()


def _anew() -> list[str]:
    return [
        "ALTER TABLE plan_task RENAME TO plan_task_before",
        "ALTER TABLE plan RENAME TO plan_before",
        "ALTER TABLE report RENAME TO report_before",
        "DROP INDEX plan_task_year",
        "DROP INDEX report_at",
        f"CREATE TABLE plan ({PLAN})",
        f"CREATE TABLE plan_task ({TASK})",
        f"CREATE TABLE report ({REPORT})",
        "INSERT INTO plan SELECT *, '' FROM plan_before",
        "INSERT INTO plan_task SELECT *, '' FROM plan_task_before",
        "INSERT INTO report SELECT *, '' FROM report_before",
        "DROP TABLE plan_task_before",
        "DROP TABLE plan_before",
        "DROP TABLE report_before",
        "CREATE INDEX plan_task_year ON plan_task (unit, year, position)",
        "CREATE INDEX report_at ON report (at, id)",
    ]


def _in_place() -> list[str]:
    return [
        *(f"ALTER TABLE {table} ADD COLUMN unit TEXT NOT NULL DEFAULT ''" for table in ("plan", "plan_task", "report")),
        "ALTER TABLE plan_task DROP CONSTRAINT plan_task_year_fkey",
        "ALTER TABLE plan DROP CONSTRAINT plan_pkey",
        "ALTER TABLE plan ADD PRIMARY KEY (unit, year)",
        "ALTER TABLE plan_task ADD FOREIGN KEY (unit, year) REFERENCES plan (unit, year)",
        "ALTER TABLE report DROP CONSTRAINT report_version",
        "ALTER TABLE report ADD CONSTRAINT report_version UNIQUE (unit, period, basis, version)",
        "DROP INDEX plan_task_year",
        "CREATE INDEX plan_task_year ON plan_task (unit, year, position)",
    ]
