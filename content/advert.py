"""Advertising by SMS: the label and the way to refuse that the law asks for, and the room that operators leave; pure.

Decree 91/2020/NĐ-CP: Article 15 for the label ([QC] or [AD], first in the text), and instructions how to refuse further
messages. Operators add a label of their own and bill 122/268/421 characters as 1/2/3 messages (intercom.com.vn; VinaPhone
says 123): 38 fewer than a message without advertising has.
"""

from __future__ import annotations

import re
import unicodedata

from config.words import Word
from content.short import SmsLength, sms_length, unaccented

LABELS = ("[QC]", "[AD]")
ADDED = 38
"""Characters that an operator adds: 160 - 122, and as many of two and three parts."""
PLAIN_ROOM, MARKED_ROOM = "122/268/421", "32/96/163"
"""Characters of 1/2/3 messages in the GSM alphabet, and in the one with Vietnamese marks."""
LABEL_LAW = Word("Nghị định 91/2020/NĐ-CP, Điều 15", "Decree 91/2020/NĐ-CP, Article 15")
REFUSAL_LAW = Word(
    "Nghị định 91/2020/NĐ-CP, Thông tư 22/2021/TT-BTTTT", "Decree 91/2020/NĐ-CP, Circular 22/2021/TT-BTTTT"
)

_REFUSAL = re.compile(
    r"\b(?:tu choi|huy nhan|ngung nhan|dung nhan|khong nhan)\b.*?(?:\b(?:soan|gui|goi|bam|vao)\b|\d{3,}|https?:)"
)


def advert_length(text: str) -> SmsLength:
    """What it costs with what the operator adds; `units` are the text's own."""
    return sms_length(text, added=ADDED)


def is_labelled(text: str) -> bool:
    """Whether the label is the first thing in it."""
    return unicodedata.normalize("NFC", text).lstrip().upper().startswith(LABELS)


def tells_how_to_refuse(text: str) -> bool:
    """Whether it says, with or without marks, what to do so as to get no more: "Từ chối: soạn TC gửi 1234"."""
    return _REFUSAL.search(" ".join(unaccented(text).lower().split())) is not None
