"""The delivery log on the desk: filters, counts, one delivery's attempts, and a person's decisions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import normal_address, shown
from channels.pulls import store as pull_store
from channels.reasons import IN_WORDS, in_words
from channels.seal import Seal
from channels.shelf.fetched import delivery_state, part_states
from channels.station import store as station_store
from channels.station.store import Airing
from config.words import BadInput, NotFound, Said, Word
from content import store as content_store
from content.item import ItemState
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import choice, day_of, iso, limit_of, listed
from desk.shape import shape
from desk.shapes import deliveries as shapes
from desk.shapes.schedules import MayNote
from desk.units.choosing import must_reach_any, must_see_item
from scheduler import store
from scheduler.delivery import DONE, MOVES, TITLES, Delivery, State
from scheduler.log import store as log_store
from scheduler.log.store import Filter
from scheduler.policy import CAP_TITLES
from scheduler.schedule import Schedule

Deed = Callable[[AsyncConnection], Awaitable[None]]
QUERY = ("state", "reason", "channel", "outlet", "item", "schedule", "occurrence", "address", "from", "to")
STAGE_TITLES = {
    "failed": ("bad", Word("Đối tác báo không tới", "Partner says it did not arrive")),
    "delivered": ("good", Word("Đối tác xác nhận đã tới", "Partner confirms it arrived")),
    "aired": ("good", Word("Đài báo đã phát sóng", "Station says it was aired")),
    "down": ("rest", Word("Đã gỡ khỏi bảng tin", "Taken down from the notice board")),
}
OUTCOME_TITLES = {
    "sent": Word("đối tác đã nhận", "taken by the partner"),
    "refused": Word("bị từ chối", "refused"),
    "unavailable": Word("chưa gửi được", "could not be sent"),
    "unsure": Word("chưa rõ đã tới hay chưa", "unsure whether it arrived"),
    "": Word("đang gửi", "being sent"),
}


@shape(shapes.DeliveriesTold, shapes.DeliveriesAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /deliveries: newest first, with counts for each outlet."""
    try:
        wanted = filter_of(visit)
    except BadInput as fault:
        return (await _page(visit, None)).with_fault(fault)
    return await _page(visit, wanted)


async def _page(visit: Visit, wanted: Filter | None) -> Shown:
    house, limit, found, stats, held = visit.house, limit_of(visit), [], {}, {}
    async with house.database.read() as connection:
        if wanted is not None:
            after = visit.asked("after")
            found = await log_store.list_deliveries(connection, wanted, after=after, limit=limit + 1)
            # one person's are few and stand on the page; by reason counting would take as long as reading them all
            if not visit.json and not after and not wanted.addresses and not wanted.reason:
                stats, held = await log_store.stats(connection, wanted), await log_store.held_back(connection, wanted)
        narrowed = await _narrowed(visit, connection)
    page = found[:limit]
    next = page[-1].id if len(found) > limit else None
    given = {name: visit.asked(name) for name in QUERY}
    values: dict[str, Any] = {
        "deliveries": page,
        "stats": stats,
        "held": held,
        "rule_titles": rule_titles(visit),
        "given": given,
        "titles": TITLES,
        "narrowed": narrowed,
        "by_link_alone": {name for name, value in given.items() if value} == {name for name, _ in narrowed} != set(),
        "next": next,
    }
    more = urlencode({name: value for name, value in given.items() if value})
    kinds = {at.channel.kind: at.channel.title for at in visit.outlets}
    values |= {"outlets": visit.outlets, "more": more, "states": list(State), "kinds": kinds}
    values |= {"reasons": _reasons(given["reason"]), "in_words": in_words}
    return Shown("deliveries/list.html", values, listed([plain_delivery(house.seal, one) for one in page], next))


def _reasons(asked: str) -> dict[str, str]:
    """What there is to choose from: every reason with a name, and the one that is asked for."""
    return IN_WORDS if asked in IN_WORDS or not asked else {**IN_WORDS, asked: asked}


def rule_titles(visit: Visit) -> dict[str, Word]:
    """What each rule that may hold a delivery back says, by name."""
    return {name: Word(rule.vi, rule.en) for name, rule in visit.house.policy.rules.items()} | CAP_TITLES


