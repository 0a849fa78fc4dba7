"""Texts of an item through time, and what two of them have otherwise, word by word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from config.words import BadInput, NotFound, Word
from content import store
from content.bulletin import BulletinClass, Purpose
from content.difference import FACTS, Change, changes
from content.item import LANGUAGES, Revision
from desk.answer import Answer, Shown, Visit
from desk.drawing import Drawing
from desk.forms import iso
from desk.shape import shape
from desk.shapes import items as shapes

TITLES = {
    "title": Word("Tiêu đề", "Title"),
    "body": Word("Nội dung", "Text"),
    "article": Word("Bài trên cổng thông tin", "Portal article"),
    "script": Word("Lời đọc trên đài", "Radio script"),
    "short": Word("Tin SMS", "SMS text"),
    "chat": Word("Tin Zalo", "Zalo text"),
    "theme": Word("Chủ đề", "Theme"),
    "klass": Word("Loại bản tin", "Class"),
    "purpose": Word("Mục đích", "Purpose"),
    "language": Word("Ngôn ngữ", "Language"),
    "source": Word("Nguồn", "Source"),
    "byline": Word("Người viết", "Byline"),
    "recorded": Word("Bản ghi âm giọng người", "Recorded by a person"),
    "readings": Word("Cách đọc riêng", "Own readings"),
    "meetings": Word("Lịch kèm theo", "Meetings"),
    "valid_from": Word("Có hiệu lực từ", "In force from"),
    "valid_until": Word("Hết hiệu lực lúc", "Until"),
}


@shape(shapes.VersionsTold, shapes.VersionsAsked)
async def show(visit: Visit) -> Answer:
    """GET /items/{id}/versions: all its texts, and what `to` (the newest) has otherwise than `from` (the one before)."""
    async with visit.house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
        revisions = await store.revisions_of(connection, item.id)
        new = _numbered(revisions, visit.asked("to"), "to") or revisions[0]
        old = _numbered(revisions, visit.asked("from"), "from") or _before(revisions, new)
        themes = dict(await store.themes(connection))
    told = await asyncio.to_thread(changes, old, new) if old else []
    values = {"item": item, "revisions": revisions, "old": old, "new": new}
    values |= {"changes": in_words(told, visit.drawing, themes), "part_titles": TITLES}
    return Shown("items/versions.html", values, _plain(revisions, old, new, told))


def in_words(told: Sequence[Change], drawing: Drawing, themes: Mapping[str, str]) -> list[Change]:
    """Changes as a page says them: moments on the office's clock, and the words on screen for what has a code."""
    titles = {
        "theme": themes,
        "language": LANGUAGES,
        "klass": {one.value: one.title_vi for one in BulletinClass},
        "purpose": {one.value: one.title_vi for one in Purpose},
    }

    def said(part: str, text: str) -> str:
        if part in {"valid_from", "valid_until"}:
            return drawing.moment(datetime.fromisoformat(text))
        return text[:12] if part == "recorded" else titles.get(part, {}).get(text, text)

    return [
        replace(one, stretches=tuple((mark, said(one.part, text)) for mark, text in one.stretches))
        if one.part in FACTS
        else one
        for one in told
    ]


def _numbered(revisions: Sequence[Revision], written: str, field: str) -> Revision | None:
    if not written:
        return None
    if not written.isascii() or not written.isdigit():
        raise BadInput(f"{field}: phải là số của một bản", f"{field}: the number of a text", field=field)
    found = next((one for one in revisions if str(one.number) == written.lstrip("0")), None)
    if found is None:
        raise NotFound(f"Tin không có bản {written[:9]}", f"There is no text {written[:9]} of the item")
    return found


def _before(revisions: Sequence[Revision], new: Revision) -> Revision | None:
    return next((one for one in revisions if one.number < new.number), None)


def _plain(
    revisions: Sequence[Revision], old: Revision | None, new: Revision, told: Sequence[Change]
) -> dict[str, Any]:
    return {
        "versions": [
            {
                "id": one.id,
                "number": one.number,
                "writer": one.writer,
                "made_at": iso(one.made_at),
                "digest": one.digest,
            }
            for one in revisions
        ],
        "from": old.number if old else None,
        "to": new.number,
        "changes": [
            {"part": one.part, "stretches": [{"mark": mark.value, "text": text} for mark, text in one.stretches]}
            for one in told
        ],
    }
