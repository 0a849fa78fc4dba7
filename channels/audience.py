"""Audience lists from CSV and workbooks: every row checked, every fault told with its line; numbers normalised, doubles merged."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers

from channels.rows import read_rows
from channels.store import Recipient
from config.words import BadInput

COLUMNS = {
    "name": ("name", "ten", "ho ten", "ho va ten"),
    "phone": ("phone", "sdt", "so dt", "so dien thoai", "dien thoai", "so di dong", "di dong", "mobile"),
    "zalo": ("zalo", "zalo id", "zalo user id", "user_id"),
    "consent": ("consent", "dong y", "nguon"),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing wrong with one line of the file."""

    line: int
    column: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class AudienceList:
    """What a file holds: people to reach, faults, and how many rows said the same again."""

    people: tuple[Recipient, ...]
    faults: tuple[RowFault, ...]
    doubled: int


def read_audience(data: bytes) -> AudienceList:
    """Read a CSV or workbook with a header row. Raises BadInput when it is no such file; takes a while."""
    rows = read_rows(data)
    _, header = next(rows, (0, []))
    if not header:
        raise BadInput("Tệp rỗng", "The file is empty", field="file")
    columns = _columns(header)
    people: dict[tuple[str, str], Recipient] = {}
    faults: list[RowFault] = []
    doubled = 0
    for line, row in rows:
        for found in _people(line, row, columns):
            if isinstance(found, RowFault):
                faults.append(found)
            elif (found.scheme, found.address) in people:
                doubled += 1
            else:
                people[found.scheme, found.address] = found
    return AudienceList(tuple(people.values()), tuple(faults), doubled)


def _columns(header: list[str]) -> dict[str, int]:
    plain = [_plain(name) for name in header]
    columns = {key: place for key, names in COLUMNS.items() for place, name in enumerate(plain) if name in names}
    if "phone" not in columns and "zalo" not in columns:
        raise BadInput(
            "Dòng đầu phải có cột phone (số điện thoại) hoặc zalo",
            "The first line must name a phone or a zalo column",
            field="file",
        )
    return columns


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFD", name.strip().lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in bare if not unicodedata.combining(letter)).split())


def _people(line: int, row: list[str], columns: dict[str, int]) -> Iterator[Recipient | RowFault]:
    def cell(key: str) -> str:
        place = columns.get(key, -1)
        return row[place].strip() if 0 <= place < len(row) else ""

    name = unicodedata.normalize("NFC", cell("name"))[:200]
    if not cell("phone") and not cell("zalo"):
        yield RowFault(line, "phone", "thiếu số điện thoại và mã Zalo", "neither a phone number nor a Zalo id")
    for scheme in ("phone", "zalo"):
        if cell(scheme):
            try:
                yield Recipient(scheme, normal_address(scheme, cell(scheme)), name, cell("consent"))
            except BadInput as fault:
                yield RowFault(line, scheme, fault.vi, fault.en)


def normal_address(scheme: str, written: str) -> str:
    """The address in its one normal form: a mobile number as +84..., a Zalo user id in digits. Raises BadInput."""
    if scheme == "zalo":
        if re.fullmatch(r"[0-9]e\+[0-9]+", written):
            raise BadInput(
                "bảng tính đã làm tròn mã Zalo; hãy để cột này ở dạng chữ (Text) rồi dán lại",
                "the workbook has rounded the Zalo id; make the column text and paste it again",
                field="zalo",
            )
        if not re.fullmatch(r"[0-9]{6,25}", written):
            raise BadInput(f"mã Zalo không hợp lệ: {written[:30]}", f"not a Zalo user id: {written[:30]}", field="zalo")
        return written
    shown = masked(written)
    if re.fullmatch(r"[1-9][0-9]{8}", written):
        written = f"0{written}"  # a workbook took it for a number
    try:
        # Letters on keys, extensions and second numbers in the same cell are not guessed at.
        bare = written if re.fullmatch(r"[(+]{0,2}[0-9][0-9 ().\u00a0-]*", written) else ""
        number = phonenumbers.parse(bare if not re.fullmatch(r"84[0-9]{9}", bare) else f"+{bare}", "VN")
    except phonenumbers.NumberParseException:
        raise BadInput(f"số điện thoại không hợp lệ: {shown}", f"not a phone number: {shown}", field="phone") from None
    if not phonenumbers.is_valid_number(number):
        raise BadInput(f"số điện thoại không có thật: {shown}", f"no such phone number: {shown}", field="phone")
    kind = phonenumbers.number_type(number)
    if kind not in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}:
        raise BadInput(f"không phải số di động: {shown}", f"not a mobile number: {shown}", field="phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def masked(address: str) -> str:
    """An address as logs and pages show it: a person's number or id keeps its last three digits only."""
    digits = re.sub(r"\D", "", address)
    if len(digits) < 6 or len(digits) < len(address.replace(" ", "")) - 4:
        return address
    lead = "+84" if digits.startswith("84") or address.startswith("0") else ""
    return f"{lead}…{digits[-3:]}"
