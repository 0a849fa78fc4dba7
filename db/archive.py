"""Backup and restore: every table as JSON lines and every recording, in one compressed file, the same for both databases."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database, DatabaseTrouble
from db.migrate import steps
from db.types import metadata

BATCH = 1000


async def backup(
    database: Database, recordings: Path, file: Path, *, done: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Write one file that holds everything but keys; how many rows. It appears under its name only when it is whole.

    `done` is told how many of all tables are written.
    """
    part = file.with_name(f".{file.name}.part")
    rows = 0
    try:
        with tarfile.open(part, "w:gz", compresslevel=6) as archive:
            _add(archive, "manifest.json", json.dumps({"loa": 1, "schema": steps()[-1][0]}).encode())
            async with database.read() as connection:
                if not database.is_sqlite:
                    await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
                tables = metadata.sorted_tables
                for number, table in enumerate(tables, 1):
                    lines = await _dump(connection, table)
                    rows += len(lines)
                    await asyncio.to_thread(_add, archive, f"tables/{table.name}.jsonl", "\n".join(lines).encode())
                    done(number, len(tables))
            await asyncio.to_thread(_add_files, archive, recordings)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return rows


async def _dump(connection: AsyncConnection, table: Table) -> list[str]:
    names = ", ".join(column.name for column in table.columns)
    keys = ", ".join(column.name for column in table.primary_key)
    plain = text(f"SELECT {names} FROM {table.name} ORDER BY {keys}")  # noqa: S608 (names of our own tables)
    rows = await connection.stream(plain)
    return [json.dumps(list(row), ensure_ascii=False, separators=(",", ":")) async for row in rows]


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
        manifest = _read(archive, "manifest.json", file)
        if json.loads(manifest).get("schema") != steps()[-1][0]:
            raise DatabaseTrouble(f"{file}: thuộc bản Loa khác", f"{file}: belongs to another version of Loa")
        async with database.write() as tx:
            rows = 0
            await _check_empty(tx, file)
            for table in metadata.sorted_tables:
                rows += await _fill(tx, table, _read(archive, f"tables/{table.name}.jsonl", file))
        await asyncio.to_thread(_take_files, archive, recordings)
    return rows


async def _check_empty(tx: AsyncConnection, file: Path) -> None:
    for table in metadata.sorted_tables:
        if table.name in {"journal_head", "theme", "outlet"}:
            await tx.execute(delete(table))
        elif (await tx.execute(select(table).limit(1))).first() is not None:
            raise DatabaseTrouble(
                f"Cơ sở dữ liệu không trống (bảng {table.name}); khôi phục {file} vào cơ sở dữ liệu mới",
                f"The database is not empty (table {table.name}); restore into a new one",
            )


async def _fill(tx: AsyncConnection, table: Table, data: bytes) -> int:
    columns = [column.name for column in table.columns]
    count = 0
    for batch in _batches(data):
        names = ", ".join(columns)
        places = ", ".join(f":{name}" for name in columns)
        fill = text(f"INSERT INTO {table.name} ({names}) VALUES ({places})")  # noqa: S608 (names of our own tables)
        await tx.execute(fill, [dict(zip(columns, row, strict=True)) for row in batch])
        count += len(batch)
    return count


def _batches(data: bytes) -> Iterator[list[Any]]:
    lines = [line for line in data.decode().split("\n") if line]
    for begin in range(0, len(lines), BATCH):
        yield [json.loads(line) for line in lines[begin : begin + BATCH]]


def _read(archive: tarfile.TarFile, name: str, file: Path) -> bytes:
    try:
        member: IO[bytes] | None = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise DatabaseTrouble(f"{file}: thiếu {name}", f"{file}: {name} is missing")
    return member.read()


def _take_files(archive: tarfile.TarFile, recordings: Path) -> None:
    for member in archive.getmembers():
        parts = Path(member.name).parts
        if member.isfile() and len(parts) == 3 and parts[0] == "recordings" and ".." not in parts:
            source = archive.extractfile(member)
            assert source is not None
            target = recordings / parts[1] / parts[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read())
