"""A sheet of a notice board: one bulletin on paper, from the printer to the bin; pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from channels.channel import Shelved
from config.words import Word
from content.bulletin import Part
from db.types import LETTERS

CODE_LETTERS = 8
"""Of a sheet's code: 40 bits, asked for no faster than the door lets anybody knock."""


class Deed(StrEnum):
    """What is done to a sheet, each once."""

    POSTED = "posted"
    DOWN = "down"

    @property
    def title_vi(self) -> Word:
        """As it stands in the log."""
        return Word("đã dán", "posted") if self is Deed.POSTED else Word("đã gỡ", "taken down")


class Way(StrEnum):
    """How it was said: a tap on the board's page, the code on the sheet, or at the desk."""

    TAP = "tap"
    CODE = "code"
    DESK = "desk"

    @property
    def title_vi(self) -> Word:
        """As it stands in the log."""
        return {
            "tap": Word("bấm trên trang của bảng tin", "tap on the board's page"),
            "code": Word("mã trên tờ", "code on the sheet"),
            "desk": Word("ghi ở bàn làm việc", "noted at the desk"),
        }[self.value]


class Standing(StrEnum):
    """How a sheet stands: what is to be done with it, or what became of it."""

    TO_POST = "to_post"
    TO_TAKE_DOWN = "to_take_down"
    UP = "up"
    DOWN = "down"
    NEVER = "never"

    @property
    def title_vi(self) -> Word:
        """On screen."""
        return {
            "to_post": Word("cần in và dán", "to be printed and posted"),
            "to_take_down": Word("cần gỡ", "to be taken down"),
            "up": Word("đang dán", "posted"),
            "down": Word("đã gỡ", "taken down"),
            "never": Word("hết hạn khi chưa dán", "expired before it was posted"),
        }[self.value]


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody's word that a sheet was posted or taken down: when, who (as they call themselves), how, with which photo."""

    delivery: str
    outlet: str
    deed: Deed
    at: datetime
    by: str
    way: Way
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A bulletin on a board's shelf with what was said of its sheet."""

    shelved: Shelved
    posted: Said | None = None
    down: Said | None = None

    @property
    def delivery(self) -> str:
        """Whose sheet it is."""
        return self.shelved.delivery

    @property
    def parts(self) -> tuple[Part, ...]:
        """The texts on it, in running order."""
        return self.shelved.bulletin.parts

    def ended_at(self, now: datetime) -> datetime | None:
        """Since when it is over or withdrawn, if it is."""
        ends = (self.shelved.withdrawn_at, self.shelved.until, self.shelved.bulletin.valid_until)
        return min((end for end in ends if end is not None and end <= now), default=None)

    def standing(self, now: datetime) -> Standing:
        """What is to be done with it."""
        over = self.ended_at(now) is not None
        if self.down is not None:
            return Standing.DOWN
        if self.posted is None:
            return Standing.NEVER if over else Standing.TO_POST
        return Standing.TO_TAKE_DOWN if over else Standing.UP

    def next_deed(self, now: datetime) -> Deed | None:
        """What somebody who holds its code may say now; what hangs and is in force is not taken down by a passer-by."""
        return {Standing.TO_POST: Deed.POSTED, Standing.TO_TAKE_DOWN: Deed.DOWN}.get(self.standing(now))


def sheets_of(shelved: Iterable[Shelved], said: Mapping[str, Iterable[Said]]) -> list[Sheet]:
    """Each with what was said of it, in the order of the shelf."""
    found = []
    for one in shelved:
        words = {word.deed: word for word in said.get(one.delivery, ())}
        found.append(Sheet(one, words.get(Deed.POSTED), words.get(Deed.DOWN)))
    return found


def in_order(sheets: Iterable[Sheet]) -> list[Sheet]:
    """Urgent ones first, then priority; of a class the newest first."""
    newest = sorted(sheets, key=lambda one: one.shelved.since, reverse=True)
    return sorted(newest, key=lambda one: one.shelved.bulletin.klass.rank)


def code_of(delivery: str, key: bytes) -> str:
    """The code on a delivery's sheet, as it is compared: letters that are not mistaken for one another."""
    digest = hmac.new(key, delivery.encode(), hashlib.sha256).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:CODE_LETTERS]).upper()


def written(code: str) -> str:
    """In two groups, as people copy it."""
    return f"{code[:4]}-{code[4:]}"


def read_code(given: str) -> str:
    """What was typed, without what people put in between, and with what they take for other letters set right."""
    plain = "".join(letter for letter in given.upper() if letter.isascii() and letter.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))
