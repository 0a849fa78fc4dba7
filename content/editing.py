"""The office's verbs on items: write, revise, submit, approve, send back, withdraw.

Each verb runs inside the transaction it is given and notes itself in the journal there, so that the caller can join
it with what else belongs to the same deed (a withdrawal also clears shelves).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.words import BadInput, Conflict, NotAllowed
from content import store
from content.findings import findings
from content.glossary.keeping import Glossary
from content.item import Approval, Draft, Item, ItemState, Revision, same_person, slug_of
from content.recording import Recording
from content.recordings import store as recording_store
from content.rendition import render
from content.units import store as unit_store
from db.database import Database
from db.journal import Journal
from db.types import new_id


class Editing:
    """Verbs that change items. `by` is always a person's written name, `office` what the office is called meanwhile."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        glossary: Glossary,
        *,
        variant: str = "north",
        office: str = "",
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._glossary = glossary
        self._variant = variant
        self._office = office

    async def write(
        self,
        tx: AsyncConnection,
        draft: Draft,
        by: str,
        *,
        via: str = "",
        original: str = "",
        notice_of: str = "",
        unit: str = "",
    ) -> Item:
        """A new item of a `unit` with its first revision. Raises BadInput, NotFound, Conflict.

        `original` makes it a version of that item, `notice_of` the one announcement of that item's withdrawal.
        """
        _check_named(by)
        await unit_store.must_exist(tx, unit)
        first = await store.find_item(tx, original) if original else None
        gone = await self._unannounced(tx, notice_of) if notice_of else None
        now = self._clock.now()
        id = new_id(now)
        revision = await self._render(tx, draft, id, 1, by)
        item = Item(
            id=id,
            slug=f"{slug_of(draft.title)}-{id[-6:]}",
            state=ItemState.DRAFT,
            title=revision.title,
            revision=revision.id,
            approved=None,
            klass=revision.klass,
            theme=revision.theme,
            valid_until=revision.valid_until,
            created_at=now,
            changed_at=now,
            original=(first.original or first.id) if first else None,
            notice_of=gone.id if gone else None,
            unit=unit,
        )
        await self._check_theme(tx, draft)
        await store.add_item(tx, item)
        await store.add_revision(tx, revision)
        await self._journal.note(tx, now, by, "write", f"item/{id}", digest=revision.digest, via=via)
        return item

    async def revise(self, tx: AsyncConnection, item_id: str, draft: Draft, by: str, *, base: str = "") -> Item:
        """A new text of an item: always a draft. `base` is the revision the writer started from; Conflict if it is not newest."""
        _check_named(by)
        item = await store.lock_item(self._database, tx, item_id)
        _check_base(item, base)
        item.check_move(ItemState.DRAFT)
        before = await store.find_revision(tx, item.revision)
        draft = replace(draft, meetings=draft.meetings or before.meetings)
        revision = await self._render(tx, draft, item.id, before.number + 1, by)
        if (revision.spoken, revision.language) == (before.spoken, before.language):
            revision = replace(revision, recorded=before.recorded)  # the same words may still be heard as they were
        await self._check_theme(tx, draft)
        return await self._revised(tx, item, revision, "revise")

    async def record(self, tx: AsyncConnection, item_id: str, made: Recording, by: str, *, base: str = "") -> Item:
        """Bind a person's recording to the newest text, or another in its place: a new revision, so a draft.

        Whoever uploads it counts as a writer.
        """
        figures = {"bytes": made.bytes, "seconds": made.seconds, "loudness": made.lufs, "peak": made.true_peak_db}
        file = {"name": made.name, "sha256": made.sha256, "master": made.master, "made_at": self._clock.now()}
        await recording_store.add_recording(self._database, tx, made.key, voice="", **file, **figures)
        return await self._bind(tx, item_id, made.key, by, "record", base)

    async def unrecord(self, tx: AsyncConnection, item_id: str, by: str, *, base: str = "") -> Item:
        """Leave the reading to a synthetic voice again."""
        return await self._bind(tx, item_id, "", by, "unrecord", base)

    async def _bind(self, tx: AsyncConnection, item_id: str, key: str, by: str, verb: str, base: str) -> Item:
        _check_named(by)
        item = await store.lock_item(self._database, tx, item_id)
        _check_base(item, base)
        item.check_move(ItemState.DRAFT)
        before = await store.find_revision(tx, item.revision)
        if key == before.recorded:
            raise Conflict("Tin đã có đúng bản ghi âm này", "The item has this very recording already")
        now = self._clock.now()
        number = before.number + 1
        new = replace(before, id=new_id(now), number=number, writer=by, made_at=now, recorded=key)
        return await self._revised(tx, item, new, verb)

    async def _revised(self, tx: AsyncConnection, item: Item, revision: Revision, verb: str) -> Item:
        await store.add_revision(tx, revision)
        changed = replace(
            item,
            state=ItemState.DRAFT,
            title=revision.title,
            revision=revision.id,
            klass=revision.klass,
            theme=revision.theme,
            valid_until=revision.valid_until,
            changed_at=revision.made_at,
        )
        await self._save(tx, changed)
        detail = {"digest": revision.digest, "number": revision.number}
        await self._journal.note(tx, revision.made_at, revision.writer, verb, f"item/{item.id}", **detail)
        return changed

    async def submit(self, tx: AsyncConnection, item_id: str, by: str) -> Item:
        """Hand the newest text over for approval. Raises BadInput when a rendition breaks its limit."""
        item = await store.lock_item(self._database, tx, item_id)
        item.check_move(ItemState.IN_REVIEW)
        revision = await store.find_revision(tx, item.revision)
        bad = [finding for finding in findings(revision) if finding.bad]
        if bad:
            raise BadInput(
                "; ".join(finding.vi for finding in bad), "; ".join(f.en for f in bad), field=bad[0].rendition
            )
        return await self._move(tx, item, ItemState.IN_REVIEW, by, "submit", digest=revision.digest)

    async def approve(
        self,
        tx: AsyncConnection,
        item_id: str,
        by: str,
        *,
        digest: str = "",
        note: str = "",
        recording: str | None = None,
        instead_of: str = "",
    ) -> Item:
        """Allow exactly this digest to go out. NotAllowed for whoever wrote any of it, Conflict when the digest has changed.

        `instead_of` is in whose stead `by` does so: neither of the two may have written it.
        """
        _check_named(by)
        item = await store.lock_item(self._database, tx, item_id)
        revision = await store.find_revision(tx, item.revision)
        if digest and digest != revision.digest:
            raise Conflict(
                "Nội dung đã thay đổi sau khi bạn mở; hãy xem lại bản mới rồi duyệt",
                "The text has changed since you opened it; read the new one first",
            )
        item.check_move(ItemState.APPROVED)
        for person in filter(None, (by, instead_of)):
            await self._check_second_person(tx, item, person)
        await self._judge(tx, revision, "approved", by, note, recording)
        approved = replace(item, approved=revision.id)
        detail = {"digest": revision.digest, "note": note, "recording": recording or "", "office": self._office}
        detail |= {"instead_of": instead_of} if instead_of else {}
        return await self._move(tx, approved, ItemState.APPROVED, by, "approve", **detail)

    async def send_back(self, tx: AsyncConnection, item_id: str, by: str, note: str) -> Item:
        """Return the text to its writer; the reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do trả lại", "Say why it is sent back", field="note")
        item = await store.lock_item(self._database, tx, item_id)
        if item.state is not ItemState.IN_REVIEW:
            item.check_move(ItemState.APPROVED)
        revision = await store.find_revision(tx, item.revision)
        await self._judge(tx, revision, "sent_back", by, note, None)
        return await self._move(tx, item, ItemState.DRAFT, by, "send_back", digest=revision.digest, note=note)

    async def withdraw(self, tx: AsyncConnection, item_id: str, by: str, note: str) -> Item:
        """Take an item out of force for good; the reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do thu hồi", "Say why it is withdrawn", field="note")
        item = await store.lock_item(self._database, tx, item_id)
        withdrawn = replace(item, approved=None)
        return await self._move(tx, withdrawn, ItemState.WITHDRAWN, by, "withdraw", note=note)

    async def expire(self, tx: AsyncConnection, item_id: str, *, replaced_by: str = "") -> Item:
        """Note that an approved item's validity is over, or that another item took its place."""
        item = await store.lock_item(self._database, tx, item_id)
        told = {"replaced_by": replaced_by} if replaced_by else {}
        return await self._move(tx, item, ItemState.EXPIRED, "Loa", "expire", **told)

    async def _render(self, tx: AsyncConnection, draft: Draft, item: str, number: int, by: str) -> Revision:
        now, lexicon = self._clock.now(), await self._glossary.lexicon(tx)
        read = partial(
            render,
            id=new_id(now),
            item=item,
            number=number,
            writer=by,
            made_at=now,
            variant=self._variant,
            lexicon=lexicon,
        )
        return await asyncio.to_thread(read, draft)  # a long text takes a while to be read

    async def _unannounced(self, tx: AsyncConnection, item_id: str) -> Item:
        """A withdrawn item that nothing announces the withdrawal of yet."""
        gone = await store.lock_item(self._database, tx, item_id)
        if gone.state is not ItemState.WITHDRAWN:
            raise Conflict(f"Tin “{gone.title}” chưa thu hồi", f"Item {gone.id} is not withdrawn", field="notice_of")
        if known := await store.notice_about(tx, gone.id):
            raise Conflict(
                f"Đã có tin báo thu hồi: “{known.title}”", f"Item {known.id} announces it already", field="notice_of"
            )
        return gone

    async def _check_theme(self, tx: AsyncConnection, draft: Draft) -> None:
        if draft.theme and draft.theme not in dict(await store.themes(tx)):
            raise BadInput(f"Không có chủ đề {draft.theme}", f"There is no theme {draft.theme}", field="theme")

    async def _check_second_person(self, tx: AsyncConnection, item: Item, by: str) -> None:
        if any(same_person(by, writer) for writer in await store.writers_of(tx, item.id)):
            raise NotAllowed(
                f"{by} đã viết hoặc sửa tin này nên không được tự duyệt; cần người thứ hai",
                f"{by} wrote or edited this item and may not approve it; a second person must",
            )

    async def _judge(
        self, tx: AsyncConnection, revision: Revision, verdict: str, by: str, note: str, recording: str | None
    ) -> None:
        now = self._clock.now()
        await store.add_approval(
            tx, Approval(new_id(now), revision.id, revision.digest, verdict, by, now, note.strip(), recording)
        )

    async def _move(self, tx: AsyncConnection, item: Item, to: ItemState, by: str, verb: str, **detail: str) -> Item:
        item.check_move(to)
        now = self._clock.now()
        moved = replace(item, state=to, changed_at=now)
        await self._save(tx, moved)
        await self._journal.note(tx, now, by, verb, f"item/{item.id}", **detail)
        return moved

    async def _save(self, tx: AsyncConnection, item: Item) -> None:
        await store.change_item(
            tx,
            item.id,
            state=item.state.value,
            title=item.title,
            revision=item.revision,
            approved=item.approved,
            klass=item.klass.value,
            theme=item.theme,
            valid_until=item.valid_until,
            changed_at=item.changed_at,
        )


def _check_base(item: Item, base: str) -> None:
    """Nobody overwrites what they have not seen."""
    if base and base != item.revision:
        raise Conflict(
            "Người khác vừa sửa tin này; hãy mở lại để xem bản mới nhất",
            "Somebody else has just changed this item; open it again",
        )


def _check_named(by: str) -> None:
    """Nobody writes or approves without a name: the second person would not be told from the first."""
    if not any(letter.isalnum() for letter in by):
        raise BadInput("Thiếu tên người thực hiện", "Say who does this", field="by")
