"""A person's verbs on deliveries: cancel what has not gone, try again what failed, decide what is unsure."""

from __future__ import annotations

import contextlib

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from channels.audiences import store as audience_store
from channels.channel import Heard
from channels.outlet import Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict
from db.database import Database
from db.journal import Journal
from scheduler import store
from scheduler.delivery import LETTER, OF_LETTER, TITLES, OccurrenceState, State, parse_delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.carriers import carriers
from scheduler.dispatch.store import Waiting
from scheduler.inquiry import store as inquiry_store
from scheduler.log import store as log_store
from scheduler.log.store import Filter

DECISIONS = {"sent": State.SENT, "confirmed": State.CONFIRMED, "failed": State.FAILED, "again": State.PENDING}


class Handling:
    """Verbs that change deliveries; each runs in the transaction it is given and is noted in the journal."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, outlets: Outlets, seal: Seal) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._seal = seal

    async def cancel_occurrence(self, tx: AsyncConnection, id: str, by: str, note: str = "") -> dict[State, int]:
        """Cancel all that has not gone; how many deliveries are in which state after it.

        Those `sending` have an intent: what of them has not left half a second later never does.
        """
        row = await store.hold_occurrence(self._database, tx, id)
        now = self._clock.now()
        total = dict(await dispatch.stop(self._database, tx, id, now))
        if row.early:
            await store.leave_early(tx, row.schedule, note or "dừng trước giờ phát (stopped before its moment)")
            following = (await store.find_schedule(tx, row.schedule)).next_due(row.due_at)
            await store.skip_due(tx, row.schedule, row.due_at, following)
        if row.state == OccurrenceState.PLANNING.value:
            await store.change_occurrence(tx, id, state=OccurrenceState.CANCELLED.value, reason=note)
        counted = {state.value: number for state, number in total.items()}
        await self._journal.note(tx, now, by, "cancel", f"occurrence/{id}", note=note, counted=counted)
        return total

    async def cancel(self, tx: AsyncConnection, id: str, by: str, note: str = "") -> None:
        """Cancel one delivery that has not gone, or whose answer was lost: then it is unsure. Conflict when it has gone."""
        parcel, seq = parse_delivery_id(id)
        row, waits = await dispatch.parcel_row(self._database, tx, parcel), await dispatch.waiting_of(tx, parcel)
        waits_in_doubt = seq in waits and waits[seq].why == "doubt" and row.letters[seq] == LETTER[State.PENDING]
        await self._change(tx, id, State.UNSURE if waits_in_doubt else State.CANCELLED, by, "cancel", note)

    async def opt_out(self, tx: AsyncConnection, scheme: str, address: str, by: str, how: str) -> int:
        """Somebody wants nothing any more: off every list, and what has not gone yet is cancelled; how much that was."""
        now, cancelled = self._clock.now(), 0
        new = await audience_store.opt_out(self._database, tx, self._seal, scheme, address, now, how)
        waiting = Filter(addresses=self._seal.forms(address), states=(State.PENDING,))
        for delivery in [one async for one in log_store.walk(tx, waiting)]:
            with contextlib.suppress(Conflict):  # it has just gone
                await self.cancel(tx, delivery.id, by, "người nhận từ chối")
                cancelled += 1
        if new or cancelled:
            await self._journal.note(
                tx, now, by, "opt_out", f"recipient/{masked(address)}", how=how, cancelled=cancelled
            )
        return cancelled

    async def hear(self, tx: AsyncConnection, said: Heard, outlet: str) -> bool:
        """What a person tells an outlet; False when it was known: telling it twice changes nothing."""
        by = f"outlet/{outlet}"
        if not said.wants:
            known = await audience_store.is_opted_out(tx, self._seal, said.scheme, said.address)
            await self.opt_out(tx, said.scheme, said.address, by, said.how)
            return not known
        if await audience_store.opt_in(tx, self._seal, said.scheme, said.address, undoes=said.undoes):
            thing = f"recipient/{masked(said.address)}"
            await self._journal.note(tx, self._clock.now(), by, "opt_in", thing, how=said.how)
            return True
        return False

    async def opt_in(self, tx: AsyncConnection, scheme: str, address: str, by: str, how: str) -> None:
        """The same person agrees again, which has to be said how. Conflict when nobody knew otherwise."""
        if not await audience_store.opt_in(tx, self._seal, scheme, address):
            raise Conflict("Người này chưa từ chối nhận tin", "This person has not opted out")
        await self._journal.note(tx, self._clock.now(), by, "opt_in", f"recipient/{masked(address)}", how=how)

    async def retry(self, tx: AsyncConnection, id: str, by: str) -> None:
        """Try a failed or missed delivery again now, under the same id, for as long as its text is valid."""
        parcel, seq = parse_delivery_id(id)
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if seq < row.size and row.letters[seq] == LETTER[State.SENDING]:
            raise Conflict("Lượt gửi này đang được gửi", "This delivery is being sent")
        unsure = seq < row.size and row.letters[seq] == LETTER[State.UNSURE]
        await self._change(tx, id, State.PENDING, by, "retry", "")
        await self._try_now(tx, id, "doubt" if unsure else "retry")

    async def resolve(self, tx: AsyncConnection, id: str, decision: str, by: str, note: str = "") -> None:
        """Decide what an unsure delivery became: `sent`, `confirmed`, `failed`, or `again` to send it once more."""
        if decision not in DECISIONS:
            listed = ", ".join(DECISIONS)
            raise BadInput(f"Kết luận phải là một trong: {listed}", f"Decide one of: {listed}", field="decision")
        parcel, seq = parse_delivery_id(id)
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if seq < row.size and row.letters[seq] != LETTER[State.UNSURE]:
            raise Conflict("Lượt gửi này không ở trạng thái chưa rõ", "This delivery is not unsure")
        await self._change(tx, id, DECISIONS[decision], by, "resolve", note)
        if DECISIONS[decision] is State.PENDING:
            await self._try_now(tx, id, "doubt")

    async def _change(self, tx: AsyncConnection, id: str, to: State, by: str, verb: str, note: str) -> None:
        parcel, seq = parse_delivery_id(id)
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if seq >= row.size:
            parse_delivery_id("")
        was = OF_LETTER[row.letters[seq]]
        await dispatch.settle(self._database, tx, parcel, {seq: to})
        if (await dispatch.parcel_by_id(tx, parcel)).letters[seq] != LETTER[to] or was is to:
            raise Conflict(
                f"Lượt gửi đang ở trạng thái {TITLES[was]}, không chuyển sang {TITLES[to]} được",
                f"The delivery is {was}; it cannot become {to}",
            )
        await dispatch.wait_no_more(tx, [(parcel, seq)], held=False)
        await self._journal.note(
            tx, self._clock.now(), by, verb, f"delivery/{id}", was=was.value, to=to.value, note=note
        )

    async def _try_now(self, tx: AsyncConnection, id: str, why: str) -> None:
        parcel, seq = parse_delivery_id(id)
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if seq >= row.cursor:
            return
        tries = (await dispatch.tries_of(tx, parcel, [seq])).get(seq, 0)
        now = self._clock.now()
        again = [(Waiting(parcel, seq, tries, why), now)]
        outlet = (await carriers(tx, row)).get(seq, row.outlet)
        await dispatch.wait_again(self._database, tx, outlet, row.rank, again)
        until = max(row.until, now + dispatch.SECOND_CHANCE)
        await dispatch.change_parcel(tx, parcel, until=until)
        await store.reopen_occurrence(tx, row.occurrence)
        await self._ask_again(tx, parcel, outlet)

    async def _ask_again(self, tx: AsyncConnection, parcel: int, outlet: str) -> None:
        """Its partner may have been asked for the last time already."""
        at = self._outlets.get(outlet)
        polling = at.channel.polling(at.outlet) if at is not None else None
        if polling is not None:
            moment = self._clock.now() + polling.after
            await inquiry_store.add(self._database, tx, parcel, outlet, moment)
