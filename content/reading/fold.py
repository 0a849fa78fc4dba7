"""One character in, one character out: the look-alikes of a text brought to one form, so that offsets stay true."""

import unicodedata

NOTHING = "\u25a1"  # stands for a character that is never said
NUMERAL = "\u25a2"  # stands for a numeral that is no digit, such as ½ or Ⅳ: regular expressions take those for letters
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
FIXED = {
    **dict.fromkeys(map(ord, DASHES), "-"),
    **dict.fromkeys(map(ord, "\n\r\x0b\x0c\x85\u2028\u2029"), "\n"),
    **dict.fromkeys(map(ord, "‘’ʼ´`′"), "'"),
    ord("²"): "\ue002", ord("³"): "\ue003",
    ord("º"): "°", ord("ª"): NOTHING, ord("µ"): "μ", ord("Ð"): "Đ", ord("Ɖ"): "Đ", ord("ð"): "đ",
    ord("⁄"): "/", ord("∕"): "/", ord("∶"): ":",
}  # fmt: skip


class _Fold(dict[int, str]):
    """A translation table that works out each character the first time it is met."""

    def __missing__(self, code: int) -> str:
        self[code] = _folded(chr(code))
        return self[code]


class _Lower(dict[int, str]):
    """Lower case without regard to neighbours: str.lower() may change the length, and the last sigma of a word."""

    def __missing__(self, code: int) -> str:
        lower = chr(code).lower()
        self[code] = lower if len(lower) == 1 else chr(code)
        return self[code]


def _folded(char: str) -> str:
    code = ord(char)
    if code in FIXED:
        return FIXED[code]
    if char.isspace():
        return " "
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    wide = unicodedata.normalize("NFKC", char)
    if len(wide) == 1 and wide != char:
        return _folded(wide)
    if char.isnumeric() and not char.isalpha():
        return NUMERAL
    return char if not char.isalpha() or _steady(char) else NOTHING


def _steady(char: str) -> bool:
    """Tell whether a letter has a lower case that is one plain letter, so that reading it twice changes nothing."""
    lower = char.lower()
    steady = len(lower) == 1 and lower.isalpha() and lower.lower() == lower and not (lower.isupper() or lower.istitle())
    return steady and unicodedata.normalize("NFKC", lower) == lower


FOLD = _Fold()
LOWER = _Lower()


def folded(text: str) -> str:
    """Bring digits, dashes, spaces, quotes and wide letters of any script to their common form, length unchanged."""
    return text.translate(FOLD)


def lowered(text: str) -> str:
    """Put a folded text into lower case, length unchanged."""
    return text.translate(LOWER)
