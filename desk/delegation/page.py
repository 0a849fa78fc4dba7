"""Delegations on the desk: a leader names who approves meanwhile, both see it, and it can be ended at any time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from config.words import BadInput, Conflict, NotAllowed, Said, Word
from db.types import new_id
from desk import store as people
from desk.answer import Answer, Done, Shown, Visit
from desk.delegation import store
from desk.delegation.store import GIVING, Delegation
from desk.forms import iso, listed, moment_of
from desk.shape import shape
from desk.shapes import people as shapes
from desk.store import Person

LONGEST = timedelta(days=90)
HERE = "/delegations"
STAGES = {
    "coming": ("wait", Word("sắp tới", "to come")),
    "running": ("run", Word("đang có hiệu lực", "in force")),
    "over": ("rest", Word("đã hết", "over")),
}


@shape(shapes.DelegationsTold)
async def list_all(visit: Visit) -> Answer:
    """GET /delegations: what one gave and was given; an administrator sees everybody's."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    now = visit.house.clock.now()
    async with visit.house.database.read() as connection:
        everybody = "administrator" in visit.roles and visit.units is None
        found = await store.list_all(connection, "" if everybody else visit.person)
        candidates = [one for one in await people.people(connection) if _can_receive(visit, one)]
    values: dict[str, Any] = {"found": found, "candidates": candidates, "typed": visit.form, "stages": STAGES}
    values |= {"may_give": bool(visit.own_roles & GIVING)}
    return Shown("delegations.html", values, listed([plain(one, now) for one in found], None))


def _can_receive(visit: Visit, one: Person) -> bool:
    """Whoever approves in somebody's stead does so for the same unit: they see what the giver sees, and no more."""
    working = one.disabled_at is None and set(one.roles) != {"station"}
    return working and one.id != visit.person and one.unit == visit.unit


@shape(shapes.DelegationTold, shapes.NewDelegation, status=201)
async def add(visit: Visit) -> Answer:
    """POST /delegations: somebody else approves in one's stead from one moment to another."""
    house, now = visit.house, visit.house.clock.now()
    try:
        if not visit.own_roles & GIVING:
            raise NotAllowed("Quyền được ủy không ủy tiếp được", "What was delegated cannot be delegated on")
        begin, end = moment_of(visit, "from") or now, moment_of(visit, "to")
        if end is None or end <= max(begin, now):
            raise BadInput("Chọn lúc kết thúc, sau lúc bắt đầu", "Say when it ends, after it begins", field="to")
        if end - begin > LONGEST:
            raise BadInput("Ủy quyền nhiều nhất 90 ngày một lần", "90 days at most", field="to")
        async with house.database.write() as tx:
            receiver = await _receiver(visit, tx)
            if known := await store.overlapping(tx, visit.person, begin, end):
                vi = f"Thời gian này bạn đã ủy quyền cho {known.receiver_name}"
                raise Conflict(vi, "Somebody else was named for a part of this time", field="from")
            who = (visit.person, visit.name, receiver.id, receiver.name)
            one = Delegation(new_id(now), *who, begin, end, visit.text("note").strip()[:1000], now)
            await store.add(tx, one)
            told: dict[str, Any] = {"from": iso(begin), "to": iso(end), "note": one.note}
            await house.journal.note(
                tx, now, visit.name, "delegate", f"person/{visit.login}", receiver=receiver.name, **told
            )
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    return Done(
        HERE,
        Word(
            f"{receiver.name} duyệt thay bạn trong thời gian đã chọn.",
            f"{receiver.name} approves in your stead for the time chosen.",
        ),
        plain(one, now),
        201,
    )


async def _receiver(visit: Visit, connection: Any) -> Person:
    written = visit.text("receiver").strip()
    found = [one for one in await people.people(connection) if one.login == written and _can_receive(visit, one)]
    if not found:
        raise BadInput("Chọn người duyệt thay", "Choose who approves in your stead", field="receiver")
    return found[0]


@shape(shapes.DelegationTold)
async def end(visit: Visit) -> Answer:
    """POST /delegations/{id}/end: from now on nobody approves in the giver's stead."""
    house, now = visit.house, visit.house.clock.now()
    async with house.database.write() as tx:
        one = await store.find(tx, visit.part("id"))
        may_end = "administrator" in visit.own_roles and visit.units is None
        if one.giver != visit.person and not may_end:
            raise NotAllowed("Chỉ người ủy quyền hay quản trị kết thúc được", "Only who gave it may end it")
        if not await store.end(tx, one.id, now):
            raise Conflict("Lần ủy quyền này đã hết", "This delegation is over")
        await house.journal.note(
            tx, now, visit.name, "end_delegation", f"person/{visit.login}", receiver=one.receiver_name
        )
        one = await store.find(tx, one.id)
    return Done(HERE, Word("Đã kết thúc ủy quyền.", "Delegation ended."), plain(one, now))


def plain(one: Delegation, now: Any) -> dict[str, Any]:
    """As JSON."""
    return {
        "id": one.id,
        "giver": one.giver_name,
        "receiver": one.receiver_name,
        "from": iso(one.begins_at),
        "to": iso(one.ends_at),
        "note": one.note,
        "stage": one.stage(now),
    }
