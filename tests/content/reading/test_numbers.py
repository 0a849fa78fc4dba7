"""Numbers in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.reading.numbers import NORTH, SOUTH, in_groups, one_by_one


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"),
        (5, "năm"),
        (10, "mười"),
        (14, "mười bốn"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi tư"),
        (55, "năm mươi lăm"),
        (101, "một trăm linh một"),
        (110, "một trăm mười"),
        (555, "năm trăm năm mươi lăm"),
        (1000, "một nghìn"),
        (1005, "một nghìn không trăm linh năm"),
        (2005, "hai nghìn không trăm linh năm"),
        (2017, "hai nghìn không trăm mười bảy"),
        (2020, "hai nghìn không trăm hai mươi"),
        (20_015, "hai mươi nghìn không trăm mười lăm"),
        (1_000_001, "một triệu không trăm linh một"),
        (1_250_000, "một triệu hai trăm năm mươi nghìn"),
        (3_000_000_000, "ba tỷ"),
        (1_000_000_000_005, "một nghìn tỷ không trăm linh năm"),
        (4_560_000_000_000, "bốn nghìn năm trăm sáu mươi tỷ"),
    ],
)
def test_cardinals(number: int, words: str) -> None:
    """The northern words of whole numbers."""
    assert NORTH.cardinal(number) == words


def test_south() -> None:
    """The southern words differ in two places."""
    assert SOUTH.cardinal(1005) == "một ngàn không trăm lẻ năm"


def test_ordinals_and_months() -> None:
    """First is nhất, the fourth and April are tư."""
    assert [NORTH.ordinal(n) for n in (1, 2, 4, 14)] == ["nhất", "hai", "tư", "mười bốn"]
    assert [NORTH.month(n) for n in (1, 4, 12)] == ["một", "tư", "mười hai"]


def test_decimals_and_labels() -> None:
    """Decimals digit by digit; a label keeps its zero."""
    assert NORTH.decimal("93", "58") == "chín mươi ba phẩy năm tám"
    assert NORTH.label("01") == "không một"
    assert NORTH.label("105") == "một trăm linh năm"


def test_digits() -> None:
    """Digits one by one, and in groups with pauses."""
    assert one_by_one("1022") == "một không hai hai"
    assert in_groups("0987654", 4, 3) == "không chín tám bảy, sáu năm bốn"


VALUES = {
    word: value for value, word in enumerate(["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"])
}
VALUES |= {"mốt": 1, "tư": 4, "lăm": 5}


def _value(words: list[str]) -> int:
    """Work the number back out of its words."""
    for scale, name in ((10**9, "tỷ"), (10**6, "triệu"), (10**3, "nghìn"), (10**2, "trăm"), (10, "mươi")):
        if name in words:
            at = len(words) - 1 - words[::-1].index(name)
            return _value(words[:at]) * scale + _value(words[at + 1 :])
    if words[:1] == ["mười"]:
        return 10 + _value(words[1:])
    return VALUES[words[-1]] if words else 0


@given(st.integers(0, 10**15))
def test_words_stand_for_one_number(number: int) -> None:
    """Every number can be worked out again from its words."""
    assert _value([word for word in NORTH.cardinal(number).split() if word != "linh"]) == number
