"""Signs between words and numbers: dashes, slashes, plus and minus, brackets, money signs; pauses, or silence."""

import re
import unicodedata

from content.reading.scene import COUNTED, PAUSES, QUANTITIES, SCALES, Said, Scene
from content.reading.vocabulary import PER, PLACES

SILENT = "silent"
RUN = re.compile(r"([.…]{2,}|…)|([?!]{2,})|([-_*=~#.•·|]{3,})")
NEXT_WORD = re.compile(r" ?([^\W\d_]{1,12}|°[cC])")
DATE_NEXT = re.compile(
    r" ?(?:ngày |tháng |năm |quý )?[0-9]{1,4}(?:[/.-][0-9]|(?![^\W_]| [^\W\d_]))| ?(?:ngày|tháng|năm)"
)
NO_YEAR = re.compile(r":(?!(?:19|20)[0-9]{2}(?![0-9]))[0-9]")
NEXT_ONE = re.compile(r" ?0?1 [^\W\d_]")
COMPARED = re.compile(r"(>=|=>|->|-->|<=|<-)")
NEXT_DIGIT = re.compile(r" ?[0-9]")
RANGE_END = re.compile(r" ?(?:ngày |tháng |năm |thứ |điều |khoản |tuổi |km |t)?[0-9]")
COUNT_NEXT = re.compile(r" ?[0-9]{1,4}(?:[.,][0-9]{1,3}){0,3} ?([^\W\d_]{1,12}|%)")
MONEY = re.compile(r" ?([0-9]{1,12}(?:[.,][0-9]{1,3}){0,4})")
SCALED = re.compile(r" (nghìn|ngàn|triệu|tỷ)(?![^\W_])")
SCORE_END = re.compile(r" ?[0-9]{1,2}(?= ?[.,;)!]| ?$| ?\n)")
MILESTONE = re.compile(r" ?km ?[0-9]")
SCORES = frozenset({"thắng", "thua", "hòa", "hoà"})
CURRENCY = {"$": "đô la", "€": "ơ rô", "£": "bảng anh", "¥": "yên"}
SPOKEN = {
    "&": "và", "+": "cộng", "=": "bằng", "<": "nhỏ hơn", ">": "lớn hơn", "≥": "lớn hơn hoặc bằng",
    "≤": "nhỏ hơn hoặc bằng", "±": "cộng trừ", "×": "nhân", "÷": "chia", "№": "số", "§": "mục", "%": "phần trăm",
    "@": "a còng", "‰": "phần nghìn", "≠": "khác", "≈": "xấp xỉ", "°": "độ",
}  # fmt: skip
PAUSE = {"(": ",", ")": ",", "[": ",", "]": ",", "{": ",", "}": ",", "|": ",", "→": ",", "⇒": ",", "，": ",", "、": ","}
PARTS = {"½": "một phần hai", "¼": "một phần tư", "¾": "ba phần tư", "⅓": "một phần ba", "⅔": "hai phần ba"}
BULLETS = frozenset("-+*•·=>")


def run(scene: Scene, at: int) -> Said | None:
    """Read a run of dots as a pause, and rows of dashes or stars as nothing."""
    found = RUN.match(scene.text, at)
    if not found:
        return None
    if found[1]:
        return Said(",", found.end(), "pause")
    if found[2]:
        return Said("?" if "?" in found[2] else "!", found.end(), "pause")
    return Said("", found.end(), SILENT)


def dash(scene: Scene, at: int) -> Said | None:
    """Read a dash: "đến" in a range, "âm" before a bare number, a pause between words, nothing in a compound."""
    if scene.next_char(at) != "-":
        return None
    if scene.line_start and scene.text[at + 1 : at + 2] in (" ", "", "-"):
        return Said("", at + 1, SILENT)
    weekday = scene.heard().spoken.startswith("thứ ") and scene.heard().rule == "abbreviation"
    if (scene.heard().rule in QUANTITIES or weekday) and _is_range(scene, at):
        return _to(scene, at)
    if _repeats_unit(scene, at) or _along_road(scene, at):
        return Said("đến", at + 1, "range")
    if scene.text[at + 1 : at + 2].isdigit() and not scene.text[at - 1 : at].isalnum():
        return Said("âm", at + 1, "minus")
    spaced = scene.text[at - 1 : at] == " " or scene.next_char(at + 1) == " "
    return Said(",", at + 1, "pause") if spaced else Said("", at + 1, SILENT)


