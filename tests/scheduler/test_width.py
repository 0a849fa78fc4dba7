"""How many requests are under way at once follows latency times rate: it is learned, shrinks, and knows where it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from channels.channel import Pace
from channels.pool import Pool
from channels.wire import Reply
from scheduler.width import START, TRY_AGAIN, Width
from tests.conftest import both
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway


class Partner:
    """Answers after `latency` seconds, at most `most` a second; a second of it is a hundred looks of a lane."""

    def __init__(self, width: Width, latency: float, most: float = 1e9) -> None:
        self.width, self.latency, self.most = width, latency, most
        self.steady, self.rest = 100.0, 0.0

    def go_on(self, seconds: float) -> None:
        """By Little's law: as many answers as the width gives, or as the pace or the partner allows."""
        for _ in range(round(seconds * 100)):
            self.steady += 0.01
            able = min(self.width.now / self.latency, self.most)
            latency = self.width.now / able
            self.rest += min(able, self.width._pace.per_second) * 0.01
            count, self.rest = int(self.rest), self.rest % 1
            self.width.learn(count, count * latency, self.steady)


@pytest.mark.parametrize(("rate", "latency"), [(1000, 0.05), (2000, 0.2), (5000, 0.05)])
def test_it_grows_to_latency_times_rate(rate: float, latency: float) -> None:
    """Within a few seconds there is enough for the outlet's pace, and not much more."""
    width = Width(Pace(rate, 1000))
    Partner(width, latency).go_on(5)
    assert rate * latency <= width.now <= 1.5 * rate * latency + 2


def test_it_is_soon_wide_where_nothing_is_in_the_way() -> None:
    """A thousand are needed and the partner bears them: some eight answers' time, and it has them."""
    width = Width(Pace(1e6, 1000))
    Partner(width, 0.05).go_on(0.4)
    assert 1000 == width.now + width.reserve


def test_it_begins_small() -> None:
    """An outlet of which nothing is known is not stormed; one that may have few has no more than that."""
    assert (START, 4) == (Width(Pace(5000, 1000)).now, Width(Pace(5000, 4)).now + Width(Pace(5000, 4)).reserve)


@pytest.mark.parametrize("at_once", [2, 8, 32, 1000])
def test_some_are_kept_for_what_is_urgent(at_once: int) -> None:
    """However slow the partner: what is ordinary never takes the last connections the outlet may have."""
    width = Width(Pace(1e6, at_once))
    Partner(width, 2.0).go_on(60)
    assert width.reserve >= 1
    assert width.now + width.reserve <= at_once


def test_it_shrinks_when_the_partner_has_become_quick() -> None:
    """What was needed for slow answers is given up again."""
    width = Width(Pace(1000, 1000))
    partner = Partner(width, 0.4)
    partner.go_on(10)
    assert width.now >= 400
    partner.latency = 0.01
    partner.go_on(5)
    assert width.now <= 20


def test_it_does_not_grow_where_nothing_is_gained() -> None:
    """A partner at its end gets no more requests to keep waiting; now and then it is tried whether that has changed."""
    width = Width(Pace(10_000, 4000))
    partner = Partner(width, 0.05, most=600)
    widest = 0
    for _ in range(60):
        partner.go_on(0.5)
        widest = max(widest, width.now)
    assert widest <= 256
    partner.most = 1e9
    partner.go_on(3 * TRY_AGAIN)
    assert width.now >= 500


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway) -> dict[str, Any]:
    """An outlet that may have many requests under way."""
    plain_settings["outlets"]["sms"] = {"kind": "sms_http", **sms.options(), "per_second": 2000.0, "at_once": 200}
    return plain_settings


@pytest.fixture
def under_way(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests are under way, noted whenever one leaves."""
    counts, ask = [0], Pool.ask
    now: set[object] = set()

    async def counted(pool: Pool, *given: Any, **options: Any) -> Reply:
        now.add(mark := object())
        counts.append(len(now))
        try:
            return await ask(pool, *given, **options)
        finally:
            now.discard(mark)

    monkeypatch.setattr(Pool, "ask", counted)
    return counts


@both
async def test_a_lane_learns_its_partner(office: Office, sms: SlowGateway, under_way: list[int]) -> None:
    """Against answers that take a tenth of a second it comes to many more than it began with, on connections it keeps."""
    await office.audience(1500)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    waiting = [0]
    while not draining.done():
        await asyncio.wait([draining], timeout=0.01)
        if sms.waiting == waiting[-1]:  # no more will come before these are answered
            office.clock.advance(0.1)
            sms.release()
            waiting.append(0)
        else:
            waiting.append(sms.waiting)
    assert 1500 == len(sms.ledger.taken)
    assert 4 * START <= max(waiting) <= 200
    assert max(waiting) <= len(sms.ports) <= max(under_way) <= 200, (
        "an answered request leaves its connection to the next"
    )
