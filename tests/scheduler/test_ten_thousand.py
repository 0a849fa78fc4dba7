"""Ten thousand recipients in bad weather: wrong numbers, reports late and twice, the provider gone in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from config.clock import FakeClock
from desk.demo.sms_gateway import PHONE
from scheduler.delivery import State
from tests.conftest import both
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway

PEOPLE = 10_000
WRONG = range(3, PEOPLE, 20)
AWAY = range(7, PEOPLE, 50)
LATE = range(1, PEOPLE, 10)
LOSES = 200


def phones(numbers: range) -> frozenset[str]:
    """As the gateway writes them."""
    return frozenset(f"8498{number:07d}" for number in numbers)


class StormyGateway(SlowGateway):
    """Knows which numbers nobody has; from `gone_after` messages on it is gone, until it is `back`."""

    def __init__(self, clock: FakeClock, gone_after: int) -> None:
        super().__init__(clock, unreachable=phones(AWAY))
        self.callback_url = "to be known"
        self.back = False
        self.turned_away = 0
        self._gone_after = gone_after
        self._wrong = phones(WRONG)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if self.back or len(self.ledger.taken) < self._gone_after:
            self.lose(len(self.came) % LOSES == LOSES - 1)
            return await super()._send(request)
        self.turned_away += 1
        if self.turned_away % 2:
            return web.Response(status=503)
        return await self._close(request)

    async def _close(self, request: web.Request) -> web.Response:
        """Take nothing, say nothing; what a caller cannot tell from an answer that was lost."""
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def _content(self, asked: dict[str, str]) -> int:
        return PHONE if asked["phone"] in self._wrong else super()._content(asked)

    async def report(self, phones: frozenset[str]) -> None:
        """Call back what is held for these phones, the newest first and every fifth twice, over forty connections."""
        held = [taken for taken in reversed(self._held) if taken.phone in phones]
        self._held = deque(taken for taken in self._held if taken.phone not in phones)

        async def connection(number: int) -> None:
            for taken in held[number::40]:
                for _ in range(2 if taken.sms_id.endswith(("0", "5")) else 1):
                    await self._report(taken)

        await asyncio.gather(*(connection(number) for number in range(40)))


@pytest.fixture
async def sms(clock: FakeClock) -> AsyncIterator[StormyGateway]:
    """A gateway that will go away after four thousand messages."""
    async with StormyGateway(clock, gone_after=4000) as gateway:
        yield gateway
        gateway.let_go()


@both
async def test_everyone_ends_in_one_state_and_gets_one_message(office: Office, door: str, sms: StormyGateway) -> None:
    """5 % wrong numbers, 2 % away, 10 % reported late, a fifth reported twice, answers lost, an outage after 4,000."""
    sms.callback_url = f"{door}/hooks/sms"
    await office.audience(PEOPLE)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    soon = phones(range(PEOPLE)) - phones(LATE)
    await sms.report(soon)
    sms.back = True
    while (await office.states()).keys() & {State.PENDING, State.SENDING}:
        office.clock.advance(60)
        await office.drain()
        await sms.report(soon)
    office.clock.advance(6 * 3600)
    await sms.report(phones(range(PEOPLE)))
    while await office.house.receiver.receive():
        pass

    failed = set(WRONG) | set(AWAY)
    assert {State.CONFIRMED: PEOPLE - len(failed), State.FAILED: len(failed)} == await office.states()
    got = Counter(taken.phone for taken in sms.ledger.taken)
    assert {1} == set(got.values()) and phones(range(PEOPLE)) - phones(WRONG) == got.keys()
    assert sms.turned_away >= 2 and sms.ledger.lost >= PEOPLE // LOSES and sms.ledger.repeats
