"""A script taken apart by sentences: nothing is left out, and each has the words that are said."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from content.reading import read
from content.sentences import Sentence, by_line

SCRIPT = "Ngày 01/12/2026, UBND xã họp. TP. HCM dự; 5 người “đến.” Rồi về.\n\n- Một\n…\nHai!"


def lines(script: str) -> list[list[Sentence]]:
    """As it is read."""
    return by_line(script, read(script))


def test_sentences_end_where_the_voice_pauses() -> None:
    """A full stop of an abbreviation ends nothing, a closing quote belongs to what it closes."""
    first, second, dots, last = lines(SCRIPT)
    assert [one.spoken for one in first] == [
        "ngày một tháng mười hai năm hai nghìn không trăm hai mươi sáu, ủy ban nhân dân xã họp.",
        "thành phố hồ chí minh dự;",
        "năm người đến.",
        "rồi về.",
    ]
    assert [one.spoken for one in second + dots + last] == ["một", "", "hai!"]
    changed = [piece.spoken for text, piece in first[0].stretches if piece]
    assert changed == ["một tháng mười hai năm hai nghìn không trăm hai mươi sáu", "ủy ban nhân dân"]


@given(st.text("ab .;“”()\n-5", max_size=40))
def test_every_sign_is_in_some_sentence(script: str) -> None:
    """But for the blanks before the first."""
    script = unicodedata.normalize("NFC", script)
    found = "".join(text for line in lines(script) for one in line for text, _ in one.stretches)
    assert found == script.lstrip()
