"""What all SMS kinds share: numbers as providers write them, and the text as it is sent."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pydantic import Field

from channels.channel import Heard, WithFallback, Wrote
from channels.replies import refuses
from config.words import Word
from content.short import unaccented as without_marks

MOST_CHARACTERS = 459
"""Three parts of 153, as joined messages in the GSM alphabet have (3GPP TS 23.040)."""
SOMEBODY = "Nguyễn Thị Phương"
"""A name of usual length, where what a message costs depends on it."""
_VIETNAMESE = re.compile(r"84[0-9]{9}")


class SmsOptions(WithFallback):
    """Options of an SMS outlet."""

    unaccented: bool = Field(
        default=True,
        description=Word(
            "Bỏ dấu tiếng Việt trước khi gửi: mỗi tin chứa 160 chữ, có dấu chỉ 70; đa số brandname yêu cầu.",
            "Remove Vietnamese accents before sending: a message holds 160 characters, with "
            "accents only 70; most brandnames require it.",
        ),
    )
    price: int = Field(
        default=0,
        ge=0,
        description=Word(
            "Giá một tin theo hợp đồng (đồng), để ước chi phí mỗi kỳ; 0: chỉ đếm số tin.",
            "Price of one message by the contract (in dong), to estimate the cost of each run; 0: only count messages.",
        ),
    )

    def shown(self, text: str, link: str, *, unaccented: bool) -> str:
        """The message as it stands on a phone; `link` is one by which the recipient refuses further messages."""
        return plain_text(text, unaccented=unaccented)


def national(address: str) -> str:
    """A number (+84...) as it is dialled at home: 0 and nine digits."""
    return "0" + (address[3:] if address.startswith("+84") else address.removeprefix("+").removeprefix("84"))


def heard(phone: str, text: str) -> list[Heard | Wrote]:
    """What somebody answered: that they want no further messages, or anything else; nothing from a number that is none of here."""
    digits = re.sub(r"\D", "", phone)
    digits = f"84{digits[1:]}" if digits.startswith("0") else digits
    if not _VIETNAMESE.fullmatch(digits):
        return []
    if not refuses(text):
        return [Wrote("phone", f"+{digits}", text)] if text.strip() else []
    return [Heard("phone", f"+{digits}", wants=False, how="trả lời tin nhắn")]


def hidden(address: str) -> tuple[str, str, str]:
    """Every way a provider may repeat a number in its answer, for `Http.request(hide=...)`."""
    return address, national(address), address[1:]


@lru_cache(maxsize=64)
def plain_text(text: str, *, unaccented: bool) -> str:
    """The text as it is sent; remembered, since it is the same for every recipient."""
    return without_marks(text) if unaccented else unicodedata.normalize("NFC", text)
