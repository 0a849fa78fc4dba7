"""Mastering: raw speech made ready for broadcast, in a closed loop on the finished file.

The figures are those of EBU R128 (ITU-R BS.1770), measured on the decoded file, because encoders change them: LAME
lowers the loudness of constant bit rate MP3 by 0.45 dB and moves the peaks (speech measured). The loudness of a mono
file counts one channel, as every meter reads it; played on two loudspeakers it is 3 LU more. Everything here blocks:
call it from a thread or a process.
"""

from __future__ import annotations

import hashlib
import io
import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.voice import Speech, sounding

if TYPE_CHECKING:
    import av
    from av.audio.frame import AudioFrame
    from av.filter import Graph
else:
    av = lazily("av")

CHAIN = "1"
"""Part of every mastering's key: raised when the same settings come to sound different."""
ENCODERS = {"mp3": ("libmp3lame", -0.45), "wav": ("pcm_s16le", 0.0), "flac": ("flac", 0.0)}
"""Encoder of each format, and what it does to the loudness (LU, speech measured)."""
ROUNDS = 5
TOLERANCE = 0.3
WORKING_LUFS = -26.0
"""Loudness every voice is brought to first, so that the compressor does the same to all."""
COMPRESSOR = "threshold=0.045:ratio=3:attack=8:release=160"
HEADROOM = 0.1
"""How far (dB) below the allowed peak the limiter starts, as resampling adds a little to peaks."""
PUSH = 0.25
"""LU added to the first guess, about half of what the limiter takes at -16 LUFS; one round is then mostly enough."""
LIMITER_RATE = 192000
LAYOUTS = {1: "mono", 2: "stereo"}
SILENCE_BELOW = 32.0
"""What is this many dB below the loudness of the speech is silence between words."""
LONGEST_GAP = 1.2
BLOCK = 0.01
EDGE = 0.05
SILENT_LUFS = -65.0


class SilentSpeech(ValueError):
    """There is nothing to be heard; `vi` and `en` say so to people."""

    vi = "âm thanh chỉ có khoảng lặng"
    en = "the sound is nothing but silence"

    def __init__(self) -> None:
        super().__init__(self.en)


class MasteringStopped(Exception):
    """The work was given up because the caller's `stop` was set."""


@dataclass(frozen=True, slots=True)
class Mastering:
    """What a finished file is like: integrated loudness (LUFS), true peak limit (dBTP), rate (Hz), bits a second.

    `format` is a key of ENCODERS, two `channels` carry the voice in both, `air` is seconds of silence at either end.
    """

    lufs: float = -16.0
    true_peak_db: float = -1.0
    rate: int = 44100
    bit_rate: int = 128000
    format: str = "mp3"
    channels: int = 1
    air: float = 0.4

    def __post_init__(self) -> None:
        if self.format not in ENCODERS or self.channels not in (1, 2):
            raise ValueError(f"no such mastering: {self.format!r} with {self.channels} channels")
        if not (-40 <= self.lufs <= -8 and -9 <= self.true_peak_db <= 0 and 0 <= self.air <= 5):
            raise ValueError(f"mastering out of range: {self}")

    @property
    def key(self) -> str:
        """A stable line for hashing; different when the file would be."""
        return " ".join(map(str, ("mastering", CHAIN, *astuple(self))))


@dataclass(frozen=True, slots=True)
class Tags:
    """What the file says of itself. `date` is YYYY-MM-DD or empty; `voice` marks that the voice is a machine's."""

    title: str = ""
    office: str = ""
    series: str = ""
    date: str = ""
    comment: str = ""
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Integrated loudness (LUFS), true peak (dBTP) and length (seconds) of a file as a listener's player decodes it."""

    lufs: float
    true_peak_db: float
    seconds: float


SILENCE = Measured(-70.0, -120.0, 0.0)


@dataclass(frozen=True, slots=True)
class Mastered:
    """A finished file: its bytes and their number, its measured figures, its sha256 in hex, encodings it took."""

    data: bytes
    bytes: int
    seconds: float
    lufs: float
    true_peak_db: float
    sha256: str
    rounds: int


