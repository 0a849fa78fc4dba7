"""Full names with their short form in brackets: read once, and the short form learned for the rest of the text."""

import re

from content.reading.scene import PAUSES, Said, Scene
from content.reading.vocabulary import CONNECTING

SHORT = re.compile(r"\( ?[\"“]?([^\W\d_][^\W\d_&.-]{1,13}(?:[&-][^\W\d_]{1,8}){0,3})[\"”]? ?\)")
SEVERAL = re.compile(r"\( ?([A-ZĐ]{2,12}(?:(?:,| và|;) [A-ZĐ]{2,12}){1,3}) ?\)")
LONG = re.compile(r"\(([^()\n]{2,120})\)")
WORD = re.compile(r"[^\W_]+")
LETTER = re.compile(r"[^\W\d_]")
REACH = 160
FEWEST = 2
SPARE = 6  # pauses that may stand between the words
EXPANDED = frozenset({"abbreviation", "number", "decimal", "unit", "ordinal"})


def short_form(scene: Scene, at: int) -> Said | None:
    """Say nothing for the (CCHC) of "cải cách hành chính (CCHC)", and remember what CCHC stands for."""
    found = SHORT.match(scene.text, at)
    if not found:
        return _short_forms(scene, at)
    if sum(char.isupper() for char in found[1]) < FEWEST:
        return None
    words = WORD.findall(scene.lower[max(0, at - REACH) : at].rpartition("\n")[2])
    phrase = _known_name(scene, found[1], words) or _by_initials(found[1], words)
    if phrase is None:
        return None
    scene.learned[found[1]] = phrase
    return Said("", found.end(), "definition")


def _short_forms(scene: Scene, at: int) -> Said | None:
    """Say nothing for the (HĐND, UBND) of "Hội đồng nhân dân, Ủy ban nhân dân (HĐND, UBND)"."""
    found = SEVERAL.match(scene.text, at)
    if not found:
        return None
    words = WORD.findall(scene.lower[max(0, at - REACH) : at].rpartition("\n")[2])
    for abbr in reversed(WORD.findall(found[1])):
        phrase = _known_name(scene, abbr, words) or _by_initials(abbr, words)
        if phrase is None:
            return None
        scene.learned[abbr] = phrase
        words = words[: -len(WORD.findall(phrase))]
        words = words[:-1] if words and words[-1] == "và" else words
    return Said("", found.end(), "definition")


def _known_name(scene: Scene, abbr: str, words: list[str]) -> str | None:
    for spoken in scene.lexicon.known(abbr):
        name = WORD.findall(spoken)
        if words[-len(name) :] == name or (scene.heard().spoken == spoken):
            return spoken
    return None


def _by_initials(abbr: str, words: list[str]) -> str | None:
    """Match the letters of a short form, from its end, with the first letters of the words before it."""
    letters = LETTER.findall(abbr.lower())
    at = len(words)
    for letter in reversed(letters):
        at -= 1
        while at > 0 and words[at] in CONNECTING and not words[at].startswith(letter):
            at -= 1
        if at < 0 or not words[at].startswith(letter) or words[at].isdigit():
            return None
    return " ".join(words[at:]) if len(letters) >= FEWEST and all(map(str.isalpha, words[at:])) else None


def long_form(scene: Scene, at: int) -> Said | None:
    """Say nothing for the brackets of "UBND (Ủy ban nhân dân)" and "02 (hai)": this has just been said."""
    found = LONG.match(scene.text, at)
    if not found:
        return None
    words = _northern(WORD.findall(scene.lower[at : found.end()]))
    back = len(words) + SPARE
    said = _northern([word for word in (scene.said(step) for step in range(back, 0, -1)) if word not in PAUSES])
    return Said("", found.end(), "definition") if said[-len(words) :] == words and _is_expanded(scene) else None


def _is_expanded(scene: Scene) -> bool:
    """Brackets that only repeat are left out after a short form or a number: UBND (...), 02 (hai) bộ."""
    return any(scene.heard(back).rule in EXPANDED for back in (1, 2, 3))


def _northern(words: list[str]) -> list[str]:
    return [{"bốn": "tư", "lẻ": "linh", "ngàn": "nghìn", "tỉ": "tỷ"}.get(word, word) for word in words]
