"""Voice: what a speech engine promises, which engines there are, and a whole script spoken by one of them.

Engines turn one sentence into raw speech; sentences, pauses, checks and falling back to the next engine live here, so
that engines differ in nothing but the voice. Mastering and files are the business of `content.mastering` and
`content.studio`.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import pkgutil
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

SENTENCE_PAUSE = 0.35
PARAGRAPH_PAUSE = 0.8
SILENT_PEAK = 58
"""Largest sample (of 32767) that still counts as silence: -55 dBFS."""
SLOWEST, FASTEST = 4.0, 40.0
"""Letters a second outside which speech is refused; good voices were measured at 10 to 18."""
JUDGED_LETTERS = 20
AT_ONCE = 4

_SENTENCE = re.compile(r"[^.?!;…]+[.?!;…]*[\"'”’»)\]]*")


class VoiceError(Exception):
    """Why a voice gave no speech: the same sentence for people in Vietnamese and in English."""

    def __init__(self, reason_vi: str, reason_en: str) -> None:
        super().__init__(reason_en)
        self.reason_vi = reason_vi
        self.reason_en = reason_en


class VoiceUnavailable(VoiceError):
    """Not now: no network, a rate limit, a crash, an unusable answer. `retry_after` in seconds if the partner said."""

    def __init__(self, reason_vi: str, reason_en: str, retry_after: float | None = None) -> None:
        super().__init__(reason_vi, reason_en)
        self.retry_after = retry_after


class VoiceRefused(VoiceError):
    """The voice will not say it, or not for us; asking again is useless."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Raw speech: `pcm` is mono signed 16 bit little-endian, `rate` its samples a second (Hz)."""

    pcm: bytes
    rate: int

    def __post_init__(self) -> None:
        if self.rate <= 0 or len(self.pcm) % 2:
            raise ValueError(f"not 16 bit mono speech: {len(self.pcm)} bytes at {self.rate} Hz")

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / 2 / self.rate


