"""Programmes: recordings joined without loss, chapters where the items begin, the loudness right on the whole."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import subprocess
import tempfile
import threading
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import ANNOUNCED
from content import studio as studio_module
from content.bulletin import Sound
from content.bwf import riff
from content.chime import chime
from content.files import keep_master
from content.formats import flac
from content.mastering import MASTER_RATE, Tags, finish, measure, shape
from content.programme import FIELDS, Joined, Programme, Segment, announcement
from content.sound import decoded, frames, pcm_of
from content.studio import Studio
from content.voice import Speech
from content.voices.espeak import EspeakVoice
from tests.content.speechlike import speechlike

TITLES = ("Thông báo lịch tiêm phòng", "Lịch tiếp công dân", "Cảnh báo mưa lũ")
TAGS = Tags(title="Chương trình sáng", office="UBND xã Mường Hum", series="Bản tin sáng", date="2026-11-23")


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    """A studio without voices."""
    made = Studio([], tmp_path, at_once=2)
    yield made
    await made.aclose()


@pytest.fixture(scope="module")
def masters() -> list[bytes]:
    """Recordings of very different levels."""
    levels = (0.02, 0.9, 0.2)
    return [shape(speechlike(0.8 + number / 3, level=level, seed=number)) for number, level in enumerate(levels)]


@pytest.fixture
def programme(masters: list[bytes], tmp_path: Path) -> Programme:
    """Three recordings in running order, one by a person."""
    names = [keep_master(tmp_path, master) for master in masters]
    return Programme(tuple(map(Segment, TITLES, names, ("espeak 1", "", "espeak 1"))), TAGS)


def lengths(programme: Programme, folder: Path) -> list[float]:
    """Seconds of every segment."""
    return [
        len(pcm_of(decoded((folder / segment.master).read_bytes()))) / 2 / MASTER_RATE for segment in programme.segments
    ]


def probed(file: Path, *what: str) -> dict[str, object]:
    """What ffprobe says of a file."""
    if not shutil.which("ffprobe"):
        pytest.skip("no ffprobe on PATH: what other programs read of a file is not looked at")
    command = ["ffprobe", "-v", "error", "-of", "json", *what, str(file)]
    said: dict[str, object] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return said


async def test_joined_in_order(studio: Studio, programme: Programme, tmp_path: Path) -> None:
    """Sample by sample the segments with the pauses between them; chapters, figures and length are those of the file."""
    joined = await studio.join(replace(programme, pause=0.5))
    pause = bytes(2 * MASTER_RATE // 2)
    parts = [pcm_of(decoded((tmp_path / one.master).read_bytes())) for one in programme.segments]
    assert pause.join(parts) == pcm_of(decoded((tmp_path / joined.master).read_bytes()))
    one, two, three = lengths(programme, tmp_path)
    begins = [0.0, 0.4 + one + 0.5, 0.4 + one + two + 1.0]
    assert [chapter.begin for chapter in joined.chapters] == pytest.approx(begins)
    assert [chapter.end for chapter in joined.chapters] == pytest.approx([*begins[1:], one + two + three + 1.8])
    assert TITLES == tuple(chapter.title for chapter in joined.chapters)
    assert joined.audio.seconds == pytest.approx(one + two + three + 1.8, abs=0.01)
    heard = measure((tmp_path / joined.audio.name).read_bytes())
    assert (heard.lufs, heard.true_peak_db, heard.seconds) == (
        joined.lufs,
        joined.true_peak_db,
        joined.audio.seconds,
    )
    assert abs(heard.lufs + 16) <= 0.3
    assert heard.true_peak_db <= -1
    assert joined.voice == "espeak 1"


async def test_other_programs_see_the_chapters(studio: Studio, programme: Programme, tmp_path: Path) -> None:
    """Ffprobe reads titles and times of CHAP frames, and the tags beside them; of the Opus variant as well."""
    joined = await studio.join(replace(programme, sounds=(Sound("opus"),)))
    opus = joined.audio.sounding(Sound("opus"))
    assert opus is not None
    for name in (joined.audio.name, opus.name):
        said = probed(tmp_path / name, "-show_chapters", "-show_format")
        chapters = [
            (one["tags"]["title"], float(one["start_time"]))  # type: ignore[attr-defined]
            for one in said["chapters"]  # type: ignore[attr-defined]
        ]
        assert TITLES == tuple(title for title, _ in chapters)
        assert [begin for _, begin in chapters] == pytest.approx([one.begin for one in joined.chapters], abs=0.002)
    tags = probed(tmp_path / joined.audio.name, "-show_format")["format"]["tags"]  # type: ignore[index]
    assert (tags["title"], tags["artist"], tags["TLAN" if "TLAN" in tags else "language"]) == (
        TAGS.title,
        TAGS.office,
        "vie",
    )
    assert tags["AI_VOICE"].endswith("espeak 1")


async def test_every_sound(studio: Studio, programme: Programme, tmp_path: Path) -> None:
    """The variants that are asked for, each at its own loudness; the studio's own is not made twice."""
    asked = (Sound("wav", -23.0), Sound("mp3-low"), Sound())
    joined = await studio.join(replace(programme, sounds=asked))
    assert [Sound("wav", -23.0), Sound("mp3-low")] == [one.sound for one in joined.audio.variants]
    for one in joined.audio.variants:
        heard = measure((tmp_path / one.name).read_bytes())
        assert abs(heard.lufs - (one.sound.lufs or -16)) <= 0.5
        assert heard.true_peak_db <= -1
        assert (tmp_path / one.name).with_suffix(".json").is_file()


