"""Kind `portal`: the office's own public news site, drawn from its shelf (HTML, Atom, site map)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import nh3
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from pydantic import Field, field_validator

from channels.channel import Channel, Form, Options, Outlet, Page, Proof, Pull, Receipt, Refused, Shelved, To
from channels.http import Http
from content.bulletin import Bulletin, Part

_HTML = "text/html; charset=utf-8"
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_ON_A_PAGE = 13
_IN_THE_FEED = 50
_OTHERS = 5
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_DAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")


class PortalOptions(Options):
    """Options of a portal outlet."""

    motto: str = Field(default="Thông tin chính thức", description="Dòng chữ nhỏ trên tên cơ quan ở đầu trang.")
    introduction: str = Field(default="", description="Một câu giới thiệu ở trang đầu và cho máy tìm kiếm.")
    responsible: str = Field(default="", description="Người chịu trách nhiệm nội dung, ghi ở cuối trang.")
    address: str = Field(default="", description="Địa chỉ trụ sở, ghi ở cuối trang.")
    phone: str = Field(default="", description="Điện thoại, ghi ở cuối trang.")
    email: str = Field(default="", description="Thư điện tử, ghi ở cuối trang.")
    timezone: str = Field(default="Asia/Ho_Chi_Minh", description="Múi giờ của ngày tháng trên trang.")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"không có múi giờ {value!r} (no such time zone)") from None
        return value


@dataclass(frozen=True, slots=True)
class News:
    """One item as the site shows it: its newest part, when it first and last appeared, and where it stands."""

    part: Part
    bulletin: Bulletin
    slug: str
    first: datetime
    since: datetime
    until: datetime | None
    deliveries: tuple[str, ...]

    def over(self, now: datetime) -> bool:
        """Whether it no longer holds."""
        return self.until is not None and self.until <= now


class Portal(Channel[PortalOptions]):
    """Public; a page read to its last byte proves that it was published."""

    kind = "portal"
    title_vi = "Cổng thông tin (trang tin của cơ quan)"
    title_en = "Public portal (embedded)"
    form = Form.ARTICLE
    options = PortalOptions
    shelf = "portal"
    shelf_public = True

    async def send(self, bulletin: Bulletin, outlet: Outlet[PortalOptions], to: To, http: Http) -> Receipt:
        """Publish; the reference is the public address of the first part's page."""
        if not bulletin.parts:
            raise Refused("empty", "bản tin không có phần nào", "the bulletin has no part")
        return Receipt(f"{_root(outlet)}{quote(_slug(bulletin.parts[0]))}")

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[PortalOptions]) -> Page | None:
        """The list at "", an item at its slug (also a former one), `feed.xml`, `sitemap.xml`, `style.css`, `audio/{name}`."""
        if pull.path == "style.css":
            # The address carries the style's digest, so it may be kept for good.
            return Page(
                "text/css; charset=utf-8", _file("style.css").encode(), headers={"cache-control": "max-age=86400"}
            )
        if pull.path.startswith("audio/"):
            return _recording(pull.path.removeprefix("audio/"), shelf)
        paths, news = _news(shelf)
        changed = _changed(news, pull.now)
        current = [each for each in news if not each.over(pull.now)]
        if pull.path == "":
            return Page(_HTML, _list(pull, current, outlet), changed_at=changed)
        if pull.path == "feed.xml":
            return Page("application/atom+xml; charset=utf-8", _atom(current, outlet, changed), changed_at=changed)
        if pull.path == "sitemap.xml":
            return Page("application/xml; charset=utf-8", _sitemap(news, outlet), changed_at=changed)
        found = paths.get(pull.path)
        if found is None:
            return None
        others = [each for each in current if each is not found][:_OTHERS]
        body = _draw("item.html", outlet, news=found, others=others, over=found.over(pull.now), themes=_themes(current))
        return Page(_HTML, body, changed_at=changed, proves=tuple(map(Proof, found.deliveries)))


