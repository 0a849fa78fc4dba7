"""Step 2: the latest moment the database has seen, to notice a clock that was set back while nobody looked."""

from __future__ import annotations

TABLE = """
CREATE TABLE clock_mark (
    id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
)
"""


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step, the same on both."""
    return [TABLE.strip(), "INSERT INTO clock_mark (id, at) VALUES (1, 0)"]
