"""The podcast feed of a station: RSS 2.0, Apple's tags, the podcast namespace; newest first.

Dates come from the shelf alone, so the feed is the same byte for byte until the shelf changes.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from channels.station.tracks import Addresses, Track, Wanted, cleared, one_line

ATOM = "http://www.w3.org/2005/Atom"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
for _prefix, _address in (("atom", ATOM), ("itunes", ITUNES), ("podcast", PODCAST)):
    ElementTree.register_namespace(_prefix, _address)
_DESCRIBED = 1500


@dataclass(frozen=True, slots=True)
class Show:
    """What a feed says of itself; `root` is its address without any key, and its identity."""

    title: str
    author: str
    description: str
    image_url: str
    root: str


def rss(tracks: Sequence[Track], show: Show, at: Addresses, wanted: Wanted, changed: datetime | None) -> bytes:
    """The feed of these tracks."""
    feed = ElementTree.Element("rss", {"version": "2.0"})
    channel = ElementTree.SubElement(feed, "channel")
    _text(channel, "title", one_line(show.title))
    _text(channel, "link", show.root)
    _text(channel, "description", show.description)
    _text(channel, "language", "vi")
    _text(channel, "generator", "Loa")
    if changed is not None:
        _text(channel, "lastBuildDate", format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True))
    link = {"href": at("feed.xml"), "rel": "self", "type": "application/rss+xml"}
    ElementTree.SubElement(channel, f"{{{ATOM}}}link", link)
    _text(channel, f"{{{ITUNES}}}author", one_line(show.author))
    _text(channel, f"{{{ITUNES}}}explicit", "false")
    ElementTree.SubElement(channel, f"{{{ITUNES}}}category", {"text": "Government"})
    if show.image_url:
        ElementTree.SubElement(channel, f"{{{ITUNES}}}image", {"href": show.image_url})
    _text(channel, f"{{{PODCAST}}}guid", str(uuid5(NAMESPACE_URL, f"{show.root}feed.xml")))
    _text(channel, f"{{{PODCAST}}}locked", "yes")
    for track in reversed(tracks):
        _item(channel, track, show, at, wanted)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _item(channel: ElementTree.Element, track: Track, show: Show, at: Addresses, wanted: Wanted) -> None:
    item = ElementTree.SubElement(channel, "item")
    text = " ".join((track.part.short or track.part.script).split())
    _text(item, "title", one_line(track.part.title))
    _text(item, "description", text if len(text) <= _DESCRIBED else text[: _DESCRIBED - 1].rsplit(" ", 1)[0] + "…")
    _text(item, "pubDate", format_datetime(track.at, usegmt=True))
    ElementTree.SubElement(item, "guid", {"isPermaLink": "false"}).text = track.guid
    files = track.files(wanted)
    listed, (kind, main) = next(iter(files.items()))
    enclosure = {"url": at(f"audio/{listed}"), "length": str(main.bytes), "type": kind.media}
    ElementTree.SubElement(item, "enclosure", enclosure)
    _text(item, f"{{{ITUNES}}}author", one_line(show.author))
    _text(item, f"{{{ITUNES}}}duration", str(max(1, round(track.audio.seconds))))
    _text(item, f"{{{ITUNES}}}explicit", "false")
    for name, (kind, audio) in files.items():
        told = {"type": kind.media, "length": str(audio.bytes), "lang": track.part.language}
        if name == listed:
            told["default"] = "true"
        other = ElementTree.SubElement(item, f"{{{PODCAST}}}alternateEnclosure", told)
        ElementTree.SubElement(other, f"{{{PODCAST}}}source", {"uri": at(f"audio/{name}")})
        ElementTree.SubElement(other, f"{{{PODCAST}}}integrity", {"type": "sri", "value": _sri(audio.sha256)})
    transcript = {"url": at(f"transcript/{track.stem}.txt"), "type": "text/plain", "language": track.part.language}
    ElementTree.SubElement(item, f"{{{PODCAST}}}transcript", transcript)


def _sri(sha256: str) -> str:
    """A digest as Subresource Integrity writes it (https://www.w3.org/TR/SRI/)."""
    return "sha256-" + base64.b64encode(bytes.fromhex(sha256)).decode()


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = cleared(text)
