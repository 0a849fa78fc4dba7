"""Items as the public site shows them: one address for ever, when they came and changed, where they are found; pure."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from itertools import pairwise

from channels.channel import Shelved
from content.bulletin import Bulletin, Part


@dataclass(frozen=True, slots=True)
class News:
    """One item: its newest part, when it first and last appeared, when its text changed, and until when it holds.

    `deliveries` are those that showed the newest text; `withdrawn_at` tells that the office has taken all of it back,
    `replaced` the slug of what took its place.
    """

    part: Part
    bulletin: Bulletin
    slug: str
    first: datetime
    since: datetime
    until: datetime | None
    deliveries: tuple[str, ...]
    corrected: tuple[datetime, ...] = ()
    withdrawn_at: datetime | None = None
    replaced: str = ""

    def along(self, now: datetime) -> list[Part]:
        """What its newest bulletin carries along now."""
        parts = (part for part in self.bulletin.parts if part.ride and part.item != self.part.item)
        return [part for part in parts if datetime.fromisoformat(part.until) > now]

    def over(self, now: datetime) -> bool:
        """Whether it no longer holds."""
        return self.until is not None and self.until <= now

    def month(self, zone: tzinfo) -> str:
        """The month it first appeared in, such as `2026-11`."""
        return f"{self.first.astimezone(zone):%Y-%m}"


@dataclass(frozen=True, slots=True)
class Site:
    """Everything on a shelf: items by every path that ever led to them, and as a list, newest first."""

    paths: dict[str, News]
    news: list[News]

    def changed_at(self, now: datetime) -> datetime | None:
        """When the site last changed: something came, or was over by itself."""
        ends = [each.until for each in self.news if each.until is not None and each.until <= now]
        return max([each.since for each in self.news] + ends, default=None)

    def current(self, now: datetime) -> list[News]:
        """What holds now."""
        return [each for each in self.news if not each.over(now)]


def site_of(shelf: Iterable[Shelved]) -> Site:
    """The items of a shelf.

    An address belongs to the item that had it first; a later item of the same slug gets a mark behind it.
    """
    owners: dict[str, str] = {}
    stood: dict[str, list[tuple[Shelved, Part]]] = {}
    named: dict[str, str] = {}
    for shelved in sorted(shelf, key=lambda each: (each.since, each.delivery)):
        for part in shelved.bulletin.own:
            owners.setdefault(slug_of(part), part.item)
            stood.setdefault(part.item, []).append((shelved, part))
            named.setdefault(shelved.name, part.item)
    by_item = {item: _newest(item, times, owners) for item, times in stood.items()}
    paths = {name: by_item[item] for name, item in named.items()}
    paths |= {each.slug: each for each in by_item.values()}
    paths |= {slug: by_item[item] for slug, item in owners.items()}
    return Site(paths, sorted(by_item.values(), key=lambda each: (each.since, each.slug), reverse=True))


def _newest(item: str, times: list[tuple[Shelved, Part]], owners: dict[str, str]) -> News:
    shelved, part = times[-1]
    slug = slug_of(part)
    if owners[slug] != item:
        slug = f"{slug}-{hashlib.sha256(item.encode()).hexdigest()[:6]}"
    ends = [moment for moment in (shelved.until, shelved.bulletin.valid_until) if moment is not None]
    shown = tuple(each.delivery for each, text in times if text.digest == part.digest)
    changes = tuple(each.since for (_, before), (each, text) in pairwise(times) if text.digest != before.digest)
    gone = [each.withdrawn_at for each, _ in times]
    taken_back = max((moment for moment in gone if moment is not None), default=None) if None not in gone else None
    end = min(ends, default=None)
    return News(
        part,
        shelved.bulletin,
        slug,
        times[0][0].since,
        shelved.since,
        end,
        shown,
        changes,
        taken_back,
        shelved.replaced,
    )


def slug_of(part: Part) -> str:
    """The last part of an item's address."""
    return part.slug or hashlib.sha256(part.item.encode()).hexdigest()[:12]


def found(news: Sequence[News], zone: tzinfo, *, theme: str = "", month: str = "", words: str = "") -> list[News]:
    """Those of a theme, of a month (`2026-11`) and with all of these words, whatever marks they are written with."""
    wanted = fold(words).split()
    return [
        each
        for each in news
        if (not theme or each.part.theme == theme)
        and (not month or each.month(zone) == month)
        and all(word in _folded(each.part) for word in wanted)
    ]


def themes_of(news: Iterable[News]) -> list[str]:
    """Every theme there is something of, in the order of the alphabet without marks."""
    return sorted({each.part.theme for each in news if each.part.theme}, key=fold)


def months_of(news: Iterable[News], zone: tzinfo) -> list[tuple[str, int]]:
    """Every month something first appeared in, newest first, and how much."""
    return sorted(Counter(each.month(zone) for each in news).items(), reverse=True)


def fold(text: str) -> str:
    """Lower case without any mark: how people type who are in a hurry."""
    return unicodedata.normalize("NFC", text).lower().translate(_bare())


@cache
def _bare() -> dict[int, str | None]:
    """What each letter with marks is without them; a table, for whole sites are folded."""
    marked = (chr(code) for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)))
    plain = {ord(letter): unicodedata.normalize("NFD", letter)[0] for letter in marked}
    return {**plain, ord("đ"): "d", **dict.fromkeys(range(0x300, 0x370))}


@lru_cache(maxsize=4_000)
def _folded(part: Part) -> str:
    """Everything that is searched of an item; remembered, for the text is long and asked for at every search."""
    return fold(f"{part.title} {part.theme} {part.source} {part.script} {part.short} {part.chat}")
