"""Step 43: how long the recording of each part lasts, beside each bulletin on a shelf."""

from __future__ import annotations

_SQLITE = "SELECT json_group_array(json_extract(value, '$.audio.seconds')) FROM json_each(bulletin, '$.parts')"
_POSTGRESQL = (
    "SELECT coalesce(json_agg(CAST(part #>> '{audio,seconds}' AS DOUBLE PRECISION) ORDER BY place), '[]')::text"
    " FROM json_array_elements(CAST(bulletin AS json) -> 'parts') WITH ORDINALITY AS each (part, place)"
)


def statements(*, sqlite: bool) -> list[str]:
    """The SQL of this step."""
    return [
        "ALTER TABLE shelf ADD COLUMN seconds TEXT NOT NULL DEFAULT '[]'",
        f"UPDATE shelf SET seconds = ({_SQLITE if sqlite else _POSTGRESQL})",  # noqa: S608 (both stand above)
    ]