class VoiceOptions(BaseModel):
    """Base of a voice's options, the table `[voices.NAME]` of the configuration: unknown keys refused, `description` is the help."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Voice(ABC):
    """A speech engine with one voice.

    Defining a subclass with a `name` of its own registers it. An engine may hold a process or threads from its first
    sentence until `aclose()`; whoever made it closes it.
    """

    name: ClassVar[str]
    title_vi: ClassVar[str]
    title_en: ClassVar[str]
    online: ClassVar[bool] = False
    paid: ClassVar[bool] = False
    """Whether every character costs the office money."""
    options: ClassVar[type[VoiceOptions]] = VoiceOptions

    registry: ClassVar[dict[str, type[Voice]]] = {}

    def __init_subclass__(cls, **more: object) -> None:
        super().__init_subclass__(**more)
        if "name" in cls.__dict__:
            Voice.registry[cls.name] = cls

    @classmethod
    def configured(cls, options: VoiceOptions) -> Voice:
        """The voice with options of its type; one without options is made without arguments."""
        return cls() if cls.options is VoiceOptions else cls(options)  # type: ignore[call-arg]

    @property
    @abstractmethod
    def version(self) -> str:
        """Changes whenever the same words may sound different: engine version and settings, one short line."""

    @property
    def mark(self) -> str:
        """Name and version: what recording keys and the tags of files carry."""
        return f"{self.name} {self.version}"

    @abstractmethod
    async def synth(self, sentence: str) -> Speech:
        """Speak one sentence. Raises VoiceUnavailable or VoiceRefused; safe to cancel, and to call concurrently."""

    async def aclose(self) -> None:  # noqa: B027 (most voices have nothing to end)
        """End the processes and threads of this voice; it may be used again afterwards."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A voice that was asked and failed, and why."""

    voice: str
    reason_vi: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A whole script as raw speech, the mark of the one voice that spoke it, and the preferred voices that failed."""

    speech: Speech
    voice: str
    fallbacks: tuple[Fallback, ...] = ()


def find_voices() -> dict[str, type[Voice]]:
    """All voice engines by name: the files of `content/voices/`, then plug-ins (entry point group `loa.voices`)."""
    voices = importlib.import_module("content.voices")
    for module in pkgutil.iter_modules(voices.__path__):
        importlib.import_module(f"content.voices.{module.name}")
    for plugin in entry_points(group="loa.voices"):
        plugin.load()
    return dict(sorted(Voice.registry.items()))


def letters(text: str) -> int:
    """How many letters are in `text`, in NFC: the unit in which speaking speed is measured."""
    return sum(map(str.isalpha, unicodedata.normalize("NFC", text)))


def sentences(script: str) -> list[list[str]]:
    """Paragraphs (by line) of sentences (by . ? ! ; …), each with its closing mark, in NFC; the wordless are left out."""
    paragraphs = []
    for line in unicodedata.normalize("NFC", script).splitlines():
        found = [" ".join(piece.split()) for piece in _SENTENCE.findall(line)]
        if worded := [piece for piece in found if any(map(str.isalnum, piece))]:
            paragraphs.append(worded)
    return paragraphs


def sounding(speech: Speech, peak: int = SILENT_PEAK, block: float = 0.01) -> Iterator[bool]:
    """For each `block` seconds (the last may be shorter) whether a sample is louder than `peak`; lazily."""
    samples, step = memoryview(speech.pcm).cast("h"), max(1, round(speech.rate * block))
    for start in range(0, len(samples), step):
        part = samples[start : start + step]
        yield max(part) > peak or min(part) < -peak


def trim(speech: Speech, keep: float = 0.03) -> Speech:
    """Cut silence from both ends but `keep` seconds; silence alone becomes empty speech."""
    step = 2 * max(1, round(speech.rate * 0.01))
    first = next((index for index, loud in enumerate(sounding(speech)) if loud), None)
    if first is None:
        return Speech(b"", speech.rate)
    end = len(speech.pcm)
    while not any(sounding(Speech(speech.pcm[max(0, end - step) : end], speech.rate))):
        end -= step
    margin = 2 * round(speech.rate * keep)
    return Speech(speech.pcm[max(0, first * step - margin) : end + margin], speech.rate)


def checked(sentence: str, speech: Speech) -> Speech:
    """`speech` without silent ends, if it can be the sound of `sentence`; else VoiceUnavailable."""
    if not speech.pcm:
        raise VoiceUnavailable("giọng đọc trả về âm thanh rỗng", "the voice returned no sound")
    heard = trim(speech)
    if not heard.pcm:
        raise VoiceUnavailable("giọng đọc trả về toàn khoảng lặng", "the voice returned silence only")
    count = letters(sentence)
    speed = count / heard.seconds
    if count > JUDGED_LETTERS and not SLOWEST <= speed <= FASTEST:
        raise VoiceUnavailable(
            f"âm thanh dài {heard.seconds:.1f} giây không khớp với câu {count} chữ cái",
            f"{heard.seconds:.1f} s of sound cannot be a sentence of {count} letters",
        )
    return heard


async def speak(
    script: str,
    voices: Sequence[Voice],
    *,
    on_fallback: Callable[[Fallback], None] | None = None,
    at_once: int = AT_ONCE,
) -> Spoken:
    """Speak a script of words ready to be spoken with the first voice of `voices` that can say all of it.

    One voice speaks the whole script: when it fails in the middle, the next begins anew. Each distinct sentence is
    synthesised once, at most `at_once` at a time. `on_fallback` hears of a failed voice at once. Raises VoiceRefused
    when there is nothing to say or all voices refuse, VoiceUnavailable when all fail and one may work later.
    """
    plan = sentences(script)
    if not plan:
        raise VoiceRefused("kịch bản không có gì để đọc", "the script has nothing to say")
    fallbacks: list[Fallback] = []
    errors: list[VoiceError] = []
    for voice in voices:
        try:
            said = await _say(plan, voice, at_once)
            return Spoken(await _join(plan, said), voice.mark, tuple(fallbacks))
        except VoiceError as error:
            errors.append(error)
            fallbacks.append(Fallback(voice.name, error.reason_vi, error.reason_en))
            if on_fallback:
                on_fallback(fallbacks[-1])
    raise _all_failed(fallbacks, errors)


def _all_failed(fallbacks: Sequence[Fallback], errors: Sequence[VoiceError]) -> VoiceError:
    vi = "không giọng nào đọc được: " + ("; ".join(f"{one.voice}: {one.reason_vi}" for one in fallbacks) or "chưa có")
    en = "no voice could speak: " + ("; ".join(f"{one.voice}: {one.reason_en}" for one in fallbacks) or "none is set")
    later = [error for error in errors if isinstance(error, VoiceUnavailable)]
    if not later:
        return VoiceRefused(vi, en)
    return VoiceUnavailable(
        vi, en, min((one.retry_after for one in later if one.retry_after is not None), default=None)
    )


async def _say(plan: Sequence[Sequence[str]], voice: Voice, at_once: int) -> dict[str, Speech]:
    """Every distinct sentence of `plan`, in one voice and one rate."""
    todo = dict.fromkeys(sentence for paragraph in plan for sentence in paragraph)
    said: dict[str, Speech] = {}
    queue = iter(todo)

    async def take() -> None:
        for sentence in queue:
            said[sentence] = checked(sentence, await _one(voice, sentence))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(todo))):
                group.create_task(take())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    if len({speech.rate for speech in said.values()}) != 1:
        raise VoiceUnavailable("giọng đọc đổi tần số lấy mẫu giữa chừng", "the voice changed its sample rate midway")
    return said


async def _one(voice: Voice, sentence: str) -> Speech:
    try:
        return await voice.synth(sentence)
    except VoiceError:
        raise
    except Exception as error:  # a bug in an engine must not keep the next engine from speaking
        kind = type(error).__name__
        raise VoiceUnavailable(f"bộ đọc gặp lỗi {kind}: {error}", f"the engine broke: {kind}: {error}") from error


async def _join(plan: Sequence[Sequence[str]], said: dict[str, Speech]) -> Speech:
    """The sentences in order with our own pauses between them; yields so that hours of sound do not hold the loop."""
    rate = next(iter(said.values())).rate
    sound, pause = io.BytesIO(), 0.0
    for paragraph in plan:
        for sentence in paragraph:
            sound.write(bytes(2 * round(rate * pause)))
            sound.write(said[sentence].pcm)
            pause = SENTENCE_PAUSE
            await asyncio.sleep(0)
        pause = PARAGRAPH_PAUSE
    return Speech(sound.getvalue(), rate)