def filter_of(visit: Visit) -> Filter:
    """What the address's query narrows the log to. Raises BadInput."""
    state = choice(State, visit.asked("state"), "state")
    return Filter(
        states=(state,) if state else (),
        outlets=_outlets(visit),
        item=visit.asked("item"),
        schedule=visit.asked("schedule"),
        occurrence=visit.asked("occurrence"),
        addresses=visit.house.seal.forms(address) if (address := _address(visit.asked("address"))) else (),
        since=day_of(visit, "from"),
        until=day_of(visit, "to", end=True),
        reason=visit.asked("reason"),
    )


def _outlets(visit: Visit) -> tuple[str, ...]:
    """The outlet that is asked for, or all of a channel, of those that are this person's to see.

    A name that is none where there is none, so that nothing is found.
    """
    outlet, channel = visit.asked("outlet"), visit.asked("channel")
    if not channel and visit.units is None:
        return (outlet,) if outlet else ()
    wanted = (at for at in visit.outlets if channel in {"", at.channel.kind} and outlet in {"", at.name})
    return tuple(at.name for at in wanted) or ("",)


def _address(written: str) -> str:
    """A phone number in any writing as it is kept; a Zalo id or an outlet's own address as it is."""
    if not written:
        return ""
    if "@" in written:
        return _email(written)
    try:
        return normal_address("phone", written)
    except BadInput:
        if sum(letter.isdigit() for letter in written) < 3:
            return written
    try:
        return normal_address("zalo", written)
    except BadInput:
        raise BadInput(
            "Không phải số di động hay mã Zalo; hãy ghi đủ số, ví dụ 0912345678",
            "Not a mobile number or Zalo id; write it whole",
            field="address",
        ) from None


def _email(written: str) -> str:
    try:
        return normal_address("email", written)
    except BadInput as fault:
        raise BadInput(fault.vi, fault.en, field="address") from None


async def _narrowed(visit: Visit, connection: AsyncConnection) -> list[tuple[str, Word]]:
    """Filters that come with a link, in words: (query name, what)."""
    words = []
    if id := visit.asked("item"):
        await must_see_item(visit, connection, id)
        title = (await content_store.find_item(connection, id)).title
        words.append(("item", Word(f"Tin: {title}", f"Item: {title}")))
    if id := visit.asked("schedule"):
        schedule = await store.find_schedule(connection, id)
        must_reach_any(visit, schedule.outlets)
        words.append(("schedule", Word(f"Lịch: {schedule.title}", f"Schedule: {schedule.title}")))
    if id := visit.asked("occurrence"):
        row = await store.find_occurrence(connection, id)
        must_reach_any(visit, row.outlets)
        at = visit.drawing.near(row.due_at)
        words.append(("occurrence", Word(f"Kỳ phát {at}", f"Run {at.en}")))
    return words


def plain_delivery(seal: Seal, delivery: Delivery) -> dict[str, Any]:
    """A delivery as JSON; a person's address is masked."""
    kept = ("id", "occurrence", "schedule", "outlet", "title", "reference", "reason", "detail", "rule")
    return {name: getattr(delivery, name) for name in kept} | {
        "class": delivery.klass,
        "address": shown(seal, delivery.address),
        "carrier": delivery.carrier,
        "state": delivery.state.value,
        "due_at": iso(delivery.due_at),
        "attempts": [
            {
                "n": one.n,
                "outlet": delivery.carrier_at(one.n),
                "at": iso(one.at),
                "ms": one.ms,
                "outcome": one.outcome,
                "reason": one.reason,
                "reference": one.reference,
                "detail": one.detail,
            }
            for one in delivery.attempts
        ],
    }


@shape(shapes.DeliverySheet)
async def show(visit: Visit) -> Answer:
    """GET /deliveries/{id}: attempts, receipts and pulls as one story."""
    return await _sheet(visit)


