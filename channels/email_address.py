"""An e-mail address in its one normal form; no mailbox is asked whether it exists."""

from __future__ import annotations

import re

from config.words import BadInput

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = re.compile(
    rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{2,59}})"
)
"""Dot-atoms before the @, a domain of two labels or more behind it (RFC 5321, 4.1.2); quoted local parts are not taken."""


def normal_email(written: str) -> str:
    """In lower case, which no mail server in use tells from capitals. Raises BadInput on `email`."""
    bare = written.strip().removeprefix("mailto:")
    if not EMAIL.fullmatch(bare):
        shown = veiled_email(bare)[:40]
        raise BadInput(f"địa chỉ thư điện tử không hợp lệ: {shown}", f"not an e-mail address: {shown}", field="email")
    return bare.lower()


def veiled_email(address: str) -> str:
    """As logs and pages show it: the first letter and the domain."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at else f"{address[:1]}…"
