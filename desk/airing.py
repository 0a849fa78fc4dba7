"""A station's own word that it has aired something: one tap on its page, or a POST of its software."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Shelved
from channels.outlet import InService
from channels.shelf import store as shelf_store
from channels.station import store as station_store
from channels.station.asrun import Line, read_log
from channels.station.store import Airing
from config.words import BadInput, NotFound
from db.types import new_id
from desk.app import House


@dataclass(frozen=True, slots=True)
class Word:
    """What was said: `delivery` is a guid of the feed, `programme` is `slot@start`; `tap` makes a doubled tap one."""

    delivery: str
    programme: str
    slot: str
    presenter: str
    note: str
    tap: str

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Word:
        """As it came in a form or as JSON."""
        return cls(
            *(_line(given.get(name, "")) for name in ("delivery", "programme", "slot", "presenter", "note", "tap"))
        )


def _line(value: object) -> str:
    return "".join(letter for letter in str(value) if letter.isprintable()).strip()[:200]


async def note_aired(house: House, at: InService, word: Word) -> int:
    """Keep it as evidence, and tell the log; how many bulletins were not said to be aired before. Raises NotFound."""
    fresh = 0
    async with house.database.write() as tx:
        if word.programme:
            aired = await _of_programme(tx, at, word)
        else:
            aired = [await _of_delivery(tx, at, word)]
        for shelved, part in aired:
            fresh += await house.receiver.aired(
                tx, _airing(house, at, word, shelved, part), len(shelved.bulletin.parts)
            )
    house.notifier.ring("delivery")
    return fresh


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a log: lines kept as evidence, known before, about nothing we sent, and not to be read (why)."""

    kept: int
    known: int
    unmatched: tuple[Line, ...]
    faults: tuple[str, ...]


async def take_log(house: House, at: InService, data: bytes, by: str) -> Taken:
    """Import a station's as-run log. Raises BadInput; then nothing is kept."""
    timetable = at.channel.timetable(at.outlet)
    if timetable is None:
        raise BadInput(f"{at.outlet.title} không phải đài", f"{at.name} is no station", field="outlet")
    lines, faults = await asyncio.to_thread(read_log, data, timetable.zone)
    source, now = "tệp XML" if data.lstrip()[:1] == b"<" else "tệp CSV", house.clock.now()
    async with house.database.write() as tx:
        fresh = await house.receiver.aired_lines(tx, at, lines, source, by)
        unmatched = tuple(line for line, new in zip(lines, fresh, strict=True) if new is None)
        kept, known = fresh.count(True), fresh.count(False)
        await house.journal.note(tx, now, by, "import_aired", f"outlet/{at.name}", kept=kept, unmatched=len(unmatched))
    house.notifier.ring("delivery")
    return Taken(kept, known, unmatched, tuple(faults))


async def _of_delivery(tx: AsyncConnection, at: InService, word: Word) -> tuple[Shelved, int]:
    """The bulletin, and which part of it (from 0; -1 for the whole of one that has but one)."""
    delivery, _, number = word.delivery.partition(".")
    shelved = await shelf_store.find_shelved(tx, at.name, delivery)
    parts = len(shelved.bulletin.parts) if shelved else 0
    part = int(number) - 1 if number.isascii() and number.isdigit() and len(number) < 5 else 0 if not number else -1
    if shelved is None or not 0 <= part < parts:
        raise NotFound("Không có bản tin này trên kệ của đài", "No such bulletin on this station's shelf")
    return shelved, part if parts > 1 else -1


async def _of_programme(tx: AsyncConnection, at: InService, word: Word) -> list[tuple[Shelved, int]]:
    """Every bulletin of a programme, whole."""
    for programme in await station_store.programmes(tx, at.name):
        if f"{programme.slot}@{programme.starts_at:%Y-%m-%dT%H:%M}" == word.programme:
            found = [await shelf_store.find_shelved(tx, at.name, delivery) for delivery, _ in programme.holds]
            return [(shelved, -1) for shelved in found if shelved is not None]
    raise NotFound("Không có chương trình này", "No such programme of this station")


def _airing(house: House, at: InService, word: Word, shelved: Shelved, part: int) -> Airing:
    now = house.clock.now()
    # Without a mark of the page it came from, what is said twice within a minute is one thing said twice.
    once = word.tap or f"{now:%Y-%m-%dT%H:%M}"
    mark = hashlib.sha256(f"{shelved.delivery} {part} {word.programme} {once}".encode()).hexdigest()[:32]
    texts = shelved.bulletin.parts if part < 0 else shelved.bulletin.parts[part : part + 1]
    seconds = sum(text.audio.seconds for text in texts if text.audio is not None)
    said = (word.slot or word.programme.partition("@")[0], word.presenter, "đài báo", word.note)
    return Airing(new_id(now), at.name, mark, shelved.delivery, part, now, seconds, *said, now, at.outlet.title)
