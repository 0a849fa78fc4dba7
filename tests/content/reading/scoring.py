"""How a reading is scored against the corpus: spelling variants and optional words count as equal."""

import re
import unicodedata

EQUAL = {"lẻ": "linh", "ngàn": "nghìn", "kỉ": "kỷ", "tỉ": "tỷ", "uỷ": "ủy"}


def words_of(text: str) -> list[str]:
    """Give the words that count: casefolded, NFC, no punctuation, regional variants brought together."""
    plain = re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFC", text).casefold())
    words = [EQUAL.get(word, word) for word in plain.split()]
    for at in range(1, len(words)):
        if words[at - 1 : at + 1] == ["mươi", "bốn"]:
            words[at] = "tư"
    return [word for word in words if word != "mùng"]


def distance(left: list[str], right: list[str]) -> int:
    """Count the words to change, drop or add to make one reading the other."""
    row = list(range(len(right) + 1))
    for at, word in enumerate(left, 1):
        above, row[0] = row[0], at
        for to, other in enumerate(right, 1):
            above, row[to] = row[to], min(above + (word != other), row[to] + 1, row[to - 1] + 1)
    return row[-1]


def best(spoken: str, accepted: list[str]) -> tuple[int, int]:
    """Give the fewest wrong words over the accepted readings, and how many words that reading has."""
    said = words_of(spoken)
    return min((distance(said, words_of(one)), len(words_of(one))) for one in accepted)
