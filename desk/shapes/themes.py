"""Themes as the API takes and tells them."""

from __future__ import annotations

from pydantic import Field

from desk.shape import Fields, Listed, Needed, Told


class ThemeFields(Fields):
    """A theme."""

    title: Needed = Field(max_length=200)
    id: str = Field("", description="Of one that is to have this title; a new one when left out.")
    position: str = Field("", description="Its place in the list, from 1; where it is, or last, when left out.")


class ThemeTold(Told):
    """A theme."""

    id: str
    title: str


ThemesTold = Listed[ThemeTold]
