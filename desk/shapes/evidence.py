"""An item's evidence as the API takes it; what it answers are files."""

from __future__ import annotations

from pydantic import Field

from desk.shape import Fields

ZIP = "application/zip"


class SlipAsked(Fields):
    """Whose slip."""

    revision: int | None = Field(
        None,
        ge=1,
        le=999_999,
        description="Number of an approved revision; the one in force, else the last, when left out.",
    )