async def test_same_bytes_again(studio: Studio, programme: Programme) -> None:
    """The same programme gives the same file; another order another."""

    async def made(one: Programme) -> Joined:
        return await studio.join(one)

    first = await made(programme)
    assert first == await made(programme)
    turned = await made(replace(programme, segments=programme.segments[::-1]))
    assert turned.audio.sha256 != first.audio.sha256


async def test_target_length(studio: Studio, programme: Programme) -> None:
    """How much too long it is."""
    one = replace(programme, segments=programme.segments[:1])
    assert 0.0 == (await studio.join(replace(one, target=60.0))).over
    joined = await studio.join(replace(one, target=1.0))
    assert joined.over == pytest.approx(joined.audio.seconds - 1.0)


async def test_a_master_that_is_gone(studio: Studio, programme: Programme, tmp_path: Path) -> None:
    """It is told, and nothing is left of the attempt."""
    gone = replace(programme, segments=(*programme.segments, Segment("Mất", "00/gone.flac")))
    before = {*tmp_path.rglob("*")}
    with pytest.raises(OSError, match=r"gone\.flac"):
        await studio.join(gone)
    assert before == {*tmp_path.rglob("*")}


async def test_chime_and_announcements(programme: Programme, tmp_path: Path) -> None:
    """The chime, then the opening, the items, the closing: each a chapter; announcements are spoken once for all."""
    espeak = EspeakVoice()
    studio = Studio([espeak], tmp_path, at_once=2)
    words = announcement("Đài {office} xin chào.", office="xã Mường Hum", at=datetime(2026, 11, 23, 5, tzinfo=UTC))
    whole = replace(programme, opening=words, closing="xin cảm ơn.", chime=True, pause=0.5)
    try:
        joined = await studio.join(whole)
    finally:
        await studio.aclose()
        await espeak.aclose()
    assert ("Mở đầu", *TITLES, "Kết thúc") == tuple(chapter.title for chapter in joined.chapters)
    pcm = pcm_of(decoded((tmp_path / joined.master).read_bytes()))
    assert pcm.startswith(chime().pcm + bytes(MASTER_RATE))
    assert joined.chapters[1].begin > chime().seconds + 1.5
    assert abs(joined.lufs + 16) <= 0.3
    silent = Studio([Mute(espeak.version)], tmp_path)
    try:
        assert joined == await silent.join(whole)
    finally:
        await silent.aclose()


