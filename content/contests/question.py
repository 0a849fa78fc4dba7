"""Question: one of the bank, with its choices and where the right one is written; and which of them somebody is asked; pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from config.words import BadInput
from content.bulletin import digest_of

FEWEST, MOST = 2, 6
LETTERS = "ABCDEF"
LONGEST = {"text": 1000, "choices": 500, "source": 500}
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `right` is the place of the right choice, from 0; `source` says where that is written.

    It never changes: what has to be said otherwise is another question, and this one is retired.
    """

    id: str
    theme: str
    text: str
    choices: tuple[str, ...]
    right: int
    source: str
    unit: str = ""

    @property
    def digest(self) -> str:
        """By what it is known again, and what an approval of a contest holds of it."""
        return digest_of([self.theme, self.text, list(self.choices), self.right, self.source])


def check(one: Question) -> None:
    """Raise BadInput naming the first field that cannot stand."""
    if not one.text:
        raise BadInput("thiếu câu hỏi", "the question is missing", field="text")
    if not FEWEST <= len(one.choices) <= MOST:
        raise BadInput(
            f"cần {FEWEST} đến {MOST} lựa chọn", f"between {FEWEST} and {MOST} choices are needed", field="choices"
        )
    if len(set(one.choices)) < len(one.choices):
        raise BadInput("có hai lựa chọn giống nhau", "two choices are the same", field="choices")
    if not 0 <= one.right < len(one.choices):
        raise BadInput("đáp án không có trong các lựa chọn", "the right answer is none of the choices", field="right")
    if not one.source:
        raise BadInput("thiếu nguồn (văn bản, điều khoản)", "the source is missing", field="source")
    for name, texts in (("text", (one.text,)), ("choices", one.choices), ("source", (one.source,))):
        if any(len(text) > LONGEST[name] for text in texts):
            raise BadInput(f"dài quá {LONGEST[name]} ký tự", f"more than {LONGEST[name]} characters", field=name)
        if any(_UNUSABLE.search(text) for text in texts):
            raise BadInput("có ký tự không dùng được", "an unusable character", field=name)


def drawn(pool: Sequence[Question], count: int, seed: str, entry: str) -> tuple[str, ...]:
    """Which questions somebody is asked, by id, in their order: as many of each theme as there can be.

    The same seed and entry always draw the same, on any machine: everything is put in order by a hash of its name.
    """
    theme_of, themes = {one.id: one.theme for one in pool}, dict[str, list[str]]()
    for one in _shuffled(list(theme_of), seed, entry):
        themes.setdefault(theme_of[one], []).append(one)
    names = _shuffled(list(themes), seed, entry)
    turns = zip_longest(*(themes[name] for name in names))
    chosen = [one for one in chain.from_iterable(turns) if one is not None][:count]
    return tuple(_shuffled(chosen, seed, f"{entry} order"))


def shown(one: Question, seed: str, entry: str) -> list[tuple[int, str]]:
    """Its choices as somebody sees them, each with its place in the bank, which is what is answered."""
    places = _shuffled([str(place) for place in range(len(one.choices))], seed, f"{entry} {one.id}")
    return [(int(place), one.choices[int(place)]) for place in places]


def _shuffled(names: Sequence[str], seed: str, entry: str) -> list[str]:
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed} {entry} {name}".encode()).digest())


def key_of(pool: Sequence[Question]) -> Mapping[str, int]:
    """The right choice of each."""
    return {one.id: one.right for one in pool}
