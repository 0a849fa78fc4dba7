"""Kind `portal`: the office's own public news site, drawn from its shelf (HTML, Atom, site map)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from pydantic import Field

from channels.channel import Channel, Form, Options, Outlet, Page, Proof, Pull, Receipt, Refused, Shelved, To, Word
from channels.http import Http
from channels.options import LONG, TimeZone
from channels.site.drawing import Place, draw, file_of, place_of
from channels.site.feeds import atom, sitemap
from channels.site.news import News, Site, found, months_of, site_of, slug_of, themes_of
from content.bulletin import Bulletin, Part

HTML = "text/html; charset=utf-8"
ON_A_PAGE = 13
OTHERS = 5
FILES = {"style.css": "text/css; charset=utf-8", "site.js": "text/javascript; charset=utf-8"}
FRESH = {"cache-control": "no-store"}
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])", re.ASCII)


class PortalOptions(Options):
    """Options of a portal outlet."""

    motto: str = Field(
        default="Thông tin chính thức",
        description=Word(
            "Dòng chữ nhỏ trên tên cơ quan ở đầu trang.", "Small line above the office's name at the top of the page."
        ),
    )
    introduction: str = Field(
        default="",
        description=Word(
            "Một câu giới thiệu ở trang đầu và cho máy tìm kiếm.",
            "One sentence of introduction on the front page and for search engines.",
        ),
        json_schema_extra=LONG,
    )
    responsible: str = Field(
        default="",
        description=Word(
            "Người chịu trách nhiệm nội dung, ghi ở cuối trang.",
            "Person responsible for the content, shown at the foot of the page.",
        ),
    )
    address: str = Field(
        default="",
        description=Word("Địa chỉ trụ sở, ghi ở cuối trang.", "Address of the office, shown at the foot of the page."),
    )
    phone: str = Field(
        default="", description=Word("Điện thoại, ghi ở cuối trang.", "Phone number, shown at the foot of the page.")
    )
    email: str = Field(
        default="", description=Word("Thư điện tử, ghi ở cuối trang.", "Email, shown at the foot of the page.")
    )
    timezone: TimeZone = Field(
        default="Asia/Ho_Chi_Minh",
        description=Word("Múi giờ của ngày tháng trên trang.", "Time zone of the dates on the page."),
    )


class Portal(Channel[PortalOptions]):
    """Public; a page read to its last byte proves that it was published."""

    kind = "portal"
    title_vi = "Cổng thông tin (trang tin của cơ quan)"
    title_en = "Public portal (embedded)"
    form = Form.ARTICLE
    carries = True
    options = PortalOptions
    shelf = "portal"
    shelf_public = True
    shelf_most = 5_000

    async def send(self, bulletin: Bulletin, outlet: Outlet[PortalOptions], to: To, http: Http) -> Receipt:
        """Publish; the reference is the public address of the first part's page."""
        if not bulletin.parts:
            raise Refused("empty", "bản tin không có phần nào", "the bulletin has no part")
        return Receipt(f"{place_of(outlet).root}{quote(slug_of(bulletin.parts[0]))}")

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[PortalOptions]) -> Page | None:
        """The list at "", an item at its slug (also a former one) and printed at `in/{slug}`; what else there is has its name.

        That is the register at `so-cong-bo`, visits at `thong-ke` and `thong-ke.json`, `feed.xml`, `sitemap.xml`,
        `audio/{name}`, `style.css`, `site.js`.
        """
        if pull.path in FILES:
            # The address carries a mark of the file, so it may be kept for good.
            return Page(FILES[pull.path], file_of(pull.path).encode(), headers={"cache-control": "max-age=86400"})
        if pull.path == "thong-ke.json":
            return Page("application/json", pull.visits.json(), headers=FRESH)
        if pull.path.startswith("audio/"):
            return _recording(pull.path.removeprefix("audio/"), shelf)
        place, site = place_of(outlet), site_of(shelf)
        current, changed = site.current(pull.now), site.changed_at(pull.now)
        if pull.path == "":
            return Page(HTML, _list(pull, current, place), changed_at=changed)
        if pull.path == "feed.xml":
            return Page("application/atom+xml; charset=utf-8", atom(place, current, changed), changed_at=changed)
        if pull.path == "sitemap.xml":
            return Page("application/xml; charset=utf-8", sitemap(place, site.news), changed_at=changed)
        if pull.path == "so-cong-bo":
            return Page(HTML, _register(pull, shelf, place))
        if pull.path == "thong-ke":
            body = draw("visits.html", place, visits=pull.visits, themes=themes_of(current))
            return Page(HTML, body, headers=FRESH)
        return _item(pull, site, current, place)


