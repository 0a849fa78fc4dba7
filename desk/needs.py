"""What the house itself needs of a person: room on its disks, a voice that works, its boards, words nobody knew, its plan."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.board import store as board_store
from channels.classes import store as class_store
from channels.feedback import store as feedback_store
from channels.outlet import Outlets
from config.words import Word, joined
from content import store as content_store
from content.contests import store as contest_store
from content.contests.contest import State
from content.item import ItemState
from content.passing import store as passing_store
from content.procedures import store as procedure_store
from content.reading import Entry, load_lexicon
from content.recordings import store as recording_store
from content.rendition import read_script
from content.units import store as unit_store
from content.units.unit import ROOT
from desk.app import House
from desk.moments import counted
from desk.plan import counting

LITTLE_ROOM = 2**30
LOOKED_AT = 30
"""So many texts under way are read for words that nobody knew."""
NAMED = 5
SOON = timedelta(days=3)
"""So long before a session of a class its invitation and its reminder should be approved."""
RECORDING, DAY = Word("bản ghi âm", "recording"), Word("ngày", "day")
CONTESTS = {
    State.IN_REVIEW: Word("Cuộc thi chờ duyệt", "Contest awaiting approval"),
    State.APPROVED: Word("Cuộc thi đã hết hạn, chưa đếm kết quả", "Contest is over and not yet counted"),
    State.COUNTED: Word(
        "Kết quả cuộc thi chờ người thứ hai công bố", "Contest results wait for a second person to publish them"
    ),
}
"""What is to be done with a contest in each state in which something is."""


@dataclass(frozen=True, slots=True)
class Need:
    """One of them: what it is, what to know of it, and where it is seen to (empty: not at the desk)."""

    title: Word
    words: str
    href: str = ""
    label: str = ""


async def needs(house: House, connection: AsyncConnection, outlets: Outlets, unit: str = ROOT) -> list[Need]:
    """All there are now, the gravest first; for people of a unit its boards, what came to it from above and outside, and its plan."""
    units = await unit_store.below(connection, unit) if unit != ROOT else None
    boards = await _boards(house, connection, outlets)
    asked = _asked(house, *await feedback_store.waiting(connection, units))
    if units is not None:
        passed = _passed(await passing_store.count_waiting(connection, units))
        outdated, contests = await _outdated(connection, units), await _contests(house, connection, units)
        classes = await _classes(house, connection, units)
        return [*boards, *passed, *asked, *classes, *contests, *outdated, *await _plan(house, connection, unit)]
    full = await asyncio.to_thread(lambda: list(_disks(house)))
    voice = await _voice(connection)
    return [
        *full,
        *voice,
        *boards,
        *_words(await unknown_words(house, connection)),
        *asked,
        *await _classes(house, connection, None),
        *await _contests(house, connection, None),
        *await _catalogues(connection),
        *await _outdated(connection, None),
        *await _plan(house, connection, ROOT),
    ]


def _disks(house: House) -> Iterator[Need]:
    """Disks with less than a gigabyte left; of a database on another machine its own server knows."""
    file = house.database.url.database if house.database.is_sqlite else None
    places = {Word("dữ liệu", "of the data"): Path(file).parent} if file else {}
    places[Word("tệp âm thanh", "of the sound files")] = house.settings.files.dir
    for name, place in places.items():
        if place.exists() and (free := shutil.disk_usage(place).free) < LITTLE_ROOM:
            left = free // 2**20
            yield Need(
                Word(f"Ổ đĩa {name} sắp đầy", f"The disk {name.en} is nearly full"),
                Word(
                    f"{place} chỉ còn {left} MB; hãy báo người quản trị máy chủ dọn bớt.",
                    f"{place} has only {left} MB left; ask the server’s administrator to make room.",
                ),
            )


async def _voice(connection: AsyncConnection) -> list[Need]:
    count, note = await recording_store.failing(connection)
    why = note and f": {note}"
    words = Word(
        f"{count} bản ghi âm chưa thu được{why}. Loa tự thử lại.",
        f"{counted(count, RECORDING).en} could not be made{why}. Loa tries again by itself.",
    )
    return (
        [
            Need(
                Word("Giọng đọc không làm việc", "Voices are not working"),
                words,
                "/voices",
                Word("Xem các giọng", "See the voices"),
            )
        ]
        if count
        else []
    )


async def _boards(house: House, connection: AsyncConnection, outlets: Outlets) -> list[Need]:
    """Sheets that somebody has yet to post or to take down."""
    told = []
    for at in outlets:
        if at.channel.kind == "board":
            to_post, to_take_down = await board_store.waiting(connection, at.name, house.clock.now())
            counts = ((to_post, Word("tờ cần dán", "to post")), (to_take_down, Word("tờ cần gỡ", "to take down")))
            words = joined(Word(f"{count} {what}", f"{count} {what.en}") for count, what in counts if count)
            told += [Word(f"{at.outlet.title}: {words}", f"{at.outlet.title}: {words.en}")] if words else []
    words = _listed(told, len(told) - NAMED, Word("bảng khác", "other boards"))
    return (
        [
            Need(
                Word("Bảng tin chờ dán hoặc gỡ", "Sheets to post or take down"),
                words,
                "/boards",
                Word("Xem bảng tin", "See the boards"),
            )
        ]
        if told
        else []
    )


def _words(unknown: dict[str, str]) -> list[Need]:
    if not unknown:
        return []
    listed = _listed([", ".join(list(unknown)[:NAMED])], len(unknown) - NAMED, Word("chữ khác", "others"), end="")
    words = Word(
        f"{listed}: trên đài sẽ đánh vần từng chữ cái.", f"{listed.en}: a station will hear them letter by letter."
    )
    return [
        Need(
            Word("Chữ Loa chưa biết đọc", "Words Loa cannot read yet"),
            words,
            "/glossary",
            Word("Đặt cách đọc", "Say how they are read"),
        )
    ]


def _asked(house: House, waiting: int, oldest: datetime | None) -> list[Need]:
    if not waiting or oldest is None:
        return []
    days = (house.clock.now() - oldest).days
    oldest_vi, oldest_en = (
        (f", lâu nhất {days} ngày", f", the oldest for {counted(days, DAY).en}") if days else ("", "")
    )
    words = Word(f"{waiting} câu hỏi, góp ý chưa trả lời{oldest_vi}.", f"{waiting} not answered yet{oldest_en}.")
    return [
        Need(
            Word("Người dân hỏi, góp ý", "Questions and remarks from people"),
            words,
            "/feedback?state=unanswered",
            Word("Xem và trả lời", "See and answer"),
        )
    ]


def _passed(waiting: int) -> list[Need]:
    if not waiting:
        return []
    words = Word(
        f"{waiting} tin cấp trên chuyển xuống chờ đơn vị nhận, sửa cho phù hợp, hoặc không dùng.",
        f"From above, for the unit to accept, adapt or decline: {waiting}.",
    )
    return [
        Need(
            Word("Tin cấp trên chuyển xuống", "Items passed down"),
            words,
            "/passed",
            Word("Xem tin chuyển xuống", "See them"),
        )
    ]


async def _contests(house: House, connection: AsyncConnection, units: frozenset[str] | None) -> list[Need]:
    """Contests with which something is to be done now."""
    found = await contest_store.waiting(connection, units, house.clock.now())
    return [
        Need(CONTESTS[one.state], f"“{one.title}”", f"/contests/{one.id}", Word("Mở cuộc thi", "Open the contest"))
        for one in found[:NAMED]
    ]


async def _classes(house: House, connection: AsyncConnection, units: frozenset[str] | None) -> list[Need]:
    """Classes that begin soon, and of which nobody will be told as it stands."""
    now = house.clock.now()
    soon = await class_store.beginning(connection, now, now + SOON, units)
    texts = {
        one.id: {one.invitation, *(each.reminder for each in one.to_come(now) if each.begins_at <= now + SOON)} - {""}
        for one in soon
    }
    items = await content_store.items_by_id(connection, set().union(*texts.values()))
    unapproved = {id for id, one in items.items() if one.state in {ItemState.DRAFT, ItemState.IN_REVIEW}}
    waiting = [one for one in soon if texts[one.id] & unapproved or (one.outlets and not one.invitation)]
    return [
        Need(
            Word(
                "Lớp sắp học mà lời mời hoặc lời nhắc chưa duyệt",
                "A class begins soon; invitation or reminder not approved",
            ),
            f"“{one.title}”",
            f"/classes/{one.id}",
            Word("Mở lớp", "Open the class"),
        )
        for one in waiting[:NAMED]
    ]


async def _catalogues(connection: AsyncConnection) -> list[Need]:
    """Watched catalogues that could not be taken in."""
    return [
        Need(
            Word("Danh mục thủ tục chưa nhận được", "A catalogue of procedures could not be taken in"),
            f"{source}: {fault}",
            "/procedures",
            Word("Xem danh mục", "See the catalogue"),
        )
        for source, fault in (await procedure_store.source_faults(connection))[:NAMED]
    ]


async def _outdated(connection: AsyncConnection, units: frozenset[str] | None) -> list[Need]:
    """Items under way or in force that speak of procedures which have changed since, whose they are."""
    changed = await procedure_store.outdated(connection)
    items = await content_store.items_by_id(connection, changed.keys())
    found = [one for one in items.values() if units is None or one.unit in units]
    if not found:
        return []
    found.sort(key=lambda one: one.id, reverse=True)
    named = [f"{one.title} ({', '.join(changed[one.id][:NAMED])})" for one in found[:NAMED]]
    words = _listed(named, len(found) - NAMED, Word("tin khác", "others"))
    title = Word(
        f"{len(found)} tin nói đến thủ tục đã thay đổi", f"Items about procedures that have changed: {len(found)}"
    )
    return [
        Need(
            title,
            words,
            f"/items/{found[0].id}#procedures",
            Word("Xem lại tin mới nhất", "Look at the newest"),
        )
    ]


async def _plan(house: House, connection: AsyncConnection, unit: str) -> list[Need]:
    """Of this year's plan of the unit, tasks that are late; today is the office's."""
    zone = house.settings.office.zone
    late = await counting.late(connection, house.clock.now().astimezone(zone).date(), zone, unit)
    if not late:
        return []
    named = [f"{one.task.words} ({one.now.done}/{one.now.target})" for one in late[:NAMED]]
    words = _listed(named, len(late) - NAMED, Word("nhiệm vụ khác", "others"))
    return [
        Need(
            Word(f"Kế hoạch năm chậm ở {len(late)} nhiệm vụ", f"Late tasks of the yearly plan: {len(late)}"),
            words,
            "/plan",
            Word("Xem kế hoạch", "See the plan"),
        )
    ]


def _listed(named: Sequence[str], more: int, others: Word, *, end: str = ".") -> Word:
    """The first few of them by name, the rest as a number."""
    words = joined(named[:NAMED], "; ")
    if more <= 0:
        return Word(f"{words}{end}", f"{words.en}{end}")
    return Word(f"{words} và {more} {others}{end}", f"{words.en} and {more} {others.en}{end}")


async def unknown_words(house: House, connection: AsyncConnection) -> dict[str, str]:
    """Forms in texts under way that nobody knew and that are spelled out, each with an item that has it."""
    office = tuple(await house.glossary.entries(connection))
    items = await content_store.list_items(connection, states=(ItemState.DRAFT, ItemState.IN_REVIEW), limit=LOOKED_AT)
    revisions = await content_store.revisions_by_id(connection, [item.revision for item in items])
    found: dict[str, str] = {}
    for revision in revisions.values():  # a long script takes a while to be read
        forms = await asyncio.to_thread(_unknown_in, revision.script, revision.readings, office)
        found |= {form: found.get(form, revision.item) for form in forms}
    return found


@lru_cache(256)
def _unknown_in(script: str, readings: tuple[tuple[str, str], ...], office: tuple[Entry, ...]) -> tuple[str, ...]:
    """Remembered: the same texts are looked at by everybody who opens the first page."""
    return read_script(script, readings, load_lexicon().with_entries(office)).unknown
