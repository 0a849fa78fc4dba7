"""Audience lists: files as offices have them, numbers as people write them, and who has opted out."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from channels.audience import AudienceList, masked, normal_address, read_audience
from channels.audiences.store import Recipient, audience_id, audiences, count_recipients, recipient, save_audience
from channels.seal import Seal
from config.clock import FakeClock
from config.words import BadInput, NotFound
from db.database import Database
from tests.conftest import both


def read(text: str) -> AudienceList:
    """A list of this file."""
    return read_audience(text.encode())


def refused(data: str | bytes) -> BadInput:
    """Why a file is refused as a whole."""
    with pytest.raises(BadInput) as caught:
        read_audience(data.encode() if isinstance(data, str) else data)
    assert "file" == caught.value.field
    return caught.value


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n"])
def test_a_list_is_read_as_spreadsheets_save_it(separator: str, end: str, before: str) -> None:
    """Comma, semicolon or tab; any line end; a byte order mark; empty lines and cells in quotes."""
    rows = [
        ["Họ và tên", "Số điện thoại", "Zalo", "Đồng ý"],
        ['"Mai, ""Út"""', "0912 345 678", "", "phiếu số 1"],
        ["", "", "", ""],
        ["Hùng", "", "4123456789012345678", ""],
    ]
    found = read(before + end.join(separator.join(row) for row in rows) + end)
    assert (
        Recipient("phone", "+84912345678", 'Mai, "Út"', "phiếu số 1"),
        Recipient("zalo", "4123456789012345678", "Hùng", ""),
    ) == found.people
    assert ((), 0) == (found.faults, found.doubled)


@pytest.mark.parametrize(
    "name",
    [
        "phone",
        "SĐT",
        " Số  điện thoại ",
        "ĐIỆN THOẠI",
        "So\u0302\u0301 đie\u0323\u0302n thoa\u0323i",
        "Số ĐT",
        "Di động",
    ],
)
def test_the_column_of_numbers_has_many_names(name: str) -> None:
    """With marks, without, in capitals, in either Unicode form; other columns are passed over."""
    assert 1 == len(read(f"STT,{name},Ghi chú\n1,0912345678,x\n").people)


@pytest.mark.parametrize(
    "written",
    [
        *("0912345678", "912345678", "84912345678", "+84912345678", "+84 912 345 678", "0084912345678", "0912.345.678"),
        *("(+84) 912-345-678", "84 912 345 678", "+84 (0)912 345 678", "0912\u00a0345\u00a0678"),
    ],
)
def test_a_mobile_number_has_one_form(written: str) -> None:
    """Written with 0, 84, +84, spaces, dots, or the zero that a spreadsheet ate."""
    assert "+84912345678" == normal_address("phone", written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("02123878123", "không phải số di động"),
        ("0243 8 252 525", "không phải số di động"),
        ("0162345678", "không có thật"),
        ("01623456789", "không có thật"),
        ("091234567", "không có thật"),
        ("09123456789", "không có thật"),
        ("1022", "không có thật"),
        ("113", "không có thật"),
        ("+84", "không hợp lệ"),
        ("không có", "không hợp lệ"),
        ("0912CALLME", "không hợp lệ"),
        ("0912345678 ext 5", "không hợp lệ"),
        ("0912345678, 0987654321", "không hợp lệ"),
        ("0912345678/0987654321", "không hợp lệ"),
        ("9.12346E+08", "không hợp lệ"),
        ("=0912345678", "không hợp lệ"),
        ("٠٩١٢٣٤٥٦٧٨", "không hợp lệ"),
        ("0" * 300, "không"),
    ],
)
def test_a_number_nobody_can_be_reached_at_is_refused(written: str, said: str) -> None:
    """Landlines, old and impossible numbers, two in one cell, letters: nothing is guessed."""
    with pytest.raises(BadInput) as caught:
        normal_address("phone", written)
    assert said in caught.value.vi
    assert "phone" == caught.value.field


@pytest.mark.parametrize(
    "written", ["12345", "1" * 26, "4.12346E+18", "abc123456", "-123456", "١٢٣٤٥٦", "0912 345 678"]
)
def test_a_zalo_id_is_digits(written: str) -> None:
    """Six to twenty-five of them; one that a spreadsheet has rounded is refused."""
    assert "412345678901234567" == normal_address("zalo", "412345678901234567")
    with pytest.raises(BadInput) as caught:
        normal_address("zalo", written)
    assert "zalo" == caught.value.field


def test_faults_are_told_by_line_and_column_and_good_rows_stay() -> None:
    """Lines are counted as the spreadsheet shows them."""
    found = read("tên,sđt,zalo\nMai,0912345678,12\nLan,02123878123,\n\nHùng,,\nTú,0987654321,4123456789\nBa\n")
    assert [(2, "zalo"), (3, "phone"), (5, "phone"), (7, "phone")] == [(one.line, one.column) for one in found.faults]
    assert ["+84912345678", "+84987654321", "4123456789"] == [person.address for person in found.people]
    assert [] == [one for one in found.faults if not one.vi or not one.en or one.vi == one.en]


def test_a_fault_does_not_show_the_number() -> None:
    """A person's number is not copied into messages."""
    found = read("sđt\n02123878123\n0912345678901\n")
    assert [] == [one for one in found.faults if "2123878" in one.vi + one.en or "0912345" in one.vi + one.en]


