"""Uploads: judged by what they decode to, whatever they are called; what is no recording is refused in words."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import tempfile
from pathlib import Path
from threading import Event
from typing import IO

import av
import pytest

from config.words import BadInput
from content.bwf import riff
from content.formats import FORMATS, encode
from content.mastering import Tags, measure
from content.sound import frames, in_turn, through
from content.studio import Studio
from content.upload import MOST_BYTES, RATE, REASONS, decode
from tests.content.speechlike import speechlike


def opened(data: bytes) -> IO[bytes]:
    """A nameless file with this in it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asks closes it)
    file.write(data)
    return file


def encoded(container: str, codec: str, *, seconds: float = 1.0, pictures: bool = False) -> bytes:
    """Speech-like sound of some kind as other programs write it, in two channels; with moving pictures if wanted."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        film = out.add_stream("mpeg4", rate=5) if pictures else None
        sound = out.add_stream(codec, rate=16000, layout="stereo")
        if film is not None:
            film.width = film.height = 64
            for _ in range(5):
                out.mux(film.encode(av.VideoFrame(64, 64, "yuv420p")))
            out.mux(film.encode(None))
        chain = [("aresample", "16000"), ("aformat", "channel_layouts=stereo")]
        for frame in through(frames(speechlike(seconds)), chain, Event()):
            frame.pts = None
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    return file.getvalue()


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("mp3", "libmp3lame"),
        ("ipod", "aac"),
        ("adts", "aac"),
        ("ogg", "libopus"),
        ("flac", "flac"),
        ("matroska", "pcm_s16le"),
    ],
)
async def test_every_usual_kind(container: str, codec: str) -> None:
    """What telephones and recorders make becomes one second or so of mono sound at 48 kHz."""
    with opened(encoded(container, codec)) as file:
        speech = await decode(file)
    assert RATE == speech.rate
    assert 0.9 < speech.seconds < 1.6
    assert max(memoryview(speech.pcm).cast("h")) > 2000


LONG_SILENCE = encode(
    in_turn(through(frames(speechlike(0.5, rate=8000)), [("aresample", "48000"), ("apad", "pad_dur=20")], Event())),
    "flac",
    1,
    Tags(),
)


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("unknown", b""),
        ("unknown", "Văn bản, không phải âm thanh.".encode() * 50),
        ("unknown", bytes(range(256)) * 400),
        ("unknown", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("unknown", b"ffconcat version 1.0\nfile /etc/hostname\n"),
        ("unknown", encoded("ipod", "aac")[:400]),
        ("video", encoded("mp4", "aac", pictures=True)),
        ("long", LONG_SILENCE),
        ("short", riff(bytes(2000), 22050, 1)),
        ("large", bytes(MOST_BYTES + 1)),
    ],
    ids=["empty", "text", "noise", "playlist", "list", "cut off", "film", "bomb", "short", "large"],
)
async def test_what_is_refused(reason: str, data: bytes) -> None:
    """In words that name the field, in both languages."""
    with opened(data) as file, pytest.raises(BadInput) as caught:
        await decode(file, most_seconds=10)
    assert REASONS[reason] == (caught.value.vi.removeprefix("Tệp ghi âm "), caught.value.en.split(": ", 1)[1])
    assert "recording" == caught.value.field


async def test_an_endless_decoding_is_ended() -> None:
    """The child that takes too long is killed and reaped."""
    with opened(encoded("flac", "flac")) as file, pytest.raises(BadInput) as caught:
        await decode(file, wall=0.0)
    assert REASONS["heavy"][0] in caught.value.vi
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


async def test_a_child_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that crashes or meets a limit takes only itself down."""
    real = asyncio.create_subprocess_exec

    async def shot(*command: str, **more: object) -> asyncio.subprocess.Process:
        child = await real(*command, **more)  # type: ignore[arg-type]
        child.send_signal(signal.SIGKILL)
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", shot)
    with opened(encoded("flac", "flac")) as file, pytest.raises(BadInput) as caught:
        await decode(file)
    assert REASONS["heavy"][0] in caught.value.vi


async def test_cancelled_while_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No child and no file is left."""
    studio, begun, real = Studio([], tmp_path), asyncio.Event(), asyncio.create_subprocess_exec

    async def told(*command: str, **more: object) -> asyncio.subprocess.Process:
        child = await real(*command, **more)  # type: ignore[arg-type]
        begun.set()
        return child

    monkeypatch.setattr(asyncio, "create_subprocess_exec", told)
    with opened(encoded("flac", "flac", seconds=20.0)) as file:
        task = asyncio.ensure_future(studio.take_in(file, Tags()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await studio.aclose()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert [] == [*tmp_path.rglob("*")]


async def test_taken_in_like_a_voice(tmp_path: Path) -> None:
    """The same mastering, a sidecar that says a person spoke, one key for the same bytes and another for others."""
    studio = Studio([], tmp_path)
    try:
        with opened(encoded("mp3", "libmp3lame", seconds=3.0)) as file, opened(encoded("flac", "flac")) as other:
            made, again = [await studio.take_in(file, Tags(title="Tiếng Thái", language="blt")) for _ in range(2)]
            different = await studio.take_in(other, Tags())
    finally:
        await studio.aclose()
    assert made == again
    assert made.key != different.key
    data = studio.path(made).read_bytes()
    assert abs(measure(data).lufs + 16) <= 0.3
    assert b"AI_VOICE".decode().encode("utf-16-le") not in data
    assert "blt".encode("utf-16-le") in data
    assert '"synthetic": false' in studio.path(made).with_suffix(".json").read_text(encoding="utf-8")
    assert FORMATS["mp3"].suffix == made.name.rsplit(".", 1)[1]


async def test_a_silent_upload(tmp_path: Path) -> None:
    """A microphone that was off is told at once."""
    studio = Studio([], tmp_path)
    try:
        with opened(riff(bytes(2 * 22050 * 2), 22050, 1)) as file, pytest.raises(BadInput, match="silence"):
            await studio.take_in(file, Tags())
    finally:
        await studio.aclose()
    assert [] == [*tmp_path.rglob("*")]
