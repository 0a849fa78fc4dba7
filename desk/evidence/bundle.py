"""The bundle of an item's evidence, made piece by piece while it goes out: a million deliveries take no more memory than one."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from channels.pulls import store as pull_store
from channels.station import store as station_store
from config.lazy import lazily
from content.item import Item
from desk.app import House
from desk.evidence import tables
from desk.evidence.archive import Archive
from desk.evidence.manifest import (
    FORMAT,
    MANIFEST,
    TEXT_FILES,
    Absent,
    Allowed,
    Entry,
    Head,
    Manifest,
    TextFacts,
    entry_of,
    folder_of,
    signed,
    slip_of,
)
from desk.evidence.record import Approved, Record
from desk.evidence.tables import Page
from scheduler import store as scheduler_store
from scheduler.log import store as log_store

if TYPE_CHECKING:
    from desk.evidence import slip
else:
    slip = lazily("desk.evidence.slip")

AT_ONCE = 250
"""Deliveries that are read together, all that is known of each at one moment; more would keep the loop from others."""
CHUNK = 2**18
README = """GÓI BẰNG CHỨNG CỦA MỘT TIN BÀI / EVIDENCE OF ONE ITEM

texts/rN/        bản số N đã duyệt: từng bản thể hiện (UTF-8) và revision.json
slips/rN.pdf     phiếu phê duyệt bản số N
audio/           bản ghi âm đúng như đã nghe khi duyệt, tên là SHA-256 của tệp
deliveries.csv   từng lượt gửi và trạng thái; số điện thoại và mã Zalo được che
attempts.csv     từng lần thử
receipts.csv     lời của đối tác sau khi gửi
stations.csv     đài đã tải tệp nào, tới đâu; đài báo đã phát lúc nào
manifest.json    cỡ và SHA-256 của mọi tệp, các dòng sổ ghi việc, chữ ký của cơ quan (Ed25519)

Kiểm, không cần mạng và không cần máy chủ của cơ quan:  loa audit verify TỆP.zip
To check it, offline:  loa audit verify FILE.zip
Lệnh in ra dấu khóa đã ký: hãy so với dấu khóa mà cơ quan cho biết bằng đường khác (cơ quan xem bằng: loa audit key).
Các dòng sổ nối với nhau bằng băm có khóa: chỉ cơ quan, với khóa của mình, mới kiểm được (loa audit verify --own-key).
"""


async def pieces(house: House, record: Record, by: str) -> AsyncGenerator[bytes, None]:
    """The ZIP as it comes to be. What was noted of the item until now is in it, this opening too."""
    now, item = house.clock.now(), record.item
    archive, absent = Archive(now.astimezone(house.settings.office.zone)), list[Absent]()
    entries, head = await _journal(house, item)
    await asyncio.to_thread(archive.add, "README.txt", README.encode())
    for one in record.approved:
        await asyncio.to_thread(_add_texts, archive, one)
        drawn = await asyncio.to_thread(slip.draw, record, one, house.settings.office.zone, house.stamp.fingerprint)
        await asyncio.to_thread(archive.add, slip_of(one.revision.number), drawn)
        yield archive.take()
    audio: dict[str, str] = {}
    for one in record.approved:
        if one.approval.recording and one.approval.recording not in audio:
            path, file = await asyncio.to_thread(_audio_of, house.recordings, one)
            audio[one.approval.recording] = path
            if file is None:
                absent.append(Absent(path=path, why="không còn trong kho bản ghi âm, hoặc không còn đúng như đã duyệt"))
                continue
            async with aclosing(_copied(archive, path, file)) as copied:
                async for piece in copied:
                    yield piece
    async with aclosing(_log(house, item, archive)) as log:
        async for piece in log:
            yield piece
    manifest = Manifest(
        format=FORMAT,
        office=house.settings.office.name,
        item=item.id,
        title=item.title,
        state=item.state.value,
        made_at=now,
        made_by=by,
        files=archive.files,
        absent=absent,
        approved=[_allowed(one, audio) for one in record.approved],
        journal=entries,
        head=head,
    )
    await asyncio.to_thread(archive.add, MANIFEST, signed(manifest, house.stamp))
    yield await asyncio.to_thread(archive.end)


async def _journal(house: House, item: Item) -> tuple[list[Entry], Head]:
    """What was done to the item and to its schedules, with the journal's end at the same moment."""
    async with house.database.read() as connection:
        seq, hash = await house.journal.head(connection)
        schedules = await scheduler_store.schedules_with(connection, item.id)
        things = [f"item/{item.id}", *(f"schedule/{id}" for id in schedules)]
        links = await house.journal.links(connection, things)
    return [entry_of(link) for link in links if link.deed.seq <= seq], Head(seq=seq, hash=hash)


