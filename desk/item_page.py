"""An item's page: every rendition side by side, what to know about them, its history, and what its reader may do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound, Word
from content import store
from content.difference import Change, changes
from content.film import CLIP
from content.findings import Finding, beside, findings
from content.issue import NotApproved
from content.item import LANGUAGES, MOVES, RENDITIONS, TITLES, Approval, Item, ItemState, Revision, same_person
from content.passing import store as passing_store
from content.passing.passing import TITLES as PASSING_TITLES
from content.procedures import store as procedure_store
from content.reading import Piece, Reading
from content.recording import BadScript
from content.recordings import store as recording_store
from content.rendition import reading_of
from content.sentences import Sentence, by_line
from content.units import store as unit_store
from content.units.unit import Tree, Unit
from content.upload import SUFFIXES
from desk.answer import Answer, Shown, Visit
from desk.composing.preview import Sms, sms_of
from desk.forms import iso
from desk.shape import shape
from desk.shapes import items as shapes
from desk.versions import TITLES as PART_TITLES
from desk.versions import in_words
from scheduler.correcting import NOBODY
from scheduler.policy import gravest
from scheduler.retraction import store as retraction_store

OWN = Word(
    "Bạn đã viết hoặc sửa tin này nên không tự duyệt được: cần người thứ hai.",
    "You wrote or changed this item, so a second person has to approve it.",
)


@dataclass(frozen=True)
class Sheet:
    """All there is to see of an item."""

    item: Item
    revision: Revision
    revisions: list[Revision]
    verdicts: dict[str, list[Approval]]
    recording: Any
    findings: list[Finding]
    reading: Reading | None
    """The script with its pieces; None when it would be read otherwise today than when it was written."""
    versions: list[tuple[Item, str]]
    sms: Sms
    since: tuple[Revision, list[Change]] | None
    """The text in force, and what the newest has otherwise; None when there is none in force, or it is the newest."""
    notice: Item | None
    """What announces that it was withdrawn."""
    gone: Item | None
    """What it announces the withdrawal of."""
    clip: Any
    """What television desks get, made or being made; None when none asks for it."""

    @property
    def uploaded(self) -> Revision | None:
        """The revision with which the recording in use was uploaded, if a person made it."""
        same = [one for one in self.revisions if one.recorded and one.recorded == self.revision.recorded]
        return min(same, key=lambda one: one.number, default=None)

    @property
    def approved(self) -> list[Revision]:
        """The revisions that were approved at some time, newest first."""
        return [one for one in self.revisions if any(said.verdict == "approved" for said in self.verdicts[one.id])]

    @property
    def bad(self) -> bool:
        """Whether something must be mended before submission."""
        return any(finding.bad for finding in self.findings)

    @property
    def lines(self) -> list[list[Sentence]]:
        """The script by sentences, with what is said otherwise than written."""
        return by_line(self.revision.script, self.reading) if self.reading else []

    @property
    def changes(self) -> list[Piece]:
        """Each thing once that is said otherwise than written, what nobody knew first."""
        pieces = {piece.written: piece for piece in (self.reading.pieces if self.reading else ()) if piece.is_changed}
        return sorted(pieces.values(), key=lambda piece: piece.rule != "spelled")

    def about(self, rendition: str) -> list[Finding]:
        """What to know about one rendition."""
        return beside(self.findings, rendition)

    def wrote(self, name: str) -> bool:
        """Whether this person wrote or edited any of its texts."""
        return any(same_person(name, revision.writer) for revision in self.revisions)

    def can(self, state: str) -> bool:
        """Whether the item may go to that state."""
        return ItemState(state) in MOVES[self.item.state]


@shape(shapes.ItemSheet)
async def show(visit: Visit) -> Answer:
    """GET /items/{id}: every rendition, what to know about them, its history, and what this person may do."""
    return await sheet_of(visit)


async def sheet_of(visit: Visit) -> Shown:
    """The page of the item in the address."""
    house = visit.house
    async with house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
        revisions = await store.revisions_of(connection, item.id)
        verdicts = {one.id: await store.approvals_of(connection, one.id) for one in revisions}
        revision = next(one for one in revisions if one.id == item.revision)
        recording = await _recording(visit, connection, revision)
        clip = await _clip(visit, connection, revision, recording)
        deeds = await house.journal.of(connection, f"item/{item.id}")
        deeds = [one for one in deeds if visit.reaches(one.detail.get("unit", visit.unit))]
        themes = dict(await store.themes(connection))
        lexicon = await house.glossary.lexicon(connection)
        versions = [one for one in await store.versions_of(connection, item.id) if visit.reaches(one[0].unit)]
        out = item.state in {ItemState.APPROVED, ItemState.WITHDRAWN}
        reach = await house.correcting.reach(connection, item) if out else NOBODY
        notice = await store.notice_about(connection, item.id)
        gone = await store.find_item(connection, item.notice_of) if item.notice_of else None
        to_tell = await house.correcting.reach(connection, gone) if gone else NOBODY
        taken_back = await retraction_store.retractions_of(connection, item.id)
        tree = await unit_store.tree(connection)
        cited = await procedure_store.cited(connection, item.id)
        last = await procedure_store.last_changes(connection, [one.code for one, _ in cited])
        replaced_by = await procedure_store.replaced_by(connection, item.id)
        passed = [one for one in await passing_store.of_item(connection, item.id) if visit.reaches(one.unit)]
    # reading a long script aloud in words takes a moment
    told = await asyncio.to_thread(findings, revision, lexicon)
    reading = await asyncio.to_thread(reading_of, revision, lexicon, house.settings.voice.variant)
    in_force = next((one for one in revisions if one.id == item.approved and one.id != item.revision), None)
    since = None
    if in_force is not None:
        since = in_force, in_words(await asyncio.to_thread(changes, in_force, revision), visit.drawing, themes)
    seen = (told, reading, versions, sms_of(house, revision), since)
    sheet = Sheet(item, revision, revisions, verdicts, recording, *seen, notice, gone, clip)
    values = {"sheet": sheet, "item": item, "revision": revision, "deeds": deeds}
    values |= {"theme": themes.get(revision.theme, revision.theme), "part_titles": PART_TITLES}
    values |= {"languages": LANGUAGES, "titles": TITLES, "suffixes": SUFFIXES, "reach": reach, "outlets": house.outlets}
    values |= {"tree": tree, "passed": passed, "passing_titles": PASSING_TITLES}
    values |= {"cited": cited, "cited_seen": max(last.values(), default="")}
    values |= {"replaced_by": [one for one in replaced_by if visit.reaches(one.unit)]}
    values["may_get"] = [one for one in _below(visit, tree, item) if one.id not in {other.unit for other in passed}]
    values |= {"taken_back": taken_back, "to_tell": sum(to_tell.untold.values())}
    rules = gravest(one for at in visit.outlets for one in house.policy.check(at, {revision.purpose}))
    values["rules"] = rules
    plain = plain_sheet(sheet) | {"policy": [one.plain() for one in rules]}
    return Shown(
        "items/show.html", {**values, "may_approve": visit.why_not("item-approve", sheet.wrote(visit.name), OWN)}, plain
    )


def _below(visit: Visit, tree: Tree, item: Item) -> list[Unit]:
    """Units in force to which an item may be passed down."""
    today = visit.drawing.local(visit.house.clock.now()).date()
    below = tree.below(item.unit) - {item.unit} if tree.units else frozenset()
    return [one for _, one in tree.walk(below) if one.is_in_force(today)]


def plain_sheet(sheet: Sheet) -> dict[str, Any]:
    """An item with its newest text as JSON."""
    revision, row = sheet.revision, sheet.recording
    return {
        **plain_item(sheet.item),
        "number": revision.number,
        "digest": revision.digest,
        "writer": revision.writer,
        "language": revision.language,
        "purpose": revision.purpose.value,
        "source": revision.source,
        "byline": revision.byline,
        "valid_from": iso(revision.valid_from),
        "body": revision.body,
        "renditions": {name: getattr(revision, name) for name in (*RENDITIONS, "spoken")},
        "derived": list(revision.derived),
        "readings": dict(revision.readings),
        "meetings": [one._asdict() for one in revision.meetings],
        "spoken_otherwise": [
            {"written": piece.written, "spoken": piece.spoken, "rule": piece.rule} for piece in sheet.changes
        ],
        "findings": [
            {"rendition": one.rendition, "bad": one.bad, "vi": one.vi, "en": one.en} for one in sheet.findings
        ],
        "recording": None if row is None or row.state != "made" else plain_recording(row),
        "clip": None if sheet.clip is None else plain_clip(sheet.clip),
        "versions": [{"id": item.id, "language": language, "state": item.state} for item, language in sheet.versions],
        "approvals": [
            {"verdict": one.verdict, "person": one.person, "at": iso(one.at), "note": one.note, "digest": one.digest}
            for verdicts in sheet.verdicts.values()
            for one in verdicts
        ],
    }


def plain_recording(row: Any) -> dict[str, Any]:
    """A finished recording as JSON; loudness in LUFS and true peak in dBTP as measured on the file."""
    file = {"sha256": row.sha256, "seconds": row.seconds, "bytes": row.bytes}
    return {**file, "voice": row.voice, "synthetic": bool(row.voice), "loudness": row.loudness, "true_peak": row.peak}


def plain_clip(row: Any) -> dict[str, Any]:
    """The clip of a recording as JSON: how far it is, or its length in seconds and its size."""
    return {
        "state": row.state,
        "note": row.note or "",
        "seconds": row.seconds,
        "bytes": row.bytes,
        "sha256": row.sha256,
    }


async def _clip(visit: Visit, connection: AsyncConnection, revision: Revision, recording: Any) -> Any:
    """The row of the clip that is or is to be made of a recording, if any television desk asks for one."""
    if recording is None or recording.state != "made":
        return None
    key = visit.house.press.variant_key(revision, recording.sha256, CLIP, recording.voice or "")
    return (await recording_store.recordings(connection, [key])).get(key)


async def _recording(visit: Visit, connection: AsyncConnection, revision: Revision) -> Any:
    """The recording in force of a revision, or the row of its making."""
    made = (await visit.house.press.recordings(connection, [revision]))[revision.id]
    if made is not None and not isinstance(made, NotApproved):
        return made
    try:
        key = visit.house.press.key_of(revision)
    except BadScript:
        return None
    return (await recording_store.recordings(connection, [key])).get(key)


@shape(None, media=("audio/mpeg",))
async def audio(visit: Visit) -> Answer:
    """GET /items/{id}/audio: the recording of the newest text; ranges are answered."""
    async with visit.house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
        row = await _recording(visit, connection, await store.find_revision(connection, item.revision))
    if row is None or row.state != "made":
        raise NotFound("Bản ghi âm chưa có; Loa đang thu", "The recording is not made yet")
    headers = {"Content-Type": "audio/mpeg", "Cache-Control": "private, no-cache"}
    return web.FileResponse(visit.house.recordings / row.name, headers=headers)


def plain_item(item: Item) -> dict[str, Any]:
    """An item as JSON."""
    return {
        "id": item.id,
        "slug": item.slug,
        "state": item.state.value,
        "title": item.title,
        "class": item.klass.value,
        "theme": item.theme,
        "revision": item.revision,
        "approved": item.approved,
        "valid_until": iso(item.valid_until),
        "original": item.original,
        "notice_of": item.notice_of,
        "unit": item.unit,
        "created_at": iso(item.created_at),
        "changed_at": iso(item.changed_at),
    }
