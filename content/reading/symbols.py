"""Symbols of documents: 36/KH-UBND, 01-CTr/TU, 118/2025/NĐ-CP, 72/2025/QH15: number, kind and office, with pauses."""

import re

from content.reading.letters import is_syllable, spell
from content.reading.scene import Said, Scene
from content.reading.vocabulary import SYMBOL_KINDS

CAPITAL = "A-ZÀ-ỸĐĂÂÊÔƠƯ"
PART = rf"[{CAPITAL}](?:[{CAPITAL}]|[a-zđ&]){{0,14}}[0-9]{{0,2}}"
NUMBERED = re.compile(
    rf"([0-9]{{1,6}})([a-zđA-ZĐ]?)(?:/((?:19|20)[0-9]{{2}}))? ?[/-] ?({PART}(?:[/.-]{PART}){{0,4}})(?![^\W_])"
)
LOWER_CASE = re.compile(
    r"([0-9]{1,6})([a-z]?)(?:/((?:19|20)[0-9]{2}))?[/-]([a-zđ]{1,6}[/-][a-zđ]{2,10}[0-9]{0,2})(?![^\W_])"
)
BARE = re.compile(rf"[/-]?({PART}(?:[/-]{PART}){{1,4}})(?![^\W_])")
PARTS = re.compile(r"[^/.-]+")
# As an office these mean something else: TC is tài chính or tổ chức, CT chủ tịch, PC pháp chế.
FIRST_ONLY = frozenset({"TC", "CT", "PC", "PB", "PG", "HD", "TB", "DA", "CĐ", "HĐ", "TT"})
CAPITALS = re.compile(rf"[{CAPITAL}]")
LEGISLATURE = re.compile(r"(QH|UBTVQH|HĐND)([0-9]{1,2})(?![^\W_])")


def symbol(scene: Scene, at: int) -> Said | None:
    """Read a numbered symbol, the parts looked up in the lexicon as parts of a symbol."""
    found = NUMBERED.match(scene.text, at) or LOWER_CASE.match(scene.text, at)
    if not found or not _is_symbol(scene, found):
        return None
    spoken = [scene.numbers.label(found[1]) + (f" {spell(found[2].lower())}" if found[2] else "")]
    if found[3]:
        spoken.append(f"năm {scene.numbers.cardinal(int(found[3]))}")
    first, *rest = parts_of(scene, found[4])
    spoken += [_as_named(scene, found[4]) or first, *rest]
    return Said(", ".join(spoken), found.end())


def _as_named(scene: Scene, written: str) -> str | None:
    """In "Quy định số 144-QĐ/TW" and "Thông tri 12-TT/TU" the words before the number say what the letters mean."""
    capitals = CAPITALS.findall(PARTS.findall(written)[0])
    back = 2 if scene.said() == "số" else 1
    words = [scene.said(back + step) for step in reversed(range(len(capitals)))]
    same = len(words) > 1 and all(word[:1] == letter.lower() for word, letter in zip(words, capitals, strict=True))
    return " ".join(words) if same else None


def _is_symbol(scene: Scene, found: re.Match[str]) -> bool:
    """Ask for a part the lexicon knows, or "số" before it; else 12-A1 is a code, and 5/Cây nothing."""
    parts: list[str] = PARTS.findall(found[4])
    known = [_reading(scene, part) is not None for part in parts]
    if found[4].islower():
        return all(known) and len(known) > 1
    if any(known):
        return len(parts) > 1 or len(parts[0]) > 1 or bool(found[3])
    named = scene.said() == "số" or bool(found[3])
    return named and "/" in found[0] and all(part.isupper() and not is_syllable(part.lower()) for part in parts)


def bare_symbol(scene: Scene, at: int) -> Said | None:
    """Read a symbol whose number is left out: /KH-UBND, QĐ-UBND."""
    found = BARE.match(scene.text, at)
    if not found:
        return None
    if scene.lexicon.known(found[0]):
        return None  # a short form of its own that looks like one: TT-TH is no circular
    parts: list[str] = PARTS.findall(found[1])
    first_is_kind = parts[0] in SYMBOL_KINDS or (found[0][0] == "/" and _reading(scene, parts[0]) is not None)
    if not first_is_kind or parts[1] in SYMBOL_KINDS or any(_reading(scene, part) is None for part in parts):
        return None
    return Said(", ".join(parts_of(scene, found[1])), found.end(), "symbol")


def legislature(scene: Scene, at: int) -> Said | None:
    """Read QH15 outside a symbol: quốc hội khóa mười lăm."""
    found = LEGISLATURE.match(scene.text, at)
    spoken = _reading(scene, found[0]) if found else None
    return Said(spoken, found.end(), "symbol") if found and spoken else None


def parts_of(scene: Scene, written: str) -> list[str]:
    """Give the readings of the parts of a symbol; a part the lexicon does not know is spelled and reported."""
    spoken: list[str] = []
    for part in PARTS.findall(written):
        reading = None if spoken and part in FIRST_ONLY else _reading(scene, part)
        if reading is None:
            scene.unknown[part] = None
            letters = part.rstrip("0123456789")
            digits = part[len(letters) :]
            reading = spell(letters.lower().replace("&", "")) + (f" {scene.numbers.label(digits)}" if digits else "")
        spoken.append(reading)
    return spoken


def _reading(scene: Scene, part: str) -> str | None:
    if part == "TU" and scene.mentions("thành ủy") and not scene.mentions("tỉnh ủy"):
        return "thành ủy"
    known = scene.learned.get(part) or scene.lexicon.in_symbol(part)
    if known:
        return known
    found = LEGISLATURE.fullmatch(part)
    office = scene.lexicon.in_symbol(found[1]) if found else None
    return f"{office} khóa {scene.numbers.cardinal(int(found[2]))}" if found and office else None
