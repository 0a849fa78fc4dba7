"""Verbs of whoever writes: see what comes of a text, have it kept unsaved, paste with structure, give up."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any

from config.words import BadInput, NotFound, Word, said_in
from content.pasted import read_pasted
from desk.answer import Answer, Done, Shown, Visit, plain_json
from desk.composing import store
from desk.composing.preview import Preview, preview_of
from desk.composing.store import Scratch
from desk.composing.under_way import others_at
from desk.drafting import FIELDS, KEPT, draft_from
from desk.shape import shape
from desk.shapes import items as shapes

_PLACE = re.compile(r"[A-Za-z0-9_-]{8,64}")


@shape(shapes.PreviewTold, shapes.ItemFields)
async def preview(visit: Visit) -> Answer:
    """POST /items/preview: what would come of the text as it stands. What a page sends is kept until it is saved."""
    if visit.json:
        return plain_json(plain_preview(await preview_of(visit.house, draft_from(visit), visit.name)))
    values: dict[str, Any] = {"kept_at": await _keep(visit), "others": await others_at(visit, visit.text("item"))}
    return await seen(visit, values)


async def seen(visit: Visit, values: dict[str, Any]) -> Shown:
    """The part of the page that shows the text as it would go out, or why it cannot: nothing has failed by that."""
    fault = made = None
    try:
        made = await preview_of(visit.house, draft_from(visit), visit.name)
    except BadInput as wrong:
        fault = wrong
    return Shown("items/preview.html", {**values, "seen": made}, fault=fault)


async def _keep(visit: Visit) -> datetime | None:
    """Store what was typed, if the page says that something was; the moment, or None."""
    place, now = visit.text("scratch"), visit.house.clock.now()
    item = visit.text("item")
    if not visit.text("keep") or not _PLACE.fullmatch(place) or item not in {"", place}:
        return None
    form = {name: visit.text(name) for name in (*FIELDS, *KEPT)}
    async with visit.house.database.write() as tx:
        one = Scratch(place, item, visit.text("title").strip()[:300], form, now)
        await store.keep(visit.house.database, tx, visit.person, one)
    return now


@shape(shapes.PastedTold, shapes.PastedFields)
async def paste(visit: Visit) -> Answer:
    """POST /items/paste: HTML from a clipboard as Markdown."""
    read = await asyncio.to_thread(read_pasted, visit.text("html"))
    return plain_json({"text": read.text, "dropped": [said_in(one, visit.language) for one in read.dropped]})


async def give_up(visit: Visit) -> Answer:
    """POST /items/scratch/remove: what was typed there is not wanted."""
    place = visit.text("scratch")
    async with visit.house.database.write() as tx:
        found = await store.find(tx, visit.person, place)
        if found is None:
            raise NotFound("Không có bản viết dở này", "There is no such unsaved text")
        await store.drop(tx, visit.person, place)
    to = f"/items/{found.item}/edit" if found.item else "/items/new"
    return Done(to, Word("Đã bỏ bản viết dở.", "Unsaved text removed."))


def plain_preview(one: Preview) -> dict[str, Any]:
    """As JSON."""
    revision, sms = one.revision, one.sms
    return {
        "renditions": {name: getattr(revision, name) for name in ("article", "script", "short", "chat", "spoken")},
        "derived": list(revision.derived),
        "digest": revision.digest,
        "unknown": list(one.reading.unknown),
        "sentences": [
            {"spoken": sentence.spoken, "written": "".join(text for text, _ in sentence.stretches).strip()}
            for line in one.lines
            for sentence in line
            if sentence.spoken
        ],
        "findings": [{"rendition": f.rendition, "bad": f.bad, "vi": f.vi, "en": f.en} for f in one.findings],
        "sms": {
            "with_marks": {"text": sms.marked, "units": sms.marked_units, "segments": sms.marked_segments},
            "without_marks": {"text": sms.bare, "units": sms.bare_units, "segments": sms.bare_segments},
        },
    }