def test_the_same_person_twice_is_one() -> None:
    """However the number is written; the first name stays."""
    found = read("tên,sđt\nMai,0912345678\nChị Mai,+84 912 345 678\n,84912345678\nLan,0987654321\n")
    assert (2, 2) == (len(found.people), found.doubled)
    assert "Mai" == found.people[0].name


@pytest.mark.parametrize(
    "data",
    [
        "",
        "\n\n",
        "\ufeff",
        "tên,địa chỉ\nMai,Sốp Cộp\n",
        "0912345678\n0987654321\n",
        b"sdt\n0912345678\n\xff\n",
        "sđt\n0912345678\n".encode("utf-16"),
        b"sdt\n0912\x00345678\n",
        b"PK\x03\x04" + bytes(100),
        'tên,sđt\n"Mai,0912345678\n' + "Lan,0987654321\n" * 20_000,
    ],
)
def test_what_is_no_list_is_refused(data: str | bytes) -> None:
    """Empty, without a header, in another encoding, a spreadsheet file, a quote that is never closed."""
    refused(data)


def workbook(*rows: list[object]) -> bytes:
    """As Excel saves it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Danh sách")
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    return file.getvalue()


def test_a_workbook_is_read_as_it_was_typed() -> None:
    """Numbers that Excel took for numbers have their zero again; an id that it has rounded is told, with its line."""
    rows = [
        ["Họ và tên", "Số điện thoại", "Zalo"],
        ["Lò Văn Á", 912345678, ""],
        [],
        ["Mùa", "0987 654 321", "5736612345678"],
    ]
    found = read_audience(workbook(*rows, ["Thào", "", 5736612345678901234], ["Sùng", "912 345 678", ""]))
    assert [(one.scheme, one.address, one.name) for one in found.people] == [
        ("phone", "+84912345678", "Lò Văn Á"),
        ("phone", "+84987654321", "Mùa"),
        ("zalo", "5736612345678", "Mùa"),
    ]
    assert [(one.line, one.column) for one in found.faults] == [(5, "zalo")] and found.doubled == 1
    assert "làm tròn" in found.faults[0].vi


def bomb() -> bytes:
    """A small file that is 300 MB inside."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w") as out,
    ):
        for _ in range(300):
            out.write(bytes(2**20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 khong phai", "không đọc được"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "không đọc được"),
        (workbook(), "rỗng"),
        (workbook(["họ tên", "địa chỉ"]), "cột phone"),
    ],
)
def test_a_workbook_that_is_none_is_refused(data: bytes, said: str) -> None:
    """In words, whatever is wrong with it."""
    assert said in refused(data).vi


def test_a_workbook_that_is_a_bomb_is_not_opened() -> None:
    """It says how large it would be."""
    assert "200 MB" in refused(bomb()).vi


def test_the_line_of_a_wrong_letter_is_told() -> None:
    """So that it can be found in the file."""
    assert "dòng 3" in refused(b"sdt\n0912345678\nM\xe1i\n").vi


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet='"\n\r,;\t09 84+aă\x00', max_size=60))
def test_any_file_is_read_or_refused(text: str) -> None:
    """Nothing but BadInput ever comes out."""
    for head in ("", "tên,sđt\n"):
        try:
            found = read(head + text)
        except BadInput:
            continue
        assert [] == [one.address for one in found.people if not one.address.startswith("+")]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("+84912345678", "+84…678"),
        ("0912345678", "+84…678"),
        ("4123456789012345678", "…678"),
        ("+12025550123", "…123"),
        ("portal", "portal"),
        ("", ""),
        ("tram-2", "tram-2"),
        ("1022", "1022"),
    ],
)
def test_an_address_is_shown_masked(address: str, shown: str) -> None:
    """Three digits of a person's, all of an outlet's or a service number's."""
    assert shown == masked(address)


def people(*numbers: int) -> list[Recipient]:
    """Recipients by telephone."""
    return [Recipient("phone", f"+8491234{number:04d}", f"Người {number}", "phiếu") for number in numbers]


SEAL = Seal(b"khoa thu")


@both
async def test_an_audience_grows_and_whoever_opted_out_stays_out(database: Database, clock: FakeClock) -> None:
    """Importing again counts new addresses only, renames, and brings nobody back."""
    async with database.write() as tx:
        assert 3 == await save_audience(database, tx, SEAL, "a1", "Trưởng bản", people(1, 2, 3), clock.now())
        mine = recipient.c.address == SEAL.close("phone", "+84912340002")
        await tx.execute(recipient.update().where(mine).values(stopped_at=clock.now()))
    clock.advance(60)
    renamed = [Recipient("phone", "+84912340001", "Tên mới"), Recipient("zalo", "4123456789")]
    async with database.write() as tx:
        assert 2 == await save_audience(database, tx, SEAL, "a2", "Trưởng bản", [*people(2, 4), *renamed], clock.now())
        assert "a1" == await audience_id(tx, "Trưởng bản")
        assert (4, 3, 1) == tuple([await count_recipients(tx, "a1", scheme) for scheme in (None, "phone", "zalo")])
        reachable = select(recipient.c.address, recipient.c.name).where(recipient.c.stopped_at.is_(None))
        mine = reachable.where(recipient.c.audience == "a1", recipient.c.scheme == "phone")
        assert [("+84912340001", "Tên mới"), ("+84912340003", "Người 3"), ("+84912340004", "Người 4")] == sorted(
            (SEAL.open(row.address), row.name) for row in await tx.execute(mine)
        )
        assert [("a1", "Trưởng bản", 4)] == [(row.id, row.name, row.size) for row in await audiences(tx)]
        with pytest.raises(NotFound):
            await audience_id(tx, "Không có")
