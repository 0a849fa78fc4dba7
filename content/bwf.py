"""Broadcast Wave: 16 bit sound with what automation reads: bext (EBU Tech 3285), cart (AES46-2002) and iXML chunks.

bext and cart are ASCII, so Vietnamese stands there without its marks; the real title is in iXML (UTF-8).
"""

from __future__ import annotations

import hashlib
import struct
from xml.etree import ElementTree

from content.short import unaccented
from content.sound import Measured
from content.tags import Tags

UNKNOWN = 0x7FFF
"""What bext version 2 writes for a figure that was not measured."""
FULL_SCALE = 32768


def riff(pcm: bytes, rate: int, channels: int, more: dict[str, bytes] | None = None) -> bytes:
    """A whole file of interleaved 16 bit samples, `more` chunks before them."""
    width = 2 * channels
    layout = struct.pack("<HHIIHH", 1, channels, rate, rate * width, width, 16)
    parts = {"fmt ": layout, **(more or {}), "data": pcm}
    body = b"WAVE" + b"".join(_chunk(name, part) for name, part in parts.items())
    return b"RIFF" + struct.pack("<I", len(body)) + body


def labelled(pcm: bytes, rate: int, channels: int, tags: Tags, measured: Measured) -> bytes:
    """The file with its chunks. Automation knows it by the first eight letters of its samples' sha256."""
    cut = hashlib.sha256(pcm).hexdigest()[:8]
    more = {"bext": _bext(rate, channels, tags, measured, cut), "cart": _cart(tags, cut), "iXML": _ixml(tags)}
    return riff(pcm, rate, channels, more)


def _chunk(name: str, body: bytes) -> bytes:
    return name.encode() + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _plain(text: str, size: int) -> bytes:
    """`text` in ASCII without marks, cut or filled to `size` bytes."""
    return unaccented(text).encode("ascii", "replace")[:size].ljust(size, b"\0")


def _bext(rate: int, channels: int, tags: Tags, measured: Measured, cut: str) -> bytes:
    """Version 2: loudness and true peak in hundredths, range and maxima unknown."""
    history = f"A=PCM,F={rate},W=16,M={'mono' if channels == 1 else 'stereo'},T=Loa\r\n"
    figures = (round(100 * measured.lufs), UNKNOWN, round(100 * measured.true_peak_db), UNKNOWN, UNKNOWN)
    date, _, time = (tags.valid_from or (tags.date and f"{tags.date} 00:00:00")).partition(" ")
    return b"".join(
        (
            *(_plain(tags.title, 256), _plain(tags.office, 32), _plain(cut, 32), _plain(date, 10), _plain(time, 8)),
            *(struct.pack("<QH", 0, 2), bytes(64), struct.pack("<5h", *figures), bytes(180), history.encode()),
        )
    )


def _cart(tags: Tags, cut: str) -> bytes:
    """Version 1.01. The end date is what keeps a stale file off the air; without a validity the dates are empty."""
    begin, end = (moment.partition(" ") for moment in (tags.valid_from, tags.valid_until))
    texts = (tags.title, tags.office, cut, "", "NEWS", tags.series, "")
    return b"".join(
        (
            b"0101",
            *(_plain(text, 64) for text in texts),
            *(_plain(begin[0], 10), _plain(begin[2], 8), _plain(end[0], 10), _plain(end[2], 8)),
            *(_plain("Loa", 64), _plain("", 64), _plain("AI_VOICE" if tags.voice else "", 64)),
            *(struct.pack("<i", FULL_SCALE), bytes(64), bytes(276), bytes(1024)),
        )
    )


def _ixml(tags: Tags) -> bytes:
    root = ElementTree.Element("BWFXML")
    ElementTree.SubElement(root, "IXML_VERSION").text = "1.61"
    said = {"PROJECT": tags.series, "SCENE": tags.title, "NOTE": "\n".join(filter(None, (tags.comment, tags.voice)))}
    for name, text in said.items():
        ElementTree.SubElement(root, name).text = text
    user = ElementTree.SubElement(root, "USER")
    for name, text in {"TITLE": tags.title, "ARTIST": tags.office, "LANGUAGE": tags.tongue}.items():
        ElementTree.SubElement(user, name).text = text
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
