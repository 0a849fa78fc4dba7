"""Making: a clip made by a process of its own, and kept with its subtitles when all of it is whole."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from content.bulletin import Sound
from content.files import Origin, keep_origin, move_in
from content.film import CLIP, SRT, VTT
from content.film.cues import Line
from content.film.look import Words

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {CLIP: "mp4", SRT: "srt", VTT: "vtt"}
NOTHING = 3

Progress = Callable[[float], Awaitable[None]]


class NothingToShow(ValueError):
    """There is no sentence in it; `vi` and `en` say so to people."""

    vi = "tin không có câu nào để hiện trên màn hình"
    en = "there is no sentence to be shown"

    def __init__(self) -> None:
        super().__init__(self.en)


@dataclass(frozen=True, slots=True)
class Film:
    """What a clip is made of: the words on its cards, the sentences in order, and where the speech comes from."""

    words: Words
    said: tuple[Line, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept file: name below the studio's directory, sha256 in hex, bytes; of a clip its seconds, LUFS and dBTP too."""

    name: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    true_peak_db: float


async def make(directory: Path, master: str, film: Film, progress: Progress) -> dict[Sound, Kept]:
    """The clip, SRT and WebVTT of a kept master. Raises NothingToShow, and OSError (disk, or the process failed).

    Safe to cancel: the process is killed and reaped, and nothing half-written stays.
    """
    if not any(one.spoken.strip() for one in film.said):
        raise NothingToShow
    with tempfile.TemporaryDirectory(prefix=".film-", dir=directory) as place:
        target = Path(place) / "clip.mp4"
        job: dict[str, object] = {
            "master": str(directory / master),
            "target": str(target),
            "words": asdict(film.words),
            "said": [[one.written, one.spoken] for one in film.said],
        }
        made = await _run(job, progress)
        return await asyncio.to_thread(_keep, directory, target, master, film.origin, made)


def _keep(directory: Path, target: Path, master: str, origin: Origin, made: dict[str, float]) -> dict[Sound, Kept]:
    """Each file under the name its content gives it; the clip, which a station may take, when the others are there."""
    figures = (made["seconds"], made["lufs"], made["true_peak_db"])
    kept = {}
    for sound in (SRT, VTT, CLIP):
        name, sha256, size = move_in(directory, target.with_suffix(f".{SUFFIXES[sound]}"))
        kept[sound] = Kept(name, sha256, size, *figures)
    clip = kept[CLIP]
    keep_origin(directory, clip.name, origin, {**asdict(clip), "master": Path(master).name})
    return kept


async def _run(job: dict[str, object], progress: Progress) -> dict[str, float]:
    """The child's last word; what it says before it is how far it is."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "content.film"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        return await _heard(child, job, progress)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await asyncio.shield(child.wait())


async def _heard(child: asyncio.subprocess.Process, job: dict[str, object], progress: Progress) -> dict[str, float]:
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.write(json.dumps(job).encode())
    child.stdin.close()
    last = b""
    async for line in child.stdout:
        last = line
        if not line.startswith(b"{"):
            await progress(float(line))
    wrong = (await child.stderr.read()).decode(errors="replace").strip().rpartition("\n")[2]
    if await child.wait() == NOTHING:
        raise NothingToShow
    if child.returncode or not last.startswith(b"{"):
        raise OSError(f"the clip could not be made: {wrong[:200] or child.returncode}")
    found: dict[str, float] = json.loads(last)
    return found
