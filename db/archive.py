"""Backup and restore: every table as JSON lines and every recording, in one compressed file, the same for both databases."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database, DatabaseTrouble
from db.migrate import steps
from db.moving import BATCH, check_empty, fill, rows_of
from db.types import metadata


async def backup(
    database: Database, recordings: Path, file: Path, *, done: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Write one file that holds everything but keys; how many rows. It appears under its name only when it is whole.

    `done` is told how many of all tables are written.
    """
    part = file.with_name(f".{file.name}.part")
    rows = 0
    try:
        with tarfile.open(part, "w:gz", compresslevel=6) as archive, tempfile.TemporaryFile(dir=file.parent) as lines:
            _add(archive, "manifest.json", json.dumps({"loa": 1, "schema": steps()[-1][0]}).encode())
            async with database.read() as connection:
                if not database.is_sqlite:
                    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                tables = metadata.sorted_tables
                for number, table in enumerate(tables, 1):
                    rows += await _dump(connection, table, lines)
                    await asyncio.to_thread(_add_lines, archive, f"tables/{table.name}.jsonl", lines)
                    done(number, len(tables))
            await asyncio.to_thread(_add_files, archive, recordings)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return rows


async def _dump(connection: AsyncConnection, table: Table, lines: IO[bytes]) -> int:
    """A table as JSON lines into a file: an archive wants to know a member's size beforehand."""
    lines.seek(0)
    lines.truncate()
    count = 0
    batch: list[str] = []
    async for row in rows_of(connection, table):
        batch.append(json.dumps(list(row), ensure_ascii=False, separators=(",", ":")) + "\n")
        if len(batch) == BATCH:
            await asyncio.to_thread(lines.write, "".join(batch).encode())
            count, batch = count + len(batch), []
    lines.write("".join(batch).encode())
    return count + len(batch)


def _add_lines(archive: tarfile.TarFile, name: str, lines: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = lines.tell()
    member.mode = 0o600
    lines.seek(0)
    archive.addfile(member, lines)


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o600
    archive.addfile(member, io.BytesIO(data))


def _add_files(archive: tarfile.TarFile, recordings: Path) -> None:
    for path in sorted(recordings.glob("*/*")):
        if path.is_file() and not path.name.startswith("."):
            archive.add(path, f"recordings/{path.parent.name}/{path.name}")


async def restore(database: Database, recordings: Path, file: Path) -> int:
    """Bring a backup into an empty database, all or nothing; how many rows. Raises DatabaseTrouble."""
    try:
        archive = tarfile.open(file, "r:gz")  # noqa: SIM115 (closed below)
    except (OSError, tarfile.TarError) as error:
        raise DatabaseTrouble(f"{file}: không phải bản sao lưu của Loa", f"{file}: not a backup of Loa") from error
    with archive:
        manifest = _member(archive, "manifest.json", file).read()
        if json.loads(manifest).get("schema") != steps()[-1][0]:
            raise DatabaseTrouble(f"{file}: thuộc bản Loa khác", f"{file}: belongs to another version of Loa")
        rows = 0
        async with database.write() as tx:
            await check_empty(tx)
            for table in metadata.sorted_tables:
                for batch in _batches(_member(archive, f"tables/{table.name}.jsonl", file)):
                    await fill(tx, table, batch)
                    rows += len(batch)
        await asyncio.to_thread(_take_files, archive, recordings)
    return rows


def _batches(lines: IO[bytes]) -> Iterator[list[Any]]:
    while batch := [json.loads(line) for line in islice(lines, BATCH)]:
        yield batch


def _member(archive: tarfile.TarFile, name: str, file: Path) -> IO[bytes]:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise DatabaseTrouble(f"{file}: thiếu {name}", f"{file}: {name} is missing")
    return member


def _take_files(archive: tarfile.TarFile, recordings: Path) -> None:
    for member in archive.getmembers():
        parts = Path(member.name).parts
        if member.isfile() and len(parts) == 3 and parts[0] == "recordings" and ".." not in parts:
            source = archive.extractfile(member)
            assert source is not None
            target = recordings / parts[1] / parts[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
