"""Readings on the desk: the office's own, those of one item, and how anything sounds."""

from __future__ import annotations

import io
import re
import unicodedata
import wave
from dataclasses import replace
from typing import Any

from aiohttp import web

from config.words import BadInput, Said, Word
from content import store as content_store
from content.glossary import store
from content.glossary.keeping import own_entry
from content.reading import load_lexicon
from content.rendition import draft_of
from content.voice import Speech, VoiceError, VoiceRefused, speak
from desk.answer import Answer, Done, Shown, Trouble, Visit
from desk.forms import file_of, iso, listed
from desk.needs import unknown_words
from desk.shape import shape
from desk.shapes import speech as shapes
from desk.shapes.items import Reading, ReadingKept

HEARD = 600
"""Characters that can be listened to at once."""
FOUND = 50
SPOKEN = re.compile(r"[0-9A-Za-zĐđ]")
"""Of a text without its marks: something a voice makes a sound of."""


@shape(shapes.ReadingsTold, shapes.ReadingsAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /glossary: the office's readings, what nobody knew in texts under way, and the lexicon of the house by words."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    house, wanted = visit.house, visit.asked("q")
    async with house.database.read() as connection:
        rows = await store.rows(connection)
        unknown = await unknown_words(house, connection)
    known = [entry for entry in load_lexicon().entries if wanted and wanted.lower() in entry.abbr.lower()][:FOUND]
    values = {
        "rows": rows,
        "unknown": unknown,
        "known": known,
        "q": wanted,
        "typed": visit.form or {"abbr": visit.asked("abbr")[:80]},
    }
    return Shown("glossary.html", values, listed([plain_row(row) for row in rows], None))


def plain_row(row: Any) -> dict[str, Any]:
    """One of the office's readings as JSON."""
    return {
        "abbr": row.abbr,
        "spoken": row.spoken,
        "condition": row.condition,
        "person": row.person,
        "at": iso(row.at),
    }


@shape(shapes.ReadingAdded, shapes.NewReading, status=201)
async def add(visit: Visit) -> Answer:
    """POST /glossary: one reading for all that is written from now on."""
    try:
        async with visit.house.database.write() as tx:
            entry = await visit.house.glossary.add(
                tx, visit.text("abbr"), visit.text("spoken"), visit.name, condition=visit.text("condition")
            )
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    plain = {"abbr": entry.abbr, "spoken": entry.spoken, "condition": entry.condition}
    return Done(
        "/glossary",
        Word(f"Từ nay “{entry.abbr}” đọc là “{entry.spoken}”.", f"“{entry.abbr}” is now read “{entry.spoken}”."),
        plain,
        201,
    )


@shape(shapes.AbbrTold, shapes.OldReading)
async def remove(visit: Visit) -> Answer:
    """POST /glossary/remove."""
    abbr = visit.text("abbr")
    async with visit.house.database.write() as tx:
        await visit.house.glossary.remove(tx, abbr, visit.name, condition=visit.text("condition"))
    return Done(
        "/glossary",
        Word(f"Đã bỏ cách đọc riêng của “{abbr}”.", f"The office’s own reading of “{abbr}” is removed."),
        {"abbr": abbr},
    )


async def take_in(visit: Visit) -> Answer:
    """POST /glossary/import: a whole TSV table, or nothing of it."""
    try:
        given = file_of(visit, "file", "tệp .tsv")
        try:
            table = given.file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadInput("Tệp không phải UTF-8", "The file is not UTF-8", field="file") from None
        async with visit.house.database.write() as tx:
            count = await visit.house.glossary.take_in(tx, table, visit.name)
    except Said as fault:
        fault.field = "file"
        return (await _page(visit)).with_fault(fault)
    return Done("/glossary", Word(f"Đã nhập {count} cách đọc.", f"Readings taken in: {count}."), {"count": count})


@shape(None, media=("text/tab-separated-values",))
async def table(visit: Visit) -> Answer:
    """GET /glossary.tsv: the office's readings as the table that import reads."""
    async with visit.house.database.read() as connection:
        text = await visit.house.glossary.table(connection)
    headers = {"Content-Disposition": 'attachment; filename="cach-doc.tsv"'}
    return web.Response(text=text, content_type="text/tab-separated-values", charset="utf-8", headers=headers)


@shape(ReadingKept, Reading)
async def read_otherwise(visit: Visit) -> Answer:
    """POST /items/{id}/reading: a form read otherwise in this text, or (scope=office) in all that is written from now on.

    Either way the item gets a new revision, which needs its approval.
    """
    house = visit.house
    entry = own_entry(visit.text("abbr"), visit.text("spoken"))
    async with house.database.write() as tx:
        item = await content_store.find_item(tx, visit.part("id"))
        draft = draft_of(await content_store.find_revision(tx, item.revision))
        kept = [one for one in draft.readings if one[0] != entry.abbr]
        if visit.text("scope") == "office":
            await house.glossary.add(tx, entry.abbr, entry.spoken, visit.name)
        else:
            kept.append((entry.abbr, entry.spoken))
        await house.editing.revise(
            tx, item.id, replace(draft, readings=tuple(kept)), visit.name, base=visit.text("base")
        )
    house.notifier.ring("item")
    return Done(
        f"/items/{item.id}",
        Word(f"“{entry.abbr}” đọc là “{entry.spoken}”.", f"“{entry.abbr}” is read “{entry.spoken}”."),
        {"abbr": entry.abbr},
    )


@shape(None, shapes.SoundAsked, media=("audio/wav",))
async def sound(visit: Visit) -> Answer:
    """GET /glossary/sound?text=: spoken words as the first voice that can says them, unmastered, as WAV."""
    text = " ".join(visit.asked("text").split())[:HEARD]
    if not SPOKEN.search(unicodedata.normalize("NFD", text)):
        raise BadInput("Không có chữ nào đọc được thành tiếng", "There are no letters to be read", field="text")
    try:
        spoken = await speak(text, visit.house.voices)
    except VoiceRefused as error:
        raise BadInput(f"Không đọc được: {error.reason_vi}", error.reason_en, field="text") from None
    except VoiceError as error:
        raise Trouble(503, f"Chưa nghe thử được: {error.reason_vi}", error.reason_en) from None
    headers = {"Cache-Control": "private, max-age=3600"}
    return web.Response(body=_wav(spoken.speech), content_type="audio/wav", headers=headers)


def _wav(speech: Speech) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(speech.rate)
        out.writeframes(speech.pcm)
    return file.getvalue()
