"""Asking: a message that goes to one person who asks for it, by a schedule approved for that (`Rule.asked`).

It is a delivery as any other: in the log, at the outlet's pace, with tries and receipts. Runs are by the hour, so that
a thousand people who ask in one are one run of a thousand deliveries, each in a parcel of its own.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.outlet import InService, Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict
from content import store as content_store
from content.bulletin import BulletinClass
from db.database import Database
from db.direct import Ask, Rows, Step, run_within
from db.types import to_json, to_ms
from scheduler import store
from scheduler.delivery import OccurrenceState, delivery_id
from scheduler.dispatch import plan, tidings
from scheduler.dispatch.plan import Due, Frozen, NewParcel, Planning, Run, Sight
from scheduler.policy import Policy
from scheduler.schedule import Schedule, ScheduleState

RANK = BulletinClass.URGENT
"""Somebody waits before a form: it goes before all that is not urgent, and no hours of rest are kept from who asks in them."""


class Asking:
    """Sends what somebody has just asked for."""

    def __init__(self, database: Database, clock: Clock, outlets: Outlets, policy: Policy, seal: Seal) -> None:
        self._database = database
        self._clock = clock
        self._outlets = outlets
        self._policy = policy
        self._seal = seal

    async def send(self, tx: AsyncConnection, schedule_id: str, address: str, within: timedelta) -> str:
        """The delivery that goes to this address now, tried for so long, by id; whoever rings `work` sees it leave.

        The caller holds what keeps two of one schedule apart. Raises Conflict while nothing goes out by it, BadInput for
        somebody who wants no messages.
        """
        schedule = await store.find_schedule(tx, schedule_id)
        name = schedule.outlets[0]
        at = self._outlets.get(name)
        if at is None or schedule.state is not ScheduleState.APPROVED or await self._is_refused(tx, schedule, at):
            raise Conflict(
                "Lúc này không gửi mã qua tin nhắn được; hãy thử lại sau", "No codes are sent by message at this moment"
            )
        if await audience_store.is_opted_out(tx, self._seal, at.channel.scheme, address):
            raise BadInput(
                "Số này đã từ chối nhận tin của cơ quan nên không gửi mã được",
                "This number has refused messages and is sent no code",
                field="phone",
            )
        now = self._clock.now()
        sealed = self._seal.close(at.channel.scheme, address)
        return await run_within(tx, self._open(schedule, at, sealed, now, now + within))

    async def _is_refused(self, tx: AsyncConnection, schedule: Schedule, at: InService) -> bool:
        revisions = await content_store.revisions_by_id(tx, {one.revision for one in schedule.items})
        return self._policy.refusal(at, frozenset(one.purpose for one in revisions.values())) is not None

    def _open(
        self, schedule: Schedule, at: InService, address: str, now: datetime, until: datetime
    ) -> Generator[Step, Rows, str]:
        hour = now.replace(minute=0, second=0, microsecond=0)
        due = Due(schedule, [Run(hour, OccurrenceState.PLANNING)], None)
        yield from plan.open_runs([due], now)
        yield from tidings.note_opened(self._database, [due])
        rows = yield Ask(
            "SELECT id, size FROM occurrence WHERE schedule = ? AND due_at = ?", (schedule.id, to_ms(hour))
        )
        id, size = rows[0]
        one = Planning(id, RANK, hour, None, schedule.outlets, "", len(schedule.outlets), "", size + 1)
        turn = yield from plan.next_turn(Sight(), one, at.name)
        people = Frozen(1, address, address, to_json([[address, ""]]))
        polling = at.channel.polling(at.outlet)
        ask_at = now + polling.after if polling is not None else None
        parcels = yield from plan.add([NewParcel(id, at.name, RANK.rank, turn, now, until, people, ask_at)], now)
        yield from tidings.watch(self._database, parcels)
        yield from plan.went_on([one])
        return delivery_id(parcels[0], 0)
