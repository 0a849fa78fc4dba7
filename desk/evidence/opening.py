"""A bundle opened by somebody who does not trust it: nothing is unpacked to disk, and nothing in it decides how much is read."""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from config.words import BadInput
from desk.evidence.manifest import File

MOST_CONTENTS = 4 * 2**20
"""Bytes of the table of contents, which is read whole: tens of thousands of files."""
MOST_TEXT = 16 * 2**20
"""Bytes of a file that is read whole: the manifest, a text."""
MOST_FOLD = 200
"""A file that unpacks to more than so many times its size, and to more than a megabyte, is no table of ours."""
CHUNK = 2**20
TAIL = 2**16 + 1024
"""Bytes at the end of a ZIP in which it says where its table of contents is."""
_PLAIN = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")


class Opened:
    """A bundle's files by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members = {one.filename: one for one in archive.infolist()}

    @property
    def paths(self) -> list[str]:
        """In the order in which they stand in the file."""
        return list(self._members)

    def whole(self, path: str) -> bytes:
        """A file of some size, whole. Raises BadInput when it is missing, broken or too large."""
        return b"".join(self._chunks(path, MOST_TEXT))

    def measured(self, path: str) -> File:
        """A file of any size with its sum. Raises BadInput when it is broken."""
        size, sum_ = 0, hashlib.sha256()
        for chunk in self._chunks(path, self._members[path].file_size):
            size += len(chunk)
            sum_.update(chunk)
        return File(path=path, size=size, sha256=sum_.hexdigest())

    def _chunks(self, path: str, most: int) -> Iterator[bytes]:
        member = self._members.get(path)
        if member is None:
            raise BadInput(f"{path}: không có trong gói", f"{path}: is not in the bundle")
        if member.file_size > most:
            raise BadInput(f"{path}: lớn quá {most // 2**20} MB", f"{path}: larger than {most // 2**20} MB")
        try:
            with self._archive.open(member) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            raise BadInput(f"{path}: hỏng trong tệp ZIP", f"{path}: broken within the ZIP") from error


@contextmanager
def opened(file: Path) -> Iterator[Opened]:
    """The bundle, once its table of contents has been looked through. Raises BadInput for what is none or is hostile."""
    with ExitStack() as closing:
        try:
            data = closing.enter_context(file.open("rb"))
            size = file.stat().st_size
            data.seek(max(0, size - TAIL))
            if _contents_size(data.read()) > MOST_CONTENTS:
                raise BadInput(f"{file}: mục lục ZIP lớn bất thường", f"{file}: a table of contents that is too large")
            archive = closing.enter_context(zipfile.ZipFile(data))
        except OSError as error:
            raise BadInput(f"{file}: không đọc được ({error.strerror})", f"{file}: cannot be read") from error
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise BadInput(f"{file}: không phải tệp ZIP, hoặc bị cắt cụt", f"{file}: not a ZIP, or cut off") from error
        _check_members(archive, size)
        yield Opened(archive)


def _contents_size(tail: bytes) -> int:
    """How large a ZIP says its table of contents is; 0 when it is no ZIP, which its reader will say."""
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + 22:
        return 0
    size: int = struct.unpack_from("<L", tail, place + 12)[0]
    large = tail.rfind(b"PK\6\6")
    if size == 2**32 - 1 and 0 <= large <= len(tail) - 48:
        size = struct.unpack_from("<Q", tail, large + 40)[0]
    return size


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    """Raise BadInput for names that lead elsewhere or stand twice, and for what unpacks to more than it can."""
    seen: set[str] = set()
    members = archive.infolist()
    for one in members:
        name = one.orig_filename[:120]
        if one.orig_filename != one.filename or not _PLAIN.fullmatch(one.filename):
            raise BadInput(f"Tên tệp không hợp lệ trong gói: {name!r}", f"A file's name that leads elsewhere: {name!r}")
        if one.filename.lower() in seen:
            raise BadInput(f"Tên tệp có hai lần trong gói: {name}", f"A file's name stands twice: {name}")
        seen.add(one.filename.lower())
        if stat.S_IFMT(one.external_attr >> 16) not in {0, stat.S_IFREG}:
            raise BadInput(f"{name}: không phải tệp thường", f"{name}: no plain file")
        if one.flag_bits & 1 or one.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise BadInput(f"{name}: kiểu nén hoặc mã hóa lạ", f"{name}: packed or encrypted in a way of its own")
        if one.file_size > max(2**20, MOST_FOLD * one.compress_size):
            raise BadInput(f"{name}: nén bất thường (bom ZIP)", f"{name}: unpacks to too much (a ZIP bomb)")
        if one.compress_type == zipfile.ZIP_STORED and one.file_size != one.compress_size:
            raise BadInput(f"{name}: cỡ tệp mâu thuẫn", f"{name}: its sizes contradict each other")
    if sum(one.compress_size for one in members) > size:
        raise BadInput("Các tệp trong gói chồng lên nhau (bom ZIP)", "Files of the bundle overlap (a ZIP bomb)")
    if archive.comment:
        raise BadInput("Tệp ZIP có ghi chú lạ", "The ZIP has a comment that is not ours")
