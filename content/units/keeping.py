"""The office's verbs on units: save one, take in many at once. Each runs in the transaction it is given and notes itself there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.words import BadInput
from content.units import store
from content.units.unit import Tree, Unit, id_of
from db.database import Database
from db.journal import Journal


class Units:
    """Verbs that change the tree. `by` is a person's written name."""

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    async def save(self, tx: AsyncConnection, wanted: Unit, by: str) -> Unit:
        """A new unit (with an empty id), or one as it is now. Raises BadInput, NotFound."""
        known = await store.tree(tx)
        if wanted.id:
            known[wanted.id]
        new = wanted if wanted.id else replace(wanted, id=id_of(wanted.name, wanted.level, known.units))
        known.check(new)
        await store.save(self._database, tx, [new])
        told = {"name": new.name, "level": new.level.value, "parent": new.parent, "until": str(new.until or "")}
        await self._journal.note(tx, self._clock.now(), by, "save_unit", f"unit/{new.id}", **told)
        return new

    async def take_in(self, tx: AsyncConnection, found: Sequence[Unit], by: str, *, source: str) -> tuple[int, int]:
        """Many units, known ones by their id as they are now: how many were new and how many changed.

        Each must stand after what it is under. Raises BadInput for the first that cannot be, and nothing is taken in.
        """
        known = dict((await store.tree(tx)).units)
        new = changed = 0
        for one in found:
            try:
                Tree(known).check(one)
            except BadInput as fault:
                raise BadInput(f"{one.name}: {fault.vi}", f"{one.name}: {fault.en}", field=fault.field) from None
            new += one.id not in known
            changed += one.id in known and known[one.id] != one
            known[one.id] = one
        await store.save(self._database, tx, found)
        told = {"source": source, "added": new, "changed": changed}
        await self._journal.note(tx, self._clock.now(), by, "take_in_units", "unit", **told)
        return new, changed
