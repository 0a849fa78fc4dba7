"""What machines read of the public site: Atom feed and site map."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from channels.site.drawing import Place, cleaned, lead
from channels.site.news import News

ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
IN_THE_FEED = 50
EVER = datetime(1970, 1, 1, tzinfo=UTC)
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def atom(place: Place, current: Sequence[News], changed: datetime | None) -> bytes:
    """RFC 4287, newest first; ids come from outlet and item alone, dates from the shelf alone."""
    feed = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "vi"})
    _text(feed, "id", uuid5(NAMESPACE_URL, f"loa:{place.name}").urn)
    _text(feed, "title", place.title)
    if place.introduction:
        _text(feed, "subtitle", place.introduction)
    _text(feed, "updated", _stamp(changed or EVER))
    _text(ElementTree.SubElement(feed, "author"), "name", place.title)
    own = {"rel": "self", "type": "application/atom+xml", "href": f"{place.root}feed.xml"}
    ElementTree.SubElement(feed, "link", own)
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": place.root})
    for each in current[:IN_THE_FEED]:
        _entry(ElementTree.SubElement(feed, "entry"), each, place)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _entry(entry: ElementTree.Element, each: News, place: Place) -> None:
    part = each.part
    _text(entry, "id", uuid5(NAMESPACE_URL, f"loa:{place.name}:{part.item}").urn)
    _text(entry, "title", part.title)
    _text(entry, "published", _stamp(each.first))
    _text(entry, "updated", _stamp(each.since))
    _text(ElementTree.SubElement(entry, "author"), "name", part.byline or each.bulletin.office)
    if part.theme:
        ElementTree.SubElement(entry, "category", {"term": _FORBIDDEN.sub("", part.theme)})
    address = place.root + quote(each.slug)
    ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
    if part.audio is not None:
        sound = {"href": f"{place.root}audio/{quote(part.audio.name)}", "length": str(part.audio.bytes)}
        ElementTree.SubElement(entry, "link", {"rel": "enclosure", "type": "audio/mpeg", **sound})
    _text(entry, "summary", lead(part))
    _text(entry, "content", str(cleaned(part.article))).set("type", "html")


def sitemap(place: Place, news: Sequence[News]) -> bytes:
    """https://www.sitemaps.org/protocol.html; at most 50,000 addresses."""
    site = ElementTree.Element("urlset", {"xmlns": SITEMAP})
    _text(ElementTree.SubElement(site, "url"), "loc", place.root)
    for each in news[:49_999]:
        found = ElementTree.SubElement(site, "url")
        _text(found, "loc", place.root + quote(each.slug))
        _text(found, "lastmod", _stamp(each.since))
    written: bytes = ElementTree.tostring(site, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = _FORBIDDEN.sub("", text)
    return element


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
