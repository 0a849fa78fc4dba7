"""Tags: what is known of a person on a list, and which people a saved filter means; pure."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from config.words import BadInput, Word, joined

TAGS = {
    "unit": Word("đơn vị", "unit"),
    "village": Word("thôn bản", "village"),
    "group": Word("nhóm đối tượng", "group"),
    "language": Word("tiếng", "language"),
}
"""Tags and their names on screen."""
_NAMED = {title: tag for tag, title in TAGS.items()} | {"nhóm": "group"}
LONGEST_VALUE = 80

Pairs = tuple[tuple[str, str], ...]


def normal_value(written: str) -> str:
    """A tag's value as it is compared: NFC, small letters, single spaces, none of the marks that have a meaning here.

    Marks on letters stay: two villages may differ in nothing else.
    """
    bare = re.sub(r"[|=%_\\]", " ", unicodedata.normalize("NFC", written).casefold())
    return " ".join(bare.split())[:LONGEST_VALUE].strip()


def stored(tags: Iterable[tuple[str, str]]) -> str:
    """Tags as a row has them, `|language=mong|village=bản a|`, so that each can be looked for by LIKE on both databases."""
    kept = sorted((tag, value) for tag, written in tags if (value := normal_value(written)))
    return "|" + "|".join(f"{tag}={value}" for tag, value in kept) + "|" if kept else ""


def read(text: str) -> Pairs:
    """The opposite of `stored`."""
    return tuple((tag, value) for tag, _, value in (one.partition("=") for one in text.split("|") if one))


def conditions_of(written: Iterable[str]) -> Pairs:
    """`language=mong`, or `tiếng=mong` as it is said on screen, as pairs. Raises BadInput on `where`."""
    pairs = []
    for one in written:
        tag, _, value = one.partition("=")
        name = normal_value(tag)
        pair = _NAMED.get(name, name), normal_value(value)
        if pair[0] not in TAGS or not pair[1]:
            raise BadInput(
                f"Điều kiện “{one}” không đúng dạng cột=giá trị (có các cột: {', '.join(TAGS.values())})",
                f"{one!r} is not tag=value (tags: {', '.join(TAGS)})",
                field="where",
            )
        pairs.append(pair)
    if not pairs:
        raise BadInput("Cần ít nhất một điều kiện cột=giá trị", "At least one condition tag=value", field="where")
    return tuple(dict.fromkeys(pairs))


def patterns(conditions: Pairs) -> list[list[str]]:
    """What a row's text must be LIKE: one of each inner list. Several values of one tag mean any of them."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for tag, value in conditions:
        groups[tag].append(f"%|{tag}={value}|%")
    return list(groups.values())


def in_words(conditions: Iterable[Iterable[str]]) -> Word:
    """`tiếng: mong hoặc thái; thôn bản: bản a`."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for tag, value in conditions:
        groups[tag].append(value)
    return joined((_either(TAGS.get(tag, Word(tag, tag)), values) for tag, values in groups.items()), "; ")


def _either(title: Word, values: Iterable[str]) -> Word:
    return Word(f"{title}: {' hoặc '.join(values)}", f"{title.en}: {' or '.join(values)}")
