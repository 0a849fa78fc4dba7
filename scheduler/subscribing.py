"""Subscribing: an administrator's verbs on receivers of events; each runs in the transaction it is given and is journaled."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.answer import Unavailable
from channels.guard import PrivateAddress
from channels.http import Http
from config.clock import Clock
from config.words import BadInput, Conflict
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler.events import store as event_store
from scheduler.events.event import KEPT, OF_JOURNAL, Kind
from scheduler.subscription import store
from scheduler.subscription.keys import Keys
from scheduler.subscription.store import Subscription

MOST = 50
LONGEST_TITLE, LONGEST_URL = 100, 2000
OLD_KEY = timedelta(hours=24)
"""So long a key that was changed signs beside the new one."""


class Subscribing:
    """`allow` lists the private networks that may be called: only there the address may be a plain http:// one."""

    def __init__(
        self, database: Database, journal: Journal, clock: Clock, http: Http, keys: Keys, allow: Sequence[str]
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._http = http
        self._keys = keys
        self._allowed = [ipaddress.ip_network(network) for network in allow]

    async def check(self, title: str, url: str, kinds: Collection[str]) -> None:
        """Raises BadInput for what cannot be a receiver; looks its address up, so not to be called in a transaction."""
        if not title.strip() or len(title) > LONGEST_TITLE:
            raise BadInput(
                f"Đặt tên cho nơi nhận, nhiều nhất {LONGEST_TITLE} ký tự",
                f"Give a title of {LONGEST_TITLE} characters at most",
                field="title",
            )
        known = list(Kind)
        if not kinds or set(kinds) - set(known):
            listed = ", ".join(known)
            raise BadInput(f"Chọn ít nhất một loại sự kiện: {listed}", f"Choose among: {listed}", field="kinds")
        await self._check_address(url)

    async def add(self, tx: AsyncConnection, title: str, url: str, kinds: Collection[str], by: str) -> tuple[str, str]:
        """A receiver of what happens from now on; its id, and the key it checks signatures with, to be shown once."""
        wanted = await event_store.hold_wanted(self._database, tx)
        if len(await store.every(tx)) >= MOST:
            raise Conflict(f"Đã có {MOST} nơi nhận; hãy bỏ bớt", f"There are {MOST} subscriptions already")
        now = self._clock.now()
        id = new_id(now)
        secret, sealed = self._keys.make(id)
        asked = tuple(kind.value for kind in Kind if kind in kinds)
        await store.add(tx, Subscription(id, title.strip(), url, asked, sealed, "", None, now, by))
        await self._want(tx, wanted, wanted | set(asked))
        await self._note(tx, by, "add_subscription", id, title=title.strip(), kinds=list(asked))
        return id, secret

    async def pause(self, tx: AsyncConnection, id: str, by: str, note: str = "") -> None:
        """What happens meanwhile waits. Raises NotFound, Conflict."""
        one = await store.find(tx, id)
        if not await store.pause(tx, id, self._clock.now(), by, note):
            raise Conflict(f"{one.title} đã tạm dừng rồi", f"{one.title} is paused already")
        await self._note(tx, by, "pause_subscription", id, title=one.title, note=note)

    async def resume(self, tx: AsyncConnection, id: str, by: str) -> None:
        """All that waits goes at once. Raises NotFound, Conflict."""
        one = await store.find(tx, id)
        if not await store.resume(tx, id, self._clock.now()):
            raise Conflict(f"{one.title} không tạm dừng", f"{one.title} is not paused")
        await self._note(tx, by, "resume_subscription", id, title=one.title)

    async def renew(self, tx: AsyncConnection, id: str, by: str) -> str:
        """Another key, to be shown once; the one before it signs as well for a day. Raises NotFound."""
        one = await store.hold(self._database, tx, id)
        secret, sealed = self._keys.make(id)
        await store.change(tx, id, secret=sealed, former=one.secret, former_until=self._clock.now() + OLD_KEY)
        await self._note(tx, by, "renew_subscription_key", id, title=one.title)
        return secret

    async def remove(self, tx: AsyncConnection, id: str, by: str) -> Subscription:
        """Nothing is sent there any more, and what nobody else wants is written down no longer. Raises NotFound."""
        wanted = await event_store.hold_wanted(self._database, tx)
        one = await store.hold(self._database, tx, id)
        await store.remove(tx, id)
        left = frozenset(kind for other in await store.every(tx) for kind in other.kinds)
        await self._want(tx, wanted, left)
        await self._note(tx, by, "remove_subscription", id, title=one.title)
        return one

    async def replay(self, tx: AsyncConnection, id: str, since: datetime, by: str) -> int:
        """Everything it asked for since a moment is sent again, under the same ids; how much. Raises NotFound, BadInput."""
        one, now = await store.hold(self._database, tx, id), self._clock.now()
        if not now - KEPT <= since <= now:
            raise BadInput(
                f"Chọn một thời điểm trong {KEPT.days} ngày qua; sự kiện cũ hơn không được giữ",
                f"Choose a moment of the last {KEPT.days} days; older events are not kept",
                field="since",
            )
        count = await store.replay(self._database, tx, id, one.kinds, since, now)
        await self._note(tx, by, "replay_subscription", id, title=one.title, since=since.isoformat(), events=count)
        return count

    async def _want(self, tx: AsyncConnection, before: frozenset[str], after: frozenset[str]) -> None:
        """Other kinds are wanted from now on: what is under way is watched, what is long done is not gone through."""
        if after & OF_JOURNAL and not before & OF_JOURNAL:
            await event_store.hold_journal_at(self._database, tx)
            await event_store.set_journal_at(tx, await self._journal.newest(tx))
        if Kind.DELIVERY_FINAL in after - before:
            await event_store.watch_parcels(tx)
        if Kind.DELIVERY_FINAL in before - after:
            await event_store.unwatch_parcels(tx)
        await event_store.set_wanted(tx, after)

    async def _check_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if (
            not host
            or len(url) > LONGEST_URL
            or not url.isprintable()
            or " " in url
            or parts.scheme not in {"https", "http"}
        ):
            raise BadInput("Địa chỉ phải bắt đầu bằng https://", "The address must begin with https://", field="url")
        if parts.username is not None or parts.password is not None:
            raise BadInput("Địa chỉ không được chứa mật khẩu", "No password in the address", field="url")
        if parts.scheme == "http" and not self._is_inside(host):
            raise BadInput(
                "Địa chỉ phải bắt đầu bằng https://; http:// chỉ dùng cho địa chỉ số của mạng nội bộ ghi trong [http] allow",
                "The address must begin with https://; http:// is for numeric addresses within [http] allow alone",
                field="url",
            )
        try:
            await self._http.reach(host, port or 443)
        except PrivateAddress as error:
            raise BadInput(error.vi, error.en, field="url") from None
        except Unavailable:
            return  # no name server just now: the first try will tell

    def _is_inside(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address.version == network.version and address in network for network in self._allowed)

    async def _note(self, tx: AsyncConnection, by: str, verb: str, id: str, **detail: object) -> None:
        await self._journal.note(tx, self._clock.now(), by, verb, f"subscription/{id}", **detail)
