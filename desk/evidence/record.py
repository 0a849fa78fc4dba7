"""What is known of an item's approved revisions: who wrote, submitted and allowed them, and what was heard; nothing of it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import BadInput, NotFound
from content import store
from content.item import Approval, Item, Revision
from content.recordings import store as recording_store
from db.journal import Deed
from desk.app import House


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved revision: `office` as it was called then; `recording` the row of what was heard, if it is known still."""

    revision: Revision
    approval: Approval
    office: str
    submission: Deed | None
    instead_of: str
    """In whose stead it was allowed, by name; empty when in nobody's."""
    recording: Row[Any] | None

    @property
    def is_as_approved(self) -> bool:
        """Whether the text that is kept still is the one that was approved."""
        return self.revision.digest == self.approval.digest


@dataclass(frozen=True, slots=True)
class Record:
    """An item with all its texts and those of them that were approved, oldest first; titles of themes by id."""

    item: Item
    revisions: tuple[Revision, ...]
    approved: tuple[Approved, ...]
    themes: Mapping[str, str]

    def chosen(self, number: str) -> Approved:
        """The approved revision of that number; of none, the one in force, else the last. Raises BadInput, NotFound."""
        if number and not (number.isascii() and number.isdigit() and len(number) < 10):
            raise BadInput("revision là số của bản, ví dụ 2", "revision is a number, as 2", field="revision")
        for one in reversed(self.approved):
            if int(number) == one.revision.number if number else one.revision.id == self.item.approved:
                return one
        if self.approved and not number:
            return self.approved[-1]
        vi = f"Bản {number} của tin này chưa được duyệt" if number else "Tin này chưa có bản nào được duyệt"
        raise NotFound(vi, "No such revision of this item was approved", field="revision")


async def record_of(house: House, connection: AsyncConnection, id: str) -> Record:
    """The record of the item with this id or slug. Raises NotFound."""
    item = await store.find_item(connection, id)
    revisions = tuple(reversed(await store.revisions_of(connection, item.id)))
    deeds = [link.deed for link in await house.journal.links(connection, [f"item/{item.id}"])]
    allowed = [(one, said) for one in revisions if (said := await _allowed(connection, one)) is not None]
    sums = {said.recording for _, said in allowed if said.recording}
    heard = await recording_store.recordings_by_sha256(connection, sums)
    office = house.settings.office.name
    approved = tuple(_approved(revision, approval, deeds, office, heard) for revision, approval in allowed)
    return Record(item, revisions, approved, dict(await store.themes(connection)))


async def _allowed(connection: AsyncConnection, revision: Revision) -> Approval | None:
    """The last approval of a revision, if there is one."""
    said = await store.approvals_of(connection, revision.id)
    return next((one for one in reversed(said) if one.verdict == "approved"), None)


def _approved(
    revision: Revision, approval: Approval, deeds: Sequence[Deed], office: str, heard: Mapping[str, Row[Any]]
) -> Approved:
    mine = [deed for deed in deeds if deed.detail.get("digest") == approval.digest]
    # the deed is noted a moment after the verdict; an earlier revision may have had the very same text
    deed = next((deed for deed in mine if deed.verb == "approve" and deed.at >= approval.at), None)
    before = [one for one in mine if one.verb == "submit" and (deed is None or one.seq < deed.seq)]
    told = deed.detail if deed else {}
    submission, recording = before[-1] if before else None, heard.get(approval.recording or "")
    return Approved(revision, approval, told.get("office") or office, submission, told.get("instead_of", ""), recording)
