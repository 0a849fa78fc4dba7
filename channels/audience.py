"""Audience lists from CSV and workbooks: every row checked, every fault told with its line; numbers normalised, doubles merged."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.audiences.store import Recipient
from channels.email_address import EMAIL, normal_email, veiled_email
from channels.rows import RowFault, places_of, read_rows
from channels.seal import ERASED, Seal, SealBroken
from channels.tags import TAGS, normal_value
from config.lazy import lazily
from config.words import BadInput, Word

if TYPE_CHECKING:
    import phonenumbers
else:
    phonenumbers = lazily("phonenumbers")

COLUMNS = {
    "name": ("name", "ten", "ho ten", "ho va ten"),
    "phone": ("phone", "sdt", "so dt", "so dien thoai", "dien thoai", "so di dong", "di dong", "mobile"),
    "zalo": ("zalo", "zalo id", "zalo user id", "user_id"),
    "email": ("email", "e mail", "mail", "gmail", "thu dien tu", "dia chi thu", "dia chi email", "hop thu"),
    "consent": ("consent", "dong y", "nguon"),
    "consent_at": ("consent at", "consent_at", "ngay dong y", "thoi diem dong y", "ngay ky"),
    "unit": ("unit", "don vi", "co quan"),
    "village": ("village", "thon", "ban", "thon ban", "thon/ban", "ban/thon", "to dan pho", "khu pho"),
    "group": ("group", "nhom", "doi tuong", "nhom doi tuong"),
    "language": ("language", "ngon ngu", "tieng", "thu tieng"),
}
COLUMN_TITLES = {
    "phone": Word("số điện thoại", "phone number"),
    "zalo": Word("mã Zalo", "Zalo ID"),
    "email": Word("thư điện tử", "email"),
    "consent_at": Word("ngày đồng ý", "date of consent"),
}
SCHEMES = ("phone", "zalo", "email")
"""How people of a list can be reached."""
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class AudienceList:
    """What a file holds: people to reach, faults, and how many rows said the same again."""

    people: tuple[Recipient, ...]
    faults: tuple[RowFault, ...]
    doubled: int


def read_audience(data: bytes, zone: tzinfo = VIETNAM) -> AudienceList:
    """Read a CSV or workbook with a header row; its dates are of `zone`. Raises BadInput when it is no such file; takes a while."""
    rows = read_rows(data)
    _, header = next(rows, (0, []))
    if not header:
        raise BadInput("Tệp rỗng", "The file is empty", field="file")
    columns = _columns(header)
    people: dict[tuple[str, str], Recipient] = {}
    faults: list[RowFault] = []
    doubled = 0
    for line, row in rows:
        for found in _people(line, row, columns, zone):
            if isinstance(found, RowFault):
                faults.append(found)
            elif (found.scheme, found.address) in people:
                doubled += 1
            else:
                people[found.scheme, found.address] = found
    return AudienceList(tuple(people.values()), tuple(faults), doubled)


def sha256_of(data: bytes) -> str:
    """By what a file is known again as the one that people were taken in from."""
    return hashlib.sha256(data).hexdigest()


def _columns(header: list[str]) -> dict[str, int]:
    columns = places_of(header, COLUMNS)
    if not any(scheme in columns for scheme in SCHEMES):
        raise BadInput(
            "Dòng đầu phải có cột phone (số điện thoại), zalo hoặc email",
            "The first line must name a phone, a zalo or an email column",
            field="file",
        )
    return columns


def _people(line: int, row: list[str], columns: dict[str, int], zone: tzinfo) -> Iterator[Recipient | RowFault]:
    def cell(key: str) -> str:
        place = columns.get(key, -1)
        return row[place].strip() if 0 <= place < len(row) else ""

    name = unicodedata.normalize("NFC", cell("name"))[:200]
    tags = tuple((tag, value) for tag in TAGS if (value := normal_value(cell(tag))))
    try:
        consent_at = _moment(cell("consent_at"), zone)
    except ValueError:
        shown = cell("consent_at")[:30]
        yield RowFault(line, "consent_at", f"không phải ngày (như 26/11/2026): {shown}", f"not a date: {shown}")
        return
    if not any(map(cell, SCHEMES)):
        vi, en = "thiếu số điện thoại, mã Zalo hoặc thư điện tử", "no phone number, Zalo id or e-mail address"
        yield RowFault(line, "phone", vi, en)
    for scheme in SCHEMES:
        if cell(scheme):
            try:
                address = normal_address(scheme, cell(scheme))
                yield Recipient(scheme, address, name, cell("consent"), consent_at, tags, line)
            except BadInput as fault:
                yield RowFault(line, scheme, fault.vi, fault.en)


def _moment(written: str, zone: tzinfo) -> datetime | None:
    """`26/11/2026`, `26/11/2026 08:30` or ISO 8601, aware; None for nothing. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2}))?", written)
    if not written:
        return None
    if found:
        day, month, year, hour, minute = (int(group or 0) for group in found.groups())
        return datetime(year, month, day, hour, minute, tzinfo=zone)
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def normal_address(scheme: str, written: str) -> str:
    """The address in its one normal form: a mobile number as +84..., a Zalo id in digits, e-mail in lower case. Raises BadInput."""
    if scheme == "email":
        return normal_email(written)
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


LONGEST_PHONE = 15
"""Digits of a phone number (ITU-T E.164); an id of Zalo has more."""


def read_person(written: str) -> tuple[str, str]:
    """Scheme and address of a person named by a number in any writing, a Zalo id or an e-mail address. Raises BadInput on `address`."""
    written = written.strip()
    scheme = "zalo" if len(written) > LONGEST_PHONE and written.isdigit() else "email" if "@" in written else "phone"
    try:
        return scheme, normal_address(scheme, written)
    except BadInput as fault:
        raise BadInput(fault.vi, fault.en, field="address") from None


def masked(address: str) -> str:
    """An address as logs and pages show it: a person's number or id keeps its last three digits only, e-mail its first letter."""
    if EMAIL.fullmatch(address):
        return veiled_email(address)
    digits = re.sub(r"\D", "", address)
    if len(digits) < 6 or len(digits) < len(address.replace(" ", "")) - 4:
        return address
    lead = "+84" if digits.startswith("84") or address.startswith("0") else ""
    return f"{lead}…{digits[-3:]}"


def shown(seal: Seal, stored: str) -> str:
    """A stored address as logs and pages show it: opened and masked; where it is nobody's any more, why."""
    if stored == ERASED:
        return Word("đã xóa", "erased")
    try:
        return masked(seal.open(stored))
    except SealBroken:
        return Word("không mở được", "cannot be opened")
