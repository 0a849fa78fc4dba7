"""Drawing pages: the templates, moments written in the office's zone, and the word said once after a deed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
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
from content.bulletin import BulletinClass
from content.item import TITLES as ITEM_TITLES
from content.markup import clean
from desk.places import places_of
from scheduler.delivery import TITLES as DELIVERY_TITLES
from scheduler.schedule import TITLES as SCHEDULE_TITLES
from scheduler.schedule import Rule

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
SAID = "loa-said"
DAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
ROLE_TITLES = {
    "author": "biên soạn",
    "approver": "phê duyệt",
    "station": "đài phát",
    "viewer": "xem",
    "administrator": "quản trị",
}
OCCURRENCE_TITLES = {
    "planning": "đang lập danh sách",
    "open": "đang phát",
    "done": "đã xong",
    "missed": "lỡ giờ",
    "cancelled": "đã hủy",
}
FORM_TITLES = {
    Form.ARTICLE: "bài viết",
    Form.SCRIPT: "lời đọc",
    Form.AUDIO: "bản ghi âm",
    Form.SHORT: "tin ngắn",
    Form.CHAT: "tin Zalo",
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


def size_in_words(number: int) -> str:
    """How large a file is: `12,4 MB`."""
    return f"{number / 1e6:.1f} MB".replace(".", ",") if number >= 1e5 else f"{number / 1e3:.0f} kB"


class Drawing:
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
        self.zone = zone
        self._clock = clock
        self._key = key
        self._secure = secure
        self._jinja = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= {
            "moment": self.moment,
            "near": self.near,
            "beside": self.beside,
            "ago": self.ago,
            "iso": lambda moment: moment.astimezone(zone).isoformat(timespec="seconds"),
            "field_moment": lambda moment: moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else "",
            "masked": partial(shown, seal),
            "tags": in_words,
            "number": lambda number: f"{number:,}".replace(",", "."),
            "article": lambda html: Markup(clean(html)),  # noqa: S704 (cleaned on write, and again here)
            "rule": lambda schedule: rule_in_words(schedule.rule, self),
            "lasting": length_in_words,
            "lines_of": paragraphs,
            "size": size_in_words,
        }
        self._jinja.globals |= {
            "office": office,
            "places_of": places_of,
            "static": lambda name: f"/static/{name}?v={versions.get(name, '0')}",
            "marks": MARKS,
            "klass_title": lambda klass: BulletinClass(klass).title_vi,
            "state_title": state_title,
            "role_titles": ROLE_TITLES,
            "form_titles": FORM_TITLES,
        }

    def page(self, template: str, request: web.Request, values: Mapping[str, Any]) -> str:
        """A page; `values` hold the `visit` it is for and what that person `may`."""
        frame = {"path": request.path, "said": self.said(request)}
        return self._jinja.get_template(template).render({**frame, "now": self._clock.now(), **values})

    def local(self, moment: datetime) -> datetime:
        """The moment on the office's wall clock."""
        return moment.astimezone(self.zone)

    def moment(self, moment: datetime) -> str:
        """`Thứ Hai 23/11/2026, 05:00`."""
        local = self.local(moment)
        return f"{DAYS[local.weekday()]} {local:%d/%m/%Y, %H:%M}"

    def near(self, moment: datetime) -> str:
        """`hôm nay 05:00`, `ngày mai 05:00`, else with day name; the year only when it is another."""
        local, today = self.local(moment), self.local(self._clock.now())
        away = (local.date() - today.date()).days
        if away in {-1, 0, 1}:
            return f"{('hôm qua', 'hôm nay', 'ngày mai')[away + 1]} {local:%H:%M}"
        return f"{DAYS[local.weekday()]} {local:%d/%m}{local:/%Y}, {local:%H:%M}".replace(f"/{today:%Y}", "")

    def beside(self, moment: datetime, other: datetime) -> str:
        """`08:30` where the day is told by another moment; else with its own."""
        local = self.local(moment)
        return f"{local:%H:%M}" if local.date() == self.local(other).date() else self.moment(moment)

    def ago(self, moment: datetime) -> str:
        """`3 phút trước`, `trong 2 giờ nữa`."""
        away = moment - self._clock.now()
        words = length_in_words(abs(away).total_seconds())
        if abs(away) < timedelta(minutes=1):
            return "vừa xong" if away <= timedelta() else "sắp tới"
        return f"{words} trước" if away < timedelta() else f"còn {words}"

    def say(self, response: web.StreamResponse, said: str) -> None:
        """Keep a sentence for the next page; signed, so that nobody else can put words in our mouth."""
        word = base64.urlsafe_b64encode(said.encode()).decode()
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


def qr_code(address: str) -> Markup:
    """The address as a QR code of medium correction, an SVG within the page."""
    drawn = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2, omitsize=True, svgclass=None)
    return Markup(drawn)  # noqa: S704 (drawn by segno: nothing but numbers)


def state_title(state: str) -> str:
    """The word on screen for a state of an item, a schedule, an occurrence or a delivery."""
    for titles in (DELIVERY_TITLES, ITEM_TITLES, SCHEDULE_TITLES):
        for known, title in titles.items():
            if known.value == state:
                return str(title)
    return OCCURRENCE_TITLES.get(state, state)


def length_in_words(seconds: float) -> str:
    """A length of time in its largest fitting unit."""
    whole = round(seconds)
    for size, word in ((86400, "ngày"), (3600, "giờ"), (60, "phút")):
        if whole >= size:
            rest = whole % size
            smaller = {86400: (3600, "giờ"), 3600: (60, "phút"), 60: (1, "giây")}[size]
            more = rest // smaller[0] if whole // size < 3 else 0
            return f"{whole // size} {word}" + (f" {more} {smaller[1]}" if more else "")
    return f"{whole} giây"


def rule_in_words(rule: Rule, drawing: Drawing) -> str:
    """When a schedule runs, as an office would say it."""
    if rule.asked:
        return "khi có người xin"
    if rule.once is not None:
        return f"một lần, {drawing.moment(rule.once)}"
    if rule.every is not None:
        return f"mỗi {length_in_words(rule.every.total_seconds())} một lần"
    parts = rule.cron.split()
    if len(parts) == 5 and parts[0].isdigit() and parts[1].isdigit() and parts[2:4] == ["*", "*"]:
        clock = f"{int(parts[1]):02d}:{int(parts[0]):02d}"
        if parts[4] == "*":
            return f"hằng ngày lúc {clock}"
        if parts[4] == "1-5":
            return f"các ngày làm việc (thứ Hai đến thứ Sáu) lúc {clock}"
        first, _, last = parts[4].partition("-")
        if first.isdigit() and last.isdigit() and int(first) <= 7 and int(last) <= 7:
            return f"{DAYS[(int(first) - 1) % 7]} đến {DAYS[(int(last) - 1) % 7]} hằng tuần lúc {clock}"
        days = parts[4].split(",")
        if all(day.isdigit() and int(day) <= 7 for day in days):
            return f"{', '.join(DAYS[(int(day) - 1) % 7] for day in days)} hằng tuần lúc {clock}"
    return f"theo cron {rule.cron}"