def _recording(name: str, shelf: Sequence[Shelved]) -> Page | None:
    for shelved in shelf:
        for part in shelved.bulletin.parts:
            if part.audio is not None and part.audio.name == name:
                return Page("audio/mpeg", audio=part.audio, changed_at=shelved.since)
    return None


def _list(pull: Pull, current: list[News], place: Place) -> bytes:
    theme, month, words = (pull.query.get(name, "")[:200] for name in ("chu-de", "thang", "tim"))
    words, month = words[:100], month if _MONTH.fullmatch(month) else ""
    chosen = found(current, place.zone, theme=theme, month=month, words=words)
    pages = max(1, -(-len(chosen) // ON_A_PAGE))
    asked = pull.query.get("trang", "1")
    page = min(pages, max(1, int(asked[:6]))) if asked.isascii() and asked.isdigit() else 1
    kept = {name: value for name, value in (("chu-de", theme), ("thang", month), ("tim", words)) if value}
    return draw(
        "list.html",
        place,
        shown=chosen[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        themes=themes_of(current),
        months=months_of(current, place.zone),
        theme=theme,
        month=month,
        words=words,
        urgent=[] if kept else [each for each in current if each.bulletin.klass.rank == 0][:3],
        page=page,
        pages=pages,
        count=len(chosen),
        before=_turn(kept, page - 1),
        after=_turn(kept, page + 1),
    )


def _turn(kept: dict[str, str], page: int) -> str:
    return "?" + urlencode(kept | ({"trang": str(page)} if page > 1 else {}))


def _item(pull: Pull, site: Site, current: Sequence[News], place: Place) -> Page | None:
    slug = pull.path.removeprefix("in/")
    news = site.paths.get(slug)
    if news is None:
        return _gone(pull, slug, current, place)
    told = {"news": news, "over": news.over(pull.now), "themes": themes_of(current)}
    changed = site.changed_at(pull.now)
    if slug != pull.path:
        return Page(HTML, draw("print.html", place, **told), changed_at=changed)
    others = [each for each in current if each is not news][:OTHERS]
    boxes = [(part, _stands(part, current)) for part in news.along(pull.now)]
    body = draw("item.html", place, others=others, boxes=boxes, **told)
    return Page(HTML, body, changed_at=changed, proves=tuple(map(Proof, news.deliveries)))


def _stands(part: Part, current: Sequence[News]) -> str:
    """Where a text that goes along stands by itself on this site, if it does."""
    return next((each.slug for each in current if each.part.item == part.item), "")


def _gone(pull: Pull, slug: str, current: Sequence[News], place: Place) -> Page:
    """What is said where something stood that was withdrawn: that it was, and when; and where nothing ever stood."""
    news = site_of(pull.past).paths.get(slug)
    if news is None:
        return Page(HTML, draw("missing.html", place, themes=themes_of(current)), status=404, headers=FRESH)
    told = {"news": news, "successor": _successor(news, current), "themes": themes_of(current)}
    return Page(HTML, draw("gone.html", place, **told), status=410)


def _successor(news: News, current: Sequence[News]) -> News | None:
    """What took its place, where that stands here too."""
    return next((each for each in current if news.replaced and each.slug == news.replaced), None)


def _register(pull: Pull, shelf: Sequence[Shelved], place: Place) -> bytes:
    """What was issued, corrected and withdrawn, with its dates (Decree 42/2022/NĐ-CP)."""
    ever = site_of([*shelf, *pull.past])
    standing = {each.part.item for each in site_of(shelf).news}
    rows = [(each, each.part.item in standing, each.over(pull.now)) for each in ever.news]
    rows.sort(key=lambda row: row[0].first, reverse=True)
    return draw("register.html", place, rows=rows, themes=themes_of(site_of(shelf).current(pull.now)))
