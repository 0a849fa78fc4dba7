"""The contract: registry, sentences, checks, pauses, and falling back."""

from __future__ import annotations

import asyncio
import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.voice import (
    Fallback,
    Speech,
    Voice,
    VoiceRefused,
    VoiceUnavailable,
    checked,
    find_voices,
    letters,
    sentences,
    sounding,
    speak,
    trim,
)

RATE = 8000


def tone(seconds: float, rate: int = RATE) -> Speech:
    """A loud tone."""
    wave = array("h", [int(12000 * math.sin(index / 3)) for index in range(round(rate * seconds))])
    return Speech(wave.tobytes(), rate)


class Fake(Voice):
    """Says every sentence as a tone at 14 letters a second; `fails` maps sentences to errors."""

    def __init__(self, name: str = "fake", fails: dict[str, Exception] | None = None) -> None:
        self.name = name  # type: ignore[misc]
        self.fails = fails or {}
        self.said: list[str] = []
        self.now = self.most = 0

    @property
    def version(self) -> str:
        """Never changes."""
        return "1"

    async def synth(self, sentence: str) -> Speech:
        """A tone, after giving others a turn."""
        self.now += 1
        self.most = max(self.most, self.now)
        self.said.append(sentence)
        await asyncio.sleep(0)
        self.now -= 1
        if sentence in self.fails:
            raise self.fails[sentence]
        return tone(max(0.2, letters(sentence) / 14))


def test_files_register_themselves() -> None:
    """Every engine in content/voices is found by name, with titles in both languages, and is made without arguments."""
    found = find_voices()
    assert {"espeak", "espeak-f3", "gtts"} <= set(found)
    for name in ("espeak", "espeak-f3", "gtts"):
        voice = found[name]()
        assert voice.title_vi and voice.title_en and voice.version
        assert voice.mark.startswith(name)
    assert [name for name in ("espeak", "gtts") if found[name].online] == ["gtts"]


def test_sentences() -> None:
    """Lines are paragraphs; . ? ! ; and … end sentences and stay with them; marks alone are nothing."""
    script = "xin chào bà con. hôm nay họp!  mấy giờ?\n\n ... \nbảy giờ; tại nhà văn hóa… hết"
    assert sentences(script) == [
        ["xin chào bà con.", "hôm nay họp!", "mấy giờ?"],
        ["bảy giờ;", "tại nhà văn hóa…", "hết"],
    ]


@given(st.text(alphabet='aă đ.?!;…\n"”', max_size=200))
def test_sentences_lose_no_word(script: str) -> None:
    """Whatever the script, all its letters are spoken in order."""
    said = "".join(sentence for paragraph in sentences(script) for sentence in paragraph)
    assert list(filter(str.isalpha, said)) == list(filter(str.isalpha, script))


def test_trim_cuts_only_silence() -> None:
    """Both ends keep 30 ms of silence, the sound is whole, and silence alone becomes nothing."""
    quiet, loud = bytes(2 * RATE), tone(0.5)
    cut = trim(Speech(quiet + loud.pcm + quiet, RATE))
    assert loud.pcm[2:-2] in cut.pcm
    assert 0.5 <= cut.seconds <= 0.58
    assert trim(Speech(quiet, RATE)).pcm == b""
    assert trim(loud).pcm == loud.pcm


@pytest.mark.parametrize(
    ("speech", "reason"),
    [
        (Speech(b"", RATE), "no sound"),
        (Speech(bytes(8 * RATE), RATE), "silence"),
        (tone(0.5), "cannot be"),
        (tone(20.0), "cannot be"),
    ],
    ids=["empty", "silent", "too fast", "too slow"],
)
def test_implausible_speech_is_refused(speech: Speech, reason: str) -> None:
    """Empty, silent, hurried and endless answers are not taken for a sentence of 36 letters."""
    with pytest.raises(VoiceUnavailable, match=reason):
        checked("ủy ban nhân dân xã thông báo lịch tiêm phòng.", speech)


