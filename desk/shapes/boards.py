"""Notice boards as the API takes and tells them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from channels.board.sheet import Deed, Standing, Way
from desk.boards.doing import NAME_LETTERS
from desk.shape import Fields, Told, Upload


class SheetAsked(Fields):
    """On which paper; the board's own when left out."""

    paper: Literal["", "a4", "a3"] = ""


class PhotoAsked(Fields):
    """Which of the two photos."""

    deed: Deed = Deed.POSTED


class SheetSaid(Fields):
    """Who posted a sheet or took it down (whoever says so, when left out), and a photo of it."""

    by: str = Field("", max_length=NAME_LETTERS)
    photo: Upload = Field(None, description="JPEG, PNG or WebP, 12 MB at most; kept small and without its place.")


class SaidTold(Told):
    """What was said of a sheet: when, by whom, in which way, and whether a photo came with it."""

    at: str
    by: str
    way: Way
    photo: bool


class SheetTold(Told):
    """A sheet of a board; `code` is printed on it."""

    delivery: str
    title: str
    klass: str = Field(alias="class")
    standing: Standing
    code: str
    since: str
    until: str | None
    withdrawn_at: str | None
    posted: SaidTold | None
    down: SaidTold | None


class BoardTold(Told):
    """A board with its sheets, what is to be done first."""

    outlet: str
    title: str
    place: str
    screen: str | None = Field(description="Address of the page for a screen.")
    sheets: list[SheetTold]


class BoardsTold(Told):
    """All of them."""

    boards: list[BoardTold]
