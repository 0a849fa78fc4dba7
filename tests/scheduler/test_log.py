"""The log as it is looked through: by why something did not arrive, by one person, page after page."""

from __future__ import annotations

from datetime import timedelta

from channels.audiences.store import Recipient, save_audience
from channels.channel import Confirmation
from db.types import new_id
from scheduler.delivery import Attempt, Delivery, State, delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.log import store as log_store
from scheduler.log.store import Filter
from scheduler.schedule import Missed, Rule
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import Office

TRIED = (
    ("f", ("refused", "number")),
    ("f", ("unavailable", "busy"), ("refused", "number")),
    ("s", ("unavailable", "busy"), ("sent", "")),
    ("s", ("sent", "")),
    ("p", ("unavailable", "busy")),
    ("c", ("unsure", "timeout")),
    ("u", ("unsure", "timeout")),
    ("p",),
)
"""Letters of eight deliveries, each with the outcomes and reasons of its tries."""


async def tried(office: Office) -> int:
    """These eight in one parcel, of which a partner says later that the fourth did not reach the phone; the parcel's id."""
    await office.audience(len(TRIED))
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    id, now = (await office.deliveries())[0].parcel, office.clock.now()
    tries = [
        Attempt(id, seq, n, now, 5, outcome, reason)
        for seq, (_, *ends) in enumerate(TRIED)
        for n, (outcome, reason) in enumerate(ends, 1)
    ]
    async with office.house.database.write() as tx:
        await dispatch.change_parcel(tx, id, letters="".join(letter for letter, *_ in TRIED), cursor=len(TRIED))
        await dispatch.add_attempts(tx, tries)
    async with office.house.database.write() as tx:
        said = Confirmation(delivered=False, delivery=delivery_id(id, 3), reason="unreachable")
        assert await office.house.receiver.confirm(tx, "sms", said, now)
    return id


async def in_order(office: Office) -> list[Delivery]:
    """All eight."""
    return await pages(office, Filter(), 50)


async def pages(office: Office, wanted: Filter, size: int) -> list[Delivery]:
    """All of it, page after page."""
    found: list[Delivery] = []
    async with office.house.database.read() as connection:
        while page := await log_store.list_deliveries(
            connection, wanted, after=found[-1].id if found else "", limit=size
        ):
            found += page
    return found


@both
async def test_why_it_has_not_arrived(office: Office) -> None:
    """What was said last counts, at a try or later; of what has arrived after all there is no reason."""
    await tried(office)
    expected = {"number": [0, 1], "unreachable": [3], "busy": [4], "timeout": [6], "money": [], "": list(range(8))}
    for reason, seqs in expected.items():
        found = await pages(office, Filter(reason=reason), 1)
        assert seqs == [one.seq for one in found], reason
        assert {reason} >= {one.reason for one in found} or not reason
    everything = await in_order(office)
    assert ["number", "number", "", "unreachable", "busy", "", "timeout", ""] == [one.reason for one in everything]


@both
async def test_a_reason_and_other_filters(office: Office) -> None:
    """All that is given must hold."""
    await tried(office)
    person = (await in_order(office))[1].address
    for wanted, seqs in (
        (Filter(reason="number", states=(State.FAILED,)), [0, 1]),
        (Filter(reason="number", states=(State.UNSURE, State.CONFIRMED)), []),
        (Filter(reason="number", addresses=(person,)), [1]),
        (Filter(reason="busy", addresses=(person,)), []),
        (Filter(reason="number", outlets=("portal",)), []),
        (Filter(reason="number", since=office.in_(hours=1)), []),
    ):
        assert seqs == [one.seq for one in await pages(office, wanted, 50)], wanted


@both
async def test_counts_are_of_what_is_asked_for(office: Office) -> None:
    """States, or one person; by reason no less than there are."""
    await tried(office)
    person = (await in_order(office))[6].address
    whole = {State.FAILED: 3, State.SENT: 1, State.PENDING: 2, State.CONFIRMED: 1, State.UNSURE: 1}
    async with office.house.database.read() as connection:
        for wanted, counts in (
            (Filter(), whole),
            (Filter(states=(State.FAILED,)), {State.FAILED: 3}),
            (Filter(addresses=(person,)), {State.UNSURE: 1}),
            (Filter(addresses=(person,), states=(State.SENT,)), {}),
            (Filter(reason="number"), {State.FAILED: 3, State.PENDING: 2, State.UNSURE: 1}),
        ):
            told = await log_store.stats(connection, wanted)
            assert counts == dict(told.get("sms", {})), wanted


@both
async def test_each_is_found_among_strange_names(office: Office) -> None:
    """A name may hold whatever the list of names is written with."""
    house, clock = office.house, office.clock
    names = ('["a","b"]', 'x"],["y', "\\", 'Lò Thị "Mai"', "[", "")
    people = [Recipient("phone", f"+8498100000{place}", name) for place, name in enumerate(names)]
    async with house.database.write() as tx:
        id = new_id(clock.now())
        await save_audience(house.database, tx, house.seal, id, "Bản A", people, clock.now())
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    for person in people:
        forms = house.seal.forms(person.address)
        [found] = await pages(office, Filter(addresses=forms), 50)
        assert (person.name, True) == (found.name, found.address in forms)


@both
async def test_small_parcels_are_all_found_once(office: Office) -> None:
    """However few a parcel holds, a page is full and the next begins behind it."""
    rule = Rule(every=timedelta(minutes=1))
    await office.schedule(await office.item(), "portal", rule=rule, missed=Missed.ALL)
    office.clock.advance(120 * 60)
    await plan(office)
    everything = await pages(office, Filter(outlets=("portal",)), 1000)
    assert len(everything) > 100
    assert [one.id for one in everything] == [one.id for one in await pages(office, Filter(outlets=("portal",)), 50)]
    assert sorted({one.parcel for one in everything}, reverse=True) == [one.parcel for one in everything]
