"""A strict reader of podcast feeds: what RSS 2.0, Apple, the podcast namespace and stations' importers ask for.

Sources: https://www.rssboard.org/rss-specification, https://help.apple.com/itc/podcasts_connect/#/itcb54353390 (itunes
tags), https://github.com/Podcastindex-org/podcast-namespace, and what LibreTime's and Apple's own readers refuse.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
ENDINGS = {"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/ogg": ".opus"}
ONCE = ("title", "link", "description", "language", "lastBuildDate", f"{ITUNES}explicit", f"{PODCAST}guid")
ONCE_AN_ITEM = ("title", "description", "guid", "pubDate", "enclosure", f"{ITUNES}duration", f"{ITUNES}explicit")
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
RFC_822 = re.compile(rf"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d ({MONTHS}) \d{{4}} \d\d:\d\d:\d\d GMT")
LENGTH, TITLE_LENGTH = 4000, 255


def faults(feed: bytes) -> list[str]:
    """Everything that is wrong with a feed, each as a sentence; empty when nothing is."""
    if not feed.startswith(b"<?xml version='1.0' encoding='utf-8'?>"):
        return ["no XML declaration with its encoding"]
    rss = ElementTree.fromstring(feed)
    channels = rss.findall("channel")
    if rss.tag != "rss" or rss.get("version") != "2.0" or len(channels) != 1:
        return ["not RSS 2.0 with one channel"]
    return [*_of_channel(channels[0]), *_of_items(channels[0].findall("item"))]


def _of_channel(channel: ElementTree.Element) -> Iterator[str]:
    required = [name for name in ONCE if name != "lastBuildDate" or channel.find("item") is not None]
    yield from (f"channel: {name} stands {n} times" for name in required if (n := len(channel.findall(name))) != 1)
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]{2,4})?", channel.findtext("language") or ""):
        yield "channel: no language"
    if not channel.findall(f"{ITUNES}category[@text]"):
        yield "channel: no itunes:category"
    if channel.findtext(f"{ITUNES}explicit") not in {"true", "false"}:
        yield "channel: itunes:explicit is neither true nor false"
    try:
        UUID(channel.findtext(f"{PODCAST}guid") or "")
    except ValueError:
        yield "channel: podcast:guid is no UUID"
    selves = [link for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if len(selves) != 1 or not urlsplit(selves[0].get("href", "")).path.endswith(".xml"):
        yield "channel: no atom:link to itself that ends in .xml"
    if len((channel.findtext("description") or "").encode()) > LENGTH:
        yield "channel: the description is over 4000 bytes"


def _of_items(items: list[ElementTree.Element]) -> Iterator[str]:
    guids = [item.findtext("guid") for item in items]
    if len(set(guids)) < len(guids):
        yield "two items have one guid"
    names = [urlsplit(one.get("url", "")).path.rsplit("/", 1)[-1] for item in items for one in item.iter("enclosure")]
    if len(set(names)) < len(names):
        yield "two enclosures end in the same name: podget would save one file"
    moments = [parsedate_to_datetime(item.findtext("pubDate") or "") for item in items]
    if any(later <= earlier for later, earlier in itertools.pairwise(moments)):
        yield "dates do not fall strictly from the newest down"
    for item in items:
        yield from (f"{item.findtext('guid')}: {fault}" for fault in _of_item(item))


def _of_item(item: ElementTree.Element) -> Iterator[str]:
    yield from (f"{name} stands {n} times" for name in ONCE_AN_ITEM if (n := len(item.findall(name))) != 1)
    guid = item.find("guid")
    if guid is None or guid.get("isPermaLink") != "false":
        yield "the guid is taken for an address"
    if not RFC_822.fullmatch(item.findtext("pubDate") or ""):
        yield "pubDate is not as RFC 822 with four digits of the year"
    if not (item.findtext("title") or "").strip() or len(item.findtext("title") or "") > TITLE_LENGTH:
        yield "no title, or too long a one"
    if len((item.findtext("description") or "").encode()) > LENGTH:
        yield "the description is over 4000 bytes"
    if not re.fullmatch(r"[1-9]\d*", item.findtext(f"{ITUNES}duration") or ""):
        yield "itunes:duration is no number of seconds"
    enclosure = item.find("enclosure")
    if enclosure is not None:
        yield from _of_file(enclosure.get("url"), enclosure.get("type"), enclosure.get("length"))
    yield from _of_alternates(item, enclosure)
    for transcript in item.findall(f"{PODCAST}transcript"):
        if not transcript.get("url", "").startswith("http") or transcript.get("type") != "text/plain":
            yield "a transcript without address or type"


def _of_file(url: str | None, media: str | None, length: str | None) -> Iterator[str]:
    parts = urlsplit(url or "")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        yield f"{url} is no absolute address"
    if not parts.path.endswith(ENDINGS.get(media or "", "?")):
        yield f"{parts.path} does not end as {media} does"
    if not re.fullmatch(r"[1-9]\d*", length or ""):
        yield f"{length} is no number of bytes"


def _of_alternates(item: ElementTree.Element, enclosure: ElementTree.Element | None) -> Iterator[str]:
    alternates = item.findall(f"{PODCAST}alternateEnclosure")
    defaults = [one for one in alternates if one.get("default") == "true"]
    if alternates and len(defaults) != 1:
        yield "not just one alternateEnclosure is the default"
    for one in alternates:
        sources = [source.get("uri") for source in one.findall(f"{PODCAST}source")]
        if len(sources) != 1:
            yield "an alternateEnclosure has not just one source"
        yield from _of_file(sources[0] if sources else None, one.get("type"), one.get("length"))
        yield from _of_integrity(one.findall(f"{PODCAST}integrity"))
    if defaults and enclosure is not None:
        source = defaults[0].find(f"{PODCAST}source")
        same = {(enclosure.get("url"), enclosure.get("length"), enclosure.get("type"))}
        if source is None or same != {(source.get("uri"), defaults[0].get("length"), defaults[0].get("type"))}:
            yield "the default alternateEnclosure is not the enclosure"


def _of_integrity(found: list[ElementTree.Element]) -> Iterator[str]:
    for one in found:
        method, _, digest = one.get("value", "").partition("-")
        sizes = {"sha256": 32, "sha384": 48, "sha512": 64}
        if one.get("type") != "sri" or len(base64.b64decode(digest, validate=True)) != sizes.get(method):
            yield "an integrity that is no subresource integrity"
