"""Mastering measured on the finished file: by the meter in the loop, by one of our own, and by ffmpeg where it is."""

from __future__ import annotations

import asyncio
import cmath
import io
import math
import re
import shutil
import subprocess
import threading
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from content.bulletin import Sound
from content.mastering import Mastered, Mastering, MasteringStopped, SilentSpeech, Tags, master, measure, tighten
from content.voice import Speech, sounding, speak
from content.voices.espeak import EspeakFemaleVoice, EspeakVoice

SCRIPTS = {
    "one second": "có cháy.",
    "sentence": "ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn gia súc.",
    "bulletin": "kính thưa bà con. ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn gia súc; thời gian từ bảy giờ "
    "sáng thứ hai.\nđịa điểm tại nhà văn hóa các bản. đề nghị bà con đưa trâu bò đến đúng giờ!\nxin cảm ơn.",
}
TAGS = Tags(
    "Thông báo lịch tiêm phòng: gia súc", "UBND xã Mường Hum", "Bản tin sáng", "2026-11-23", "Ghi chú ở đây", "espeak"
)


@pytest.fixture(scope="module")
def spoken() -> dict[str, Speech]:
    """The scripts as real espeak speech, the last also by the female voice."""

    async def say() -> dict[str, Speech]:
        male, female = EspeakVoice(), EspeakFemaleVoice()
        try:
            said = {name: (await speak(script, [male])).speech for name, script in SCRIPTS.items()}
            return said | {"female": (await speak(SCRIPTS["bulletin"], [female])).speech}
        finally:
            await male.aclose()
            await female.aclose()

    return asyncio.run(say())


def decoded(data: bytes) -> Speech:
    """A mono file as 16 bit samples."""
    pcm, to_16_bit = bytearray(), av.AudioResampler(format="s16", layout="mono")
    with av.open(io.BytesIO(data)) as file:
        for frame in file.decode(audio=0):
            for part in to_16_bit.resample(frame):
                pcm += bytes(part.planes[0])[: 2 * part.samples]
        return Speech(bytes(pcm), file.streams.audio[0].rate)


def silences(speech: Speech, peak: int = 100) -> list[tuple[float, float]]:
    """Start and length (seconds) of every run of 10 ms blocks that stay under `peak` (100 is -50 dBFS)."""
    found: list[tuple[float, float]] = []
    start = None
    for index, loud in enumerate([*sounding(speech, peak), True]):
        if not loud and start is None:
            start = index
        elif loud and start is not None:
            found.append((start / 100, (index - start) / 100))
            start = None
    return found


def weighted(samples: Iterator[float], rate: int) -> Iterator[float]:
    """K-weighting of ITU-R BS.1770 as two biquads for any rate."""
    for freq, gain, quality in (
        (1681.974450955533, 3.999843853973347, 0.7071752369554196),
        (38.13547087602444, 0, 0.5),
    ):
        k = math.tan(math.pi * freq / rate)
        a0 = 1 + k / quality + k * k
        if gain:
            high, band = 10 ** (gain / 20), 10 ** (gain / 20 * 0.4996667741545416)
            b = (
                (high + band * k / quality + k * k) / a0,
                2 * (k * k - high) / a0,
                (high - band * k / quality + k * k) / a0,
            )
        else:
            b = (1.0, -2.0, 1.0)
        samples = biquad(samples, b, (2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0))
    return samples


def biquad(samples: Iterator[float], b: tuple[float, float, float], a: tuple[float, float]) -> Iterator[float]:
    """One second order filter, transposed direct form II."""
    first = second = 0.0
    for sample in samples:
        out = b[0] * sample + first
        first = b[1] * sample - a[0] * out + second
        second = b[2] * sample - a[1] * out
        yield out


def loudness(speech: Speech) -> float:
    """Integrated loudness by BS.1770-4 with both gates, written from the recommendation."""
    step = speech.rate // 10
    heard = list(weighted((one / 32768 for one in array("h", speech.pcm)), speech.rate))
    tenths = [sum(one * one for one in heard[at : at + step]) / step for at in range(0, len(heard) - step + 1, step)]
    blocks = [sum(tenths[at : at + 4]) / 4 for at in range(len(tenths) - 3)]

    def mean_over(gate: float) -> float:
        passed = [power for power in blocks if power and -0.691 + 10 * math.log10(power) > gate]
        return -0.691 + 10 * math.log10(sum(passed) / len(passed))

    return mean_over(mean_over(-70.0) - 10)


