"""Render: cards and sound encoded to a clip that playout takes: 1080p25 H.264 (BT.709, closed groups of a second), AAC stereo.

Runs in a process of its own: H.264 is encoded by x264, which is GPL, and a minute of it takes a core some seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from content.film import CLIP, look
from content.film.cues import Cue, Gap
from content.film.look import Words
from content.mastering import MASTER_RATE, Mastering, finish
from content.sound import decoded, in_turn, measure, pcm_of, silence, through

if TYPE_CHECKING:
    from PIL import Image

RATE = 25
LUFS, TRUE_PEAK = CLIP.lufs or 0.0, -1.0
"""As EBU R 128 has them."""
OPENING, CLOSING = 3.0, 3.0
"""Seconds of the cards before and after the voice."""
AUDIO_RATE = 48_000
AUDIO_BITS = 192_000
TOLERANCE, ROUNDS = 0.3, 3
X264 = {
    "preset": "superfast",
    "crf": "18",
    "profile": "high",
    "level": "4.1",
    "x264-params": "keyint=25:min-keyint=25:scenecut=0:open-gop=0:bframes=2:colorprim=bt709:transfer=bt709:colormatrix=bt709",
}
BLOCK = 0.01
QUIET_DB = 28.0
"""What is this many dB under the loudness of speech is a gap."""
SHORTEST_GAP = 0.08

Told = Callable[[float], None]
"""Is told how much of the work is done, 0 to 1."""


class Made(NamedTuple):
    """What was measured of the finished clip: seconds, LUFS, dBTP."""

    seconds: float
    lufs: float
    true_peak_db: float


@dataclass(frozen=True, slots=True)
class Voice:
    """The master of a recording as speech on a time line: samples (mono, MASTER_RATE), and where it is silent."""

    samples: NDArray[np.int16]
    gaps: tuple[Gap, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / MASTER_RATE


def heard(master: bytes) -> Voice:
    """The voice of a master (FLAC)."""
    frames = through(decoded(master), [("aformat", "sample_fmts=s16:channel_layouts=mono")], threading.Event())
    samples = np.frombuffer(pcm_of(frames), np.int16)
    return Voice(samples, tuple(_gaps(samples)))


def _gaps(samples: NDArray[np.int16]) -> Iterator[Gap]:
    """Stretches in which nothing is said."""
    size = round(BLOCK * MASTER_RATE)
    blocks = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    level = np.sqrt((blocks**2).mean(axis=1)) if len(blocks) else np.zeros(0)
    loud = level[level > level.max(initial=0.0) / 100]
    quiet = level < (np.sqrt((loud**2).mean()) if len(loud) else 1.0) * 10 ** (-QUIET_DB / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if (end - begin) * BLOCK >= SHORTEST_GAP:
            yield Gap(begin * BLOCK, end * BLOCK)


def clip(target: Path, master: bytes, words: Words, cues: Sequence[Cue], seconds: float, told: Told) -> Made:
    """Write the clip of a master of so many seconds; its sound is brought to -23 LUFS as it is heard from the finished file."""
    whole, aim = max(OPENING + seconds, cues[-1].end) + CLOSING, LUFS
    for _ in range(ROUNDS):
        _encode(target, _sound(master, aim), words, cues, whole, told)
        made = measure(target.read_bytes())
        if abs(LUFS - made.lufs) <= TOLERANCE and made.true_peak_db <= TRUE_PEAK:
            break
        aim += LUFS - made.lufs
    return Made(made.seconds, made.lufs, made.true_peak_db)


def _sound(master: bytes, lufs: float) -> bytes:
    """The voice in both channels, at a loudness, as WAV."""
    return finish(master, Mastering(lufs=lufs, true_peak_db=TRUE_PEAK - 0.5, format="wav", channels=2, air=0.0)).data


def _encode(target: Path, sound: bytes, words: Words, cues: Sequence[Cue], whole: float, told: Told) -> None:
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        video = out.add_stream("libx264", rate=RATE, options=X264)
        video.width, video.height, video.pix_fmt = look.WIDTH, look.HEIGHT, "yuv420p"
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709
        context.color_range = 1
        audio = out.add_stream("aac", rate=AUDIO_RATE, layout="stereo")
        audio.bit_rate = AUDIO_BITS
        for frame in _laid_out(sound, whole):
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
        count = round(whole * RATE)
        for number, picture in enumerate(_pictures(words, cues, count)):
            picture.pts = number
            picture.time_base = Fraction(1, RATE)
            out.mux(video.encode(picture))
            if number % RATE == 0:
                told(number / count)
        out.mux(video.encode(None))


def _laid_out(sound: bytes, whole: float) -> Iterator[av.AudioFrame]:
    """The sound with silence before and after, as the encoder takes it, and exactly as long as the pictures."""
    stop = threading.Event()
    chain = [
        ("aresample", str(AUDIO_RATE)),
        ("aformat", "sample_fmts=fltp:channel_layouts=stereo"),
        ("asetnsamples", "n=1024:p=1"),
    ]
    before = through(silence(OPENING, AUDIO_RATE), [("aformat", "sample_fmts=s16:channel_layouts=stereo")], stop)
    after = through(silence(whole, AUDIO_RATE), [("aformat", "sample_fmts=s16:channel_layouts=stereo")], stop)
    for place, frame in enumerate(through(in_turn(before, decoded(sound), after), chain, stop)):
        frame.pts = place * 1024
        if frame.pts >= whole * AUDIO_RATE:
            return
        yield frame


def _pictures(words: Words, cues: Sequence[Cue], count: int) -> Iterator[av.VideoFrame]:
    """Every picture in its turn; each card is drawn once, while it is shown."""
    begins = [(0, None), *((round(cue.begin * RATE), cue.lines) for cue in cues)]
    last = round(cues[-1].end * RATE)
    for place, (begin, lines) in enumerate(begins):
        end = begins[place + 1][0] if place + 1 < len(begins) else last
        card = look.title_card(words) if lines is None else look.sentence_card(words, lines)
        yield from _still(card, end - begin)
    yield from _still(look.end_card(words), count - max(last, begins[-1][0]))


def _still(card: Image.Image, count: int) -> Iterator[av.VideoFrame]:
    if count <= 0:
        return
    frame = av.VideoFrame.from_ndarray(np.asarray(card), format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU709"
    )
    for _ in range(count):
        yield frame
