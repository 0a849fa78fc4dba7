"""A ZIP that goes out while it is written: only what has not been taken yet is in memory. Blocks: not for the loop."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO

from desk.evidence.manifest import File


class _Outbox:
    """What a ZIP is written to: it only ever goes on, so no size or sum can be filled in later."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        """Keep it until it is taken."""
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken


class Member:
    """A file of the archive while it is written, with its sum."""

    def __init__(self, path: str, out: IO[bytes]) -> None:
        self._path = path
        self._out = out
        self._size = 0
        self._sum = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Go on with it."""
        self._size += len(data)
        self._sum.update(data)
        self._out.write(data)

    @property
    def file(self) -> File:
        """What has been written."""
        return File(path=self._path, size=self._size, sha256=self._sum.hexdigest())


class Archive:
    """One ZIP; `files` lists what is in it so far. All members bear the moment `at`, as it is on the wall clock."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._outbox = _Outbox()
        self._zip = zipfile.ZipFile(self._outbox, "w", zipfile.ZIP_DEFLATED, compresslevel=6)  # type: ignore[call-overload]
        self.files: list[File] = []

    @contextmanager
    def member(self, path: str, *, packed: bool = True, large: bool = False) -> Iterator[Member]:
        """A new file as long as the block lasts, one at a time; `large` if it may grow over 2 GB, which old programs cannot open."""
        info = zipfile.ZipInfo(path, self._at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        with self._zip.open(info, "w", force_zip64=large) as out:
            member = Member(path, out)
            yield member
        self.files.append(member.file)

    def add(self, path: str, data: bytes) -> None:
        """A file that is at hand whole."""
        with self.member(path) as member:
            member.write(data)

    def take(self) -> bytes:
        """What is to go out of what was written since the last time."""
        return self._outbox.take()

    def end(self) -> bytes:
        """The last of it, with the table of contents."""
        self._zip.close()
        return self._outbox.take()
