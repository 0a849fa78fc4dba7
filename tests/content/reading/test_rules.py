"""The rules one by one: which rule spoke, and the near misses that it must leave alone."""

import pytest

from content.reading import read


def rules(text: str) -> dict[str, str]:
    """Give the rule that spoke for each written form."""
    return {piece.written: piece.rule for piece in read(text).pieces}


@pytest.mark.parametrize(
    ("written", "form", "rule"),
    [
        ("số 36/KH-UBND", "36/KH-UBND", "symbol"),
        ("ngày 22/03/2017", "22/03/2017", "date"),
        ("sáng 5/4", "5/4", "date"),
        ("lúc 7h30", "7h30", "time"),
        ("gọi 113", "113", "phone"),
        ("0212.3878.123", "0212.3878.123", "phone"),
        ("12/15 xã", "12/15", "ratio"),
        ("số 12/3 đường", "12/3", "address"),
        ("1,5 tỷ", "1,5", "decimal"),
        ("thứ 4", "4", "ordinal"),
        ("chương II", "II", "roman"),
        ("5 km", "km", "unit"),
        ("sonla.gov.vn", "sonla.gov.vn", "address"),
        ("phiên bản 1.2.3", "1.2.3", "code"),
        ("Cải cách hành chính (CCHC)", "(CCHC)", "definition"),
        ("xã", "xã", "word"),
    ],
)
def test_rule_that_speaks(written: str, form: str, rule: str) -> None:
    """Each class of forms has its rule, and the rule is named in the piece."""
    assert rules(written)[form] == rule


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("32/13/2026", "ba mươi hai trên mười ba trên hai nghìn không trăm hai mươi sáu"),
        ("sáng 15/15 xã", "sáng mười lăm trên mười lăm xã"),
        ("có 113 hộ", "có một trăm mười ba hộ"),
        ("PHẠM VI", "phạm vi"),
        ("MC", "em xi"),
        ("giá 1.250 đồng", "giá một nghìn hai trăm năm mươi đồng"),
        ("năm m", "năm em mờ"),
        ("Cổng (UBND)", "cổng, ủy ban nhân dân."),
        ("5 - 3 giờ", "năm đến ba giờ"),
        ("tổng số 12/15 xã", "tổng số mười hai trên mười lăm xã"),
        ("6 tháng", "sáu tháng"),
    ],
)
def test_near_misses(written: str, spoken: str) -> None:
    """Forms that look like a class but are none."""
    assert read(written).text == spoken


@pytest.mark.parametrize("written", ["ngày 5/4", "Ngày 05-4", "ngày ngày", "ngày 3 và 4/5", "từ ngày 1/7 đến ngày 5/7"])
def test_day_is_never_doubled(written: str) -> None:
    """The commonest fault of others: "ngày ngày năm tháng tư"."""
    assert "ngày ngày" not in read(written.replace("ngày ngày", "ngày")).text


@pytest.mark.parametrize("form", ["TT", "CT", "BCH", "BTV", "HĐ", "CN", "GĐ", "KH", "Q.", "TK"])
def test_ambiguous_forms_are_spelled_where_nothing_decides(form: str) -> None:
    """A wrong expansion is worse than a spelled one: alone, these are spelled and reported."""
    reading = read(f"có {form} rồi")
    assert reading.pieces[1].rule in ("spelled", "letter")
    assert form == "Q." or reading.unknown == (form,)


def test_places_of_many_meanings() -> None:
    """One form, four meanings, by what stands beside it."""
    text = read("TT số 5; TT HĐND xã; TT Y tế; TT. Sông Mã").text
    assert text == "thông tư số năm; thường trực hội đồng nhân dân xã; trung tâm y tế; thị trấn sông mã"


def test_a_kind_of_document_is_what_the_text_calls_it() -> None:
    """QĐ is quyết định or quy định, TT thông tư or thông tri, as the words before the number say."""
    assert read("Quy định số 144-QĐ/TW").text == "quy định số một trăm bốn mươi tư, quy định, trung ương"
    assert read("Thông tri 12-TT/TU").text == "thông tri mười hai, thông tri, tỉnh ủy"
