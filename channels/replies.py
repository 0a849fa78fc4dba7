"""What people answer to a message: whether they want no more of them.

Decree 91/2020/NĐ-CP lets a recipient refuse by an answer; which words an office tells them is its own affair, so the usual
ones are all understood. A sentence that only begins with such a word is not: "dung xe o dau" asks where to park.
"""

from __future__ import annotations

import re

from content.short import unaccented

_ALWAYS = frozenset({"TC", "STOP"})
"""These mean it with a sender's name behind them too: "TC XAMOCCHAU"."""
_ALONE = frozenset(
    {
        *("HUY", "NGUNG", "DUNG", "THOI", "TU CHOI", "TUCHOI", "HUY DK", "HUY DANG KY", "UNSUBSCRIBE"),
        *(
            f"{verb} NHAN{tail}"
            for verb in ("HUY", "NGUNG", "DUNG", "THOI", "KHONG", "TU CHOI")
            for tail in ("", " TIN")
        ),
        *(f"{verb} TIN" for verb in ("HUY", "NGUNG", "DUNG", "TU CHOI")),
        *(f"{verb} NHAN TIN NHAN" for verb in ("HUY", "NGUNG", "DUNG", "THOI", "KHONG", "TU CHOI")),
    }
)
_MOST_WORDS = 3


def refuses(text: str) -> bool:
    """Whether an answer says that its sender wants no further messages."""
    words = re.sub(r"[^A-Z0-9 ]+", " ", unaccented(text[:200]).upper()).split()
    return (bool(words) and words[0] in _ALWAYS and len(words) <= _MOST_WORDS) or " ".join(words) in _ALONE
