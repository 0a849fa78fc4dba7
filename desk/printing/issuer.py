"""Who issues a document, read off the office's name: the body above it, its symbol, its place, who signs. Pure."""

from __future__ import annotations

import re

COMMITTEE = re.compile(r"^(?:ubnd|ủy ban nhân dân|uỷ ban nhân dân)\s+", re.IGNORECASE)
_UNITS = "xã|phường|đặc khu|thị trấn|thị xã|huyện|tỉnh|thành phố"
_PLACE = re.compile(rf"(?i)\b(?:{_UNITS})\s+(.+?)(?=\s*(?:$|[,;()]|\s[–-]\s|\s(?:{_UNITS})\s))")
NATION, MOTTO = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"
DOTS = "." * 30
"""What only the office knows."""


def issuing_body(office: str) -> tuple[str, ...]:
    """The issuing body in capitals; of a People's Committee its name stands above the unit's."""
    unit = COMMITTEE.sub("", office)
    return ("ỦY BAN NHÂN DÂN", unit.upper()) if unit not in {"", office} else (office.upper(),)


def symbol(office: str) -> str:
    """What stands behind the document's type in its symbol."""
    return "UBND" if COMMITTEE.match(f"{office} ") else "....."


def place(office: str) -> str:
    """The place an office is called by: what follows the first `xã`, `phường`, `tỉnh` ... of its name; or nothing."""
    found = _PLACE.search(office)
    return found[1] if found else ""


def signing(office: str) -> str:
    """In whose name it is signed."""
    return "TM. ỦY BAN NHÂN DÂN" if symbol(office) == "UBND" else office.upper()
