"""Drawing pages: the templates in both languages, and the word said once after a deed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from channels.audience import shown
from channels.board.screen import paragraphs
from channels.channel import Form
from channels.seal import Seal
from channels.tags import in_words
from config.clock import Clock
from config.words import Word, said_in
from content.bulletin import BulletinClass
from content.item import TITLES as ITEM_TITLES
from content.markup import clean
from desk.english import English
from desk.moments import Moments, decimal_in_words, length_in_words, number_in_words, size_in_words
from desk.places import places_of
from scheduler.delivery import TITLES as DELIVERY_TITLES
from scheduler.schedule import TITLES as SCHEDULE_TITLES

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
SAID, LANGUAGE = "loa-said", "loa-language"
LANGUAGES = ("vi", "en")
ROLE_TITLES = {
    "author": Word("biên soạn", "author"),
    "approver": Word("phê duyệt", "approver"),
    "station": Word("đài phát", "station"),
    "viewer": Word("xem", "viewer"),
    "administrator": Word("quản trị", "administrator"),
}
OCCURRENCE_TITLES = {
    "planning": Word("đang lập danh sách", "listing recipients"),
    "open": Word("đang phát", "going out"),
    "done": Word("đã xong", "done"),
    "missed": Word("lỡ giờ", "missed"),
    "cancelled": Word("đã hủy", "cancelled"),
}
FORM_TITLES = {
    Form.ARTICLE: Word("bài viết", "article"),
    Form.SCRIPT: Word("lời đọc", "script"),
    Form.AUDIO: Word("bản ghi âm", "recording"),
    Form.SHORT: Word("tin ngắn", "short text"),
    Form.CHAT: Word("tin Zalo", "Zalo text"),
}
# One shape for each meaning, so that no state is told by colour alone.
MARKS = {
    **dict.fromkeys(("confirmed", "approved", "done", "working", "accepted", "localised", "answered"), "good"),
    **dict.fromkeys(("sent", "sending", "open", "planning"), "run"),
    **dict.fromkeys(("contest-draft", "contest-in_review", "contest-coming"), "wait"),
    "contest-open": "run",
    "contest-published": "good",
    "contest-withdrawn": "rest",
    **dict.fromkeys(("contest-over", "contest-counted"), "ask"),
    **dict.fromkeys(("pending", "in_review", "draft", "wanted", "waiting", "answering"), "wait"),
    **dict.fromkeys(("failed", "missed", "refused", "disabled"), "bad"),
    **dict.fromkeys(("unsure", "troubled", "unavailable", "unanswered"), "ask"),
    **dict.fromkeys(
        ("paused", "cancelled", "ended", "expired", "withdrawn", "declined", "closed", "sent_back"), "rest"
    ),
}


class Drawing(Moments):
    """Draws the desk's pages for one office."""

    def __init__(
        self,
        office: str,
        zone: ZoneInfo,
        clock: Clock,
        key: bytes,
        seal: Seal,
        versions: Mapping[str, str],
        *,
        secure: bool,
    ) -> None:
        super().__init__(zone, clock)
        self._key = key
        self._secure = secure
        self._jinja = {
            language: kind(
                loader=FileSystemLoader(TEMPLATES),
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
            )
            for language, kind in (("vi", Environment), ("en", English))
        }
        for language, jinja in self._jinja.items():
            jinja.filters |= self._filters(seal)
            jinja.globals |= {
                "language": language,
                "office": office,
                "places_of": places_of,
                "static": lambda name: f"/static/{name}?v={versions.get(name, '0')}",
                "marks": MARKS,
                "klass_title": lambda klass: BulletinClass(klass).title_vi,
                "state_title": state_title,
                "role_titles": ROLE_TITLES,
                "form_titles": FORM_TITLES,
            }

    def _filters(self, seal: Seal) -> dict[str, Any]:
        return {
            "moment": self.moment,
            "near": self.near,
            "beside": self.beside,
            "ago": self.ago,
            "day": self.day,
            "month": self.month,
            "iso": lambda moment: self.local(moment).isoformat(timespec="seconds"),
            "field_moment": lambda moment: self.local(moment).strftime("%Y-%m-%dT%H:%M") if moment else "",
            "masked": partial(shown, seal),
            "tags": in_words,
            "number": number_in_words,
            "decimal": decimal_in_words,
            "article": lambda html: Markup(clean(html)),  # noqa: S704 (cleaned on write, and again here)
            "rule": lambda schedule: self.rule(schedule.rule),
            "lasting": length_in_words,
            "lines_of": paragraphs,
            "size": size_in_words,
        }

    def page(self, template: str, request: web.Request, values: Mapping[str, Any], language: str) -> str:
        """A page in that language; `values` hold the `visit` it is for and what that person `may`."""
        here = "/" if request.method == "POST" else request.path_qs
        frame = {"path": request.path, "here": here, "said": self.said(request)}
        return self._jinja[language].get_template(template).render({**frame, "now": self._clock.now(), **values})

    def say(self, response: web.StreamResponse, said: str, language: str) -> None:
        """Keep a sentence for the next page; signed, so that nobody else can put words in our mouth."""
        word = base64.urlsafe_b64encode(said_in(said, language).encode()).decode()
        value = f"{word}.{self._sign(word)}"
        response.set_cookie(SAID, value, max_age=60, httponly=True, samesite="Lax", secure=self._secure, path="/")

    def said(self, request: web.Request) -> str:
        """The sentence kept for this page."""
        word, _, signature = request.cookies.get(SAID, "").partition(".")
        if not word or not hmac.compare_digest(signature.encode(), self._sign(word).encode()):
            return ""
        return base64.urlsafe_b64decode(word).decode()

    def forget_said(self, request: web.Request, response: web.StreamResponse) -> None:
        """A sentence is said once."""
        if SAID in request.cookies:
            response.del_cookie(SAID, path="/")

    def _sign(self, word: str) -> str:
        return hmac.new(self._key, word.encode(), hashlib.sha256).hexdigest()


def language_of(request: web.BaseRequest, locale: str) -> str:
    """In which language pages are read: as chosen in this browser, else the office's own `locale`; `vi` or `en`."""
    chosen = request.cookies.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else locale


def qr_code(address: str) -> Markup:
    """The address as a QR code of medium correction, an SVG within the page."""
    drawn = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2, omitsize=True, svgclass=None)
    return Markup(drawn)  # noqa: S704 (drawn by segno: nothing but numbers)


def state_title(state: str) -> str:
    """The word on screen for a state of an item, a schedule, an occurrence or a delivery."""
    for titles in (DELIVERY_TITLES, ITEM_TITLES, SCHEDULE_TITLES):
        for known, title in titles.items():
            if known.value == state:
                return title
    return OCCURRENCE_TITLES.get(state, state)
