"""Pages of the public site drawn: the templates, moments in the office's zone, cleaned articles, QR codes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup

from channels.channel import Outlet
from config.lazy import lazily
from content.bulletin import Part

if TYPE_CHECKING:
    import jinja2
    import nh3
    import segno
else:
    jinja2, nh3, segno = lazily("jinja2"), lazily("nh3"), lazily("segno")

_DAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site stands and what it calls itself; `root` is its public address with a slash at its end."""

    name: str
    title: str
    root: str
    introduction: str
    zone: ZoneInfo
    options: Any

    @property
    def path(self) -> str:
        """The path of `root`."""
        return urlsplit(self.root).path or "/"


def place_of(outlet: Outlet[Any]) -> Place:
    """The site of a portal's outlet."""
    options, root = outlet.options, outlet.base_url.rstrip("/") + "/"
    return Place(outlet.name, outlet.title, root, options.introduction, ZoneInfo(options.timezone), options)


@cache
def file_of(name: str) -> str:
    """A file of the site as text."""
    return (files("channels.site") / "pages" / name).read_text(encoding="utf-8")


@cache
def version_of(name: str) -> str:
    """A mark of a file, for addresses that may be kept for good."""
    return hashlib.sha256(file_of(name).encode()).hexdigest()[:12]


def draw(template: str, place: Place, **more: Any) -> bytes:
    """A page."""
    made = _pages().get_template(template)
    told = {"place": place, "options": place.options, "zone": place.zone, "root": place.path, "public": place.root}
    return made.render(**told, version=version_of, **more).encode()


@cache
def _pages() -> jinja2.Environment:
    pages = jinja2.Environment(
        loader=jinja2.FunctionLoader(file_of),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"day": _day, "clock": _clock, "moment": _moment, "month": _month, "lasting": _lasting}
    pages.filters |= {"cleaned": cleaned, "lead": lead, "counted": _counted, "qr": _qr}
    return pages


def cleaned(article: str) -> Markup:
    """The house cleaned it when it was written; what is drawn is cleaned again, for rows that came another way."""
    return Markup(nh3.clean(article))  # noqa: S704 (cleaned on this very line)


def lead(part: Part, characters: int = 240) -> str:
    """The first words of an item, for lists."""
    text = " ".join((part.chat or part.script or part.short).split())
    text = text.removeprefix(part.title).lstrip(" .:–-")
    return text if len(text) <= characters else text[: characters - 1].rsplit(" ", 1)[0] + "…"


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d/%m/%Y}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%d/%m/%Y %H:%M}"


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{_DAYS[local.weekday()]}, {local:%d/%m/%Y, %H:%M}"


def _month(written: str) -> str:
    year, _, month = written.partition("-")
    return f"Tháng {int(month)}/{year}"


def _counted(number: int) -> str:
    """A number with dots between thousands, as Vietnamese writes it."""
    return f"{number:,}".replace(",", ".")


def _lasting(seconds: float) -> str:
    """An ISO 8601 duration, for machines."""
    whole = round(seconds)
    return f"PT{whole // 60}M{whole % 60}S"


def _qr(address: str) -> Markup:
    """A QR code as SVG; what stands in it is not a person's words."""
    return Markup(segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2, omitsize=True))  # noqa: S704
