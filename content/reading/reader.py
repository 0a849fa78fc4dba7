"""The reader: one pass over the text; at each place the rules for its first character are asked in order."""

import re
import unicodedata
from collections.abc import Callable
from itertools import groupby

from content.reading import abbreviations, amounts, dates, definitions, phones, prose, roman, signs, symbols, times, web
from content.reading.lexicon import Lexicon, load_lexicon
from content.reading.numbers import VARIANTS
from content.reading.pieces import Piece, Reading
from content.reading.scene import Said, Scene

Rule = Callable[[Scene, int], Said | None]

SPACE = re.compile(r"\s+")
DIGIT_RULES: tuple[tuple[str, Rule], ...] = (
    ("address", web.address),
    ("symbol", symbols.symbol),
    ("date", dates.date),
    ("phone", phones.phone),
    ("time", times.time),
    ("time", times.no_minutes),
    ("code", abbreviations.formula),
    ("date", dates.first_day_of_range),
    ("date", dates.day_and_month),
    ("date", dates.month_or_number_of_year),
    ("address", abbreviations.milestone),
    ("address", amounts.house_number),
    ("ratio", amounts.fraction_or_ratio),
    ("code", abbreviations.dossier),
    ("code", abbreviations.plate),
    ("number", amounts.grouped),
    ("decimal", amounts.decimal),
    ("phone", phones.short_code),
    ("code", phones.identity),
    ("code", abbreviations.chain),
    ("abbreviation", abbreviations.from_lexicon),
    ("code", abbreviations.lettered_number),
    ("code", abbreviations.code),
    ("number", amounts.number),
    ("code", amounts.endless),
)
LETTER_RULES: tuple[tuple[str, Rule], ...] = (
    ("word", abbreviations.plain_word),
    ("address", web.address),
    ("symbol", symbols.bare_symbol),
    ("date", dates.month_by_letter),
    ("date", dates.weekday_by_letter),
    ("sign", signs.times),
    ("code", abbreviations.dossier),
    ("roman", roman.numeral),
    ("abbreviation", abbreviations.learned),
    ("abbreviation", abbreviations.from_lexicon),
    ("abbreviation", abbreviations.from_text),
    ("symbol", symbols.legislature),
    ("code", abbreviations.code),
    ("word", abbreviations.word),
)
SIGN_RULES: tuple[tuple[str, Rule], ...] = (
    ("definition", definitions.short_form),
    ("definition", definitions.long_form),
    ("phone", phones.phone),
    ("symbol", symbols.bare_symbol),
    ("run", signs.run),
    ("sign", signs.comparison),
    ("abbreviation", abbreviations.from_lexicon),
    ("dash", signs.dash),
    ("slash", signs.slash),
    ("silent", signs.bullet),
    ("minutes", signs.minutes),
    ("money", signs.money),
    ("sign", signs.about),
    ("ratio", signs.proportion),
    ("sign", signs.sign),
)


def read(text: str, lexicon: Lexicon | None = None, *, variant: str = "north") -> Reading:
    """Turn official written Vietnamese into the words an announcer reads.

    >>> read("Kế hoạch số 36/KH-UBND").text
    'kế hoạch số ba mươi sáu, kế hoạch, ủy ban nhân dân'

    variant is "north" (nghìn, linh) or "south" (ngàn, lẻ). Reading the spoken text again changes nothing.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
    scene = Scene(unicodedata.normalize("NFC", text), lexicon or load_lexicon(), VARIANTS[variant])
    _scan(scene)
    return Reading(_prose(scene), tuple(scene.pieces), tuple(scene.unknown))


def _scan(scene: Scene) -> None:
    at = 0
    while at < len(scene.text):
        space = SPACE.match(scene.text, at)
        if space:
            at = space.end()
            if "\n" in space[0]:
                scene.new_line()
            continue
        at = _read_one(scene, at)


def _read_one(scene: Scene, at: int) -> int:
    said = abbreviations.own(scene, at)
    if said is not None:
        scene.add(at, said, "own")
        return said.end
    for name, rule in _rules_for(scene.text[at]):
        said = rule(scene, at)
        if said is not None:
            scene.add(at, said, name)
            return said.end
    raise AssertionError("the last rule of each table answers for every character")


def _rules_for(char: str) -> tuple[tuple[str, Rule], ...]:
    if "0" <= char <= "9":
        return DIGIT_RULES
    return LETTER_RULES if char.isalpha() else SIGN_RULES


def _prose(scene: Scene) -> str:
    """Put the pieces of each written line together."""
    line_of = 0
    lines: list[tuple[int, Piece]] = []
    end = 0
    for piece in scene.pieces:
        line_of += "\n" in scene.text[end : piece.start]
        lines.append((line_of, piece))
        end = piece.end
    grouped = groupby(lines, key=lambda pair: pair[0])
    return prose.text(prose.paragraph(piece.spoken for _, piece in pairs) for _, pairs in grouped)
