"""Mastering: raw speech made into a lossless master kept once, and finished files made from it in a closed loop.

The figures are those of EBU R128 (ITU-R BS.1770), measured on the finished file decoded again, because encoders change
them: LAME lowers the loudness of constant bit rate MP3 by 0.45 dB and moves the peaks (speech measured). The loudness
of a mono file counts one channel, as every meter reads it; played on two loudspeakers it is 3 LU more. Everything here
blocks: call it from a thread or a process.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from content.bulletin import Sound
from content.formats import FORMATS, encode, flac
from content.sound import (
    Chain,
    MasteringStopped,
    Measured,
    decoded,
    frames,
    in_turn,
    measure,
    meter,
    silence,
    through,
)
from content.tags import Tags
from content.voice import Speech, sounding

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

__all__ = [
    "Mastered",
    "Mastering",
    "MasteringStopped",
    "Measured",
    "SilentSpeech",
    "Tags",
    "finish",
    "master",
    "measure",
    "shape",
    "tighten",
]

CHAIN = "3"
"""Part of every mastering's key: raised when the same settings come to sound different."""
MASTER_RATE = 48000
MASTER_LUFS = -26.0
"""Loudness of every master: all voices reach the compressor alike, and 26 dB above it no peak is cut off."""
ROUNDS = 5
TOLERANCE = 0.3
AIMED = 0.1
"""How near (LU) the sound before encoding is brought; encoding is the dear part and is then mostly done once."""
COMPRESSOR = "threshold=0.045:ratio=3:attack=8:release=160"
LIMITER_RATE = 192000
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


@dataclass(frozen=True, slots=True)
class Mastering:
    """What a finished file is like: integrated loudness (LUFS), true peak limit (dBTP), a format of FORMATS.

    Two `channels` carry the voice in both; `air` is seconds of silence at either end.
    """

    lufs: float = -16.0
    true_peak_db: float = -1.0
    format: str = "mp3"
    channels: int = 1
    air: float = 0.4

    def __post_init__(self) -> None:
        if self.format not in FORMATS or self.channels not in (1, 2):
            raise ValueError(f"no such mastering: {self.format!r} with {self.channels} channels")
        if not (-40 <= self.lufs <= -8 and -9 <= self.true_peak_db <= 0 and 0 <= self.air <= 5):
            raise ValueError(f"mastering out of range: {self}")

    @property
    def key(self) -> str:
        """A stable line for hashing; different when the file would be."""
        about = (self.lufs, self.true_peak_db, *FORMATS[self.format].key, self.channels, self.air)
        return " ".join(map(str, ("mastering", CHAIN, *about)))

    def sounding(self, sound: Sound) -> Mastering:
        """The same mastering in another format and loudness."""
        return replace(self, format=sound.format, lufs=self.lufs if sound.lufs is None else sound.lufs)


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
    """`speech` shaped and finished in one go; see `shape` and `finish`."""
    return finish(shape(speech, stop), mastering, tags, stop)


def shape(speech: Speech, stop: threading.Event | None = None) -> bytes:
    """The master of `speech`: FLAC, 48 kHz, 16 bit, mono, -26 LUFS; no silence at its ends and no gap over 1.2 s.

    Rumble is cut and the level evened out; the same speech gives the same bytes. Raises SilentSpeech when there is
    nothing to hear, MasteringStopped soon after `stop` was set.
    """
    stop = stop or threading.Event()
    raw = meter(frames(speech), stop)
    if raw.lufs <= SILENT_LUFS:
        raise SilentSpeech
    speech = tighten(speech, raw.lufs - SILENCE_BELOW)
    chain: Chain = [("volume", f"{MASTER_LUFS - raw.lufs}dB"), ("highpass", "f=70"), ("acompressor", COMPRESSOR)]
    chain += [("aresample", str(MASTER_RATE)), ("aformat", "sample_fmts=flt")]
    off = MASTER_LUFS - meter(through(frames(speech), chain, stop), stop).lufs
    return flac(through(frames(speech), [*chain, ("volume", f"{off}dB")], stop), MASTER_RATE)


