"""Receivers of events on the desk: which there are and how they fare; added, paused, tried out, given everything again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from config.words import BadInput, Conflict, NotFound, Said, Word
from desk.answer import UNSAID, Answer, Done, Shown, Visit
from desk.forms import iso, listed, moment_of
from desk.shape import shape
from desk.shapes import subscriptions as shapes
from desk.shapes.people import Nothing
from desk.shapes.schedules import MayNote
from scheduler.events.event import KEPT, TITLES
from scheduler.herald import DISABLED_AFTER, said
from scheduler.subscribing import OLD_KEY
from scheduler.subscription import store
from scheduler.subscription.store import Backlog, Subscription

HERE = "/subscriptions"


@dataclass(frozen=True, slots=True)
class Standing:
    """One receiver, and what waits for it."""

    one: Subscription
    backlog: Backlog

    @property
    def state(self) -> str:
        """`paused` by a person, `disabled` by Loa, `troubled` or `working`; `pending` until something was sent."""
        if self.one.paused_at:
            return "disabled" if self.one.is_disabled else "paused"
        if self.one.failing_since:
            return "troubled"
        return "working" if self.one.worked_at else "pending"

    @property
    def title(self) -> str:
        """The state in words."""
        words = {
            "paused": Word("tạm dừng", "paused"),
            "disabled": Word("Loa đã ngừng gửi", "Loa has stopped sending"),
            "troubled": Word("đang gặp lỗi", "in trouble"),
            "working": Word("nhận tốt", "receiving well"),
            "pending": Word("chưa gửi lần nào", "nothing sent yet"),
        }
        return words[self.state]

    @property
    def address(self) -> str:
        """Where events go, as it may be shown: a query may hold a key."""
        parts = urlsplit(self.one.url)
        return parts._replace(query="…" if parts.query else "", fragment="").geturl()

    @property
    def failed(self) -> Word:
        """What it last answered that was no success, or why it did not."""
        return said(self.one.failed_status, self.one.failed_words)


async def standings(visit: Visit) -> list[Standing]:
    """Every receiver."""
    async with visit.house.database.read() as connection:
        backlogs = await store.backlogs(connection)
        return [Standing(one, backlogs.get(one.id, Backlog())) for one in await store.every(connection)]


@shape(shapes.SubscriptionsTold)
async def list_all(visit: Visit) -> Answer:
    """GET /subscriptions."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    found = await standings(visit)
    typed = {"title": visit.text("title"), "url": visit.text("url"), "kinds": visit.texts("kinds")}
    values = {"standings": found, "titles": TITLES, "typed": typed, "kept": KEPT.days, "since": visit.text("since")}
    values |= {"disabled_after": DISABLED_AFTER.days, "old_key": OLD_KEY.total_seconds()}
    return Shown("subscriptions/list.html", values, listed([plain_subscription(one) for one in found], None))


def plain_subscription(standing: Standing) -> dict[str, Any]:
    """A receiver as JSON."""
    one, backlog = standing.one, standing.backlog
    return {
        "id": one.id,
        "title": one.title,
        "url": standing.address,
        "kinds": list(one.kinds),
        "state": standing.state,
        "made_at": iso(one.made_at),
        "made_by": one.made_by,
        "paused_at": iso(one.paused_at),
        "paused_by": one.paused_by or None,
        "trouble": one.trouble or None,
        "worked_at": iso(one.worked_at),
        "failed_at": iso(one.failed_at),
        "failed_status": one.failed_status,
        "failed_words": one.failed_words or None,
        "failing_since": iso(one.failing_since),
        "waiting": backlog.waiting,
        "next_at": iso(backlog.next_at),
        "given_up": backlog.given_up,
    }


@shape(shapes.SubscriptionKeyTold, shapes.NewSubscription, status=201, once=True)
async def add(visit: Visit) -> Answer:
    """POST /subscriptions: what happens from now on goes there; the key that signs it is shown this once."""
    house = visit.house
    title, url, kinds = visit.text("title"), visit.text("url").strip(), visit.texts("kinds")
    try:
        await house.subscribing.check(title, url, kinds)
        async with house.database.write() as tx:
            id, secret = await house.subscribing.add(tx, title, url, kinds, visit.name)
    except (BadInput, Conflict) as fault:
        return (await _page(visit)).with_fault(fault)
    return await _secret(visit, id, secret, status=201)


