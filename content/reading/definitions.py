"""Full names with their short form in brackets: read once, and the short form learned for the rest of the text."""

import re

from content.reading.scene import Said, Scene
from content.reading.vocabulary import CONNECTING

SHORT = re.compile(r"\( ?[\"“]?([^\W\d_][^\W\d_&.-]{1,13}(?:[&-][^\W\d_]{1,8}){0,3})[\"”]? ?\)")
LONG = re.compile(r"\(([^()\n]{3,90})\)")
WORD = re.compile(r"[^\W_]+")
LETTER = re.compile(r"[^\W\d_]")
REACH = 160
FEWEST = 2


def short_form(scene: Scene, at: int) -> Said | None:
    """Say nothing for the (CCHC) of "cải cách hành chính (CCHC)", and remember what CCHC stands for."""
    found = SHORT.match(scene.text, at)
    if not found or sum(char.isupper() for char in found[1]) < FEWEST:
        return None
    words = WORD.findall(scene.lower[max(0, at - REACH) : at].rpartition("\n")[2])
    phrase = _known_name(scene, found[1], words) or _by_initials(found[1], words)
    if phrase is None:
        return None
    scene.learned[found[1]] = phrase
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
    """Say nothing for the brackets of "UBND (Ủy ban nhân dân)": the name has just been said."""
    found = LONG.match(scene.text, at)
    if not found or scene.heard().rule != "abbreviation":
        return None
    same = WORD.findall(scene.lower[at : found.end()]) == WORD.findall(scene.heard().spoken)
    return Said("", found.end(), "definition") if same else None
