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
        ("đến nay 10/12 xã", "đến nay mười trên mười hai xã"),
        ("thông qua 2/3 số phiếu", "thông qua hai phần ba số phiếu"),
        ("phục vụ 24/7", "phục vụ hai mươi tư trên bảy"),
        ("huyết áp 13/8", "huyết áp mười ba trên tám"),
        ("khảo sát 115 hộ", "khảo sát một trăm mười lăm hộ"),
        ("cấp cứu 115 người", "cấp cứu một trăm mười lăm người"),
        ("giải quyết 05 việc", "giải quyết năm việc"),
        ("nhân dân 15000 đồng", "nhân dân mười lăm nghìn đồng"),
        ("kế hoạch 05 năm", "kế hoạch năm năm"),
        ("cánh đồng/vườn", "cánh đồng, vườn"),
        ("tuyến T1, T2", "tuyến tê một, tê hai"),
        ("thắng 3 - 0", "thắng ba không"),
        ("1 tỷ 200-300 triệu", "một tỷ hai trăm đến ba trăm triệu"),
        ("1.5-2.5 triệu", "một phẩy năm đến hai phẩy năm triệu"),
        ("3.5-10 km", "ba phẩy năm đến mười ki lô mét"),
        ("> 18 tuổi", "lớn hơn mười tám tuổi"),
        ("ISO 9001:2015", "i ét ô chín nghìn không trăm linh một: hai nghìn không trăm mười lăm"),
        ("ngày 5/4/2026 - 15 người", "ngày năm tháng tư năm hai nghìn không trăm hai mươi sáu, mười lăm người"),
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


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("22/3 - 25/3", "ngày hai mươi hai tháng ba đến ngày hai mươi lăm tháng ba"),
        ("các ngày 5, 6/4", "các ngày năm, sáu tháng tư"),
        ("Ngày Pháp luật 9/11", "ngày pháp luật chín tháng mười một"),
        ("Giỗ Tổ Hùng Vương 10/3", "giỗ tổ hùng vương mười tháng ba"),
        ("10/3 âm lịch", "ngày mười tháng ba âm lịch"),
        ("ngày 22/3/26", "ngày hai mươi hai tháng ba năm hai nghìn không trăm hai mươi sáu"),
        (
            "T4/2026, Q1/2026",
            "tháng tư năm hai nghìn không trăm hai mươi sáu, quý một năm hai nghìn không trăm hai mươi sáu",
        ),
        ("tháng 8-2025", "tháng tám năm hai nghìn không trăm hai mươi lăm"),
        ("năm học 2025/2026", "năm học hai nghìn không trăm hai mươi lăm đến hai nghìn không trăm hai mươi sáu"),
    ],
)
def test_dates_by_their_company(written: str, spoken: str) -> None:
    """What stands around two numbers makes them a date."""
    assert read(written).text == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("02 (hai) bộ", "hai bộ"),
        ("15 (mười lăm) ngày", "mười lăm ngày"),
        ("200.000 đồng (hai trăm nghìn đồng)", "hai trăm nghìn đồng"),
        ("UBND (ủy ban nhân dân) xã", "ủy ban nhân dân xã"),
        ("02 (ba) bộ", "hai, ba, bộ"),
    ],
)
def test_brackets_that_repeat_are_left_out(written: str, spoken: str) -> None:
    """A number or a short form with its words in brackets is read once; other brackets are read."""
    assert read(written).text == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("xasopcop@sonla.gov.vn", "xã sốp cộp a còng sơn la chấm gờ o vê chấm vê nờ"),
        ("http://sonla.gov.vn/kien-nghi", "sơn la chấm gờ o vê chấm vê nờ xuyệt kien gạch ngang nghi"),
        ("họp.Xong", "họp. xong"),
    ],
)
def test_addresses(written: str, spoken: str) -> None:
    """Known names are read by name, unknown ones by their syllables; a full stop without a space makes no address."""
    assert read(written).text == spoken


def test_city_or_province() -> None:
    """TU is the party office of a city where the text says so."""
    assert "tỉnh ủy" in read("01-CTr/TU").text
    assert "chương trình, thành ủy" in read("01-CTr/TU của Thành ủy").text


def test_places_of_many_meanings() -> None:
    """One form, four meanings, by what stands beside it."""
    text = read("TT số 5; TT HĐND xã; TT Y tế; TT. Sông Mã").text
    assert text == "thông tư số năm; thường trực hội đồng nhân dân xã; trung tâm y tế; thị trấn sông mã"


def test_a_kind_of_document_is_what_the_text_calls_it() -> None:
    """QĐ is quyết định or quy định, TT thông tư or thông tri, as the words before the number say."""
    assert read("Quy định số 144-QĐ/TW").text == "quy định số một trăm bốn mươi tư, quy định, trung ương"
    assert read("Thông tri 12-TT/TU").text == "thông tri mười hai, thông tri, tỉnh ủy"
