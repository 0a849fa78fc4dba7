"""SMS text: alphabet, segments, marks taken off, cutting; borders as in 3GPP TS 23.038 and radio.md, vietnam.md 2.1."""

from __future__ import annotations

import itertools
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.short import GSM, GSM_EXTENDED, SmsLength, cut_at_word, misread, sms_length, sms_parts, unaccented

VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
LOWER = [unicodedata.normalize("NFC", vowel + tone) for vowel, tone in itertools.product(VOWELS, TONES)] + ["đ"]
LETTERS = LOWER + [letter.upper() for letter in LOWER]
PLAIN = dict(zip("aăâeêioôơuưyđ", "aaaeeiooouuyd", strict=True))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", SmsLength(False, 0, 0)),
        ("a", SmsLength(False, 1, 1)),
        ("a" * 160, SmsLength(False, 160, 1)),
        ("a" * 161, SmsLength(False, 161, 2)),
        ("a" * 306, SmsLength(False, 306, 2)),
        ("a" * 307, SmsLength(False, 307, 3)),
        ("a" * 459, SmsLength(False, 459, 3)),
        ("a" * 460, SmsLength(False, 460, 4)),
        ("ạ" * 70, SmsLength(True, 70, 1)),
        ("ạ" * 71, SmsLength(True, 71, 2)),
        ("ạ" * 134, SmsLength(True, 134, 2)),
        ("ạ" * 135, SmsLength(True, 135, 3)),
        ("ạ" * 201, SmsLength(True, 201, 3)),
        ("ạ" * 202, SmsLength(True, 202, 4)),
        ("a" * 70 + "ạ", SmsLength(True, 71, 2)),
    ],
)
def test_segments_at_their_borders(text: str, length: SmsLength) -> None:
    """160/153 in the GSM alphabet, 70/67 as soon as one letter is outside it."""
    assert length == sms_length(text)


def test_the_alphabet_is_the_standards() -> None:
    """127 letters and the escape in the basic table; the Vietnamese ones in it are à è é ì ò ù É."""
    assert 127 == len(GSM)
    assert 10 == len(GSM_EXTENDED)
    assert set() == GSM & GSM_EXTENDED
    assert set("àèéìòùÉ") == {letter for letter in LETTERS if ord(letter) > 127 and letter in GSM}


@pytest.mark.parametrize("letter", sorted(GSM_EXTENDED))
def test_letters_of_the_extension_table_cost_two(letter: str) -> None:
    """80 of them fill a message, one more makes two."""
    assert SmsLength(False, 160, 1) == sms_length(letter * 80)
    assert SmsLength(False, 162, 2) == sms_length(letter * 81)


def test_a_letter_of_two_units_is_not_split_over_two_messages() -> None:
    """An escape pair or an emoji that does not fit goes to the next message whole and leaves a gap."""
    assert SmsLength(False, 306, 3) == sms_length("a" * 152 + "€" + "a" * 152)
    assert SmsLength(True, 134, 3) == sms_length("ạ" * 66 + "😀" + "ạ" * 66)
    assert SmsLength(False, 306, 2) == sms_length("a" * 151 + "€" + "a" * 153)


def test_the_form_of_unicode_does_not_change_the_count() -> None:
    """NFD from a Mac costs what NFC costs."""
    text = "Ủy ban nhân dân xã Sốp Cộp thông báo lịch làm việc của Bộ phận Một cửa"
    assert sms_length(text) == sms_length(unicodedata.normalize("NFD", text))
    assert unaccented(text) == unaccented(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize("letter", LETTERS)
def test_every_vietnamese_letter_loses_its_marks(letter: str) -> None:
    """Also written in parts; the case stays."""
    base = unicodedata.normalize("NFD", letter)[0]
    expected = PLAIN.get(base, PLAIN.get(base.lower(), "").upper())
    assert expected == unaccented(letter) == unaccented(unicodedata.normalize("NFD", letter))
    assert expected in GSM


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("“Một cửa” ‘xã’ „a‟ «b»", '"Mot cua" \'xa\' "a" "b"'),
        ("7–9 — 10 ― a − b ‑ c", "7-9 - 10 - a - b - c"),
        ("chờ… • ý · x", "cho... - y . x"),
        ("100\u00a0000\u202f₫\t25\u2009°C", "100 000 d 25 oC"),
        ("a\u200bb\ufeffc\u00add\u2060e", "abcde"),
        ("m² m³ 2×3", "m2 m3 2x3"),
    ],
)
def test_typographic_characters_become_plain_ones(written: str, plain: str) -> None:
    """What word processors put in would silently make the message Unicode."""
    assert plain == unaccented(written)
    assert not sms_length(plain).unicode


