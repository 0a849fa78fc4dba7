"""What the public reads: list, item, Atom, site map, style."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from channels.channel import Page, Proof, Pull, Shelved, To, Visits
from channels.kinds.portal import Portal, PortalOptions
from channels.site.drawing import version_of
from content.bulletin import BulletinClass

ATOM = "{http://www.w3.org/2005/Atom}"
VOID = {"meta", "link", "input", "img", "br", "hr"}


class Reader(HTMLParser):
    """Reads a page strictly: every element closed in order; keeps elements, ids and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text on one line."""
        return " ".join(" ".join(self.words).split())

    @property
    def foreign(self) -> list[dict[str, str | None]]:
        """Scripts and styles that are not the site's own files: the CSP allows none."""
        ours = {"src": f"/portal/site.js?v={version_of('site.js')}", "defer": None}
        return [attrs for attrs in self.all("script") if attrs != ours] + self.all("style")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all such elements."""
        return [attrs for name, attrs in self.elements if name == tag]


class Site:
    """A shelf and who reads it."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.now: datetime = make.later(hours=1)
        self.shelf: list[Shelved] = []
        self.past: list[Shelved] = []
        self.outlet = make.outlet(PortalOptions(responsible="Ông A", phone="0212 3866 123"))

    def put(self, delivery: str, *parts: Any, since: float = 0, until: datetime | None = None, **more: Any) -> None:
        """Publish so many seconds after the bulletin's moment."""
        bulletin = self.make.bulletin(*parts, id=f"b-{delivery}", **more)
        self.shelf.append(Shelved(delivery, f"ten-{delivery}", bulletin, self.make.later(seconds=since), until))

    def pull(self, path: str, **query: str) -> Page | None:
        """What a reader gets."""
        visits = Visits(12, 41_482_602, 3, (("2026-11", 400), ("2026-10", 41_482_202)))
        return Portal().feed(Pull(path, query, self.now, past=self.past, visits=visits), self.shelf, self.outlet)

    def page(self, path: str, **query: str) -> Page:
        """The same, which must be there."""
        page = self.pull(path, **query)
        assert page is not None
        return page

    def read(self, path: str, **query: str) -> Reader:
        """The page, read strictly."""
        return Reader(self.page(path, **query).body.decode())


@pytest.fixture
def site(make: Any) -> Site:
    """A portal with an empty shelf."""
    return Site(make)


def links(page: Reader) -> list[str]:
    """The headings' links of a list page, in order."""
    after = zip(page.elements, page.elements[1:], strict=False)
    return [attrs["href"] or "" for (tag, _), (_, attrs) in after if tag == "h2" and "href" in attrs]


def test_the_list_is_newest_first(site: Site) -> None:
    """Each item once, newest first, with day in Vietnam, theme and a link."""
    for number in range(3):
        part = site.make.part(
            f"it{number}", slug=f"tin-{number}", title=f"Tin số {number}", theme=f"Chủ đề {number % 2}"
        )
        site.put(f"d{number}", part, since=number * 86400 + 18 * 3600)
    site.now = site.make.later(days=9)
    page = site.read("")
    assert links(page) == ["/portal/tin-2", "/portal/tin-1", "/portal/tin-0"]
    assert "26/11/2026" in page.text and "Chủ đề 1" in page.text


def test_themes_search_and_pages(site: Site) -> None:
    """A theme or words choose; thirteen to a page; nonsense in the address does no harm."""
    for number in range(30):
        theme = "Y tế" if number % 3 else "Nông nghiệp"
        site.put(
            f"d{number}",
            site.make.part(f"it{number}", slug=f"tin-{number}", title=f"Đường số {number}", theme=theme),
            since=number,
        )
    assert [len(links(site.read("", trang=page))) for page in ("1", "2", "3", "9", "x", "-1", "²")] == [
        13,
        13,
        4,
        4,
        13,
        13,
        13,
    ]
    assert len(links(site.read("", **{"chu-de": "Nông nghiệp"}))) == 10
    assert links(site.read("", tim="duong 17")) == ["/portal/tin-17"]
    assert "Không tìm thấy" in site.read("", tim="<script>").text
    assert '"?chu-de=' not in site.page("", trang="2").body.decode()
    assert "trang=2" in site.page("", **{"chu-de": "Y tế"}).body.decode()


