"""From pinned revisions to the Bulletin that goes out: nothing leaves that does not match its approval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import Said
from content import store
from content.bulletin import Audio, Bulletin, BulletinClass, Part
from content.item import Item, ItemState, Revision
from content.mastering import Mastering
from content.recording import recording_key


class NotApproved(Said):
    """What was pinned is no longer what somebody approved; it must not go out."""


@dataclass(frozen=True)
class Press:
    """How this office's bulletins are made up: its name, its voices in order of preference, its mastering."""

    office: str
    voices: tuple[str, ...]
    mastering: Mastering

    def key_of(self, revision: Revision) -> str:
        """The key under which the recording of a revision's spoken script is kept."""
        return recording_key(revision.spoken, self.voices, self.mastering)

    async def issue(
        self,
        connection: AsyncConnection,
        pinned: Sequence[tuple[str, str, str]],
        *,
        id: str,
        klass: BulletinClass,
        issued_at: datetime,
        now: datetime,
    ) -> Bulletin:
        """The bulletin of (item, revision, digest) triples as approved. Raises NotApproved with the reason."""
        parts: list[Part] = []
        ends: list[datetime] = []
        for item_id, revision_id, digest in pinned:
            item = await store.find_item(connection, item_id)
            revision = await store.find_revision(connection, revision_id)
            check_in_force(item, revision, digest, now)
            parts.append(await self._part(connection, item, revision))
            if revision.valid_until:
                ends.append(revision.valid_until)
        return Bulletin(id, klass, self.office, issued_at, min(ends, default=None), tuple(parts))

    async def _part(self, connection: AsyncConnection, item: Item, revision: Revision) -> Part:
        themes = dict(await store.themes(connection))
        return Part(
            item=item.id,
            revision=revision.id,
            digest=revision.digest,
            slug=item.slug,
            title=revision.title,
            article=revision.article,
            script=revision.script,
            short=revision.short,
            chat=revision.chat,
            theme=themes.get(revision.theme, ""),
            byline=revision.byline,
            source=revision.source,
            language=revision.language,
            audio=await self.audio_of(connection, revision),
        )

    async def audio_of(self, connection: AsyncConnection, revision: Revision) -> Audio | None:
        """The finished recording of a revision, if there is one and it is the one that was heard at approval."""
        key = self.key_of(revision)
        row = (await store.recordings(connection, [key])).get(key)
        if row is None or row.state != "made":
            return None
        verdicts = await store.approvals_of(connection, revision.id)
        heard = next((one.recording for one in reversed(verdicts) if one.verdict == "approved"), None)
        if heard is not None and heard != row.sha256:
            raise NotApproved(
                f"Bản ghi âm của “{revision.title}” khác bản đã duyệt",
                f"The recording of {revision.title!r} is not the one that was approved",
            )
        return Audio(row.name, row.bytes, row.seconds, row.sha256)


def check_in_force(item: Item, revision: Revision, digest: str, now: datetime) -> None:
    """Raise NotApproved unless this very text is the item's approved one and is valid now."""
    if item.state is ItemState.WITHDRAWN:
        raise NotApproved(f"Tin “{item.title}” đã thu hồi", f"Item {item.id} was withdrawn")
    if item.approved != revision.id or digest != revision.digest:
        raise NotApproved(
            f"Tin “{item.title}” đã sửa sau khi lập lịch hoặc chưa được duyệt",
            f"Item {item.id} was changed after it was scheduled, or is not approved",
        )
    if revision.valid_until and revision.valid_until <= now:
        raise NotApproved(f"Tin “{item.title}” đã hết hiệu lực", f"Item {item.id} is no longer valid")
    if revision.valid_from and revision.valid_from > now:
        raise NotApproved(f"Tin “{item.title}” chưa có hiệu lực", f"Item {item.id} is not valid yet")