def test_short_sentences_are_not_judged_by_length() -> None:
    """Below 20 letters the speed says nothing."""
    assert checked("alo.", tone(3.0)).seconds == 3.0


@pytest.mark.parametrize(("pcm", "rate"), [(b"abc", RATE), (b"ab", 0)])
def test_speech_is_16_bit_mono(pcm: bytes, rate: int) -> None:
    """Half a sample or no rate is an error where it is made."""
    with pytest.raises(ValueError, match="16 bit"):
        Speech(pcm, rate)


async def test_pauses() -> None:
    """0.35 s after a sentence, 0.8 s after a paragraph, none at the end."""
    spoken = await speak("một. hai.\nba.", [Fake()])
    runs: list[tuple[bool, int]] = []
    for loud in sounding(spoken.speech):
        runs = [*runs[:-1], (loud, runs[-1][1] + 1)] if runs and runs[-1][0] == loud else [*runs, (loud, 1)]
    assert [loud for loud, _ in runs] == [True, False, True, False, True]
    assert [runs[1][1] / 100, runs[3][1] / 100] == pytest.approx([0.35, 0.8], abs=0.02)


async def test_each_distinct_sentence_once_and_bounded() -> None:
    """Repeated sentences are synthesised once, and no more than asked are under way."""
    voice = Fake()
    script = "một. hai. một. ba. bốn. năm.\nmột. sáu."
    spoken = await speak(script, [voice], at_once=2)
    assert sorted(voice.said) == sorted({"một.", "hai.", "ba.", "bốn.", "năm.", "sáu."})
    assert voice.most == 2
    assert spoken.voice == "fake 1"
    assert spoken.fallbacks == ()


async def test_whole_script_again_with_the_next_voice() -> None:
    """A voice failing at the last sentence is replaced for the whole script, and the reason is told at once."""
    first = Fake("first", {"ba.": VoiceUnavailable("hỏng", "broken")})
    second, heard = Fake("second"), list[Fallback]()
    spoken = await speak("một. hai.\nba.", [first, second], on_fallback=heard.append)
    assert second.said == ["một.", "hai.", "ba."]
    assert (spoken.voice, spoken.fallbacks) == ("second 1", (Fallback("first", "hỏng", "broken"),))
    assert heard == list(spoken.fallbacks)


async def test_a_broken_engine_is_a_failed_voice() -> None:
    """A bug in one engine does not keep the next from speaking."""
    spoken = await speak("một.", [Fake("first", {"một.": KeyError("x")}), Fake("second")])
    assert "KeyError" in spoken.fallbacks[0].reason_en


async def test_all_fail() -> None:
    """When all fail it is Unavailable with every reason and the shortest hint; when all refuse, Refused."""
    later = Fake("later", {"một.": VoiceUnavailable("bận", "busy", 30.0)})
    never = Fake("never", {"một.": VoiceRefused("cấm", "forbidden")})
    with pytest.raises(VoiceUnavailable) as failed:
        await speak("một.", [later, never])
    assert failed.value.retry_after == 30.0
    assert "later: bận; never: cấm" in failed.value.reason_vi
    assert "later: busy; never: forbidden" in failed.value.reason_en
    with pytest.raises(VoiceRefused, match="forbidden"):
        await speak("một.", [never])
    with pytest.raises(VoiceRefused):
        await speak("một.", [])


async def test_nothing_to_say() -> None:
    """A script of marks only is refused before any voice is asked."""
    voice = Fake()
    with pytest.raises(VoiceRefused, match="nothing"):
        await speak(" ...\n", [voice])
    assert voice.said == []


async def test_cancel_reaches_every_sentence() -> None:
    """Cancelling ends all sentences under way."""
    ended: list[str] = []

    class Slow(Fake):
        async def synth(self, sentence: str) -> Speech:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(sentence)
            raise AssertionError

    task = asyncio.ensure_future(speak("một. hai. ba.", [Slow()]))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(ended) == ["ba.", "hai.", "một."]
