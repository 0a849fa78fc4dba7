"""Texts of an item through time, and what two of them have otherwise, word by word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from config.words import BadInput, NotFound
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
    "title": "Tiêu đề",
    "body": "Nội dung",
    "article": "Bài trên cổng thông tin",
    "script": "Lời đọc trên đài",
    "short": "Tin SMS",
    "chat": "Tin Zalo",
    "theme": "Chủ đề",
    "klass": "Loại bản tin",
    "purpose": "Mục đích",
    "language": "Ngôn ngữ",
    "source": "Nguồn",
    "byline": "Người viết",
    "recorded": "Bản ghi âm giọng người",
    "readings": "Cách đọc riêng",
    "meetings": "Lịch kèm theo",
    "valid_from": "Có hiệu lực từ",
    "valid_until": "Hết hiệu lực lúc",
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