def master(
    speech: Speech, mastering: Mastering, tags: Tags | None = None, stop: threading.Event | None = None
) -> Mastered:
    """Trim, filter, compress, limit and encode `speech`, then measure the file and correct until it is right.

    Right is within 0.3 LU of the asked loudness and not over the peak limit; when no round (of at most 5) ends so, the
    closest file is taken, one under the limit first, and its figures say so. The same arguments give the same bytes.
    Raises SilentSpeech when there is nothing to hear, MasteringStopped soon after `stop` was set.
    """
    stop = stop or threading.Event()
    raw = _meter(_frames(speech), stop)
    if raw.lufs <= SILENT_LUFS:
        raise SilentSpeech
    speech = tighten(speech, raw.lufs - SILENCE_BELOW, mastering.air)
    level = WORKING_LUFS - raw.lufs
    gain = mastering.lufs - _meter(_through(_frames(speech), _shaping(level), stop), stop).lufs
    gain += PUSH - ENCODERS[mastering.format][1]
    ceiling = mastering.true_peak_db - HEADROOM
    tried: list[tuple[float, Measured, bytes]] = []
    for _ in range(ROUNDS):
        chain = _shaping(level) + _finishing(gain, ceiling, mastering)
        data = _encode(_through(_frames(speech), chain, stop), mastering, tags or Tags())
        heard = measure(data, stop)
        off, over = mastering.lufs - heard.lufs, max(0.0, heard.true_peak_db - mastering.true_peak_db)
        tried.append((abs(off) + 1000 * over, heard, data))
        if abs(off) <= TOLERANCE and not over:
            break
        gain, ceiling = gain + 1.25 * off, ceiling - (over + 0.1 if over else 0.0)
    _, heard, data = min(tried, key=lambda one: one[0])
    digest = hashlib.sha256(data).hexdigest()
    return Mastered(data, len(data), heard.seconds, heard.lufs, heard.true_peak_db, digest, len(tried))


def tighten(speech: Speech, silence_db: float, air: float) -> Speech:
    """Silence (below `silence_db` dBFS) cut from both ends but for `air` seconds of true silence, and gaps to 1.2 s."""
    peak = max(1, round(32767 * 10 ** (silence_db / 20)))
    runs = [(loud, len(list(blocks))) for loud, blocks in groupby(sounding(speech, peak, BLOCK))]
    step = 2 * max(1, round(speech.rate * BLOCK))
    edge, half = round(EDGE / BLOCK) * step, round(LONGEST_GAP / BLOCK / 2) * step
    pcm, kept, at = memoryview(speech.pcm), io.BytesIO(), 0
    kept.write(bytes(2 * round(speech.rate * air)))
    for index, (loud, count) in enumerate(runs):
        part = pcm[at : at + count * step]
        at += len(part)
        first, last = index == 0, index == len(runs) - 1
        head = 0 if first else edge if last else half
        tail = 0 if last else edge if first else half
        if loud or len(part) <= head + tail:
            kept.write(part)
        else:
            kept.write(part[:head])
            kept.write(part[len(part) - tail :])
    kept.write(bytes(2 * round(speech.rate * air)))
    return Speech(kept.getvalue(), speech.rate)


def measure(data: bytes, stop: threading.Event | None = None) -> Measured:
    """The figures of any audio file as decoded; the loudness is -70 when there is nothing to hear."""
    with av.open(io.BytesIO(data), "r") as file:
        return _meter(file.decode(file.streams.audio[0]), stop or threading.Event(), "peak=true:metadata=1")


def _shaping(level: float) -> list[tuple[str, str]]:
    """Every voice brought to one level (by `level` dB), freed of rumble and evened out."""
    return [("volume", f"{level}dB"), ("highpass", "f=70"), ("acompressor", COMPRESSOR)]


def _finishing(gain: float, ceiling: float, mastering: Mastering) -> list[tuple[str, str]]:
    """`gain` dB, and no peak over `ceiling` dB, also none between the samples."""
    return [
        ("aresample", str(LIMITER_RATE)),
        ("volume", f"{gain}dB"),
        ("alimiter", f"limit={10 ** (ceiling / 20):.6f}:level=false:latency=true"),
        ("aresample", str(mastering.rate)),
        ("aformat", f"channel_layouts={LAYOUTS[mastering.channels]}"),
    ]


