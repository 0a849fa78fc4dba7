"""Roman numerals, read as numbers only where the words before them call for a number."""

import re

from content.reading.scene import Said, Scene
from content.reading.vocabulary import JOINING, PLAIN_ROMAN, ROMAN

TOKEN = re.compile(r"([IVXLCDM]{1,9})(?![^\W_])(?:/((?:19|20)[0-9]{2})(?![0-9]))?")
STRICT = re.compile(r"(?=[IVXLCDM])M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
HEADING = re.compile(r"\.(?=[0-9])|[.)/:]?[ -]|[.):](?=\s|$)", re.MULTILINE)
POINT = re.compile(r"[.)] (?=[^\W\d_])")
NAME = re.compile(r"\. ?[^\W\d_]{1,8} ([^\W\d_])")
VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def numeral(scene: Scene, at: int) -> Said | None:
    """Read II in "quý II/2026", XIV in "lần thứ XIV", I in the heading "I. MỤC TIÊU"; leave VI in "PHẠM VI"."""
    found = TOKEN.match(scene.text, at)
    if not found or not STRICT.fullmatch(found[1]) or not _is_called_for(scene, found[1], found.end(1)):
        return None
    value = value_of(found[1])
    spoken = scene.numbers.ordinal(value) if scene.said() == "thứ" else scene.numbers.cardinal(value)
    if found[2]:
        spoken += f" năm {scene.numbers.cardinal(int(found[2]))}"
    return Said(spoken, found.end(), "ordinal" if scene.said() == "thứ" else "roman")


def _is_called_for(scene: Scene, written: str, end: int) -> bool:
    if len(written) == 1 and written not in "IVX":
        return False
    if scene.line_start and HEADING.match(scene.text, end) and set(written) <= set("IVX"):
        return not (written == "X" and _is_place(scene, end))
    if scene.said() in ROMAN or written in PLAIN_ROMAN or scene.ends_with(("báo động",)):
        return True
    if written == "I" and scene.said() in {":", ";", ","} and POINT.match(scene.text, end):
        return True  # a list within a sentence: I. Tin trong xã; II. Văn bản mới
    return scene.said() in JOINING and "roman" in (scene.heard(2).rule, scene.heard(1).rule)


def _is_place(scene: Scene, end: int) -> bool:
    """In "X. Mường Lạn" the X is a commune: both words of the name have a capital, yet not all their letters."""
    found = NAME.match(scene.text, end)
    return bool(found and found[1].isupper() and not found[0].isupper())


def value_of(written: str) -> int:
    """Work out a Roman numeral: "XIV" is 14."""
    total = 0
    for char, following in zip(written, [*written[1:], "I"], strict=True):
        value = VALUES[char]
        total += -value if value < VALUES[following] else value
    return total