def _add_texts(archive: Archive, one: Approved) -> None:
    folder = folder_of(one.revision.number)
    for name, file in TEXT_FILES.items():
        archive.add(f"{folder}/{file}", getattr(one.revision, name).encode())
    facts = TextFacts.of(one.revision).model_dump(mode="json")
    archive.add(f"{folder}/revision.json", json.dumps(facts, ensure_ascii=False, indent=1).encode() + b"\n")


def _audio_of(recordings: Path, one: Approved) -> tuple[str, IO[bytes] | None]:
    """Where a recording goes, and its file, if it is there as it was approved."""
    sha256, row = one.approval.recording, one.recording
    if row is None:
        return f"audio/{sha256}", None
    path = f"audio/{sha256}{Path(row.name).suffix}"
    try:
        file = (recordings / row.name).open("rb")
    except OSError:
        return path, None
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        file.close()
        return path, None
    file.seek(0)
    return path, file


async def _copied(
    archive: Archive, path: str, file: IO[bytes], *, is_table: bool = False
) -> AsyncGenerator[bytes, None]:
    """A whole file into the archive; it is closed after that."""
    with file, archive.member(path, packed=is_table, large=is_table) as member:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            await asyncio.to_thread(member.write, chunk)
            yield archive.take()


async def _log(house: House, item: Item, archive: Archive) -> AsyncGenerator[bytes, None]:
    """The four tables. All but the first wait on disk meanwhile: what they say is of the same moment as the first."""
    first, *others = tables.COLUMNS
    with ExitStack() as closing:
        place = house.settings.files.dir
        later = {name: closing.enter_context(tempfile.TemporaryFile(dir=place)) for name in others}
        for name, file in later.items():
            file.write(tables.head(name))
        with archive.member(first, large=True) as member:
            member.write(tables.head(first))
            sinks: dict[str, Any] = {first: member, **later}
            async with aclosing(_pages(house, item)) as pages:
                async for page in pages:
                    await asyncio.to_thread(_write_page, house, page, sinks)
                    yield archive.take()
        for name, file in later.items():
            file.seek(0)
            async with aclosing(_copied(archive, name, file, is_table=True)) as copied:
                async for piece in copied:
                    yield piece


def _write_page(house: House, page: Page, sinks: dict[str, Any]) -> None:
    for name, body in tables.bodies(house.seal, page).items():
        sinks[name].write(body)


async def _pages(house: House, item: Item) -> AsyncGenerator[Page, None]:
    """All deliveries of the item, newest first. Each page is read by itself: a slow reader holds nothing in the database."""
    wanted, after = log_store.Filter(item=item.id), ""
    while True:
        async with house.database.read() as connection:
            found = await log_store.list_deliveries(connection, wanted, after=after, limit=AT_ONCE)
            receipts = await log_store.receipts_of(connection, found)
            stations = [one.id for one in found if one.address == one.outlet]
            pulls = await pull_store.pulls_of(connection, stations) if stations else {}
            airings = await station_store.airings_of(connection, stations) if stations else {}
        yield Page(found, receipts, pulls, airings)
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


def _allowed(one: Approved, audio: dict[str, str]) -> Allowed:
    revision, approval = one.revision, one.approval
    return Allowed(
        revision=revision.id,
        number=revision.number,
        digest=approval.digest,
        approved_by=approval.person,
        approved_at=approval.at,
        note=approval.note,
        submitted_by=one.submission.person if one.submission else "",
        submitted_at=one.submission.at if one.submission else None,
        office=one.office,
        recording=approval.recording or None,
        folder=folder_of(revision.number),
        slip=slip_of(revision.number),
        audio=audio.get(approval.recording or ""),
    )