def _is_range(scene: Scene, at: int) -> bool:
    if scene.heard().rule == "ordinal" and scene.said(2) != "thứ":
        return False
    if scene.heard().rule == "date" and not DATE_NEXT.match(scene.lower, at + 1):
        return False
    return bool(RANGE_END.match(scene.lower, at + 1)) and scene.text[scene.heard().end : at].strip() == ""


def _repeats_unit(scene: Scene, at: int) -> bool:
    """Look for the same counting word on both sides: 8 giờ - 11 giờ, 5 ngày - 7 ngày."""
    counted = scene.heard().written.lower()
    if counted in SCALES and scene.heard(2).rule in COUNTED and NEXT_DIGIT.match(scene.text, at + 1):
        return True
    following = COUNT_NEXT.match(scene.lower, at + 1)
    if not following or scene.heard().rule not in ("word", "unit") or scene.heard(2).rule not in QUANTITIES:
        return False
    return counted == following[1] or {counted, following[1]} == {"phút", "giờ"}


def _along_road(scene: Scene, at: int) -> bool:
    """Look for two places of a road: Km0-Km15, Km 12+500 - Km 15."""
    before = scene.heard().rule == "address" or scene.heard(2).written.lower() == "km"
    return before and bool(MILESTONE.match(scene.lower, at + 1))


def _to(scene: Scene, at: int) -> Said:
    """Say "đến", with the word the first number was counted by: ngày 10-12/3 is "ngày mười đến ngày mười hai"."""
    if _is_score(scene, at):
        return Said("", at + 1, SILENT)
    counted = scene.heard(2).spoken
    alone = scene.heard().rule == "number" or (scene.heard().rule == "date" and "tháng" not in scene.heard().spoken)
    repeats = counted in ("ngày", "tháng") and alone and NEXT_DIGIT.match(scene.text, at + 1)
    return Said(f"đến {counted}" if repeats else "đến", at + 1, "range")


def _is_score(scene: Scene, at: int) -> bool:
    """Look for the figures of a match: tỷ số 2-1, thắng 3 - 0, thắng đội bản Lạnh 3-1."""
    if scene.heard().rule != "number":
        return False
    named = scene.heard(2).spoken == "số" and scene.heard(3).spoken in ("tỷ", "tỉ")
    ends = scene.lately(7) & SCORES and SCORE_END.match(scene.text, at + 1)
    return named or scene.heard(2).spoken in SCORES or bool(ends)


def slash(scene: Scene, at: int) -> Said | None:
    """Read a slash: "trên" between numbers, "một" before what an amount is paid or counted for, else a pause."""
    if scene.next_char(at) != "/":
        return None
    if scene.heard().rule in COUNTED | {"ordinal"} and NEXT_DIGIT.match(scene.text, at + 1) and scene.touching(at):
        return Said("trên", at + 1, "ratio")
    if (
        scene.heard().rule in ("word", "unit", "time")
        and scene.counted_lately(3)
        and NEXT_DIGIT.match(scene.text, at + 1)
    ):
        return Said("" if NEXT_ONE.match(scene.text, at + 1) else "trên", at + 1, "rate")
    return _before_word(scene, at)


def _before_word(scene: Scene, at: int) -> Said:
    following = NEXT_WORD.match(scene.lower, at + 1)
    if not following or (scene.heard().end == at and scene.next_char(at + 1).isspace()):
        return Said(",", at + 1, "pause")
    if _is_rate(scene, following[1]):
        return Said("một", at + 1, "rate")
    return Said("", at + 1, SILENT) if following[1] in ("hoặc", "hay") else Said(",", at + 1, "pause")


def _is_rate(scene: Scene, following: str) -> bool:
    if scene.heard().rule == "unit" or (scene.heard().rule in ("decimal", "number", "time") and following in PER):
        return True
    counted = any(scene.heard(back).rule in COUNTED | {"unit"} for back in range(2, 6))
    if scene.said() == "đồng":
        return counted or following in PER
    if following not in PER or scene.said() in PLACES:
        return False
    return counted