@shape(shapes.SubscriptionKeyTold, once=True)
async def renew(visit: Visit) -> Answer:
    """POST /subscriptions/{id}/key: another key, shown this once; the one before it signs as well for a day."""
    id = visit.part("id")
    async with visit.house.database.write() as tx:
        secret = await visit.house.subscribing.renew(tx, id, visit.name)
    return await _secret(visit, id, secret, renewed=True)


async def _secret(visit: Visit, id: str, secret: str, *, renewed: bool = False, status: int = 200) -> Shown:
    visit.house.notifier.ring("outlet")
    mine = await _standing(visit, id)
    values = {"standing": mine, "secret": secret, "renewed": renewed, "old_key": OLD_KEY.total_seconds()}
    plain = {"subscription": plain_subscription(mine), "secret": secret}
    return Shown("subscriptions/secret.html", values, plain, status)


async def _standing(visit: Visit, id: str) -> Standing:
    found = [one for one in await standings(visit) if one.one.id == id]
    if not found:
        raise NotFound("Không có nơi nhận sự kiện này", "There is no such subscription")
    return found[0]


@shape(shapes.SubscriptionTold, MayNote)
async def pause(visit: Visit) -> Answer:
    """POST /subscriptions/{id}/pause: what happens meanwhile waits."""
    id, note = visit.part("id"), visit.text("note").strip()[:300]
    try:
        async with visit.house.database.write() as tx:
            await visit.house.subscribing.pause(tx, id, visit.name, note)
    except Conflict as fault:
        return (await _page(visit)).with_fault(fault)
    return await _changed(
        visit,
        id,
        Word(
            "Đã tạm dừng; sự kiện mới được giữ lại cho tới khi mở lại.",
            "Paused; new events are kept until it is opened again.",
        ),
    )


@shape(shapes.SubscriptionTold)
async def resume(visit: Visit) -> Answer:
    """POST /subscriptions/{id}/resume: all that waits goes at once."""
    id = visit.part("id")
    try:
        async with visit.house.database.write() as tx:
            await visit.house.subscribing.resume(tx, id, visit.name)
    except Conflict as fault:
        return (await _page(visit)).with_fault(fault)
    return await _changed(
        visit,
        id,
        Word("Đã mở lại; những sự kiện đang chờ được gửi ngay.", "Opened again; events that waited are sent now."),
    )


async def _changed(visit: Visit, id: str, words: Word = UNSAID) -> Done:
    for topic in ("outlet", "herald"):
        visit.house.notifier.ring(topic)
    return Done(f"{HERE}#{id}", words, plain_subscription(await _standing(visit, id)))


@shape(Nothing)
async def remove(visit: Visit) -> Answer:
    """POST /subscriptions/{id}/remove: nothing is sent there any more, and what waits is forgotten."""
    async with visit.house.database.write() as tx:
        gone = await visit.house.subscribing.remove(tx, visit.part("id"), visit.name)
    visit.house.notifier.ring("outlet")
    return Done(HERE, Word(f"Đã bỏ nơi nhận {gone.title}.", f"Receiver {gone.title} removed."), {})


@shape(shapes.TriedTold)
async def try_out(visit: Visit) -> Answer:
    """POST /subscriptions/{id}/test: an event that tells of nothing goes there once, now; what is answered to it."""
    async with visit.house.database.read() as connection:
        to = await store.find(connection, visit.part("id"))
    tried = await visit.house.herald.try_out(to)
    words = said(tried.status, tried.words)
    if not tried.good and not visit.json:
        fault = Conflict(
            f"{to.title} không nhận sự kiện thử: {words}", f"{to.title} did not take the test event: {words.en}"
        )
        return (await _page(visit)).with_fault(fault)
    plain = {"good": tried.good, "status": tried.status, "words": tried.words}
    return Done(
        f"{HERE}#{to.id}",
        Word(f"{to.title} đã nhận sự kiện thử: {words}.", f"{to.title} took the test event: {words.en}."),
        plain,
    )


@shape(shapes.ReplayTold, shapes.ReplayAsked)
async def replay(visit: Visit) -> Answer:
    """POST /subscriptions/{id}/replay: everything it asked for since a moment is sent again, under the same ids."""
    id = visit.part("id")
    try:
        since = moment_of(visit, "since")
        if since is None:
            raise BadInput("Chọn thời điểm gửi lại từ đó", "Choose a moment", field="since")
        async with visit.house.database.write() as tx:
            count = await visit.house.subscribing.replay(tx, id, since, visit.name)
    except NotFound:
        raise
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    await _changed(visit, id)
    return Done(
        f"{HERE}#{id}",
        Word(f"Đang gửi lại {count} sự kiện.", f"Events being sent again: {count}."),
        {"events": count},
    )