def test_months_and_every_word_of_the_text(site: Site) -> None:
    """What first appeared in a month, in the office's zone; words are found wherever they stand, without their marks."""
    for number, day in enumerate((0, 7, 8)):  # 23 and 30 November, 1 December
        more = {
            "slug": f"tin-{number}",
            "title": f"Tin {number}",
            "script": f"Đọc lời thứ {['không', 'một', 'hai'][number]}.",
        }
        site.put(f"d{number}", site.make.part(f"it{number}", **more), since=day * 86400 + 16.5 * 3600)
    site.now = site.make.later(days=20)
    page = site.read("")
    assert "Theo tháng Tháng 12/2026 2 tin Tháng 11/2026 1 tin" in page.text
    assert links(site.read("", thang="2026-12")) == ["/portal/tin-2", "/portal/tin-1"]
    assert links(site.read("", tim="loi thu hai doc")) == ["/portal/tin-2"]
    assert len(links(site.read("", thang="2026-13"))) == 3
    assert links(site.read("", thang="2027-01")) == [] and "Không tìm thấy" in site.read("", thang="2027-01").text


def test_an_item_page(site: Site) -> None:
    """Title, moment in the office's zone, byline, source, theme, cleaned HTML as it is, the recording and its words."""
    site.put("d1")
    page = site.read("mua-lon")
    for words in (
        "Mưa lớn ở Mộc Châu",
        "Thứ hai, 23/11/2026, 08:00",
        "Ban Biên tập",
        "Nguồn: Đài Khí tượng",
        "Thời tiết",
    ):
        assert words in page.text
    assert ("strong", {}) in page.elements
    assert page.all("audio") == [{"controls": None, "preload": "none", "src": "/portal/audio/ab12.mp3"}]
    assert "Lời đọc của bản tin Từ đêm nay có mưa lớn. Bà con chú ý." in page.text
    assert "(0:17)" in page.text
    assert site.page("mua-lon").proves == (Proof("d1"),)
    audio = site.page("audio/ab12.mp3")
    assert audio.content_type == "audio/mpeg" and audio.audio and audio.audio.bytes == 16000


def test_texts_are_escaped(site: Site) -> None:
    """Only the cleaned article is HTML; everything else is text, also in attributes."""
    evil = '"><script>alert(1)</script>'
    more = dict.fromkeys(("title", "byline", "source", "theme", "script", "short", "chat"), evil)
    site.put("d1", site.make.part(**more), office=evil)
    for path in ("", "mua-lon"):
        assert site.read(path).foreign == []


def test_an_article_is_cleaned_again(site: Site) -> None:
    """Even a row that came past the editor brings no script to a reader, by page or by feed."""
    evil = '<p onclick="x()">a</p><script>alert(1)</script><a href="javascript:x()">b</a><img src=x onerror=x()>'
    site.put("d1", site.make.part(article=evil))
    page = site.read("mua-lon")
    assert page.foreign == [] and "onclick" not in page.all("p")[-1]
    for path in ("mua-lon", "feed.xml"):
        assert not re.search(rb"onclick|onerror|javascript|alert", site.page(path).body)