def check(made: Mastered, wanted: Mastering) -> None:
    """The promise, on what the file decodes to."""
    heard = measure(made.data)
    assert (heard.lufs, heard.true_peak_db, heard.seconds) == (made.lufs, made.true_peak_db, made.seconds)
    assert abs(heard.lufs - wanted.lufs) <= 0.3
    assert heard.true_peak_db <= wanted.true_peak_db
    assert made.bytes == len(made.data)


@pytest.mark.parametrize("name", [*SCRIPTS, "female"])
def test_on_target(spoken: dict[str, Speech], name: str) -> None:
    """-16 LUFS within 0.3 and no peak over -1 dBTP on the encoded file, from one second to a bulletin."""
    wanted = Mastering()
    made = master(spoken[name], wanted, TAGS)
    check(made, wanted)
    if made.seconds < 10:  # our own meter is slow
        assert loudness(decoded(made.data)) == pytest.approx(made.lufs, abs=0.1)
    with av.open(io.BytesIO(made.data)) as file:
        stream = file.streams.audio[0]
        assert (stream.rate, stream.codec_context.layout.name, stream.bit_rate) == (44100, "mono", 128000)


@pytest.mark.parametrize(
    "wanted",
    [
        Mastering(lufs=-23.0),
        Mastering(channels=2),
        Mastering(format="mp3-low"),
        Mastering(format="wav", lufs=-23.0),
        Mastering(format="wav", channels=2),
        Mastering(format="opus"),
        Mastering(format="flac"),
        Mastering(air=0.0),
    ],
    ids=lambda wanted: wanted.key,
)
def test_other_masterings(spoken: dict[str, Speech], wanted: Mastering) -> None:
    """Stations' -23, both channels, lossless formats and no air are met as well."""
    check(master(spoken["sentence"], wanted), wanted)


def test_a_sound_without_a_loudness_has_the_offices() -> None:
    """An office that records at -20 LUFS gives a station without a wish -20 in every format, and -23 to one that asks."""
    office = Mastering(lufs=-20.0)
    low, loud = office.sounding(Sound("mp3-low")), office.sounding(Sound("mp3", -23.0))
    assert (("mp3-low", -20.0), ("mp3", -23.0)) == ((low.format, low.lufs), (loud.format, loud.lufs))
    assert office == office.sounding(Sound())


