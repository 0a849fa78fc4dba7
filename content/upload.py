"""Uploaded sound: judged by what it decodes to, in a child process of little memory and time.

`python -m content.upload SECONDS` is the child: it reads the file on its standard input (seekable), writes mono 16 bit
48 kHz samples to its standard output, and says on standard error in one word why it cannot. A decoder is a large
surface for a hostile file; here one can take down nothing but itself, reach no other file and no network.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from config.lazy import lazily
from config.words import BadInput
from content.voice import Speech

if TYPE_CHECKING:
    import av
else:
    av = lazily("av")

ROOT = Path(__file__).resolve().parents[1]
RATE = 48000
MOST_BYTES = 64 * 2**20
MOST_SECONDS = 1800
LEAST_SECONDS = 0.5
MEMORY = 768 * 2**20
CPU_SECONDS = 60
WALL_SECONDS = 120.0
PIECE = 2**18
CONTAINERS = "aac,aiff,amr,asf,au,caf,flac,matroska,webm,mov,mp4,mp3,ogg,w64,wav"
"""What FFmpeg may take the file for: no playlists and no lists of files, which would lead it elsewhere."""
SUFFIXES = ".mp3,.m4a,.aac,.wav,.flac,.ogg,.opus,.amr,.3gp,.wma,.aif,.aiff,.webm"
"""What a browser offers to choose from; the name decides nothing."""

REASONS = {
    "unknown": ("không phải tệp âm thanh Loa đọc được", "it is not a sound file that Loa can read"),
    "video": ("là phim, hãy gửi tệp chỉ có tiếng", "it is a film; send a file with sound alone"),
    "silent": ("không có rãnh tiếng nào", "there is no sound in it"),
    "long": (f"dài quá {MOST_SECONDS // 60} phút", f"it is longer than {MOST_SECONDS // 60} minutes"),
    "short": ("ngắn quá nửa giây", "it is shorter than half a second"),
    "broken": ("bị hỏng giữa chừng", "it is broken in the middle"),
    "heavy": ("giải mã quá nặng nên đã dừng", "decoding took too much and was stopped"),
    "large": (f"lớn quá {MOST_BYTES // 2**20} MB", f"it is larger than {MOST_BYTES // 2**20} MB"),
}
"""What an upload may be refused for."""


def refused(reason: str) -> BadInput:
    """The refusal in words for people."""
    vi, en = REASONS[reason]
    return BadInput(f"Tệp ghi âm {vi}", f"The recording cannot be used: {en}", field="recording")


async def decode(file: IO[bytes], *, most_seconds: float = MOST_SECONDS, wall: float = WALL_SECONDS) -> Speech:
    """The sound of an open file (a real one, of any supported kind) as mono speech. Raises BadInput saying why not.

    Safe to cancel: the child is killed and reaped before this ends.
    """
    if os.fstat(file.fileno()).st_size > MOST_BYTES:
        raise refused("large")
    file.seek(0)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "content.upload", str(most_seconds)),
        stdin=file.fileno(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", "")},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(wall):
            pcm, said = await child.communicate()
    except TimeoutError:
        raise refused("heavy") from None
    finally:
        if child.returncode is None:
            child.kill()
            await asyncio.shield(child.wait())
    if child.returncode:
        reason = said.decode(errors="replace").strip()
        raise refused(reason if reason in REASONS else "heavy")  # killed by a limit: it said nothing of ours
    return Speech(pcm, RATE)


def main() -> int:
    """The child."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reason = _decode(sys.stdin.buffer, float(sys.argv[1]))
    if reason:
        sys.stderr.write(reason)
    return 1 if reason else 0


def _decode(source: IO[bytes], most_seconds: float) -> str:
    """Write the samples; why it cannot be done, or nothing."""
    av.logging.set_level(av.logging.PANIC)
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
    try:
        file = av.open(source, "r", container_options=options, metadata_errors="ignore")
    except (av.FFmpegError, ValueError):
        return "unknown"
    with file:
        cover = av.stream.Disposition.attached_pic
        if any(not stream.disposition & cover for stream in file.streams.video):
            return "video"
        if not file.streams.audio:
            return "silent"
        return _samples(file, most_seconds)


def _samples(file: av.container.InputContainer, most_seconds: float) -> str:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    written, out = 0, sys.stdout.buffer
    try:
        for frame in chain(file.decode(file.streams.audio[0]), [None]):  # None: what the resampler still holds
            for part in resampler.resample(frame):
                written += part.samples
                if written > most_seconds * RATE:
                    return "long"
                out.write(bytes(part.planes[0])[: 2 * part.samples])
    except (av.FFmpegError, ValueError):
        return "broken"
    except MemoryError:
        return "heavy"
    out.flush()
    return "short" if written < LEAST_SECONDS * RATE else ""


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
