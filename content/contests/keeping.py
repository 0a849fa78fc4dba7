"""The verbs of the bank of questions, and of a contest until it is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.words import BadInput, Conflict
from content import store as content_store
from content.contests import store
from content.contests.contest import Contest, Plan, State, check
from content.contests.question import Question
from content.contests.question import check as check_question
from content.units import store as unit_store
from db.database import Database
from db.journal import Journal
from db.types import new_id, new_number, spell


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file of questions: how many are new, and how many were known."""

    added: int
    same: int


class Contests:
    """Keeps questions and drafts of contests. `by` is a person's written name."""

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    async def take_in(
        self, tx: AsyncConnection, found: Sequence[Question], by: str, *, unit: str, source: str
    ) -> Taken:
        """Questions of a file into a unit's bank; those that are there word by word are left. Raises BadInput, and nothing is taken in."""
        await unit_store.must_exist(tx, unit)
        for one in found:
            check_question(one)
        known, now = await store.known_digests(tx, unit), self._clock.now()
        new = {one.digest: one for one in found if one.digest not in known}
        first = new_number(now)
        rows = [replace(one, id=spell(first + place), unit=unit) for place, one in enumerate(new.values())]
        await store.add_questions(tx, rows, by, now)
        told = {"source": source, "added": len(rows), "same": len(found) - len(rows)}
        await self._journal.note(tx, now, by, "take_in_questions", "question", **told)
        return Taken(len(rows), len(found) - len(rows))

    async def retire(self, tx: AsyncConnection, id: str, by: str) -> None:
        """Ask it no more; contests handed in before keep it. Raises Conflict, NotFound."""
        await store.find_question(tx, id)
        if not await store.retire_question(tx, id, self._clock.now()):
            raise Conflict("Câu hỏi này đã bỏ rồi", "It is asked no more already")
        await self._journal.note(tx, self._clock.now(), by, "retire_question", f"question/{id}")

    async def write(self, tx: AsyncConnection, plan: Plan, by: str, *, unit: str) -> Contest:
        """A new contest of a unit. Raises BadInput, NotFound."""
        check(plan)
        await unit_store.must_exist(tx, unit)
        await self._check_themes(tx, plan)
        now = self._clock.now()
        new = Contest(new_id(now), unit, plan, State.DRAFT, by, now, (by,))
        await store.add(tx, new)
        await self._journal.note(tx, now, by, "write_contest", f"contest/{new.id}", title=new.title)
        return new

    async def revise(self, tx: AsyncConnection, id: str, plan: Plan, by: str) -> Contest:
        """Plan it otherwise; what waited for approval is a draft again. Raises BadInput, Conflict."""
        check(plan)
        one = await store.lock(self._database, tx, id)
        one.check_move(State.DRAFT)
        await self._check_themes(tx, plan)
        writers = tuple(dict.fromkeys((*one.writers, by)))
        changed = replace(one, plan=plan, state=State.DRAFT, writers=writers)
        await store.save(tx, changed)
        await self._journal.note(tx, self._clock.now(), by, "revise_contest", f"contest/{id}", title=changed.title)
        return changed

    async def _check_themes(self, tx: AsyncConnection, plan: Plan) -> None:
        known = dict(await content_store.themes(tx))
        if strange := [theme for theme in plan.themes if theme not in known]:
            raise BadInput(f"Không có chủ đề {strange[0]}", f"There is no theme {strange[0]}", field="themes")
