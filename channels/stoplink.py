"""Links of single recipients, by which they refuse further messages or answer an invitation: signed, with no number in them.

What it holds is which delivery it came with; whom that reached is looked up when the link is opened.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from db.types import spell, unspell

_MAC = 6
_SHAPE = struct.Struct(">QH")
PATH, REPLY_PATH = "/thoi-nhan", "/tra-loi"


class StopLinks:
    """Makes and reads links of one kind under the office's public address with a key of 32 bytes, which is that kind's own."""

    def __init__(self, key: bytes, base_url: str, path: str = PATH) -> None:
        self._key = key
        self._base = f"{base_url.rstrip('/')}{path}/"

    def address(self, delivery: str) -> str:
        """The link of a delivery: 22 letters, digits, `-` and `_` behind the path; that of a test is as long and leads nowhere."""
        if delivery.startswith("test-"):
            return self.sample
        content = _content(delivery)
        return self._base + base64.urlsafe_b64encode(content + self._mac(content)).decode().rstrip("=")

    @property
    def sample(self) -> str:
        """A link of the length every one has, for previews."""
        return f"{self._base}{'x' * 22}"

    def delivery_of(self, token: str) -> str | None:
        """The delivery a token was made for; None for anything else."""
        try:
            whole = base64.b64decode(f"{token}==".encode("ascii"), b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        content, mac = whole[: _SHAPE.size], whole[_SHAPE.size :]
        if len(whole) != _SHAPE.size + _MAC or not hmac.compare_digest(mac, self._mac(content)):
            return None
        return _delivery(content)

    def _mac(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()[:_MAC]


def _content(delivery: str) -> bytes:
    """What a token holds."""
    word, _, place = delivery.partition("-")
    return _SHAPE.pack(unspell(word), int(place))


def _delivery(content: bytes) -> str:
    number, place = _SHAPE.unpack(content)
    return f"{spell(number)}-{place}"
