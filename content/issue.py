"""From pinned revisions to the Bulletin that goes out: nothing leaves that does not match its approval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import Said
from content import store
from content.bulletin import Audio, Bulletin, Order, Part, Pinned, Sound, Variant, digest_of
from content.files import SYNTHETIC as MACHINE
from content.files import Origin
from content.film import FILMED, LOOK
from content.film.cues import Line
from content.film.look import Words
from content.film.making import Film
from content.item import Item, ItemState, Revision
from content.mastering import Mastering, Tags
from content.recording import BadScript, recording_key, script_digest
from content.recordings import store as recording_store
from content.rendition import read_script
from content.sentences import by_line

KNOWN = 128
"""Texts kept at hand, some tens of kilobytes each."""
SERIES = "Bản tin truyền thanh"
SYNTHETIC = "bản tin được đọc bằng giọng nói nhân tạo."
"""What is said at the end when `[voice] say_synthetic` is set, in words ready to be spoken."""


class NotApproved(Said):
    """What was pinned is no longer what somebody approved; it must not go out."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A text that may go out, until it is stale."""

    part: Part
    valid_until: datetime | None


class _Text(NamedTuple):
    """A revision, which never changes, with what is reckoned of it."""

    revision: Revision
    digest: str
    key: str


@dataclass(frozen=True)
class Press:
    """How this office's bulletins are made up: its name, its voices in order of preference, its mastering, its zone."""

    office: str
    voices: tuple[str, ...]
    mastering: Mastering
    zone: tzinfo = UTC
    say_synthetic: bool = False
    _texts: dict[str, _Text] = field(default_factory=dict, init=False, repr=False, compare=False)

    def script_of(self, revision: Revision) -> str:
        """What a synthetic voice says. Raises BadScript for a language that no voice of ours speaks."""
        if revision.language.lower().split("-")[0] != "vi":
            raise BadScript(
                "tin không phải tiếng Việt cần bản ghi âm giọng người",
                "an item that is not in Vietnamese needs a recording of a person",
            )
        return f"{revision.spoken}\n{SYNTHETIC}" if self.say_synthetic else revision.spoken

    def key_of(self, revision: Revision) -> str:
        """The key under which the recording of a revision is kept: an uploaded one, or its script's. Raises BadScript."""
        return revision.recorded or recording_key(self.script_of(revision), self.voices, self.mastering)

    def tags_of(self, revision: Revision) -> Tags:
        """What the recording's files say of it."""
        begin, end = (
            moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S") if moment else ""
            for moment in (revision.valid_from, revision.valid_until)
        )
        return Tags(
            title=revision.title,
            office=self.office,
            series=SERIES,
            language=revision.language,
            valid_from=begin,
            valid_until=end,
        )

    def origin_of(self, revision: Revision, voice: str) -> Origin:
        """What the sidecars of a recording by this voice (empty: a person's) say."""
        return Origin(voice, script_digest(self.script_of(revision)) if voice else "")

    def film_of(self, revision: Revision, voice: str) -> Film:
        """What a clip of its recording by this voice (empty: a person's) is made of."""
        reading = read_script(revision.script, revision.readings)
        sentences = [one for line in by_line(revision.script, reading) for one in line]
        said = [Line("".join(text for text, _ in one.stretches), one.spoken) for one in sentences]
        if voice and self.say_synthetic:
            said.append(Line(SYNTHETIC.capitalize(), SYNTHETIC))
        day = revision.made_at.astimezone(self.zone)
        told = f"Ngày {day.day} tháng {day.month} năm {day.year}"
        source = f"Nguồn: {revision.source}" if revision.source else ""
        words = Words(self.office, revision.title, told, source, MACHINE if voice else "")
        return Film(words, tuple(said), self.origin_of(revision, voice))

    def variant_key(self, revision: Revision, sha256: str, sound: Sound, voice: str) -> str:
        """The key of a recording's file in another sound: its tags are the revision's, its loudness the mastering's.

        A clip and its subtitles are of all that stands on the screen, which the revision's digest covers.
        """
        if sound.format in FILMED:
            told = [
                revision.digest,
                self.office,
                revision.made_at.astimezone(self.zone).date().isoformat(),
                bool(voice),
            ]
            return digest_of([LOOK, sha256, sound.format, *told])[:32]
        asked = [sha256, self.mastering.sounding(sound).key, asdict(self.tags_of(revision))]
        return digest_of(asked)[:32]

    async def clear(
        self, connection: AsyncConnection, pinned: Collection[Pinned], now: datetime
    ) -> dict[Pinned, Cleared | NotApproved]:
        """Of each text whether it may go out now, or why not; a handful of queries for all of them."""
        items = await store.items_by_id(connection, {one.item for one in pinned})
        texts = await self._at_hand(connection, {one.revision for one in pinned})
        themes = dict(await store.themes(connection))
        audios = await self._audios(connection, [text.revision for text in texts.values()])
        cleared: dict[Pinned, Cleared | NotApproved] = {}
        for one in pinned:
            try:
                item, text = items.get(one.item), texts.get(one.revision)
                if item is None or text is None:
                    raise NotApproved(f"Không có tin bài {one.item}", f"There is no item {one.item}")
                _check_in_force(item, text, one.digest, now)
                revision = text.revision
                audio = audios[revision.id]
                if isinstance(audio, NotApproved):
                    raise audio
                part = _part(item, revision, one.digest, themes.get(revision.theme, ""), audio)
                cleared[one] = Cleared(part, revision.valid_until)
            except NotApproved as why:
                cleared[one] = why
        return cleared

    async def _at_hand(self, connection: AsyncConnection, ids: set[str]) -> dict[str, _Text]:
        """Those of the revisions that there are; what goes out is checked again and again while it is sent."""
        found = {id: self._texts.pop(id) for id in ids if id in self._texts}
        if missing := ids - found.keys():
            for id, revision in (await store.revisions_by_id(connection, missing)).items():
                found[id] = _Text(revision, revision.digest, self._key(revision))
        self._texts.update(found)  # behind those that nobody asked for this time
        for id in list(self._texts)[: -max(KNOWN, len(found))]:
            del self._texts[id]
        return found

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
        parts += [
            replace(one.part, ride=rider.ride, until=rider.until)
            for rider in order.riders
            if isinstance(one := cleared[rider.pinned], Cleared)  # else the bulletin goes without it
        ]
        return Bulletin(order.id, order.klass, self.office, order.issued_at, min(ends, default=None), tuple(parts))

    async def audio_of(self, connection: AsyncConnection, revision: Revision) -> Audio | None:
        """The finished recording of a revision, if there is one. Raises NotApproved if another one was approved."""
        found = (await self._audios(connection, [revision]))[revision.id]
        if isinstance(found, NotApproved):
            raise found
        return found

    async def audios(self, connection: AsyncConnection, ids: Collection[str]) -> dict[str, Audio]:
        """The recordings of revisions as they are now, with the variants made meanwhile; those there are."""
        revisions = await store.revisions_by_id(connection, ids)
        found = await self._audios(connection, list(revisions.values()))
        return {id: audio for id, audio in found.items() if isinstance(audio, Audio)}

    async def recordings(
        self, connection: AsyncConnection, revisions: Sequence[Revision]
    ) -> dict[str, Row[Any] | NotApproved | None]:
        """The row of each revision's finished recording: the one that was heard at its approval, whatever is set since."""
        keys = {revision.id: self._key(revision) for revision in revisions}
        rows = await recording_store.recordings(connection, [key for key in keys.values() if key])
        made = {key: row for key, row in rows.items() if row.state == "made"}
        heard = await store.heard_at_approval(connection, [one.id for one in revisions]) if revisions else {}
        known = {row.sha256: row for row in made.values()}
        if missing := set(heard.values()) - known.keys():
            known |= await recording_store.recordings_by_sha256(connection, missing)
        found: dict[str, Row[Any] | NotApproved | None] = {}
        for revision in revisions:
            row = made.get(keys[revision.id])
            found[revision.id] = known.get(heard[revision.id]) if revision.id in heard else row
            if found[revision.id] is None and row is not None:
                found[revision.id] = NotApproved(
                    f"Bản ghi âm của “{revision.title}” khác bản đã duyệt",
                    f"The recording of {revision.title!r} is not the one that was approved",
                )
        return found

    def _key(self, revision: Revision) -> str:
        if revision.id in self._texts:
            return self._texts[revision.id].key
        try:
            return self.key_of(revision)
        except BadScript:
            return ""

    async def _audios(
        self, connection: AsyncConnection, revisions: Sequence[Revision]
    ) -> dict[str, Audio | NotApproved | None]:
        """The recording of each revision with its variants, if it is made and is the one that was approved."""
        rows = await self.recordings(connection, revisions)
        made = {row.sha256 for row in rows.values() if row is not None and not isinstance(row, NotApproved)}
        others = await recording_store.variants(connection, made) if made else []
        audios: dict[str, Audio | NotApproved | None] = {}
        for revision in revisions:
            row = rows[revision.id]
            if row is None or isinstance(row, NotApproved):
                audios[revision.id] = row
                continue
            variants = tuple(
                Variant(sound, other.name, other.bytes, other.sha256)
                for other in others
                if other.variant_of == row.sha256
                and other.key
                == self.variant_key(revision, row.sha256, sound := Sound(other.format, other.lufs), row.voice or "")
            )
            audios[revision.id] = Audio(row.name, row.bytes, row.seconds, row.sha256, variants)
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
        purpose=revision.purpose.value,
        meetings=revision.meetings,
    )


def _check_in_force(item: Item, text: _Text, digest: str, now: datetime) -> None:
    """Raise NotApproved unless this very text is the item's approved one and is valid now."""
    if item.state is ItemState.WITHDRAWN:
        raise NotApproved(f"Tin “{item.title}” đã thu hồi", f"Item {item.id} was withdrawn")
    revision = text.revision
    if item.approved != revision.id or digest != text.digest:
        raise NotApproved(
            f"Tin “{item.title}” đã sửa sau khi lập lịch hoặc chưa được duyệt",
            f"Item {item.id} was changed after it was scheduled, or is not approved",
        )
    if revision.valid_until and revision.valid_until <= now:
        raise NotApproved(f"Tin “{item.title}” đã hết hiệu lực", f"Item {item.id} is no longer valid")
    if revision.valid_from and revision.valid_from > now:
        raise NotApproved(f"Tin “{item.title}” chưa có hiệu lực", f"Item {item.id} is not valid yet")
