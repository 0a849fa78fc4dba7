"""Pages of public shelves kept as drawn until their shelf turns or something on it is over by itself."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from channels.channel import Page, Pull
from channels.outlet import InService
from desk.shelves import Seen

MOST_BYTES = 32 * 2**20
Key = tuple[str, str, tuple[tuple[str, str], ...]]


class Drawn:
    """The pages of this process; the longest unread go when there are too many."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Key, tuple[int, datetime | None, Page]] = OrderedDict()
        self._bytes = 0

    def find(self, at: InService, now_at: int, pull: Pull) -> Page | None:
        """The page, if it would be drawn the same now that the shelf has turned so often."""
        key = _key(at, pull)
        known = self._pages.get(key)
        if known is None:
            return None
        turn, until, page = known
        if turn != now_at or (until is not None and until <= pull.now):
            self._drop(key)
            return None
        self._pages.move_to_end(key)
        return page

    def keep(self, at: InService, seen: Seen, pull: Pull, page: Page) -> None:
        """Remember a page that was drawn, unless it is a recording or says that it is another one each time."""
        if page.audio is not None or page.headers.get("cache-control") == "no-store":
            return
        key = _key(at, pull)
        self._drop(key)
        self._pages[key] = (seen.stock.turn, seen.stock.next_end(pull.now), page)
        self._bytes += len(page.body)
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: Key) -> None:
        known = self._pages.pop(key, None)
        self._bytes -= len(known[2].body) if known else 0


def _key(at: InService, pull: Pull) -> Key:
    return at.name, pull.path, tuple(sorted(pull.query.items()))
