"""What changed from one text of an item to another, word by word, as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby

from content.item import RENDITIONS, Revision
from content.markup import plain_text

MOST_WORDS = 1500
"""Of two stretches with more words than that no single words are paired: it would take seconds, and nobody would read it."""
AROUND = 60
"""Characters that are shown of an unchanged stretch on either side of a change."""
_TOKENS = re.compile(r"\s+|\d[\d/.,:-]*\d|\w+|[^\w\s]")
"""Words, signs and blanks; a date or an amount is one word."""


class Mark(StrEnum):
    """What has become of a stretch; `LEFT_OUT` stands for an unchanged one that is not shown."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"
    LEFT_OUT = "left_out"


Stretch = tuple[Mark, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a text that is no longer what it was: `part` is a field of Revision."""

    part: str
    stretches: tuple[Stretch, ...]


FACTS = ("theme", "klass", "purpose", "language", "source", "byline", "valid_from", "valid_until", "recorded")
"""Parts that are one thing each: moments in ISO 8601, all else as it is stored; empty when there is none."""


def changes(old: Revision, new: Revision) -> list[Change]:
    """Every part that differs, in the order of a form. What follows from the body is told where it is cut otherwise."""
    pairs = ((part, _words(old, part), _words(new, part)) for part in _texts(old, new))
    texts = [Change(part, tuple(shortened(differences(was, now)))) for part, was, now in pairs if was != now]
    facts = ((part, _fact(old, part), _fact(new, part)) for part in FACTS)
    return texts + [Change(part, tuple(_marked("replace", was, now))) for part, was, now in facts if was != now]


def _texts(old: Revision, new: Revision) -> Iterator[str]:
    for part in ("title", "body", *RENDITIONS, "readings", "meetings"):
        # What follows whole from the body would tell each change of it again.
        if part not in {"article", "script"} or part not in old.derived or part not in new.derived:
            yield part


def _words(revision: Revision, part: str) -> str:
    if part == "readings":
        return "\n".join(f"{written} = {spoken}" for written, spoken in revision.readings)
    if part == "meetings":
        return "\n".join(one.line for one in revision.meetings)
    text: str = getattr(revision, part)
    return plain_text(text) if part == "article" else text


def _fact(revision: Revision, part: str) -> str:
    value = getattr(revision, part)
    return value.isoformat() if isinstance(value, datetime) else str(value or "")


def differences(old: str, new: str) -> list[Stretch]:
    """Both texts as one: what stayed, what went, what came. Lines are paired first, then the words of lines that changed."""
    found: list[Stretch] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, begin, end, start, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, came = "".join(before[begin:end]), "".join(after[start:stop])
        found += _by_word(gone, came) if kind == "replace" else _marked(kind, gone, came)
    return _joined(found)


def _by_word(old: str, new: str) -> list[Stretch]:
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    if max(len(before), len(after)) > 2 * MOST_WORDS:
        return _marked("replace", old, new)
    found: list[Stretch] = []
    for kind, begin, end, start, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        found += _marked(kind, "".join(before[begin:end]), "".join(after[start:stop]))
    return found


def _marked(kind: str, old: str, new: str) -> list[Stretch]:
    if kind == "equal":
        return [(Mark.SAME, new)]
    return [one for one in ((Mark.GONE, old), (Mark.NEW, new)) if one[1]]


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Neighbours of one kind as one; a blank between two changed words changes with them, so that phrases stay whole."""
    told: list[Stretch] = []
    for place, (mark, text) in enumerate(stretches):
        between = mark is Mark.SAME and text.isspace() and "\n" not in text and 0 < place < len(stretches) - 1
        told += [(Mark.GONE, text), (Mark.NEW, text)] if between else [(mark, text)]
    found: list[Stretch] = []
    for same, some in groupby(told, key=lambda one: one[0] is Mark.SAME):
        run = list(some)
        kinds = (Mark.SAME,) if same else (Mark.GONE, Mark.NEW)
        whole = ((kind, "".join(text for mark, text in run if mark is kind)) for kind in kinds)
        found += [one for one in whole if one[1]]
    return found


def shortened(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The same, of long unchanged stretches only what stands beside a change."""
    found: list[Stretch] = []
    for place, (mark, text) in enumerate(stretches):
        if mark is not Mark.SAME or len(text) <= 3 * AROUND:
            found.append((mark, text))
            continue
        begin = _head(text) if place else ""
        end = _tail(text) if place < len(stretches) - 1 else ""
        found += [one for one in ((mark, begin), (Mark.LEFT_OUT, "…"), (mark, end)) if one[1]]
    return found


def _head(text: str) -> str:
    """The beginning, cut at a word."""
    return text[:AROUND].rsplit(" ", 1)[0] + " "


def _tail(text: str) -> str:
    """The end, cut at a word."""
    return " " + text[-AROUND:].split(" ", 1)[-1]
