"""The verb of the catalogue: what was read is compared with what is known, every change kept and put into drafts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from content.editing import Editing
from content.procedures import store
from content.procedures.announcing import Changed, announcement, codes, grouped
from content.procedures.procedure import Procedure, check, differences
from content.procedures.store import Change
from db.database import Database
from db.journal import Journal
from db.types import new_ids


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import: how many were new, otherwise, and as known; and the drafts that announce it."""

    added: int
    changed: int
    same: int
    drafts: tuple[str, ...]


class Procedures:
    """Keeps the catalogue. What it writes are drafts: it hands nothing in and approves nothing."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, editing: Editing) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._editing = editing

    async def take_in(self, tx: AsyncConnection, found: Sequence[Procedure], by: str, *, source: str) -> Taken:
        """Procedures of a catalogue, by code. Those that it does not name stay. Raises BadInput, and nothing is taken in.

        `by` counts as the writer of the drafts, so that whoever brings a catalogue does not approve what it says. The first
        catalogue is the stock that later ones are compared with, and is announced to nobody.
        """
        for one in found:
            check(one)
        is_first = not await store.count(tx)
        known = await store.by_code(tx, [one.code for one in found])
        changed = [
            Changed(one, told, one.code not in known)
            for one in found
            if (told := differences(known.get(one.code), one))
        ]
        now = self._clock.now()
        ids = new_ids(now)
        await store.save(self._database, tx, (one.now for one in changed))
        drafts = [] if is_first else [await self._announce(tx, same, by, source, ids) for same in grouped(changed)]
        if is_first:
            await store.add_changes(tx, (self._change(next(ids), one, by, source) for one in changed))
        new = sum(one.is_new for one in changed)
        counts = {"source": source, "added": new, "changed": len(changed) - new, "drafts": drafts}
        await self._journal.note(tx, now, by, "take_in_procedures", "procedure", **counts)
        return Taken(new, len(changed) - new, len(found) - len(changed), tuple(drafts))

    async def _announce(
        self, tx: AsyncConnection, same: Sequence[Changed], by: str, source: str, ids: Iterator[str]
    ) -> str:
        """One draft of what is told together; what it tells of is noted as seen by it."""
        item = await self._editing.write(tx, announcement(same), by, via="procedure")
        changes = [self._change(next(ids), one, by, source, item.id) for one in same]
        await store.add_changes(tx, changes)
        await store.cite(self._database, tx, item.id, codes(same), max(one.id for one in changes))
        return item.id

    def _change(self, id: str, one: Changed, by: str, source: str, item: str = "") -> Change:
        return Change(id, one.now.code, self._clock.now(), by, source, one.is_new, one.differences, item)
