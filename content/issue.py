"""From pinned revisions to the Bulletin that goes out: nothing leaves that does not match its approval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import Said
from content import store
from content.bulletin import Audio, Bulletin, Order, Part, Pinned
from content.item import Item, ItemState, Revision
from content.mastering import Mastering
from content.recording import recording_key


class NotApproved(Said):
    """What was pinned is no longer what somebody approved; it must not go out."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A text that may go out, until it is stale."""

    part: Part
    valid_until: datetime | None


@dataclass(frozen=True)
class Press:
    """How this office's bulletins are made up: its name, its voices in order of preference, its mastering."""

    office: str
    voices: tuple[str, ...]
    mastering: Mastering

    def key_of(self, revision: Revision) -> str:
        """The key under which the recording of a revision's spoken script is kept."""
        return recording_key(revision.spoken, self.voices, self.mastering)

    async def clear(
        self, connection: AsyncConnection, pinned: Collection[Pinned], now: datetime
    ) -> dict[Pinned, Cleared | NotApproved]:
        """Of each text whether it may go out now, or why not; a handful of queries for all of them."""
        items = await store.items_by_id(connection, {one.item for one in pinned})
        revisions = await store.revisions_by_id(connection, {one.revision for one in pinned})
        themes = dict(await store.themes(connection))
        audios = await self._audios(connection, list(revisions.values()))
        cleared: dict[Pinned, Cleared | NotApproved] = {}
        for one in pinned:
            try:
                item, revision = items.get(one.item), revisions.get(one.revision)
                if item is None or revision is None:
                    raise NotApproved(f"Không có tin bài {one.item}", f"There is no item {one.item}")
                check_in_force(item, revision, one.digest, now)
                audio = audios[revision.id]
                if isinstance(audio, NotApproved):
                    raise audio
                part = _part(item, revision, one.digest, themes.get(revision.theme, ""), audio)
                cleared[one] = Cleared(part, revision.valid_until)
            except NotApproved as why:
                cleared[one] = why
        return cleared

    def issue(self, order: Order, cleared: Mapping[Pinned, Cleared | NotApproved]) -> Bulletin | NotApproved:
        """The bulletin as approved, or why there is none."""
        parts, ends = [], []
        for pinned in order.pinned:
            one = cleared[pinned]
            if isinstance(one, NotApproved):
                return one
            parts.append(one.part)
            if one.valid_until:
                ends.append(one.valid_until)
        return Bulletin(order.id, order.klass, self.office, order.issued_at, min(ends, default=None), tuple(parts))

    async def audio_of(self, connection: AsyncConnection, revision: Revision) -> Audio | None:
        """The finished recording of a revision, if there is one. Raises NotApproved if another one was approved."""
        found = (await self._audios(connection, [revision]))[revision.id]
        if isinstance(found, NotApproved):
            raise found
        return found

    async def _audios(
        self, connection: AsyncConnection, revisions: Sequence[Revision]
    ) -> dict[str, Audio | NotApproved | None]:
        """The recording of each revision that is made and is the one that was heard at its approval."""
        keys = {revision.id: self.key_of(revision) for revision in revisions}
        made = {
            key: row
            for key, row in (await store.recordings(connection, [*keys.values()])).items()
            if row.state == "made"
        }
        recorded = [revision for revision in revisions if keys[revision.id] in made]
        heard = await store.heard_at_approval(connection, [one.id for one in recorded]) if recorded else {}
        audios: dict[str, Audio | NotApproved | None] = dict.fromkeys(keys)
        for revision in recorded:
            row = made[keys[revision.id]]
            if heard.get(revision.id, row.sha256) == row.sha256:
                audios[revision.id] = Audio(row.name, row.bytes, row.seconds, row.sha256)
            else:
                audios[revision.id] = NotApproved(
                    f"Bản ghi âm của “{revision.title}” khác bản đã duyệt",
                    f"The recording of {revision.title!r} is not the one that was approved",
                )
        return audios


def _part(item: Item, revision: Revision, digest: str, theme: str, audio: Audio | None) -> Part:
    return Part(
        item=item.id,
        revision=revision.id,
        digest=digest,
        slug=item.slug,
        title=revision.title,
        article=revision.article,
        script=revision.script,
        short=revision.short,
        chat=revision.chat,
        theme=theme,
        byline=revision.byline,
        source=revision.source,
        language=revision.language,
        audio=audio,
    )


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