async def _sheet(visit: Visit, number: str = "") -> Shown:
    """The page; `number` is the recipient's, whole, where somebody has just asked for it."""
    house, id = visit.house, visit.part("id")
    async with house.database.read() as connection:
        told = await log_store.story(connection, id)
        delivery = told.delivery
        pulls = (await pull_store.pulls_of(connection, [delivery.id])).get(delivery.id, [])
        airings = (await station_store.airings_of(connection, [delivery.id])).get(delivery.id, [])
        schedule = await store.find_schedule(connection, delivery.schedule)
        deeds = await house.journal.of(connection, f"delivery/{delivery.id}")
        overtaken = await _overtaken(connection, delivery, schedule)
    at = house.outlets.get(delivery.outlet)
    states = part_states(pulls, pulls[0].proof.parts) if pulls else []
    fetched = delivery_state(states) if at is not None and at.channel.shelf else None
    values = {"delivery": delivery, "receipts": told.receipts, "pulls": pulls, "schedule": schedule, "deeds": deeds}
    values |= {
        "outlets": house.outlets,
        "outcomes": OUTCOME_TITLES,
        "stages": STAGE_TITLES,
        "reasons": IN_WORDS,
        "next_at": told.next_at,
        "number": number,
        "can": _can(delivery.state),
        "airings": airings,
        "parts": states,
        "fetched": fetched,
        "overtaken": overtaken if at is None or not at.channel.shelf_public else "",
    }
    plain = plain_delivery(house.seal, delivery) | {
        "receipts": [
            {"stage": one.stage, "at": iso(one.at), "reason": one.reason, "detail": one.detail} for one in told.receipts
        ],
        "next_at": iso(told.next_at),
        "fetched": fetched.value if fetched else None,
        "overtaken": values["overtaken"] or None,
        "pulls": [one.plain() for one in pulls],
        "aired": [plain_airing(one) for one in airings],
    }
    return Shown("deliveries/show.html", values, plain)


async def _overtaken(connection: AsyncConnection, delivery: Delivery, schedule: Schedule) -> str:
    """What was done to its text after it had arrived: `withdrawn`, `corrected`, or nothing."""
    if delivery.state not in DONE:
        return ""
    pinned = {one.item: one.revision for one in schedule.items}
    items = (await content_store.items_by_id(connection, pinned)).values()
    if any(item.state is ItemState.WITHDRAWN for item in items):
        return "withdrawn"
    return "corrected" if any(item.approved not in {None, pinned[item.id]} for item in items) else ""


def plain_airing(one: Airing) -> dict[str, Any]:
    """An airing as JSON."""
    kept = ("seconds", "slot", "presenter", "source", "line")
    return {"at": iso(one.at), "part": one.part + 1 or None} | {name: getattr(one, name) for name in kept}


def _can(state: State) -> dict[str, bool]:
    """Which decisions a person has."""
    return {
        "retry": state in {State.FAILED, State.MISSED},
        "resolve": state is State.UNSURE,
        "cancel": State.CANCELLED in MOVES[state],
    }


@shape(shapes.NumberTold, shapes.WhyNumber, once=True)
async def show_number(visit: Visit) -> Answer:
    """POST /deliveries/{id}/number: the page with the recipient's whole number, once; the `note` why goes into the journal."""
    try:
        async with visit.house.database.write() as tx:
            number = await visit.house.rights.show_number(tx, visit.part("id"), visit.name, visit.text("note"))
    except NotFound:
        raise
    except Said as fault:
        return (await _sheet(visit)).with_fault(fault)
    shown = await _sheet(visit, number)
    return replace(shown, plain={**shown.plain, "number": number})


@shape(shapes.DeliverySheet)
async def retry(visit: Visit) -> Answer:
    """POST /deliveries/{id}/retry."""

    async def deed(tx: AsyncConnection) -> None:
        await visit.house.handling.retry(tx, visit.part("id"), visit.name)

    return await _done(visit, Word("Sẽ gửi lại ngay.", "It will be sent again at once."), deed)


@shape(shapes.DeliverySheet, shapes.Resolve)
async def resolve(visit: Visit) -> Answer:
    """POST /deliveries/{id}/resolve: what an unsure delivery became."""

    async def deed(tx: AsyncConnection) -> None:
        decision, note = visit.text("decision"), visit.text("note")
        await visit.house.handling.resolve(tx, visit.part("id"), decision, visit.name, note)

    return await _done(visit, Word("Đã ghi kết luận.", "Your finding is kept."), deed)


@shape(shapes.DeliverySheet, MayNote)
async def cancel(visit: Visit) -> Answer:
    """POST /deliveries/{id}/cancel."""

    async def deed(tx: AsyncConnection) -> None:
        await visit.house.handling.cancel(tx, visit.part("id"), visit.name, visit.text("note"))

    return await _done(visit, Word("Đã hủy lượt gửi.", "Delivery cancelled."), deed)


async def _done(visit: Visit, said: Word, deed: Deed) -> Answer:
    id = visit.part("id")
    try:
        async with visit.house.database.write() as tx:
            await deed(tx)
    except NotFound:
        raise
    except Said as fault:
        return (await _sheet(visit)).with_fault(fault)
    visit.house.notifier.ring("delivery")
    visit.house.notifier.ring("work")
    return Done(f"/deliveries/{id}", said, (await _sheet(visit)).plain if visit.json else None)
