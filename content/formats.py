"""Formats: which finished files there are, and frames of sound encoded as one of them with its tags."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.lazy import lazily
from content import bwf
from content.sound import measure, pcm_of, through
from content.tags import Tags, id3, named

if TYPE_CHECKING:
    import av
    from av.audio.frame import AudioFrame
else:
    av = lazily("av")

LAYOUTS = {1: "mono", 2: "stereo"}


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file, rates in Hz and bit/s.

    `shift` is what its encoder does to the loudness (LU), `swell` how much higher peaks may come out (dB): speech
    measured.
    """

    suffix: str
    content_type: str
    container: str
    codec: str
    rate: int
    bit_rate: int = 0
    shift: float = 0.0
    swell: float = 0.1

    @property
    def key(self) -> tuple[str, int, int]:
        """What decides how the file sounds."""
        return self.codec, self.rate, self.bit_rate


FORMATS = {
    "mp3": Format("mp3", "audio/mpeg", "mp3", "libmp3lame", 44100, 128_000, -0.45, 0.4),
    "mp3-low": Format("mp3", "audio/mpeg", "mp3", "libmp3lame", 44100, 48_000, -0.45, 2.4),
    "wav": Format("wav", "audio/wav", "wav", "pcm_s16le", 48000),
    "opus": Format("opus", "audio/ogg", "ogg", "libopus", 48000, 48_000, -0.2, 0.9),
    "flac": Format("flac", "audio/flac", "flac", "flac", 48000),
}
"""MP3 is of constant bit rate and never of a lower sampling rate, which several receivers cannot play."""


def encode(heard: Iterable[AudioFrame], format: str, channels: int, tags: Tags) -> bytes:
    """The finished file of these frames. Nothing in it depends on when or where it was made."""
    wanted = FORMATS[format]
    if wanted.container == "wav":
        return _wave(heard, wanted.rate, channels, tags)
    if wanted.container == "mp3":
        return id3(tags) + _encoded(heard, wanted, channels, {})
    return _encoded(heard, wanted, channels, named(tags))


def flac(heard: Iterable[AudioFrame], rate: int) -> bytes:
    """A master: mono frames without loss, in 16 bit, and without tags."""
    return _encoded(heard, Format("flac", "audio/flac", "flac", "flac", rate), 1, {})


def _encoded(heard: Iterable[AudioFrame], wanted: Format, channels: int, named: dict[str, str]) -> bytes:
    file = io.BytesIO()
    # No tags by FFmpeg in MP3: it writes comments where receivers do not look, and no chapters.
    options = {"fflags": "+bitexact"} | ({"id3v2_version": "0"} if wanted.container == "mp3" else {})
    with av.open(file, "w", format=wanted.container, options=options) as out:
        out.metadata.update(named)
        stream = out.add_stream(wanted.codec, rate=wanted.rate, layout=LAYOUTS[channels])
        assert isinstance(stream, av.AudioStream)
        if wanted.codec == "flac":
            stream.format = "s16"
        if wanted.bit_rate:
            stream.bit_rate = wanted.bit_rate
        for frame in heard:
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def _wave(heard: Iterable[AudioFrame], rate: int, channels: int, tags: Tags) -> bytes:
    """A Broadcast Wave file; its own figures stand in its header, so it is measured before it is labelled."""
    pcm = pcm_of(through(heard, [("aformat", "sample_fmts=s16")], threading.Event()), channels)
    bare = bwf.riff(pcm, rate, channels)
    return bwf.labelled(pcm, rate, channels, tags, measure(bare))
