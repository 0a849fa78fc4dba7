"""Mixing: music under a programme, soft in the pauses and softer under the words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.formats import flac
from content.mastering import MASTER_LUFS, MASTER_RATE, SILENT_LUFS, MasteringStopped, SilentSpeech
from content.sound import decoded, frames, in_turn, meter, pcm_of, ready, through
from content.voice import Speech

if TYPE_CHECKING:
    import av
    from av.audio.frame import AudioFrame
    from av.filter import Graph
    from av.filter.context import FilterContext
else:
    av = lazily("av")

BELOW = 10.0
"""How far (dB) the music is below the speech where nobody speaks; under words the compressor takes about as much again."""
FADE = 2.0
DUCKING = "threshold=0.012:ratio=6:attack=40:release=700:detection=rms"


def tuned(music: Speech, stop: threading.Event | None = None) -> bytes:
    """Music as a bed is kept: FLAC like a master, of its loudness, but with nothing cut and nothing evened out.

    Raises SilentSpeech when there is nothing to hear, MasteringStopped.
    """
    stop = stop or threading.Event()
    heard = meter(frames(music), stop)
    if heard.lufs <= SILENT_LUFS:
        raise SilentSpeech
    chain = [("volume", f"{MASTER_LUFS - heard.lufs}dB"), ("aresample", str(MASTER_RATE))]
    return flac(through(frames(music), chain, stop), MASTER_RATE)


def under(master: bytes, bed: bytes, stop: threading.Event) -> bytes:
    """A master of the same length with the bed under it, again and again if it is short. Raises MasteringStopped."""
    seconds = sum(frame.samples for frame in decoded(master)) / MASTER_RATE
    return flac(_mixed(master, bed, seconds, stop), MASTER_RATE)


def _mixed(master: bytes, bed: bytes, seconds: float, stop: threading.Event) -> Iterator[AudioFrame]:
    graph, speech, music = _mixer(seconds)
    beneath, laid, spoken = in_turn(_endless(Speech(pcm_of(decoded(bed)), MASTER_RATE))), 0, 0
    for frame in in_turn(decoded(master)):
        if stop.is_set():
            raise MasteringStopped
        spoken += frame.samples
        speech.push(frame)
        while laid < spoken:
            part = next(beneath)
            laid += part.samples
            music.push(part)
        yield from ready(graph)
    for source in (speech, music):
        source.push(None)
    yield from ready(graph)


def _endless(music: Speech) -> Iterator[AudioFrame]:
    while True:
        yield from frames(music)


def _mixer(seconds: float) -> tuple[Graph, FilterContext, FilterContext]:
    """The graph, and where speech and music go in: the music is faded at both ends and pressed down by the speech."""
    graph = av.filter.Graph()
    speech, music = (graph.add_abuffer(sample_rate=MASTER_RATE, format="s16", layout="mono") for _ in range(2))
    doubled, mixed = graph.add("asplit"), graph.add("amix", "inputs=2:duration=first:normalize=0")
    ducked = graph.add("sidechaincompress", DUCKING)
    speech.link_to(doubled)
    soft = [("volume", f"-{BELOW}dB"), ("afade", f"t=in:d={FADE}")]
    soft.append(("afade", f"t=out:st={max(0.0, seconds - FADE)}:d={FADE}"))
    graph.link_nodes(music, *(graph.add(name, options) for name, options in soft), ducked)
    doubled.link_to(mixed, 0, 0)
    doubled.link_to(ducked, 1, 1)
    ducked.link_to(mixed, 0, 1)
    graph.link_nodes(mixed, graph.add("aformat", "sample_fmts=s16"), graph.add("abuffersink")).configure()
    return graph, speech, music
