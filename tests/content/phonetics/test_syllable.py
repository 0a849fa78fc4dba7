"""Written syllables taken apart: every legal one, however it is spelled."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.phonetics.syllable import MARKS, ONSETS, RHYMES, Syllable, Tone, parse
from content.reading.vocabulary import RIMES

NONE, HUYEN, SAC, HOI, NGA, NANG = Tone
PARTS = {
    "nghiêng": ("ng", False, "iê", "ng", NONE),
    "giếng": ("gi", False, "iê", "ng", SAC),
    "giết": ("gi", False, "iê", "t", SAC),
    "gì": ("gi", False, "i", "", HUYEN),
    "gìn": ("gi", False, "i", "n", HUYEN),
    "giê": ("gi", False, "ê", "", NONE),
    "gia": ("gi", False, "a", "", NONE),
    "giữ": ("gi", False, "ư", "", NGA),
    "ghi": ("g", False, "i", "", NONE),
    "quốc": ("k", False, "uô", "c", SAC),
    "quý": ("k", True, "i", "", SAC),
    "quí": ("k", True, "i", "", SAC),
    "quyết": ("k", True, "iê", "t", SAC),
    "quả": ("k", True, "a", "", HOI),
    "quắt": ("k", True, "ă", "t", SAC),
    "quen": ("k", True, "e", "n", NONE),
    "hòa": ("h", True, "a", "", HUYEN),
    "thuý": ("th", True, "i", "", SAC),
    "thúy": ("th", True, "i", "", SAC),
    "khuya": ("kh", True, "iê", "", NONE),
    "khuỷu": ("kh", True, "i", "u", HOI),
    "ngoằn": ("ng", True, "ă", "n", HUYEN),
    "ngoèo": ("ng", True, "e", "u", HUYEN),
    "thuở": ("th", True, "ơ", "", HOI),
    "tuần": ("t", True, "â", "n", HUYEN),
    "khuấy": ("kh", True, "â", "i", SAC),
    "xoong": ("x", False, "oo", "ng", NONE),
    "mùa": ("m", False, "uô", "", HUYEN),
    "mưa": ("m", False, "ươ", "", NONE),
    "mía": ("m", False, "iê", "", SAC),
    "rượu": ("r", False, "ươ", "u", NANG),
    "yêu": ("", False, "iê", "u", NONE),
    "máy": ("m", False, "ă", "i", SAC),
    "mái": ("m", False, "a", "i", SAC),
    "màu": ("m", False, "ă", "u", HUYEN),
    "mào": ("m", False, "a", "u", HUYEN),
    "cây": ("k", False, "â", "i", NONE),
    "sách": ("s", False, "a", "ch", SAC),
    "Ủy": ("", True, "i", "", HOI),
    "ĐÀNG": ("đ", False, "a", "ng", HUYEN),
}
FOREIGN = (
    "internet",
    "ubnd",
    "cat",
    "càt",
    "sảch",
    "hmông",
    "zalo",
    "w",
    "b",
    "",
    "fa",
    "áá",
    "mêo",
    "nghx",
    "1",
    "a b",
)


@pytest.mark.parametrize(("word", "parts"), PARTS.items())
def test_parts(word: str, parts: tuple[str, bool, str, str, Tone]) -> None:
    """The spellings that are easily taken apart wrongly."""
    assert Syllable(*parts) == parse(word)


@pytest.mark.parametrize("word", FOREIGN)
def test_not_a_syllable(word: str) -> None:
    """What Vietnamese does not write is no syllable; nor is a stop with another tone than sắc and nặng."""
    assert parse(word) is None


def every_syllable() -> list[tuple[str, str, str, str]]:
    """Onset, rhyme, tone mark and the word, of every rhyme behind every onset that may stand before its letters."""
    made = []
    for onset in ONSETS:
        for rhyme, (glide, _, _) in RHYMES.items():
            if onset in {"gi", "qu"} or (onset == "g" and rhyme[0] == "i"):
                continue  # these share a letter with the rhyme; the table above holds them
            made += [(onset, rhyme, mark, onset + rhyme + mark) for mark in ("", *MARKS)]
            assert not glide or rhyme[0] in "ou"
    return made


def test_every_onset_with_every_rhyme() -> None:
    """All of them come apart into the parts they were made of, with the right tone, in both normal forms."""
    table = every_syllable()
    for onset, rhyme, mark, spelt in table:
        glide, nucleus, coda = RHYMES[rhyme]
        tone = MARKS[mark] if mark else Tone.NGANG
        expected = Syllable(ONSETS[onset], glide, nucleus, coda, tone)
        if expected.checked and tone not in {Tone.SAC, Tone.NANG}:
            assert parse(spelt) is None
        else:
            assert expected == parse(unicodedata.normalize("NFC", spelt)) == parse(unicodedata.normalize("NFD", spelt))
    assert len(table) > 25_000


def test_the_readers_rhymes_are_known() -> None:
    """Every rhyme that the reader takes for Vietnamese has a sound."""
    assert set() == {rhyme for rhyme in RIMES if rhyme not in RHYMES}


@given(st.text(alphabet="aăâeêioôơuưydđbchgklmnpqrstvx\u0300\u0301\u0309\u0303\u0323", max_size=9))
def test_normal_form_and_case_do_not_matter(word: str) -> None:
    """NFC, NFD and capitals sound the same."""
    composed = unicodedata.normalize("NFC", word)
    assert parse(composed) == parse(unicodedata.normalize("NFD", word)) == parse(composed.upper())