def _frames(speech: Speech) -> Iterator[AudioFrame]:
    """`speech` in frames of a tenth of a second, so that `stop` is noticed soon."""
    pcm, step = memoryview(speech.pcm), 2 * max(1, speech.rate // 10)
    for start in range(0, len(pcm), step):
        part = pcm[start : start + step]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(part) // 2)
        frame.planes[0].update(bytes(part))
        frame.sample_rate, frame.pts, frame.time_base = speech.rate, start // 2, Fraction(1, speech.rate)
        yield frame


def _through(frames: Iterable[AudioFrame], chain: list[tuple[str, str]], stop: threading.Event) -> Iterator[AudioFrame]:
    """Frames (all of one format) through a chain of filters."""
    graph: Graph | None = None
    for frame in frames:
        if stop.is_set():
            raise MasteringStopped
        if graph is None:
            graph = av.filter.Graph()
            source = graph.add_abuffer(sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout)
            nodes = [graph.add(name, options) for name, options in chain]
            graph.link_nodes(source, *nodes, graph.add("abuffersink")).configure()
        graph.push(frame)
        yield from _ready(graph)
    if graph:
        graph.push(None)
        yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame


def _meter(frames: Iterable[AudioFrame], stop: threading.Event, options: str = "metadata=1") -> Measured:
    """The figures of a stream; the peak only if `options` ask for it.

    What is shorter than a second is measured with silence behind it, as R128 counts blocks of 0.4 s.
    """
    lufs, peak, seconds = SILENCE.lufs, 0.0, 0.0

    def counted() -> Iterator[AudioFrame]:
        nonlocal seconds
        for frame in frames:
            seconds += frame.samples / frame.sample_rate
            yield frame

    for frame in _through(counted(), [("apad", "whole_dur=1"), ("ebur128", options)], stop):
        lufs = float(frame.metadata.get("lavfi.r128.I", lufs))
        peak = max(peak, float(frame.metadata.get("lavfi.r128.true_peak", 0)))
    if not math.isfinite(lufs) or (not peak and "peak" in options):
        return Measured(SILENCE.lufs, SILENCE.true_peak_db, round(seconds, 3))
    return Measured(lufs, 20 * math.log10(peak or 1), round(seconds, 3))


def _encode(frames: Iterable[AudioFrame], mastering: Mastering, tags: Tags) -> bytes:
    """The finished file. Nothing in it depends on when or where it was made.

    FFmpeg turns these names of tags into TIT2, TPE1, TALB, TYER with TDAT, TLAN and TXXX of ID3v2.3.
    """
    file = io.BytesIO()
    options = {"fflags": "+bitexact"} | ({"id3v2_version": "3"} if mastering.format == "mp3" else {})
    named = {"title": tags.title, "artist": tags.office, "album": tags.series, "date": tags.date, "language": "vie"}
    named["AI_VOICE"] = tags.voice
    with av.open(file, "w", format=mastering.format, options=options) as out:
        out.metadata.update({name: text for name, text in named.items() if text})
        stream = out.add_stream(ENCODERS[mastering.format][0], rate=mastering.rate, layout=LAYOUTS[mastering.channels])
        assert isinstance(stream, av.AudioStream)
        if mastering.format == "mp3":
            stream.bit_rate = mastering.bit_rate
        for frame in frames:
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = file.getvalue()
    return _with_comment(data, tags.comment) if mastering.format == "mp3" and tags.comment else data


def _with_comment(data: bytes, text: str) -> bytes:
    """An MP3 with a COMM frame put first; FFmpeg would write the comment as TXXX, where receivers do not look."""
    body = b"\x01vie" + "".encode("utf-16") + b"\0\0" + text.encode("utf-16")
    frame = b"COMM" + len(body).to_bytes(4, "big") + b"\0\0" + body
    size = len(frame) + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    return data[:6] + bytes(size >> shift & 127 for shift in (21, 14, 7, 0)) + frame + data[10:]
