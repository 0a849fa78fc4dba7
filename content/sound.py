"""Sound in frames: raw speech and audio files decoded, through FFmpeg's filters, measured by EBU R128.

All of it blocks and is made for threads; `stop` is looked at with every frame.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.voice import Speech

if TYPE_CHECKING:
    import av
    from av.audio.frame import AudioFrame
    from av.filter import Graph
else:
    av = lazily("av")

Chain = list[tuple[str, str]]
"""Filters in order, each with its options as FFmpeg writes them."""


class MasteringStopped(Exception):
    """The work was given up because the caller's `stop` was set."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Integrated loudness (LUFS), true peak (dBTP) and length (seconds) of a file as a listener's player decodes it."""

    lufs: float
    true_peak_db: float
    seconds: float


SILENCE = Measured(-70.0, -120.0, 0.0)


def measure(data: bytes, stop: threading.Event | None = None) -> Measured:
    """The figures of any audio file as decoded; the loudness is -70 when there is nothing to hear."""
    return meter(decoded(data), stop or threading.Event(), "peak=true:metadata=1")


def frames(speech: Speech) -> Iterator[AudioFrame]:
    """`speech` in frames of a tenth of a second, so that `stop` is noticed soon."""
    pcm, step = memoryview(speech.pcm), 2 * max(1, speech.rate // 10)
    for start in range(0, len(pcm), step):
        part = pcm[start : start + step]
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(part) // 2)
        frame.planes[0].update(bytes(part))
        frame.sample_rate, frame.pts, frame.time_base = speech.rate, start // 2, Fraction(1, speech.rate)
        yield frame


def silence(seconds: float, rate: int) -> Iterator[AudioFrame]:
    """That many seconds of nothing."""
    return frames(Speech(bytes(2 * round(seconds * rate)), rate))


def decoded(data: bytes) -> Iterator[AudioFrame]:
    """The frames of an audio file of our own."""
    with av.open(io.BytesIO(data), "r") as file:
        yield from file.decode(file.streams.audio[0])


def in_turn(*parts: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    """Several runs of frames (all of one rate) as one."""
    at = 0
    for part in parts:
        for frame in part:
            frame.pts, frame.time_base = at, Fraction(1, frame.sample_rate)
            at += frame.samples
            yield frame


def pcm_of(heard: Iterable[AudioFrame], channels: int = 1) -> bytes:
    """The samples of packed 16 bit frames."""
    pcm = io.BytesIO()
    for frame in heard:
        pcm.write(bytes(frame.planes[0])[: 2 * channels * frame.samples])
    return pcm.getvalue()


def through(heard: Iterable[AudioFrame], chain: Chain, stop: threading.Event) -> Iterator[AudioFrame]:
    """Frames (all of one format) through a chain of filters."""
    graph: Graph | None = None
    for frame in heard:
        if stop.is_set():
            raise MasteringStopped
        if graph is None:
            graph = av.filter.Graph()
            source = graph.add_abuffer(sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout)
            nodes = [graph.add(name, options) for name, options in chain]
            graph.link_nodes(source, *nodes, graph.add("abuffersink")).configure()
        graph.push(frame)
        yield from ready(graph)
    if graph:
        graph.push(None)
        yield from ready(graph)


def ready(graph: Graph) -> Iterator[AudioFrame]:
    """What a graph has finished so far."""
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame


def meter(heard: Iterable[AudioFrame], stop: threading.Event, options: str = "metadata=1") -> Measured:
    """The figures of a stream; the peak only if `options` ask for it.

    What is shorter than a second is measured with silence behind it, as R128 counts blocks of 0.4 s.
    """
    lufs, peak, seconds = SILENCE.lufs, 0.0, 0.0

    def counted() -> Iterator[AudioFrame]:
        nonlocal seconds
        for frame in heard:
            seconds += frame.samples / frame.sample_rate
            yield frame

    for frame in through(counted(), [("apad", "whole_dur=1"), ("ebur128", options)], stop):
        lufs = float(frame.metadata.get("lavfi.r128.I", lufs))
        peak = max(peak, float(frame.metadata.get("lavfi.r128.true_peak", 0)))
    if not math.isfinite(lufs) or (not peak and "peak" in options):
        return Measured(SILENCE.lufs, SILENCE.true_peak_db, round(seconds, 3))
    return Measured(lufs, 20 * math.log10(peak or 1), round(seconds, 3))
