"""What the gate does before something is due, and that it asks again when it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from content import store as content_store
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import State
from scheduler.schedule import Rule
from tests.conftest import both
from tests.scheduler.conftest import Office


@both
async def test_the_text_of_what_is_due_soon_is_at_hand(
    office: Office, sms: SmsGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two schedules one is due within half a minute: when it goes out its text is not fetched any more."""
    await office.audience(3)
    await office.schedule(
        await office.item("Tin sắp phát"), "sms", audience="Bản A", rule=Rule(once=office.in_(seconds=20))
    )
    await office.schedule(await office.item("Tin để sau"), "sms", audience="Bản A", rule=Rule(once=office.in_(hours=1)))
    worker = office.house.runner._worker
    assert 1 == await worker.look_ahead()
    fetched: list[str] = []
    plain = content_store.revisions_by_id

    async def noted(connection: Any, ids: Collection[str]) -> Any:
        fetched.extend(ids)
        return await plain(connection, ids)

    monkeypatch.setattr(content_store, "revisions_by_id", noted)
    office.clock.advance(20)
    await office.drain()
    assert 3 == len(sms.ledger.taken) and [] == fetched
    office.clock.advance(timedelta(hours=1).total_seconds())
    await office.drain()
    assert 6 == len(sms.ledger.taken) and 1 == len(fetched)


@both
async def test_what_was_looked_at_ahead_is_asked_about_again(office: Office, sms: SmsGateway) -> None:
    """Withdrawn between the look and its moment: nothing of it leaves."""
    await office.audience(3)
    item = await office.item()
    await office.schedule(item, "sms", audience="Bản A", rule=Rule(once=office.in_(seconds=20)))
    assert 1 == await office.house.runner._worker.look_ahead()
    async with office.house.database.write() as tx:
        await office.house.editing.withdraw(tx, item.id, "Hùng", "sai giờ")
    office.clock.advance(20)
    await office.drain()
    assert [] == sms.ledger.taken
    assert {State.CANCELLED: 3} == await office.states()