def _news(shelf: Sequence[Shelved]) -> tuple[dict[str, News], list[News]]:
    """All items by every path that ever led to them, and as a list, newest first.

    An address belongs to the item that had it first; a later item of the same slug gets a mark behind it.
    """
    owners: dict[str, str] = {}
    stood: dict[str, list[tuple[Shelved, Part]]] = {}
    named: dict[str, str] = {}
    for shelved in sorted(shelf, key=lambda each: (each.since, each.delivery)):
        for part in shelved.bulletin.parts:
            owners.setdefault(_slug(part), part.item)
            stood.setdefault(part.item, []).append((shelved, part))
            named.setdefault(shelved.name, part.item)
    by_item = {item: _newest(item, times, owners) for item, times in stood.items()}
    paths = {name: by_item[item] for name, item in named.items()}
    paths |= {each.slug: each for each in by_item.values()}
    paths |= {slug: by_item[item] for slug, item in owners.items()}
    return paths, sorted(by_item.values(), key=lambda each: (each.since, each.slug), reverse=True)


def _newest(item: str, times: list[tuple[Shelved, Part]], owners: dict[str, str]) -> News:
    shelved, part = times[-1]
    slug = _slug(part)
    if owners[slug] != item:
        slug = f"{slug}-{hashlib.sha256(item.encode()).hexdigest()[:6]}"
    ends = [moment for moment in (shelved.until, shelved.bulletin.valid_until) if moment is not None]
    shown = tuple(each.delivery for each, text in times if text.digest == part.digest)
    return News(part, shelved.bulletin, slug, times[0][0].since, shelved.since, min(ends, default=None), shown)


def _slug(part: Part) -> str:
    return part.slug or hashlib.sha256(part.item.encode()).hexdigest()[:12]


def _changed(news: Sequence[News], now: datetime) -> datetime | None:
    moments = [each.since for each in news] + [each.until for each in news if each.until and each.until <= now]
    return max(moments, default=None)


def _recording(name: str, shelf: Sequence[Shelved]) -> Page | None:
    for shelved in shelf:
        for part in shelved.bulletin.parts:
            if part.audio is not None and part.audio.name == name:
                return Page("audio/mpeg", audio=part.audio, changed_at=shelved.since)
    return None


