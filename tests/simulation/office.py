"""The people of a simulated office and the storm that comes over their nodes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from channels import store as channels_store
from channels.channel import Confirmation
from config.words import Conflict
from content.bulletin import BulletinClass
from db.database import DatabaseTrouble
from scheduler import store
from scheduler.delivery import LETTER, State, delivery_id
from scheduler.dispatch.tables import parcel
from scheduler.handling import Handling
from scheduler.schedule import Missed, Rule
from scheduler.scheduling import Scheduling, Wish
from tests.simulation.disk import InlineDatabase
from tests.simulation.world import World

STORM_SECONDS = 20.0
FAR_MS = 600_000
LIMIT_SECONDS = 3600.0
"""Less than the clock is set back by: nothing may wait so long as that."""
STEPS = (-14_400, -7200, -60, -3, 3, 40, 600, 7200)


class Office:
    """Schedules, cancels, decides; partners' receipts come in here too."""

    def __init__(self, world: World) -> None:
        self.world, self.chance = world, world.chance
        self.database = InlineDatabase(world.file_url, world.clock, world.disk)
        journal = world.ground.house.journal
        self.scheduling = Scheduling(
            self.database,
            journal,
            world.clock,
            world.outlets,
            world.ground.house.settings.office.timezone,
            world.ground.house.policy,
        )
        self.handling = Handling(self.database, journal, world.clock, world.outlets, world.ground.house.seal)

    async def live(self) -> None:
        """The storm, then quiet until everything is final."""
        for _ in range(self.chance.randint(1, 2)):
            await self.schedule()
        partners = asyncio.create_task(self.report())
        acts = sorted(0.05 + self.chance.random() ** 2 * STORM_SECONDS for _ in range(self.chance.randint(2, 7)))
        for moment in acts:
            await asyncio.sleep(max(0.0, moment - self.world.loop.time()))
            with suppress(DatabaseTrouble):  # a frozen node may hold the file; people are told and try another time
                await self.act()
        await asyncio.sleep(max(0.0, STORM_SECONDS - self.world.loop.time()))
        await self.heal()
        while not await self.is_final():
            await asyncio.sleep(5 * self.world.patience())
        await partners
        self.world.tell("final")

    async def act(self) -> None:
        """One thing happens, now."""
        world, place = self.world, self.chance.randrange(len(self.world.nodes))
        if self.chance.random() < 0.7:
            # A fault in the midst of sending tells most.
            begun = asyncio.get_running_loop().time()
            while (busy := world.sending()) is None and world.loop.time() < begun + 1:
                await asyncio.sleep(0.02)
            place = place if busy is None else busy
        drawn = self.chance.random()
        if drawn < 0.3:
            world.kill(place)
        elif drawn < 0.45:
            world.freeze(place)
        elif drawn < 0.55:
            world.set_clock(self.chance.choice(STEPS) * self.chance.uniform(0.5, 1))
        elif drawn < 0.65:
            world.lose_partner()
        elif drawn < 0.75:
            await self.schedule(BulletinClass.URGENT)
        elif drawn < 0.85:
            await self.cancel_some()
        elif drawn < 0.92:
            await self.cancel_occurrence()
        else:
            await self.decide()

    async def heal(self) -> None:
        """The faults cease; what they left behind is still there, also whoever is frozen. Outlets that paused are resumed."""
        world = self.world
        world.calm_since = world.loop.time()
        world.tell("calm")
        for partner in world.partners.values():
            partner.faults, partner.away = {}, False
        await self.resume()
        # A schedule keeps to the wall clock. Set back by hours, it is put right again for what nobody would wait for.
        ((due,),) = world.disk.look("SELECT max(next_due_at) FROM schedule WHERE state = 'approved'")
        if due is not None and due - world.clock.ms() > FAR_MS:
            world.set_clock((due - world.clock.ms()) / 1000)

    async def resume(self) -> None:
        """Until the database lets it."""
        while True:
            try:
                async with self.database.write() as tx:
                    for name in self.world.partners:
                        if await channels_store.resume_outlet(tx, name, self.world.clock.now(), "Mai"):
                            self.world.tell("resume", name)
                return
            except DatabaseTrouble:
                await asyncio.sleep(5)

    async def schedule(self, klass: BulletinClass = BulletinClass.NORMAL) -> None:
        """A schedule for some outlets and one audience: now, in a while, or every minute for some minutes."""
        world, chance, now = self.world, self.chance, self.world.clock.now()
        outlets = tuple(name for name in world.partners if chance.random() < 0.6) or ("once",)
        rule, until, kind = Rule(once=now + timedelta(seconds=chance.choice((0, 0, 2, 20)))), None, chance.random()
        if kind < 0.15 and klass is BulletinClass.NORMAL:
            rule, until = Rule(every=timedelta(minutes=1)), now + timedelta(minutes=chance.randint(1, 2))
        wish = Wish(
            (world.ground.items[klass.value],),
            outlets,
            rule,
            audience=chance.choice([*world.ground.audiences]),
            klass=klass,
            until=until,
            missed=chance.choice([*Missed]),
        )
        async with self.database.write() as tx:
            made = await self.scheduling.add(tx, wish, "Hùng", may_approve=True)
        world.schedules[made.id] = made
        kind = "recurring" if rule.every else klass.value
        world.tell(f"schedule {kind}", f"to {outlets} {rule} {wish.missed.value}")
        self.ring("schedule")

    def ring(self, topic: str) -> None:
        """Other processes hear of it, or do not."""
        for node in self.world.nodes:
            if self.chance.random() < 0.7:
                node.notifier.ring(topic)

    async def cancel_occurrence(self) -> None:
        """All that has not gone of one occurrence."""
        async with self.database.write() as tx:
            rows = await store.list_occurrences(tx)
            if not rows:
                return
            row = self.chance.choice(rows)
            before = await self._letters(tx, row.id)
            await self.handling.cancel_occurrence(tx, row.id, "Hùng", "phát nhầm")
            after = await self._letters(tx, row.id)
        self._note_cancelled(before, after)
        self.world.tell("cancel occurrence", row.id)
        self.ring("work")

    async def cancel_some(self) -> None:
        """Single deliveries."""
        for id in await self._some(State.PENDING):
            try:
                async with self.database.write() as tx:
                    await self.handling.cancel(tx, id, "Hùng", "thôi")
            except Conflict:
                continue
            self.world.cancelled[id] = self.world.loop.time()
            self.world.tell("cancel", id)

    async def decide(self) -> None:
        """What failed is tried again, what is unsure is decided."""
        for id in await self._some(State.FAILED):
            try:
                async with self.database.write() as tx:
                    await self.handling.retry(tx, id, "Hùng")
            except Conflict:
                continue
            self.world.again[id] += 1
            self.world.tell("retry", id)
        for id in await self._some(State.UNSURE):
            decision = self.chance.choice(("sent", "confirmed", "failed", "again"))
            try:
                async with self.database.write() as tx:
                    await self.handling.resolve(tx, id, decision, "Hùng")
            except Conflict:
                continue
            self.world.decided[id] = decision
            self.world.again[id] += decision == "again"
            self.world.tell("resolve", f"{id} {decision}")
        self.ring("work")

    async def report(self) -> None:
        """Receipts: some early, late, twice, or contradicting an earlier one; kept first, applied by whoever comes."""
        world, chance = self.world, self.chance
        while world.calm_since is None:
            await asyncio.sleep(chance.uniform(4, 20))
            partner = chance.choice([*world.partners.values()])
            known = [id for id in partner.taken if chance.random() < 0.3][:3]
            said = [self._said(partner.name, id) for id in known for _ in range(chance.choice((1, 1, 2)))]
            if not said:
                continue
            now = world.clock.now()
            try:
                async with self.database.write() as tx:
                    call = channels_store.Call(partner.name, now, b"", said)
                    await channels_store.store_callbacks(tx, world.ground.house.seal, [call])
            except DatabaseTrouble:
                continue  # a frozen node may hold the file; the partner is told so and reports later
            for one in said:
                id = one.delivery or one.reference.partition("/")[2]
                world.receipts[id].add(one.stage)
                world.tell(f"receipt {one.stage}", id)
            self.ring("callback")

    def _said(self, name: str, id: str) -> Confirmation:
        delivered = self.chance.random() < 0.85
        if self.chance.random() < 0.5:
            return Confirmation(delivered, reference=f"{name}/{id}")
        return Confirmation(delivered, delivery=id)

    def _note_cancelled(self, before: dict[str, str], after: dict[str, str]) -> None:
        for id, letter in after.items():
            if letter == LETTER[State.CANCELLED] != before[id]:
                self.world.cancelled[id] = self.world.loop.time()

    async def _letters(self, tx: Any, occurrence: str) -> dict[str, str]:
        found = {}
        query = select(parcel.c.id, parcel.c.letters).where(parcel.c.occurrence == occurrence)
        for id, letters in await tx.execute(query):
            found |= {delivery_id(id, seq): letter for seq, letter in enumerate(letters)}
        return found

    async def _some(self, state: State) -> list[str]:
        rows = self.world.disk.look("SELECT id, letters FROM parcel ORDER BY id")
        ids = [delivery_id(id, seq) for id, letters in rows for seq, one in enumerate(letters) if one == LETTER[state]]
        return self.chance.sample(ids, min(len(ids), 3))

    async def is_final(self) -> bool:
        """Whether nothing is to be planned, sent or asked any more."""
        open_ = self.world.disk.look(
            "SELECT count(*) FROM parcel WHERE state = 'open' OR letters LIKE '%p%' OR letters LIKE '%i%' OR owner IS NOT NULL"
            " UNION ALL SELECT count(*) FROM waiting"
            f" UNION ALL SELECT count(*) FROM callback WHERE state = 'new' AND received_at <= {self.world.clock.ms()}"
            " UNION ALL SELECT count(*) FROM occurrence WHERE state = 'planning'"
            " UNION ALL SELECT count(*) FROM schedule WHERE state = 'approved'"
        )
        return not any(row[0] for row in open_)
