"""The writer's form: a draft typed in, or read from a document that fills the form."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config.words import BadInput, Word, joined
from content import store
from content.bulletin import BulletinClass, Purpose
from content.document import read_document
from content.glossary.keeping import own_entry
from content.item import LANGUAGES, RENDITIONS, Draft, Item, Revision
from content.notice import notice_of
from content.rendition import draft_of
from content.units import store as unit_store
from desk.answer import Shown, Visit
from desk.composing import store as scratches
from desk.composing.store import Scratch
from desk.composing.under_way import meanwhile, new_place, others_at
from desk.forms import choice, file_of, moment_of
from desk.units.choosing import unit_choices
from desk.versions import TITLES, in_words

FIELDS = (
    *("title", "theme", "klass", "valid_from", "valid_until", "source", "byline", "language", "body"),
    *RENDITIONS,
    "readings",
    "purpose",
)
KEPT = ("base", "original", "notice_of", "answers", "unit")
"""What the form carries along unseen."""


async def draft_form(
    visit: Visit,
    typed: Mapping[str, Any],
    *,
    item: Item | None = None,
    told: tuple[str, ...] = (),
    kept: Scratch | None = None,
) -> Shown:
    """The form with what was typed; `told` is what to know of a document that was read, `kept` what fills it unsaved."""
    async with visit.house.database.read() as connection:
        themes = await store.themes(connection)
        unsaved = await scratches.new_ones(connection, visit.person) if item is None else []
        units = unit_choices(visit, await unit_store.tree(connection)) if item is None else []
    zone = visit.drawing.zone
    shown = {name: typed.get(name, "") for name in (*FIELDS, *KEPT)}
    shown["unit"] = shown["unit"] or visit.unit
    for name in ("valid_from", "valid_until"):
        if not isinstance(shown[name], str):
            shown[name] = shown[name].astimezone(zone).strftime("%Y-%m-%dT%H:%M") if shown[name] else ""
    overrides = any(shown[name] for name in (*RENDITIONS, "readings"))
    values: dict[str, Any] = {
        "typed": shown,
        "item": item,
        "themes": themes,
        "classes": list(BulletinClass),
        "read": told,
        "unit_choices": units,
    }
    values["purposes"] = [(one.value, one.title_vi) for one in Purpose]
    values["languages"] = list(({shown["language"] or "vi": shown["language"]} | LANGUAGES).items())
    place = kept.place if kept else visit.text("scratch") or (item.id if item else new_place())
    values |= {"scratch": place, "kept": kept, "unsaved": [one for one in unsaved if one.place != place]}
    values |= await _beside(visit, item, shown, dict(themes))
    return Shown("items/form.html", {**values, "overrides": overrides, "seen": None, "kept_at": None})


async def _beside(visit: Visit, item: Item | None, shown: dict[str, Any], themes: Mapping[str, str]) -> dict[str, Any]:
    """Who else is at the item, and what was saved meanwhile: shown once, and then saving goes on from there."""
    others = await others_at(visit, item.id if item else "")
    newer = await meanwhile(visit, item, shown["base"])
    told = in_words(newer.changes, visit.drawing, themes) if newer else []
    if newer:
        shown["base"] = newer.newest.id
    return {"others": others, "newer": newer and newer.newest, "newer_changes": told, "part_titles": TITLES}


def typed_of(revision: Revision | None) -> dict[str, Any]:
    """A revision as it stands in the form; None is the empty form."""
    if revision is None:
        return {"klass": BulletinClass.NORMAL.value, "purpose": Purpose.OUTREACH.value}
    return {**_typed(draft_of(revision)), "base": revision.id}


async def typed_notice(visit: Visit) -> dict[str, Any]:
    """The form with a notice of the withdrawal of the item that `notice_of` names. Raises NotFound."""
    house = visit.house
    async with house.database.read() as connection:
        gone = await store.find_item(connection, visit.asked("notice_of"))
        revision = await store.find_revision(connection, gone.revision)
        deeds = await house.journal.of(connection, f"item/{gone.id}")
    reason = next((str(deed.detail.get("note", "")) for deed in reversed(deeds) if deed.verb == "withdraw"), "")
    return {**_typed(notice_of(revision, reason, house.settings.office.name)), "notice_of": gone.id}


def _typed(draft: Draft) -> dict[str, Any]:
    readings = "\n".join(f"{written} = {spoken}" for written, spoken in draft.readings)
    return {name: getattr(draft, name) for name in FIELDS} | {
        "klass": draft.klass.value,
        "purpose": draft.purpose.value,
        "readings": readings,
    }


def draft_from(visit: Visit) -> Draft:
    """The draft a form or a JSON object holds. Raises BadInput."""
    texts: dict[str, Any] = {
        name: visit.text(name)
        for name in FIELDS
        if name not in {"klass", "purpose", "valid_from", "valid_until", "readings"}
    }
    written = visit.text("klass") or visit.text("class")
    klass = choice(BulletinClass, written, "klass") or BulletinClass.NORMAL
    texts["language"] = texts["language"].strip() or "vi"
    purpose = choice(Purpose, visit.text("purpose"), "purpose") or Purpose.OUTREACH
    draft = Draft(texts.pop("title"), texts.pop("body"), klass=klass, readings=_readings(visit), purpose=purpose)
    return replace(
        draft, valid_from=moment_of(visit, "valid_from"), valid_until=moment_of(visit, "valid_until"), **texts
    )


def _readings(visit: Visit) -> tuple[tuple[str, str], ...]:
    """Lines of `written = spoken`. Raises BadInput that names the line."""
    found = []
    for number, line in enumerate(visit.text("readings").split("\n"), 1):
        written, sign, spoken = line.rpartition("=")
        if not line.strip():
            continue
        if not sign:
            vi = f"Dòng {number}: viết theo mẫu “chữ viết = cách đọc”"
            raise BadInput(vi, f"Line {number}: write it as “written = spoken”", field="readings")
        try:
            entry = own_entry(written, spoken)
        except BadInput as wrong:
            raise BadInput(f"Dòng {number}: {wrong.vi}", f"Line {number}: {wrong.en}", field="readings") from None
        found.append((entry.abbr, entry.spoken))
    return tuple(found)


async def read_upload(visit: Visit) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The form as the uploaded document fills it, and what to know about the reading. Raises BadInput."""
    given = file_of(visit, "file", "tệp .md, .txt hoặc .docx")
    zone, name = visit.drawing.zone, given.filename.replace("\\", "/").rsplit("/", 1)[-1][:120]
    document = await asyncio.to_thread(lambda: read_document(name, given.file.read(), zone))
    told = [Word(f"Đã đọc tệp {name}. Xem lại rồi bấm lưu.", f"File {name} read. Look it over, then save.")]
    if document.dated is not None:
        told.append(
            Word(
                f"Ngày ghi trên văn bản: {document.dated.astimezone(zone):%d/%m/%Y}.",
                f"Date on the document: {document.dated.astimezone(zone):%d/%m/%Y}.",
            )
        )
    if document.dropped:
        dropped = joined(document.dropped, "; ")
        told.append(Word(f"Đã bỏ: {dropped}.", f"Left out: {dropped.en}."))
    return {**_typed(document.draft), **{name: visit.text(name) for name in KEPT}}, (*told, *document.warnings)
