"""Who issues a report, read off the office's name: the body above it, its symbol, its place, who signs. Pure."""

from __future__ import annotations

import re

COMMITTEE = re.compile(r"^(?:ubnd|ủy ban nhân dân|uỷ ban nhân dân)\s+", re.IGNORECASE)
UNIT = re.compile(r"^(?:xã|phường|đặc khu|thị trấn|huyện|thị xã|thành phố|tỉnh)\s+", re.IGNORECASE)
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
    """Where the office is, by its name; dotted when its name does not say."""
    unit = COMMITTEE.sub("", office)
    name = UNIT.sub("", unit)
    return name if name not in {"", unit} else ".........."


def signing(office: str) -> str:
    """In whose name it is signed."""
    return "TM. ỦY BAN NHÂN DÂN" if symbol(office) == "UBND" else office.upper()
