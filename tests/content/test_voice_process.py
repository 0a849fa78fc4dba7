"""The protocol between us and a voice engine in its own process, with an engine that does as it is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import pytest

from content.voice import Speech, VoiceRefused, VoiceUnavailable
from content.voice_process import VoiceProcess
from tests.conftest import ROOT

Make = Callable[..., VoiceProcess]


@pytest.fixture
async def engine() -> AsyncIterator[Make]:
    """Makes engines and ends them."""
    made: list[VoiceProcess] = []

    def make(at_once: int = 2, idle: float = 60.0) -> VoiceProcess:
        made.append(VoiceProcess("echo", "tests.echo_engine", [str(at_once), str(idle)], at_once=at_once))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


async def test_sentences_at_once(engine: Make) -> None:
    """One that waits for another is answered, each with its own sound: they are really spoken side by side."""
    voice = engine()
    first, second = await asyncio.gather(voice.say("wait", 10), voice.say("bà con", 10))
    assert Speech("wait".encode("utf-16-le"), 8000) == first
    assert Speech("bà con".encode("utf-16-le"), 8000) == second


async def test_an_error_is_refused_and_the_next_is_spoken(engine: Make) -> None:
    """One sentence that cannot be said ends nothing."""
    voice = engine(at_once=1)
    with pytest.raises(VoiceRefused, match="told to fail"):
        await voice.say("fail", 10)
    assert (await voice.say("hai", 10)).rate == 8000


async def test_a_hanging_sentence_takes_no_other_with_it(engine: Make) -> None:
    """The engine is killed at the time-out; who waited for it besides is answered by the next one."""
    voice = engine(at_once=3)
    patient = asyncio.ensure_future(voice.say("wait", 30))
    with pytest.raises(VoiceUnavailable, match="in time"):
        await voice.say("wait", 0.3)
    assert (await voice.say("hai", 10)).pcm == "hai".encode("utf-16-le")
    assert (await patient).pcm == "wait".encode("utf-16-le")


async def test_dying_twice_is_unavailable(engine: Make) -> None:
    """A sentence that kills its engine is tried once more and then given up."""
    voice = engine()
    with pytest.raises(VoiceUnavailable, match="died twice"):
        await voice.say("die", 10)
    assert (await voice.say("hai", 10)).rate == 8000


async def test_ends_by_itself_when_idle(engine: Make) -> None:
    """An engine that nobody asks any more goes, and comes again when it is asked."""
    voice = engine(idle=0.05)
    await voice.say("một", 10)
    assert voice._running
    await voice._running.listener
    assert (await voice.say("hai", 10)).rate == 8000


def test_no_voice_loads_its_engine_into_our_process() -> None:
    """Looking at all voices loads neither numpy nor onnxruntime nor espeak-ng: a server stays small."""
    code = (
        "import sys; from content.voice import VoiceOptions, find_voices; "
        "[voice().version for voice in find_voices().values() if voice.options is VoiceOptions]; "
        "assert not {'numpy', 'onnxruntime'} & set(sys.modules); "
        "assert 'espeak-ng' not in open('/proc/self/maps').read()"
    )
    if not sys.platform.startswith("linux"):
        pytest.skip("/proc/self/maps is Linux's")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
