"""What the screen at a counter is told: the sheets in force as small JSON, the same bytes while nothing changes; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from channels.board.sheet import Sheet, in_order
from channels.channel import Shelved
from content.markup import plain_text
from db.types import to_json

MOST = 40
"""Sheets a screen goes round with: at twelve seconds each a visitor who waits sees most of them."""


def shown(shelf: Sequence[Shelved], now: datetime) -> list[Shelved]:
    """In force now, urgent ones first."""
    sheets = [Sheet(one) for one in shelf]
    return [one.shelved for one in in_order(one for one in sheets if one.ended_at(now) is None)][:MOST]


def paragraphs(article: str) -> list[str]:
    """A text as a screen and a sheet of paper have it: its lines, without markup."""
    return [line.strip() for line in plain_text(article).splitlines() if line.strip()]


def screen_json(shelf: Sequence[Shelved], now: datetime, lit: tuple[str, str], seconds: int) -> bytes:
    """`sheets`, each until its end (milliseconds since 1970, null for none); `lit` from when to when; `seconds` a page."""
    told = {
        "lit": lit,
        "seconds": seconds,
        "sheets": [
            {
                "id": f"{one.delivery}.{number}",
                "class": one.bulletin.klass.value,
                "title": part.title,
                "lines": paragraphs(part.article),
                "until": _end(one),
            }
            for one in shown(shelf, now)
            for number, part in enumerate(one.bulletin.parts)
        ],
    }
    return to_json(told).encode()


def _end(one: Shelved) -> int | None:
    ends = [end for end in (one.until, one.bulletin.valid_until) if end is not None]
    return int(min(ends).timestamp() * 1000) if ends else None
