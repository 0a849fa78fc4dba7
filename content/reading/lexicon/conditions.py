"""Where a lexicon entry holds: a small closed set of conditions on the words around a written form."""

import re
from dataclasses import dataclass

KINDS = ("symbol", "before", "after", "near")
NUMBER = re.compile(r"[ .:]{0,3}[0-9]")
LONG_NUMBER = re.compile(r"[ .:]{0,3}(?:số:? )?[+(]?[0-9](?:[ .()-]{0,2}[0-9]){5}")
NAME = re.compile(r"[ .]{0,3}([^\W\d_])")
WORD = re.compile(r"[^\W_]+")
GAP = " .:\"'“”-"


class ConditionError(ValueError):
    """A condition that is not in the set."""


@dataclass(frozen=True, slots=True)
class Place:
    """The surroundings of a written form: a stretch of text on either side, and whether a quantity comes before."""

    left: str
    right: str
    right_as_written: str
    after_number: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its kind ("" holds anywhere) and the words it asks for."""

    kind: str
    words: tuple[str, ...]

    @property
    def always(self) -> bool:
        """Holds anywhere."""
        return not self.kind

    @property
    def symbol(self) -> bool:
        """Holds only inside a document symbol such as 36/KH-UBND."""
        return self.kind == "symbol"

    def holds(self, place: Place) -> bool:
        """Tell whether the surroundings are as the condition asks."""
        match self.kind:
            case "":
                return True
            case "before":
                return any(_comes_next(word, place) for word in self.words)
            case "after":
                return any(_came_before(word, place) for word in self.words)
            case "near":
                around = f" {' '.join(WORD.findall(place.left))} | {' '.join(WORD.findall(place.right))} "
                return any(f" {word} " in around for word in self.words)
        return False


def parse(written: str) -> Condition:
    """Read a condition: "", "symbol", "before:a|b", "after:a|b", "near:a|b".

    Three words mean more than themselves: number, name (a word with a capital), digits (a phone or account number).
    """
    kind, colon, rest = written.partition(":")
    words = tuple(word.strip() for word in rest.split("|") if word.strip())
    if not written:
        return Condition("", ())
    if kind not in KINDS or (kind == "symbol") == bool(colon) or bool(colon) != bool(words):
        raise ConditionError(f"{written!r} is none of symbol, before:words, after:words, near:words")
    return Condition(kind, words)


def _comes_next(word: str, place: Place) -> bool:
    if word == "number":
        return bool(NUMBER.match(place.right))
    if word == "digits":
        return bool(LONG_NUMBER.match(place.right))
    if word == "name":
        first = NAME.match(place.right_as_written)
        return bool(first and first[1].isupper())
    following = place.right.lstrip(GAP)
    return following.startswith(word) and not following[len(word) : len(word) + 1].isalpha()


def _came_before(word: str, place: Place) -> bool:
    if word == "number":
        return place.after_number
    preceding = place.left.rstrip(GAP)
    cut = len(preceding) - len(word)
    return preceding.endswith(word) and (cut == 0 or not preceding[cut - 1].isalpha())
