"""Errors that speak to people: every text in Vietnamese and in English."""

from __future__ import annotations


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
