"""A clip made of a real recording: what a television desk checks of it, and that nothing half-made is ever seen."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import asdict
from pathlib import Path

import av
import pytest

from content.bulletin import Sound
from content.files import Origin
from content.film import CLIP, SRT, VTT
from content.film.cues import Line, read_srt
from content.film.look import Words
from content.film.making import ROOT, Film, Kept, NothingToShow
from content.studio import Studio
from content.voices.espeak import EspeakVoice

SAID = (
    Line("Ủy ban nhân dân xã thông báo.", "ủy ban nhân dân xã thông báo."),
    Line("Nộp hồ sơ số 36/KH-UBND tại quầy 1.", "nộp hồ sơ số ba mươi sáu tại quầy một."),
)
WORDS = Words(
    "Ủy ban nhân dân xã Sốp Cộp", "Nộp hồ sơ", "Ngày 1 tháng 12 năm 2026", "Nguồn: UBND xã", "Giọng đọc do máy tạo"
)
FILM = Film(WORDS, SAID, Origin("espeak", "0" * 64))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Sound, Kept], list[float]]:
    """A clip of two sentences, its directory, and how far it was each time it was told."""
    directory, told = tmp_path_factory.mktemp("film"), list[float]()

    async def make() -> dict[Sound, Kept]:
        voice = EspeakVoice()
        studio = Studio([voice], directory)
        recording = await studio.record("\n".join(one.spoken for one in SAID))

        async def progress(done: float) -> None:
            told.append(done)

        try:
            return await studio.film(recording.master, FILM, progress)
        finally:
            await studio.aclose()
            await voice.aclose()

    return directory, asyncio.run(make()), told


def test_it_is_what_playout_takes(made: tuple[Path, dict[Sound, Kept], list[float]]) -> None:
    """1080p25 H.264 in BT.709 with a key frame a second, 48 kHz stereo, -23 LUFS; as long in picture as in sound."""
    directory, kept, _ = made
    clip = kept[CLIP]
    assert abs(clip.lufs + 23) <= 0.5 and clip.true_peak_db <= -1
    with av.open(str(directory / clip.name)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height, video.average_rate) == ("h264", 1920, 1080, 25)
        assert (video.codec_context.colorspace, video.codec_context.color_primaries) == (1, 1)
        assert (audio.codec_context.name, audio.rate, audio.channels) == ("aac", 48_000, 2)
        keys = [
            packet.pts * packet.time_base
            for packet in file.demux(video)
            if packet.is_keyframe and packet.pts is not None
        ]
        assert [float(one) for one in keys] == [float(number) for number in range(len(keys))]
        assert abs(float(video.duration * video.time_base) - float(audio.duration * audio.time_base)) < 0.05


def test_the_sentences_stand_where_they_are_said(made: tuple[Path, dict[Sound, Kept], list[float]]) -> None:
    """As they are written; after the title card and not into the end card; the picture changes with them."""
    directory, kept, _ = made
    found = read_srt((directory / kept[SRT].name).read_text(encoding="utf-8"))
    assert [" ".join(one.lines) for one in found] == [one.written for one in SAID]
    assert found[0].begin == 3.0 and abs(found[-1].end - (kept[CLIP].seconds - 3.0)) < 0.1
    assert (directory / kept[VTT].name).read_text(encoding="utf-8").startswith("WEBVTT")
    pictures = [picture(directory / kept[CLIP].name, at) for at in (1.0, found[0].end - 0.2, found[1].begin + 0.2)]
    assert len(set(pictures)) == 3


def picture(file: Path, seconds: float) -> bytes:
    """What is seen at a moment, small."""
    with av.open(str(file)) as clip:
        for frame in clip.decode(video=0):
            if frame.time is not None and frame.time >= seconds:
                return frame.reformat(160, 90, "gray").to_ndarray().tobytes()
    raise AssertionError(seconds)


def test_how_far_it_is_rises(made: tuple[Path, dict[Sound, Kept], list[float]]) -> None:
    """From nothing on; the last word comes with the file."""
    told = made[2]
    assert told == sorted(told) and told[0] == 0 and 0.5 < told[-1] < 1


def test_its_origin_stands_beside_it(made: tuple[Path, dict[Sound, Kept], list[float]]) -> None:
    """As the law on artificial intelligence asks; nothing is left of the making."""
    directory, kept, _ = made
    sidecar = (directory / kept[CLIP].name).with_suffix(".json").read_text(encoding="utf-8")
    assert '"synthetic": true' in sidecar and '"voice": "espeak"' in sidecar
    assert [] == list(directory.glob(".film-*"))


async def nothing(_: float) -> None:
    """Nobody listens."""


async def test_a_text_without_a_sentence_is_refused(tmp_path: Path) -> None:
    """In words, and before anything is begun."""
    studio = Studio([], tmp_path)
    with pytest.raises(NothingToShow):
        await studio.film("gone.flac", Film(WORDS, (Line("…", ""),), Origin()), nothing)
    await studio.aclose()


async def test_a_master_that_is_gone_is_told(tmp_path: Path) -> None:
    """What the process says on its way out, and no file."""
    studio = Studio([], tmp_path)
    with pytest.raises(OSError, match="No such file"):
        await studio.film("gone.flac", FILM, nothing)
    await studio.aclose()
    assert [] == list(tmp_path.iterdir())


async def test_whoever_cancels_leaves_nothing(
    made: tuple[Path, dict[Sound, Kept], list[float]], tmp_path: Path
) -> None:
    """The process is gone with it, in the midst of its work."""
    master = next(made[0].rglob("*.flac"))
    (tmp_path / master.name).write_bytes(master.read_bytes())
    studio, begun = Studio([], tmp_path), asyncio.Event()

    async def progress(_: float) -> None:
        begun.set()

    making = asyncio.ensure_future(studio.film(master.name, FILM, progress))
    await begun.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await studio.aclose()
    assert [master.name] == [one.name for one in tmp_path.iterdir()]


async def test_whoever_is_killed_leaves_nothing(
    made: tuple[Path, dict[Sound, Kept], list[float]], tmp_path: Path
) -> None:
    """A process whose asker is no more ends soon, and takes with it what it wrote."""
    place = tmp_path / ".film-killed"
    place.mkdir()
    master = next(made[0].rglob("*.flac"))
    job = {"master": str(master), "target": str(place / "clip.mp4"), "words": asdict(WORDS)}
    job["said"] = [[one.written, one.spoken] for one in FILM.said]
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "content.film"), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={"PYTHONPATH": str(ROOT)}
    )
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(json.dumps(job).encode())
    child.stdin.close()
    assert await child.stdout.readline()
    child._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
    assert 4 == await child.wait()
    assert [] == list(tmp_path.iterdir())
