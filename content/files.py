"""Files of recordings: content-addressed, whole or not at all, each finished one with a sidecar that tells its origin."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from content.formats import FORMATS
from content.mastering import Mastered, Mastering

LAW = "Luật Trí tuệ nhân tạo 134/2025/QH15, Điều 11"
"""What asks for a machine-readable mark on speech that a machine made."""

SYNTHETIC, HUMAN = "Giọng đọc do máy tạo (AI-generated voice)", "Giọng người (human voice)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where speech comes from: the mark of the machine's voice (empty: a person spoke) and the sha256 of its words."""

    voice: str = ""
    script: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A finished file: name below the studio's directory, sha256 in hex, size in bytes, length in seconds, LUFS, dBTP."""

    name: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    true_peak_db: float


def sidecar_of(name: str) -> str:
    """The name of the JSON that stands beside a finished file."""
    return str(PurePosixPath(name).with_suffix(".json"))


def keep_master(directory: Path, data: bytes) -> str:
    """Keep a master; its name below `directory`. Raises OSError."""
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{sha256[:2]}/{sha256}.flac"
    keep(directory, name, data)
    return name


def keep_finished(directory: Path, made: Mastered, mastering: Mastering, origin: Origin, master: str) -> File:
    """Keep a finished file, then its sidecar. Raises OSError."""
    name = f"{made.sha256[:2]}/{made.sha256}.{FORMATS[mastering.format].suffix}"
    file = File(name, made.sha256, made.bytes, made.seconds, made.lufs, made.true_peak_db)
    keep(directory, name, made.data)
    keep(directory, sidecar_of(name), sidecar(file, mastering, origin, master))
    return file


def sidecar(file: File, mastering: Mastering, origin: Origin, master: str) -> bytes:
    """What a machine can read of a file's origin and figures; nothing in it depends on when it was made."""
    said = _origin(origin) | {
        "file": PurePosixPath(file.name).name,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "seconds": file.seconds,
        "lufs": round(file.lufs, 2),
        "true_peak_dbtp": round(file.true_peak_db, 2),
        "wanted": {"format": mastering.format, "lufs": mastering.lufs},
        "master": PurePosixPath(master).name,
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def _origin(origin: Origin) -> dict[str, Any]:
    return {
        "law": LAW,
        "synthetic": bool(origin.voice),
        "notice": SYNTHETIC if origin.voice else HUMAN,
        "voice": origin.voice,
        "script_sha256": origin.script,
    }


def keep(directory: Path, name: str, data: bytes) -> None:
    """Write a file so that under its name there is the whole of it or nothing, also after a power cut.

    A whole file already there stays as it is, so that what stations pull keeps its dates. Raises OSError.
    """
    target = directory / name
    if target.is_file() and target.stat().st_size == len(data) and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{uuid.uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    for folder in (target.parent, directory):
        _sync(folder)


def move_in(directory: Path, made: Path) -> tuple[str, str, int]:
    """Keep a file that stands in the same file system: its name below `directory`, sha256 in hex, size. Raises OSError.

    It is never in memory as a whole. One that is there already stays as it is.
    """
    digest = hashlib.sha256()
    with made.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
        os.fsync(file.fileno())
    sha256, size = digest.hexdigest(), made.stat().st_size
    name = f"{sha256[:2]}/{sha256}{made.suffix}"
    target = directory / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not (target.is_file() and target.stat().st_size == size):
        made.replace(target)
    for folder in (target.parent, directory):
        _sync(folder)
    return name, sha256, size


def keep_origin(directory: Path, name: str, origin: Origin, figures: dict[str, Any]) -> None:
    """Keep the sidecar of a file that was moved in. Raises OSError."""
    data = json.dumps(_origin(origin) | figures, ensure_ascii=False, indent=1).encode() + b"\n"
    keep(directory, sidecar_of(name), data)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