@pytest.mark.parametrize("path", ["", "mua-lon", "in/mua-lon", "so-cong-bo", "thong-ke"])
def test_pages_are_sound(site: Site, path: str) -> None:
    """Language, one h1, landmarks, a skip link that leads to main, labels, no inline script or style: the CSP allows none."""
    for number, klass in enumerate(BulletinClass):
        slug = "mua-lon" if number == 0 else f"tin-{number}"
        site.put(f"d{number}", site.make.part(f"it{number}", slug=slug), since=number, klass=klass)
    page = site.read(path)
    assert page.all("html") == [{"lang": "vi"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("footer")) == 1
    if path != "in/mua-lon":  # nothing to be skipped stands on paper
        assert page.all("a")[0] == {"class": "skip", "href": "#noi-dung"} and page.all("main")[0]["id"] == "noi-dung"
    assert page.foreign == []
    assert not [attrs for _, attrs in page.elements if any(name == "style" or name.startswith("on") for name in attrs)]
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["for"] for attrs in page.all("label")} <= set(ids)
    assert all(attrs.keys() & {"aria-label", "aria-labelledby"} for attrs in page.all("nav"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    (style,) = [attrs["href"] or "" for attrs in page.all("link") if attrs.get("rel") == "stylesheet"]
    assert site.page(style.removeprefix("/portal/").partition("?")[0]).content_type == "text/css; charset=utf-8"


def test_urgent_items_stand_on_top_while_they_hold(site: Site) -> None:
    """An urgent item is announced above the list until it is over."""
    end = site.now + timedelta(hours=1)
    site.put("d1", klass=BulletinClass.URGENT, valid_until=end)
    site.put("d2", site.make.part("it2", slug="khac"), since=5)
    assert "Khẩn cấp: Mưa lớn ở Mộc Châu" in site.read("").text
    site.now = end
    assert "Khẩn cấp" not in site.read("").text and links(site.read("")) == ["/portal/khac"]
    assert "đã hết hiệu lực từ Thứ hai, 23/11/2026, 10:00" in site.read("mua-lon").text
    assert site.page("").changed_at == end


def test_the_same_item_again_is_one_page(site: Site) -> None:
    """A later occurrence of an item: one entry, the newest text, both deliveries proved."""
    site.put("d1")
    site.put("d2", since=3600)
    assert len(links(site.read(""))) == 1
    assert site.page("mua-lon").proves == (Proof("d1"), Proof("d2"))
    assert "Cập nhật Thứ hai, 23/11/2026, 09:00" in site.read("mua-lon").text


def test_a_new_title_keeps_the_old_address(site: Site) -> None:
    """The old slug shows the new text and names the new address; what is no longer shown is not proved."""
    site.put("d1")
    site.put("d2", site.make.part(slug="mua-rat-lon", title="Mưa rất lớn", digest="new"), since=60)
    old, new = site.page("mua-lon"), site.page("mua-rat-lon")
    assert old == new and new.proves == (Proof("d2"),)
    assert '<link rel="canonical" href="https://loa.example/portal/mua-rat-lon">' in new.body.decode()
    assert links(site.read("")) == ["/portal/mua-rat-lon"]
    assert site.page("ten-d1").body == new.body


def test_two_items_of_one_slug(site: Site) -> None:
    """The first keeps the address, the second gets one of its own."""
    site.put("d1")
    site.put("d2", site.make.part("other", title="Tin khác hẳn"), since=60)
    second, first = links(site.read(""))
    assert first == "/portal/mua-lon" and re.fullmatch(r"/portal/mua-lon-[0-9a-f]{6}", second)
    assert site.page("mua-lon").proves == (Proof("d1"),)
    assert site.page(second.removeprefix("/portal/")).proves == (Proof("d2"),)


def test_every_part_of_a_bulletin_has_its_page(site: Site) -> None:
    """A bulletin of several items is several pages; each proves the delivery."""
    site.put("d1", site.make.part("a", slug="mot"), site.make.part("b", slug="hai"))
    assert site.page("mot").proves == site.page("hai").proves == (Proof("d1"),)


def test_atom(site: Site) -> None:
    """RFC 4287: ids that never change, dates from the shelf, content as HTML, the recording as enclosure."""
    site.put("d1")
    page = site.page("feed.xml")
    feed = ElementTree.fromstring(page.body)
    assert page.content_type == "application/atom+xml; charset=utf-8" and feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}updated") == "2026-11-23T01:00:00Z"
    (entry,) = feed.iter(f"{ATOM}entry")
    first_id = entry.findtext(f"{ATOM}id")
    assert first_id and first_id.startswith("urn:uuid:")
    assert entry.findtext(f"{ATOM}content") == "<p>Từ đêm nay có <strong>mưa lớn</strong>.</p>"
    found = {link.get("rel"): link.get("href") for link in entry.iter(f"{ATOM}link")}
    assert found == {
        "alternate": "https://loa.example/portal/mua-lon",
        "enclosure": "https://loa.example/portal/audio/ab12.mp3",
    }
    site.now += timedelta(days=40)
    assert site.page("feed.xml") == page
    site.put("d2", site.make.part(title="Khác", slug="khac", digest="new"), since=60)
    (entry,) = ElementTree.fromstring(site.page("feed.xml").body).iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == first_id
    assert entry.findtext(f"{ATOM}published") == "2026-11-23T01:00:00Z"
    assert entry.findtext(f"{ATOM}updated") == "2026-11-23T01:01:00Z"


def test_site_map(site: Site) -> None:
    """All items, also those that are over."""
    site.put("d1", until=site.now - timedelta(minutes=1))
    places = [
        place.text
        for place in ElementTree.fromstring(site.page("sitemap.xml").body).iter()
        if place.tag.endswith("loc")
    ]
    assert places == ["https://loa.example/portal/", "https://loa.example/portal/mua-lon"]


def test_empty_portal(site: Site) -> None:
    """Nothing published yet is a page too."""
    assert "Chưa có tin bài nào" in site.read("").text
    assert ElementTree.fromstring(site.page("feed.xml").body).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("path", ["x", "in/x", "../style.css", "mua-lon/", "item.html"])
def test_nothing_else_is_there(site: Site, path: str) -> None:
    """Unknown paths get a page that leads back, with 404 and not kept as drawn; templates are no pages."""
    site.put("d1")
    page = site.page(path)
    assert (404, "no-store") == (page.status, page.headers["cache-control"])
    read = Reader(page.body.decode())
    assert "Không có trang này" in read.text and {"name": "robots", "content": "noindex"} in read.all("meta")
    assert "/portal/so-cong-bo" in [link.get("href") for link in read.all("a")]


def test_a_recording_that_is_not_there_is_no_page(site: Site) -> None:
    """A player gets a plain 404."""
    site.put("d1")
    assert site.pull("audio/x.mp3") is None


async def test_the_reference_is_the_public_address(site: Site, http: Any) -> None:
    """What the log shows is what a citizen can open."""
    receipt = await Portal().send(site.make.bulletin(), site.outlet, To("d1", ""), http)
    assert receipt.reference == "https://loa.example/portal/mua-lon"


def test_a_wrong_time_zone_is_named() -> None:
    """A clear error instead of a crash on the first page."""
    with pytest.raises(ValidationError, match="Mộc Châu"):
        PortalOptions(timezone="Mộc Châu")


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


PAIRS = [
    ("ink", "ground"), ("ink", "sheet"), ("soft", "ground"), ("soft", "sheet"), ("link", "ground"), ("link", "sheet"),
    ("seen", "ground"), ("seen", "sheet"), ("on-band", "band"), ("on-band-soft", "band"), ("alarm-ink", "alarm"),
    ("first-ink", "first"),
]  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_contrast(site: Site, front: str, back: str, dark: bool) -> None:
    """Every pair of text and ground passes WCAG 2 AA (4.5 to 1), light and dark."""
    style = site.page("style.css").body.decode()
    light, _, rest = style.partition("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light))
    if dark:
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", rest.partition("}")[0]))
    one, two = sorted((_luminance(colours[front]), _luminance(colours[back])))
    assert (two + 0.05) / (one + 0.05) >= 4.5


def test_machines_are_told_what_a_page_is(site: Site) -> None:
    """schema.org as microdata: headline, dates, text, publisher, the recording with its length."""
    site.put("d1")
    site.put("d2", site.make.part(digest="new"), since=60)
    elements = site.read("mua-lon").elements
    named = {attrs["itemprop"]: attrs for _, attrs in elements if "itemprop" in attrs}
    assert {"headline", "articleBody", "publisher", "author", "url"} <= set(named)
    assert named["datePublished"]["datetime"] == "2026-11-23T01:00:00+00:00"
    assert named["dateModified"]["datetime"] == "2026-11-23T01:01:00+00:00"
    assert named["contentUrl"]["href"] == "https://loa.example/portal/audio/ab12.mp3"
    assert named["duration"]["content"] == "PT0M17S"


def test_a_page_on_paper(site: Site) -> None:
    """The text with a QR code of its public address; search machines leave it out; it proves nothing."""
    site.put("d1")
    page = site.page("in/mua-lon")
    read = Reader(page.body.decode())
    assert {"name": "robots", "content": "noindex"} in read.all("meta") and page.proves == ()
    assert len(read.all("svg")) == 1 and "https://loa.example/portal/mua-lon" in read.text
    assert "UBND xã Mộc Châu" in read.text and "Từ đêm nay có mưa lớn" in read.text


def test_the_register(site: Site) -> None:
    """What stands, what was corrected, what is over and what was taken back, each with its moments."""
    site.put("d1", site.make.part("a", slug="a", title="Tin một"))
    site.put("d2", site.make.part("a", slug="a", title="Tin một", digest="new"), since=600)
    site.put("d3", site.make.part("b", slug="b", title="Tin hai"), since=1200, until=site.now - timedelta(minutes=5))
    site.put("d4", site.make.part("c", slug="c", title="Tin ba"), since=1800)
    site.past = [replace(site.shelf.pop(), withdrawn_at=site.now - timedelta(minutes=1))]
    page = site.read("so-cong-bo")
    assert "Tin một 23/11/2026 08:00 23/11/2026 08:10 Đang công bố" in page.text
    assert "Tin hai 23/11/2026 08:20 không Hết hiệu lực 23/11/2026 08:55" in page.text
    assert "Tin ba 23/11/2026 08:30 không Thu hồi 23/11/2026 08:59" in page.text
    links = [attrs["href"] for attrs in page.all("a")]
    assert "/portal/a" in links and "/portal/c" not in links
    assert (
        "Nội dung đã được sửa so với lần công bố đầu tiên, gần nhất vào Thứ hai, 23/11/2026, 08:10"
        in site.read("a").text
    )


def test_visits_are_told(site: Site) -> None:
    """As the founding portal told them; the same numbers for the foot of every page, never kept by a browser."""
    page = site.read("thong-ke")
    assert "Hôm nay 12 Tổng số lượt truy cập 41.482.602 Số người đang truy cập 3" in page.text
    assert "Tháng 11/2026 400" in page.text
    told = site.page("thong-ke.json")
    assert json.loads(told.body) == {"today": 12, "total": 41_482_602, "now": 3}
    assert told.headers["cache-control"] == "no-store"
