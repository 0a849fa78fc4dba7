"""Look: the cards of a clip, drawn at 1920x1080: title, the sentence that is read, the end. All stands within the safe area.

Blocks for some tens of milliseconds a card: call it from a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.film.cues import wrapped

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont
else:
    Image, ImageDraw, ImageFont = lazily("PIL.Image"), lazily("PIL.ImageDraw"), lazily("PIL.ImageFont")

WIDTH, HEIGHT = 1920, 1080
EDGE_X, EDGE_Y = 134, 76
"""EBU R 95: graphics stay off the outer 5 % of height, and more of the width; a little more for old sets."""
GROUND, DEEP, GOLD, WHITE, SOFT = "#7d1416", "#4d0b0d", "#f5b82e", "#ffffff", "#f3d9d9"
SERIF, SANS = "noto-serif-bold.ttf", "be-vietnam-pro-regular.ttf"
TITLE_SIZES = (96, 84, 72, 60, 50)
MOST_TITLE_LINES = 5
SUBTITLE_SIZE = 58
SUBTITLE_LEADING = 76


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on the cards besides the sentences, ready to be read."""

    office: str
    title: str
    day: str
    source: str
    notice: str


def title_card(words: Words) -> Image.Image:
    """The office, the title, the day."""
    card = _ground().copy()
    pen = ImageDraw.Draw(card)
    pen.text((EDGE_X, EDGE_Y + 60), words.office.upper(), font=_font(SANS, 40), fill=SOFT)
    pen.rectangle((EDGE_X, EDGE_Y + 132, EDGE_X + 220, EDGE_Y + 140), fill=GOLD)
    size, found = _title_lines(words.title)
    top = 540 - len(found) * size * 0.66
    for place, line in enumerate(found):
        pen.text((EDGE_X, top + place * size * 1.32), line, font=_font(SERIF, size), fill=WHITE)
    pen.text((EDGE_X, HEIGHT - EDGE_Y - 80), words.day, font=_font(SANS, 40), fill=GOLD)
    return card


def sentence_card(words: Words, lines: tuple[str, ...]) -> Image.Image:
    """The title above, and the lines that are being read where subtitles stand."""
    card = _body(words).copy()
    pen = ImageDraw.Draw(card)
    font = _font(SANS, SUBTITLE_SIZE)
    top = HEIGHT - EDGE_Y - 40 - len(lines) * SUBTITLE_LEADING
    for place, line in enumerate(lines):
        left, y = (WIDTH - pen.textlength(line, font=font)) / 2, top + place * SUBTITLE_LEADING
        box = (left - 24, y - 6, WIDTH - left + 24, y + SUBTITLE_LEADING - 6)
        pen.rectangle(box, fill="#000000")
        pen.text((left, y), line, font=font, fill=WHITE)
    return card


def end_card(words: Words) -> Image.Image:
    """Who says it, where it is from, and that a machine read it, if one did."""
    card = _ground().copy()
    pen = ImageDraw.Draw(card)
    said = [(words.office, SERIF, 64, WHITE), (words.source, SANS, 40, SOFT), (words.notice, SANS, 34, GOLD)]
    top = 420.0
    for text, face, size, fill in said:
        for line in _broken(text, face, size) if text else ():
            pen.text((WIDTH / 2, top), line, font=_font(face, size), fill=fill, anchor="ma")
            top += size * 1.5
        top += 20
    return card


@cache
def _body(words: Words) -> Image.Image:
    card = _ground().copy()
    pen = ImageDraw.Draw(card)
    pen.text((EDGE_X, EDGE_Y), words.office.upper(), font=_font(SANS, 30), fill=SOFT)
    pen.rectangle((EDGE_X, EDGE_Y + 56, EDGE_X + 140, EDGE_Y + 62), fill=GOLD)
    size, found = _title_lines(words.title, TITLE_SIZES[1:])
    top = 420 - len(found) * size * 0.66
    for place, line in enumerate(found):
        pen.text((EDGE_X, top + place * size * 1.32), line, font=_font(SERIF, size), fill=WHITE)
    return card


@cache
def _ground() -> Image.Image:
    """From one red to a deeper one; a new copy is drawn on."""
    strip = Image.linear_gradient("L").resize((WIDTH, HEIGHT))
    return Image.composite(Image.new("RGB", (WIDTH, HEIGHT), DEEP), Image.new("RGB", (WIDTH, HEIGHT), GROUND), strip)


def _title_lines(title: str, sizes: tuple[int, ...] = TITLE_SIZES) -> tuple[int, list[str]]:
    """The largest size in which a title takes a few lines; of one that never does, as many as fit."""
    for size in sizes:
        found = _broken(title, SERIF, size)
        if len(found) <= MOST_TITLE_LINES - (size > sizes[-1]):
            return size, found
    kept = found[:MOST_TITLE_LINES]
    return sizes[-1], [*kept[:-1], f"{kept[-1]}…"]


def _broken(text: str, face: str, size: int) -> list[str]:
    """A text in lines within the safe area; by the letters of an average line first, then by measure."""
    font, room = _font(face, size), WIDTH - 2 * EDGE_X
    widest = int(room / font.getlength("W"))
    words = [word[at : at + widest] for word in text.split() for at in range(0, len(word), widest)]
    letters = max(8, int(room / (size * 0.5)))
    while letters > 8 and any(font.getlength(line) > room for line in wrapped(words, letters)):
        letters -= 1
    return wrapped(words, letters)


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("content") / "faces" / face), size)
