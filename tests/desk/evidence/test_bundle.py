"""The bundle: what is in it, on both databases; that a hundred thousand deliveries take no more memory than a few."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import resource
import zipfile
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from config.clock import FakeClock
from config.words import BadInput, NotFound
from content.item import Draft
from desk.app import House
from desk.cells import MARK
from desk.evidence import tables
from desk.evidence.archive import Archive
from desk.evidence.bundle import pieces
from desk.evidence.checking import Known, Standing, check
from desk.evidence.record import record_of
from tests.conftest import both
from tests.desk.evidence.scene import NUMBER, approved_twice, bundle_of, files_of, sent

PAGE = resource.getpagesize()


def rows_of(data: bytes) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@both
async def test_what_is_in_it(house: House, clock: FakeClock) -> None:
    """Every approved text with its slip, the audio that was heard, the log in four tables, and the manifest last."""
    item = await approved_twice(house, clock)
    ids = await sent(house, clock, item)
    files = files_of(await bundle_of(house, item))
    texts = ("body.md", "article.html", "script.txt", "spoken.txt", "short.txt", "chat.txt", "revision.json")
    wanted = {f"texts/r{number}/{name}" for number in (1, 2) for name in texts}
    wanted |= {"slips/r1.pdf", "slips/r2.pdf", "README.txt", "manifest.json", *tables.COLUMNS}
    [audio] = set(files) - wanted
    assert hashlib.sha256(files[audio]).hexdigest() == audio.removeprefix("audio/").removesuffix(".mp3")
    assert "manifest.json" == list(files)[-1]
    assert "Ai chưa có sổ được cấp tại chỗ." in files["texts/r2/article.html"].decode()
    assert "Ai chưa có sổ" not in files["texts/r1/article.html"].decode()
    for name, columns in tables.COLUMNS.items():
        assert files[name].startswith(MARK)
        assert all(tuple(row) == columns and None not in row.values() for row in rows_of(files[name]))
    assert set(ids) == {row["id"] for row in rows_of(files["deliveries.csv"])}
    assert set(ids) == {row["delivery"] for row in rows_of(files["attempts.csv"])}
    assert set(ids[:-1]) == {row["delivery"] for row in rows_of(files["receipts.csv"])}
    pulled, aired = rows_of(files["stations.csv"])
    assert (ids[-1], "complete", "1", "Máy phát 1.0") == tuple(
        pulled[n] for n in ("delivery", "state", "part", "agent")
    )
    assert ("aired", "", "20.0", "Chị Hoa") == tuple(aired[n] for n in ("evidence", "part", "seconds", "presenter"))
    plain = json.loads(files["manifest.json"])
    assert (item.id, "Trần Văn Hùng", 2) == (plain["item"], plain["made_by"], len(plain["approved"]))
    verbs = [one["verb"] for one in plain["journal"]]
    assert ["write", "submit", "approve", "revise", "submit", "approve"] == verbs[:6] and len(verbs) > 6


@both
async def test_nobody_is_named_and_no_cell_is_a_formula(house: House, clock: FakeClock) -> None:
    """Numbers are masked, also where a partner repeats them in its own writing; names of people are left out."""
    item = await approved_twice(house, clock)
    await sent(house, clock, item)
    files = files_of(await bundle_of(house, item))
    for name in tables.COLUMNS:
        body = files[name].decode()
        assert NUMBER[1:] not in body and "Người nhận" not in body, name
    [first, *_] = [row for row in rows_of(files["receipts.csv"]) if row["detail"].endswith("000")]
    assert "'=OK +84…000" == first["detail"]
    assert {"", "'+84…000", "'+84…001", "'+84…002"} == {row["address"] for row in rows_of(files["deliveries.csv"])}


@both
async def test_a_fresh_bundle_is_right(house: House, clock: FakeClock, tmp_path: Any) -> None:
    """Nothing is wrong with it, for who knows nothing, and for the office with its own keys."""
    item = await approved_twice(house, clock)
    await sent(house, clock, item)
    file = tmp_path / "g.zip"
    file.write_bytes(await bundle_of(house, item))
    for known in (Known(), Known(house.stamp.fingerprint.upper()), Known(stamp=house.stamp, journal=house.journal)):
        findings = list(check(file, known))
        assert [] == [one for one in findings if one.standing is Standing.WRONG]
        notes = [one.about for one in findings if one.standing is Standing.NOTE]
        assert (["journal"] if known.fingerprint else [] if known.journal else ["manifest.json", "journal"]) == notes


async def test_what_is_gone_is_told(house: House, clock: FakeClock, tmp_path: Any) -> None:
    """A recording that is no more, or is not what it was, is not put in; the bundle says so and is right."""
    item = await approved_twice(house, clock)
    [file] = house.recordings.glob("*/*.mp3")
    for change in (lambda: file.write_bytes(b"x"), file.unlink):
        change()
        bundle = tmp_path / "g.zip"
        bundle.write_bytes(await bundle_of(house, item))
        assert not [name for name in files_of(bundle.read_bytes()) if name.startswith("audio/")]
        findings = list(check(bundle, Known(stamp=house.stamp, journal=house.journal)))
        assert [("note", True)] == [
            (one.standing, one.about.startswith("audio/")) for one in findings if one.standing is not Standing.RIGHT
        ]


async def test_a_text_that_was_changed_behind_its_approval_is_found(
    house: House, clock: FakeClock, tmp_path: Any
) -> None:
    """Whoever edits the database cannot make a bundle in which it was approved so."""
    item = await approved_twice(house, clock)
    async with house.database.write() as tx:
        await tx.execute(text("UPDATE revision SET short = 'Nghỉ tiêm' WHERE number = 2"))
    bundle = tmp_path / "g.zip"
    bundle.write_bytes(await bundle_of(house, item))
    wrong = [one.about for one in check(bundle, Known()) if one.standing is Standing.WRONG]
    assert ["texts/r2/"] == wrong


async def test_what_was_never_approved_has_none(house: House, clock: FakeClock) -> None:
    """Neither a slip nor a bundle."""
    async with house.database.write() as tx:
        item = await house.editing.write(tx, Draft(title="Tin", body="Nội dung."), "Lan")
    async with house.database.read() as connection:
        record = await record_of(house, connection, item.slug)
    for number, error in (("", NotFound), ("1", NotFound), ("x", BadInput), ("²", BadInput)):
        with pytest.raises(error):
            record.chosen(number)


async def test_memory_is_flat(house: House, clock: FakeClock) -> None:
    """Of a hundred thousand deliveries only a few hundred are in memory at a time, and pieces go out as they come."""
    item = await approved_twice(house, clock)
    await sent(house, clock, item, people=100_000)
    async with house.database.read() as connection:
        record = await record_of(house, connection, item.id)
    whole = largest = most = before = 0
    async for piece in pieces(house, record, "Hùng"):
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * PAGE
        before = before or resident  # the first piece has loaded a library and its fonts
        whole, largest, most = whole + len(piece), max(largest, len(piece)), max(most, resident)
    assert whole > 2_000_000 and largest < 1_000_000
    assert most - before < 24_000_000


async def test_a_reader_that_goes_away_leaves_nothing(house: House, clock: FakeClock) -> None:
    """Broken off in the midst of the log, its tables on disk are gone and the database is free."""
    item = await approved_twice(house, clock)
    await sent(house, clock, item, people=1200)
    async with house.database.read() as connection:
        record = await record_of(house, connection, item.id)
    async with aclosing(pieces(house, record, "Hùng")) as made:
        for _ in range(5):
            await anext(made)
    assert not house.database._held
    async with house.database.write() as tx:
        await house.journal.note(tx, clock.now(), "Mai", "write", "item/1")


def test_large_files_and_many(clock: FakeClock) -> None:
    """An archive is a ZIP as others read it, whatever it is made of."""
    archive, out = Archive(clock.now()), b""
    with archive.member("a/b.csv", large=True) as member:
        for _ in range(40):
            member.write(b"x" * 100_000)
            out += archive.take()
    archive.add("c.txt", "ế".encode())
    with archive.member("d.mp3", packed=False) as member:
        member.write(b"\0" * 10)
    out += archive.end()
    with zipfile.ZipFile(io.BytesIO(out)) as file:
        assert file.testzip() is None
        assert [("a/b.csv", 4_000_000), ("c.txt", 3), ("d.mp3", 10)] == [
            (one.filename, one.file_size) for one in file.infolist()
        ]
    assert [one.path for one in archive.files] == ["a/b.csv", "c.txt", "d.mp3"]
    assert archive.files[1].sha256 == hashlib.sha256("ế".encode()).hexdigest()