def test_what_cannot_be_reached(spoken: dict[str, Speech]) -> None:
    """A loudness that the peak limit forbids gives the closest file under the limit, and its figures say so."""
    made = master(spoken["one second"], Mastering(lufs=-9.0, true_peak_db=-3.0))
    assert made.rounds == 5
    assert -16 < made.lufs < -9.3
    assert made.true_peak_db <= -3.0
    assert measure(made.data).lufs == made.lufs


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg on PATH: its second opinion on loudness is not heard")
def test_ffmpeg_agrees(spoken: dict[str, Speech], tmp_path: Path) -> None:
    """The external ffmpeg measures the same on the file."""
    made = master(spoken["bulletin"], Mastering(), TAGS)
    (tmp_path / "a.mp3").write_bytes(made.data)
    command = ["ffmpeg", "-nostats", "-i", str(tmp_path / "a.mp3"), "-af", "ebur128=peak=true", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr.split("Summary:")[1]
    figures = [float(re.search(rf"{name}:\s+(-?[\d.]+)", said)[1]) for name in ("I", "Peak")]  # type: ignore[index]
    assert figures == pytest.approx([made.lufs, made.true_peak_db], abs=0.15)


def test_air_and_gaps(spoken: dict[str, Speech]) -> None:
    """0.4 s of silence at both ends, no gap over 1.5 s inside, whatever silence the raw speech had."""
    whole = spoken["bulletin"]
    quiet = bytes(2 * 4 * whole.rate)
    at, length = next((at, length) for at, length in silences(whole) if length > 0.5)
    cut = 2 * round((at + length / 2) * whole.rate)
    gappy = Speech(quiet + whole.pcm[:cut] + quiet + whole.pcm[cut:] + quiet, whole.rate)
    made = decoded(master(gappy, Mastering()).data)
    (head, first), *inner, (tail, last) = silences(made)
    assert head == 0
    assert tail + last == pytest.approx(made.seconds, abs=0.02)
    assert 0.35 <= first <= 0.5
    assert 0.35 <= last <= 0.6
    assert 1.0 < max(long for _, long in inner) <= 1.5


def test_tighten_keeps_the_sound() -> None:
    """Sound is never cut, short gaps stay, long ones become 1.2 s."""
    loud = array("h", [9000, -9000] * 4000).tobytes()
    quiet = bytes(2 * 8000)
    made = tighten(Speech(quiet * 2 + loud + quiet + loud + quiet * 3 + loud + quiet, 8000), -40.0)
    assert made.pcm.count(loud) == 3
    assert [long for _, long in silences(made)] == pytest.approx([0.05, 1.0, 1.2, 0.05], abs=0.011)


@pytest.mark.parametrize("level", [0, 1])
def test_silent_speech(level: int) -> None:
    """Silence, digital or nearly so, is a clear error in both languages."""
    with pytest.raises(SilentSpeech) as failed:
        master(Speech(array("h", [level, -level] * 20000).tobytes(), 22050), Mastering())
    assert "khoảng lặng" in failed.value.vi
    assert "silence" in failed.value.en
    with pytest.raises(SilentSpeech):
        master(Speech(b"", 22050), Mastering())


@pytest.mark.parametrize("seconds", [0.2, 1.0])
@pytest.mark.parametrize("air", [0.0, 0.4])
def test_very_short(seconds: float, air: float) -> None:
    """A fifth of a second of sound is measured honestly although R128 has blocks of 0.4 s."""
    count = round(22050 * seconds)
    wave = [int(6000 * (cmath.exp(0.06j * at).imag + cmath.exp(0.2j * at).imag)) for at in range(count)]
    wanted = Mastering(air=air)
    check(master(Speech(array("h", wave).tobytes(), 22050), wanted), wanted)


@pytest.mark.parametrize("gain", [0.01, 0.1, 1.0])
def test_any_input_level(spoken: dict[str, Speech], gain: float) -> None:
    """Whether the raw speech is very soft or clips already, the file comes out right."""
    soft = array("h", (int(one * gain) for one in array("h", spoken["sentence"].pcm)))
    made = master(Speech(soft.tobytes(), spoken["sentence"].rate), Mastering())
    check(made, Mastering())
    assert made.seconds == pytest.approx(master(spoken["sentence"], Mastering()).seconds, abs=0.3)


def test_same_bytes_every_time(spoken: dict[str, Speech]) -> None:
    """The same speech, mastering and tags give the same file; other tags another."""
    first, again = (master(spoken["sentence"], Mastering(), TAGS) for _ in range(2))
    assert first == again
    assert master(spoken["sentence"], Mastering(), replace(TAGS, title="khác")).sha256 != first.sha256


def test_tags_read_back(spoken: dict[str, Speech]) -> None:
    """Vietnamese is whole in ID3v2.3, in the frames receivers look at, also the mark of the machine's voice."""
    data = master(spoken["one second"], Mastering(), TAGS).data
    with av.open(io.BytesIO(data)) as file:
        read = dict(file.metadata)
    assert read == {
        "title": TAGS.title,
        "artist": TAGS.office,
        "album": TAGS.series,
        "date": TAGS.date,
        "comment": TAGS.comment,
        "language": "vie",
        "AI_VOICE": TAGS.voice,
    }
    assert data[:4] == b"ID3\x03"
    size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    frames, at = {}, 10
    while at < 10 + size and data[at]:
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        frames[data[at : at + 4].decode()] = data[at + 10 : at + 10 + length]
        at += 10 + length
    assert set(frames) == {"COMM", "TIT2", "TPE1", "TALB", "TXXX", "TYER", "TDAT", "TLAN"}
    assert frames["COMM"][:4] == b"\x01vie"
    assert frames["COMM"].endswith(TAGS.comment.encode("utf-16-le"))
    assert data[10 + size : 12 + size] == b"\xff\xfb"


def test_no_tags_no_comment(spoken: dict[str, Speech]) -> None:
    """Empty tags are left out."""
    with av.open(io.BytesIO(master(spoken["one second"], Mastering()).data)) as file:
        assert dict(file.metadata) == {"language": "vie"}


def test_stop_ends_the_work(spoken: dict[str, Speech]) -> None:
    """Once told to stop, the work is given up."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(MasteringStopped):
        master(spoken["bulletin"], Mastering(), stop=stop)


@pytest.mark.parametrize(
    "wrong", [{"format": "wma"}, {"channels": 6}, {"lufs": 0.0}, {"true_peak_db": 1.0}, {"air": -1.0}]
)
def test_bad_mastering(wrong: dict[str, object]) -> None:
    """A setting outside of what is meant is an error where it is made."""
    with pytest.raises(ValueError, match="mastering"):
        Mastering(**wrong)  # type: ignore[arg-type]


def test_key_names_every_setting() -> None:
    """The key is stable and changes with each setting."""
    assert Mastering().key == "mastering 3 -16.0 -1.0 libmp3lame 44100 128000 1 0.4"
    changed = [{"lufs": -23.0}, {"format": "mp3-low"}, {"format": "wav"}, {"channels": 2}, {"air": 0.5}]
    assert len({Mastering().key} | {replace(Mastering(), **one).key for one in changed}) == 6  # type: ignore[arg-type]