def tighten(speech: Speech, silence_db: float) -> Speech:
    """Silence (below `silence_db` dBFS) cut from both ends, and gaps to 1.2 s."""
    peak = max(1, round(32767 * 10 ** (silence_db / 20)))
    runs = [(loud, len(list(blocks))) for loud, blocks in groupby(sounding(speech, peak, BLOCK))]
    step = 2 * max(1, round(speech.rate * BLOCK))
    edge, half = round(EDGE / BLOCK) * step, round(LONGEST_GAP / BLOCK / 2) * step
    pcm, kept, at = memoryview(speech.pcm), io.BytesIO(), 0
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
    return Speech(kept.getvalue(), speech.rate)


def finish(
    master: bytes, mastering: Mastering, tags: Tags | None = None, stop: threading.Event | None = None
) -> Mastered:
    """Bring a master to its loudness, limit and encode it, then measure the file and correct until it is right.

    Right is within 0.3 LU of the asked loudness and not over the peak limit; when no round (of at most 5) ends so, the
    closest file is taken, one under the limit first, and its figures say so. The same arguments give the same bytes.
    Raises MasteringStopped soon after `stop` was set.
    """
    stop, tags = stop or threading.Event(), tags or Tags()
    wanted = FORMATS[mastering.format]
    aim, ceiling = mastering.lufs - wanted.shift, mastering.true_peak_db - wanted.swell
    gain = aim - MASTER_LUFS
    tried: list[tuple[float, Measured, bytes]] = []
    for _ in range(ROUNDS):
        gain = _gain(master, gain, aim, ceiling, stop)
        data = encode(_finished(master, gain, ceiling, mastering, stop), mastering.format, mastering.channels, tags)
        heard = measure(data, stop)
        off, over = mastering.lufs - heard.lufs, max(0.0, heard.true_peak_db - mastering.true_peak_db)
        tried.append((abs(off) + 1000 * over, heard, data))
        if abs(off) <= TOLERANCE and not over:
            break
        # The more is limited, the higher do peaks come out of an encoder.
        aim, ceiling = aim + off, ceiling - (1.5 * over + 0.3 if over else 0.0)
    _, heard, data = min(tried, key=lambda one: one[0])
    digest = hashlib.sha256(data).hexdigest()
    return Mastered(data, len(data), heard.seconds, heard.lufs, heard.true_peak_db, digest, len(tried))


def _gain(master: bytes, gain: float, aim: float, ceiling: float, stop: threading.Event) -> float:
    """The gain (dB), near `gain`, with which the limited sound has `aim` LUFS; peaks between samples are left aside here."""
    for _ in range(ROUNDS):
        off = aim - meter(through(decoded(master), _limiting(gain, ceiling), stop), stop).lufs
        if abs(off) <= AIMED:
            break
        gain += 1.25 * off  # of what is added the limiter takes some again
    return gain


def _finished(
    master: bytes, gain: float, ceiling: float, mastering: Mastering, stop: threading.Event
) -> Iterator[AudioFrame]:
    """The master with air at both ends, `gain` dB louder, and no peak over `ceiling` dB, also none between samples."""
    chain: Chain = [
        ("aresample", str(LIMITER_RATE)),
        *_limiting(gain, ceiling),
        ("aresample", str(FORMATS[mastering.format].rate)),
        ("aformat", f"channel_layouts={'mono' if mastering.channels == 1 else 'stereo'}"),
    ]
    air = (silence(mastering.air, MASTER_RATE) for _ in range(2))
    return through(in_turn(next(air), decoded(master), next(air)), chain, stop)


def _limiting(gain: float, ceiling: float) -> Chain:
    limit = 10 ** (ceiling / 20)
    return [("volume", f"{gain}dB"), ("alimiter", f"limit={limit:.6f}:level=false:latency=true")]