def test_unknown_symbols_stay() -> None:
    """Nothing is lost without a word: the count of segments shows it."""
    assert "中 😀 ☎" == unaccented("中 😀 ☎")
    assert sms_length(unaccented("☎ 1022")).unicode


def test_what_is_misread_without_marks_is_told_once() -> None:
    """As whole words, longest first, in any case and normal form, with what to write instead."""
    text = unicodedata.normalize("NFD", "MƯA LỚN: bà con đừng qua ngầm. Đừng đi! Sau sáu ngày, dừng họp dân; mưaa.")
    assert [(one.written, one.bare, one.instead) for one in misread(text)] == [
        ("mưa", "mua", "trời mưa"),
        ("lớn", "lon", "to"),
        ("đừng", "dung", "không"),
        ("sáu ngày", "sau ngay", "6 ngày"),
        ("dừng", "dung", "tạm ngừng"),
        ("họp dân", "hop dan", "cuộc họp dân"),
    ]
    assert misread("Mời bà con tới hội trường lúc 7h.") == []


def test_every_warning_is_about_another_reading_of_the_same_letters() -> None:
    """What may be read is what is left without marks, and what to write instead is not misread itself."""
    for line in Path("content/unmarked.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        written, read_as, instead = line.split("\t")
        assert written not in read_as.split(", ")
        assert {unaccented(one) for one in read_as.split(", ")} == {unaccented(written)}, line
        assert instead and not [one for one in misread(instead) if one.written == written], line


@given(st.text(alphabet="".join(LETTERS) + " .,:0123456789“”…–", max_size=300))
def test_unaccented_official_text_is_always_in_the_alphabet(text: str) -> None:
    """And taking the marks off twice is taking them off once."""
    once = unaccented(text)
    assert not sms_length(once).unicode
    assert once == unaccented(once)


@given(st.text(st.sampled_from("aở€[\N{MUSICAL SYMBOL G CLEF} \u0301"), max_size=500))
def test_parts_are_the_segments_and_the_whole_text(text: str) -> None:
    """As many as are billed, none too long for its header, and joined they are the text."""
    parts, length = sms_parts(text), sms_length(text)
    assert (len(parts), "".join(parts)) == (length.segments, unicodedata.normalize("NFC", text))
    most = (67 if length.unicode else 153) if len(parts) > 1 else (70 if length.unicode else 160)
    assert all(_units(part, unicode=length.unicode) <= most for part in parts)


def _units(part: str, *, unicode: bool) -> int:
    return len(part.encode("utf-16-be")) // 2 if unicode else len(part) + sum(letter in GSM_EXTENDED for letter in part)


@given(st.text(max_size=700))
def test_segments_are_enough_and_not_wasted(text: str) -> None:
    """As many units as the messages hold, at most one unit of gap each."""
    length = sms_length(text)
    single, part = (70, 67) if length.unicode else (160, 153)
    assert length.units <= (single if length.segments <= 1 else part * length.segments)
    assert length.segments <= 1 or length.units > single
    assert length.segments <= 1 or length.units > (part - 1) * (length.segments - 1)


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("aaa bbb", 7, "aaa bbb"),
        ("  aaa \n bbb ", 7, "aaa bbb"),
        ("aaa bbb ccc", 10, "aaa bbb…"),
        ("aaa bbb ccc", 8, "aaa bbb…"),
        ("aaa bbb ccc", 7, "aaa…"),
        ("aaa, bbb", 7, "aaa…"),
        ("aaaaaaaa", 5, "aaaa…"),
        ("aaaaaaaa", 1, "…"),
        ("", 10, ""),
    ],
)
def test_cutting_keeps_whole_words(text: str, most: int, cut: str) -> None:
    """With an ellipsis when something is missing, and none when nothing is."""
    assert cut == cut_at_word(text, most)


@given(st.text(alphabet="ab ,.\n", max_size=60), st.integers(1, 40))
def test_a_cut_always_fits_and_always_shows(text: str, most: int) -> None:
    """Never longer than allowed, never shorter without an ellipsis, the words are those of the text."""
    whole = " ".join(text.split())
    cut = cut_at_word(text, most)
    assert len(cut) <= most
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))