async def test_a_bed_under_the_words(studio: Studio, programme: Programme, tmp_path: Path) -> None:
    """Music is heard in the pauses, at least 6 dB softer under words, faded at the end; the length stays the same."""
    tone = array("h", (round(9000 * math.sin(at * 0.09)) for at in range(3 * 22050)))  # 316 Hz
    with tempfile.TemporaryFile() as file:
        file.write(riff(tone.tobytes(), 22050, 1))
        bed = await studio.take_bed(file)
        assert bed == await studio.take_bed(file)
    plain, bedded = await studio.join(programme), await studio.join(replace(programme, bed=bed))
    assert plain.audio.seconds == bedded.audio.seconds
    assert plain.chapters == bedded.chapters
    assert abs(bedded.lufs + 16) <= 0.3
    dry, wet = (memoryview(pcm_of(decoded((tmp_path / one.master).read_bytes()))).cast("h") for one in (plain, bedded))
    music = [wet[at] - dry[at] for at in range(min(len(dry), len(wet)))]

    def loud(begin: float, end: float) -> float:
        part = music[round(begin * MASTER_RATE) : round(end * MASTER_RATE)]
        return math.sqrt(sum(one * one for one in part) / len(part))

    first = lengths(programme, tmp_path)[0]
    pause, words = loud(first + 0.8, first + 1.0), loud(first - 0.6, first - 0.1)
    assert 200 < pause < 2000
    assert words < pause / 2
    assert loud(len(music) / MASTER_RATE - 0.05, len(music) / MASTER_RATE) < pause / 10


class Mute(EspeakVoice):
    """The same voice for whoever looks at its mark, but it cannot speak."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self._version = version

    async def synth(self, sentence: str) -> Speech:
        """Nothing is said twice."""
        raise AssertionError(sentence)


def test_the_chime_is_soft() -> None:
    """Not louder than the speech of a master around it, without a click at either end."""
    heard = measure(flac(frames(chime()), MASTER_RATE))
    assert -34 < heard.lufs < -24
    samples = memoryview(chime().pcm).cast("h")
    assert max(map(abs, samples[:5])) < 50
    assert max(map(abs, samples[-100:])) < 50


def test_announcements_are_words() -> None:
    """Names, day and date as they are said; no digit is left."""
    at = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
    words = announcement("{office}, buổi {session} {weekday}, ngày {date}. {sender}.", office="UBND xã", at=at)
    assert words == (
        "ủy ban nhân dân xã, buổi chiều thứ hai, ngày hai mươi ba tháng mười một năm hai nghìn không trăm hai mươi "
        "sáu. ủy ban nhân dân xã."
    )
    assert "đài xã" in announcement("{sender}", office="UBND xã", at=at, sender="Đài xã")
    assert {"{" + name + "}" for name in FIELDS} == {"{" + name + "}" for name in ANNOUNCED}


async def test_cancelled_while_joining(
    studio: Studio, programme: Programme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sound that is being made is told to stop, and no file is left."""
    loop, begun, before = asyncio.get_running_loop(), asyncio.Event(), {*tmp_path.rglob("*")}

    def slow(*given: object) -> object:
        loop.call_soon_threadsafe(begun.set)
        stop = given[-1]
        assert isinstance(stop, threading.Event)
        assert stop.wait(10)
        return finish(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(studio_module, "finish", slow)
    task = asyncio.ensure_future(studio.join(replace(programme, sounds=(Sound("opus"),))))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert before == {*tmp_path.rglob("*")}


@pytest.mark.parametrize(("segments", "pause"), [((), 1.0), ((Segment("Một", "a"),), 2.0)])
def test_what_is_no_programme(segments: tuple[Segment, ...], pause: float) -> None:
    """Nothing to say, or a gap that a station's silence alarm would take for a failure."""
    with pytest.raises(ValueError, match=r"programme|gap"):
        Programme(segments, pause=pause)