def _list(pull: Pull, current: list[News], outlet: Outlet[PortalOptions]) -> bytes:
    theme, words = pull.query.get("chu-de", ""), pull.query.get("tim", "")[:100]
    chosen = [each for each in current if _fits(each, theme, _fold(words))]
    pages = max(1, -(-len(chosen) // _ON_A_PAGE))
    asked = pull.query.get("trang", "1")
    page = min(pages, max(1, int(asked[:6]))) if asked.isascii() and asked.isdigit() else 1
    shown = chosen[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
    kept = {name: value for name, value in (("chu-de", theme), ("tim", words)) if value}
    urgent = [] if kept else [each for each in current if each.bulletin.klass.rank == 0][:3]
    return _draw(
        "list.html", outlet, shown=shown, themes=_themes(current), theme=theme, words=words, urgent=urgent,
        page=page, pages=pages, count=len(chosen), before=_turn(kept, page - 1), after=_turn(kept, page + 1),
    )  # fmt: skip


def _turn(kept: dict[str, str], page: int) -> str:
    return "?" + urlencode(kept | ({"trang": str(page)} if page > 1 else {}))


def _fits(each: News, theme: str, words: str) -> bool:
    if theme and each.part.theme != theme:
        return False
    return not words or all(word in _fold(f"{each.part.title} {each.part.short}") for word in words.split())


def _fold(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(mark for mark in bare if not unicodedata.combining(mark))


def _themes(current: Sequence[News]) -> list[str]:
    return sorted({each.part.theme for each in current if each.part.theme}, key=_fold)


def _root(outlet: Outlet[PortalOptions]) -> str:
    return outlet.base_url.rstrip("/") + "/"


@cache
def _file(name: str) -> str:
    return files("channels.pages.portal").joinpath(name).read_text(encoding="utf-8")


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=FunctionLoader(_file), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    pages.filters |= {"day": _day, "moment": _moment, "cleaned": _cleaned, "lead": _lead}
    return pages


def _cleaned(article: str) -> Markup:
    """The house cleaned it when it was written; what is drawn is cleaned again, for rows that came another way."""
    return Markup(nh3.clean(article))  # noqa: S704 (cleaned on this very line)


def _draw(template: str, outlet: Outlet[PortalOptions], **more: Any) -> bytes:
    root = _root(outlet)
    style = hashlib.sha256(_file("style.css").encode()).hexdigest()[:12]
    return (
        _pages()
        .get_template(template)
        .render(
            outlet=outlet,
            options=outlet.options,
            zone=ZoneInfo(outlet.options.timezone),
            root=urlsplit(root).path or "/",
            public=root,
            style=style,
            **more,
        )
        .encode()
    )


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d/%m/%Y}"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{_DAYS[local.weekday()]}, {local:%d/%m/%Y, %H:%M}"


def _lead(part: Part, characters: int = 240) -> str:
    """The first words of an item, for lists."""
    text = " ".join((part.chat or part.script or part.short).split())
    text = text.removeprefix(part.title).lstrip(" .:–-")
    return text if len(text) <= characters else text[: characters - 1].rsplit(" ", 1)[0] + "…"


def _atom(current: Sequence[News], outlet: Outlet[PortalOptions], changed: datetime | None) -> bytes:
    """RFC 4287, newest first; ids come from outlet and item alone, dates from the shelf alone."""
    root = _root(outlet)
    feed = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": "vi"})
    _text(feed, "id", uuid5(NAMESPACE_URL, f"loa:{outlet.name}").urn)
    _text(feed, "title", outlet.title)
    if outlet.options.introduction:
        _text(feed, "subtitle", outlet.options.introduction)
    _text(feed, "updated", _stamp(changed or _EVER))
    _text(ElementTree.SubElement(feed, "author"), "name", outlet.title)
    ElementTree.SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{root}feed.xml"})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": root})
    for each in current[:_IN_THE_FEED]:
        _entry(ElementTree.SubElement(feed, "entry"), each, outlet.name, root)
    written: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _entry(entry: ElementTree.Element, each: News, name: str, root: str) -> None:
    part = each.part
    _text(entry, "id", uuid5(NAMESPACE_URL, f"loa:{name}:{part.item}").urn)
    _text(entry, "title", part.title)
    _text(entry, "published", _stamp(each.first))
    _text(entry, "updated", _stamp(each.since))
    _text(ElementTree.SubElement(entry, "author"), "name", part.byline or each.bulletin.office)
    if part.theme:
        ElementTree.SubElement(entry, "category", {"term": _FORBIDDEN.sub("", part.theme)})
    ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": root + quote(each.slug)})
    if part.audio is not None:
        sound = {"href": f"{root}audio/{quote(part.audio.name)}", "length": str(part.audio.bytes), "type": "audio/mpeg"}
        ElementTree.SubElement(entry, "link", {"rel": "enclosure", **sound})
    _text(entry, "summary", _lead(part))
    _text(entry, "content", str(_cleaned(part.article))).set("type", "html")


def _sitemap(news: Sequence[News], outlet: Outlet[PortalOptions]) -> bytes:
    """https://www.sitemaps.org/protocol.html; at most 50,000 addresses."""
    root = _root(outlet)
    site = ElementTree.Element("urlset", {"xmlns": _SITEMAP})
    _text(ElementTree.SubElement(site, "url"), "loc", root)
    for each in news[:49_999]:
        place = ElementTree.SubElement(site, "url")
        _text(place, "loc", root + quote(each.slug))
        _text(place, "lastmod", _stamp(each.since))
    written: bytes = ElementTree.tostring(site, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = _FORBIDDEN.sub("", text)
    return element


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