def bullet(scene: Scene, at: int) -> Said | None:
    """Say nothing for a sign that opens a line; but "> 18 tuổi" and "+5" are said."""
    if not scene.line_start or scene.next_char(at) not in BULLETS:
        return None
    compares = scene.next_char(at) in ">=" and NEXT_DIGIT.match(scene.text, at + 1)
    return None if compares or scene.next_char(at + 1).isdigit() else Said("", at + 1, SILENT)


def comparison(scene: Scene, at: int) -> Said | None:
    """Read signs made of two characters: >= and <= compare, arrows are pauses."""
    found = COMPARED.match(scene.text, at)
    spoken = {">=": "lớn hơn hoặc bằng", "<=": "nhỏ hơn hoặc bằng"}
    return Said(spoken.get(found[0], ","), found.end(), "sign") if found else None


def times(scene: Scene, at: int) -> Said | None:
    """Read the x of "3 x 4 m" as "nhân"."""
    if scene.next_char(at) not in ("x", "X") or not NEXT_DIGIT.match(scene.text, at + 1):
        return None
    return Said("nhân", at + 1, "sign") if scene.counted_lately(3) and scene.touching(at) else None


def money(scene: Scene, at: int) -> Said | None:
    """Read $100 with the currency after the amount."""
    currency = CURRENCY.get(scene.next_char(at))
    if not currency:
        return None
    found = MONEY.match(scene.text, at + 1)
    if not found or (scene.heard().rule in COUNTED and scene.touching(at)):
        return Said(currency, at + 1, "unit")
    amount = SCALED.match(scene.text, found.end())
    words = [_amount(scene, found[1]), *([amount[1]] if amount else []), currency]
    return Said(" ".join(words), amount.end() if amount else found.end(), "money")


def _amount(scene: Scene, written: str) -> str:
    """Say an amount of foreign money, in which a dot or comma with three digits after it marks the thousands."""
    whole, _, fraction = written.replace(",", ".").rpartition(".")
    if not whole or len(fraction) == 3:
        return scene.numbers.figure(whole.replace(".", "") + fraction)
    return scene.numbers.decimal(whole.replace(".", ""), fraction)


def about(scene: Scene, at: int) -> Said | None:
    """Read ~ before a number as "khoảng"."""
    is_about = scene.next_char(at) in "~≈" and NEXT_DIGIT.match(scene.text, at + 1)
    return Said("khoảng", at + 1, "sign") if is_about else None


def proportion(scene: Scene, at: int) -> Said | None:
    """Read the colon of "tỷ lệ 1:2.000" as "trên", but not that of ISO 9001:2015."""
    numbers = scene.heard().rule in COUNTED and scene.heard().end == at and NO_YEAR.match(scene.text, at)
    return Said("trên", at + 1, "ratio") if numbers else None


def sign(scene: Scene, at: int) -> Said | None:
    """Read any other sign: a word, a pause, a number in a circle, or silence."""
    char = scene.next_char(at)
    if char in PAUSES:
        between = scene.text[max(0, at - 1) : at + 2]
        silent = char == "." and len(between) == 3 and between[0].isupper() and between[2].isupper()
        return Said("" if silent else char, at + 1, SILENT if silent else "pause")
    if char in PAUSE:
        return Said(PAUSE[char], at + 1, "pause")
    spoken = SPOKEN.get(char) or _numeric(scene, scene.source[at])
    return Said(spoken, at + 1, "sign" if spoken else SILENT)


def minutes(scene: Scene, at: int) -> Said | None:
    """Read 45' as minutes."""
    is_minutes = scene.next_char(at) == "'" and scene.heard().rule == "number" and scene.heard().end == at
    return Said("phút", at + 1, "unit") if is_minutes else None


def _numeric(scene: Scene, char: str) -> str:
    if char in PARTS:
        return PARTS[char]
    value = unicodedata.numeric(char, -1)
    return scene.numbers.cardinal(int(value)) if value >= 0 and value == int(value) and value < 10**9 else ""
