"""Words for people in Vietnamese and in English: titles and sentences for pages, and errors that speak."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self, SupportsIndex


class Word(str):
    """A title or sentence for people: a Vietnamese text with the English one beside it as `en`.

    It is written, kept and sent to machines as the Vietnamese text it is; a page in English takes `en`. Put one in another by
    two f-strings, `Word(f"gửi {word}", f"send {word.en}")`; sums, slices, `upper`, `lower` and `capitalize` keep both.
    """

    __slots__ = ("en",)
    en: str

    def __new__(cls, vi: str, en: str) -> Self:
        """Both texts say the same."""
        word = super().__new__(cls, vi)
        word.en = en
        return word

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.en

    def __getitem__(self, at: SupportsIndex | slice) -> Word:
        return Word(super().__getitem__(at), self.en[at])

    def __add__(self, more: str) -> Word:
        return Word(super().__add__(more), f"{self.en}{in_english(more)}")

    def __radd__(self, before: str) -> Word:
        return Word(before + str(self), f"{before}{self.en}")

    def upper(self) -> Word:
        """Both in capitals."""
        return Word(super().upper(), self.en.upper())

    def lower(self) -> Word:
        """Both in small letters."""
        return Word(super().lower(), self.en.lower())

    def capitalize(self) -> Word:
        """Both with their first letter large; the others stay, as names and abbreviations need."""
        return self[:1].upper() + self[1:]


def in_english(text: object) -> object:
    """The English of a Word; whatever else it is, unchanged."""
    return text.en if isinstance(text, Word) else text


def said_in(text: str, language: str) -> str:
    """The text as somebody of that language (`vi` or `en`) reads it."""
    return str(in_english(text) if language == "en" else text)


def joined(words: Iterable[str], between: str = ", ") -> Word:
    """Words one after the other, in both languages."""
    given = tuple(words)
    return Word(between.join(given), between.join(str(in_english(word)) for word in given))


class Said(Exception):
    """An error for the person who reads it: what happened, to which thing, what to do.

    `vi` and `en` hold the same sentence; `field` names the input (form field, column, key) it is about.
    """

    def __init__(self, vi: str, en: str, *, field: str | None = None) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
        self.field = field

    def text(self, locale: str = "vi") -> str:
        """The sentence in the reader's language; Vietnamese unless English is asked for."""
        return self.en if locale.startswith("en") else self.vi


class BadInput(Said):
    """What was given cannot be used; nothing was changed."""


class NotAllowed(Said):
    """Somebody may not do what they asked for."""


class NotFound(Said):
    """There is no such thing."""


class Conflict(Said):
    """The thing has changed meanwhile, or is not in a state that allows this."""
