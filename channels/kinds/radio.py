"""Kind `radio`: a station's shelf, drawn as podcast feed, playlist and audio files (RSS 2.0, M3U)."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from pydantic import Field, SecretStr

from channels.channel import Channel, Form, Options, Outlet, Page, Pull, Receipt, Shelved, To, Unavailable
from channels.http import Http
from content.bulletin import Audio, Bulletin, Part

_ATOM = "http://www.w3.org/2005/Atom"
_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_PODCAST = "https://podcastindex.org/namespace/1.0"
for _prefix, _address in (("atom", _ATOM), ("itunes", _ITUNES), ("podcast", _PODCAST)):
    ElementTree.register_namespace(_prefix, _address)

# Vietnam has no summer time; a file's name must not change when a setting does.
_HANOI = timezone(timedelta(hours=7))
# A station that has just read the list may still fetch what expired meanwhile: a dead address stops some players.
_GRACE = timedelta(minutes=15)
_SOONEST = 5.0
_DESCRIBED = 1500
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


class RadioOptions(Options):
    """Options of a radio station outlet."""

    token: SecretStr = Field(
        min_length=12, description="Khóa của riêng đài này, gắn vào địa chỉ (?token=...) hoặc làm mật khẩu Basic."
    )
    description: str = Field(default="Bản tin phát thanh của cơ quan.", description="Lời giới thiệu trong nguồn tin.")
    author: str = Field(default="", description="Tên đơn vị biên soạn; để trống thì dùng tên điểm phát.")
    image_url: str = Field(
        default="", description="Ảnh vuông 1400 đến 3000 điểm ảnh (JPEG, PNG) cho trình nghe podcast."
    )
    keep_days: Annotated[int, Field(ge=1, le=366)] = Field(
        default=14, description="Bản tin không ghi hạn thì ở trong danh sách bao nhiêu ngày."
    )


@dataclass(frozen=True, slots=True)
class Track:
    """One recording a station can fetch: `at` is its publication, strictly rising along the shelf."""

    shelved: Shelved
    part: Part
    audio: Audio
    guid: str
    stem: str
    at: datetime
    last: bool


class Radio(Channel[RadioOptions]):
    """Stations pull; a recording sent to its last byte is the proof."""

    kind = "radio"
    title_vi = "Đài phát thanh (tự lấy bản tin)"
    title_en = "Radio station (pulls its feed)"
    form = Form.AUDIO
    options = RadioOptions
    shelf = "radio"

    async def send(self, bulletin: Bulletin, outlet: Outlet[RadioOptions], to: To, http: Http) -> Receipt:
        """Put on the shelf; the reference is the first recording's address. Unavailable until every part has its audio."""
        if any(part.audio is None for part in bulletin.parts):
            raise Unavailable(
                "audio_not_ready", "bản ghi âm chưa xong", "the recording is not finished", retry_after=_SOONEST
            )
        stem = _stem(to.delivery, bulletin, 0)
        return Receipt(f"{_root(outlet)}audio/{stem}.mp3")

    def token_of(self, outlet: Outlet[RadioOptions]) -> str:
        """The station's own token."""
        return outlet.options.token.get_secret_value()

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[RadioOptions]) -> Page | None:
        """`feed.xml`, `playlist.m3u`, `audio/{stem}.mp3`, `transcript/{stem}.txt`; anything else is None."""
        tracks = list(_tracks(shelf))
        current = [track for track in tracks if _stands(track, pull.now, outlet.options)]
        ask = f"?{urlencode({'token': pull.query['token']})}" if pull.query.get("token") else ""
        changed = _changed(tracks, pull.now, outlet.options)
        folder, _, name = pull.path.rpartition("/")
        if pull.path == "feed.xml":
            return Page("application/rss+xml; charset=utf-8", _rss(current, outlet, ask, changed), changed_at=changed)
        if pull.path == "playlist.m3u":
            return Page("audio/x-mpegurl; charset=utf-8", _m3u(current, outlet, ask), changed_at=changed)
        if folder == "audio":
            return _recording(name, tracks, pull.now)
        if folder == "transcript":
            return _transcript(name, tracks)
        return None


def _tracks(shelf: Sequence[Shelved]) -> Iterator[Track]:
    """All recordings of the shelf, oldest first, also those no longer listed: later dates must not depend on them going."""
    before = datetime.min.replace(tzinfo=UTC)
    for shelved in sorted(shelf, key=lambda each: (each.since, each.delivery)):
        parts = shelved.bulletin.parts
        for number, part in enumerate(parts):
            if part.audio is None:
                continue
            # A reader that takes only what is newer than its newest would skip a second item of the same second.
            at = max(shelved.since.astimezone(UTC).replace(microsecond=0), before + timedelta(seconds=1))
            before = at
            guid = shelved.delivery if number == 0 else f"{shelved.delivery}.{number + 1}"
            stem = _stem(shelved.delivery, shelved.bulletin, number)
            yield Track(shelved, part, part.audio, guid, stem, at, number == len(parts) - 1)


def _stem(delivery: str, bulletin: Bulletin, number: int) -> str:
    """The file name without `.mp3`: words, day in Vietnam, and a mark of its own; the same for ever."""
    words = _plain(bulletin.parts[number].slug or bulletin.parts[number].title)[:60].strip("-") or "ban-tin"
    mark = hashlib.sha256(f"{delivery}|{number}".encode()).hexdigest()[:8]
    return f"{words}-{bulletin.issued_at.astimezone(_HANOI):%Y%m%d}-{mark}"


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(mark for mark in bare if not unicodedata.combining(mark))
    return re.sub(r"[^a-z0-9]+", "-", bare)


def _end(track: Track, options: RadioOptions) -> datetime:
    ends = [moment for moment in (track.shelved.until, track.shelved.bulletin.valid_until) if moment is not None]
    return min(ends, default=track.shelved.since + timedelta(days=options.keep_days))


def _stands(track: Track, now: datetime, options: RadioOptions) -> bool:
    return now < _end(track, options)


def _changed(tracks: Sequence[Track], now: datetime, options: RadioOptions) -> datetime | None:
    """When the lists last changed: something came, or something went by itself."""
    moments = [track.at for track in tracks]
    moments += [end for track in tracks if (end := _end(track, options)) <= now]
    return max(moments, default=None)


def _root(outlet: Outlet[RadioOptions]) -> str:
    return outlet.base_url.rstrip("/") + "/"


def _title(text: str) -> str:
    """On one line, and without the mark at which players split artist from title."""
    return re.sub(r" [-‐‑‒–—―]+ ", ": ", " ".join(_FORBIDDEN.sub("", text).split()))


def _rss(tracks: Sequence[Track], outlet: Outlet[RadioOptions], ask: str, changed: datetime | None) -> bytes:
    """The podcast feed, newest first. Dates come from the shelf alone, so nothing changes until the shelf does."""
    options, root = outlet.options, _root(outlet)
    rss = ElementTree.Element("rss", {"version": "2.0"})
    channel = ElementTree.SubElement(rss, "channel")
    author = _title(options.author or outlet.title)
    _text(channel, "title", _title(outlet.title))
    _text(channel, "link", root)
    _text(channel, "description", options.description)
    _text(channel, "language", "vi")
    _text(channel, "generator", "Loa")
    if changed is not None:
        _text(channel, "lastBuildDate", format_datetime(changed.astimezone(UTC).replace(microsecond=0), usegmt=True))
    link = {"href": f"{root}feed.xml{ask}", "rel": "self", "type": "application/rss+xml"}
    ElementTree.SubElement(channel, f"{{{_ATOM}}}link", link)
    _text(channel, f"{{{_ITUNES}}}author", author)
    _text(channel, f"{{{_ITUNES}}}explicit", "false")
    ElementTree.SubElement(channel, f"{{{_ITUNES}}}category", {"text": "Government"})
    if options.image_url:
        ElementTree.SubElement(channel, f"{{{_ITUNES}}}image", {"href": options.image_url})
    _text(channel, f"{{{_PODCAST}}}guid", str(uuid5(NAMESPACE_URL, f"{root}feed.xml")))
    _text(channel, f"{{{_PODCAST}}}locked", "yes")
    for track in reversed(tracks):
        _item(channel, track, author, root, ask)
    written: bytes = ElementTree.tostring(rss, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _item(channel: ElementTree.Element, track: Track, author: str, root: str, ask: str) -> None:
    item = ElementTree.SubElement(channel, "item")
    text = " ".join((track.part.short or track.part.script).split())
    _text(item, "title", _title(track.part.title))
    _text(item, "description", text if len(text) <= _DESCRIBED else text[: _DESCRIBED - 1].rsplit(" ", 1)[0] + "…")
    _text(item, "pubDate", format_datetime(track.at, usegmt=True))
    ElementTree.SubElement(item, "guid", {"isPermaLink": "false"}).text = track.guid
    enclosure = {"url": f"{root}audio/{track.stem}.mp3{ask}", "length": str(track.audio.bytes), "type": "audio/mpeg"}
    ElementTree.SubElement(item, "enclosure", enclosure)
    _text(item, f"{{{_ITUNES}}}author", author)
    _text(item, f"{{{_ITUNES}}}duration", str(max(1, round(track.audio.seconds))))
    _text(item, f"{{{_ITUNES}}}explicit", "false")
    transcript = {
        "url": f"{root}transcript/{track.stem}.txt{ask}",
        "type": "text/plain",
        "language": track.part.language,
    }
    ElementTree.SubElement(item, f"{{{_PODCAST}}}transcript", transcript)


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _FORBIDDEN.sub("", text)


def _m3u(tracks: Sequence[Track], outlet: Outlet[RadioOptions], ask: str) -> bytes:
    """The playlist in the order to air: urgent, priority, normal; older before newer within a class."""
    lines = ["#EXTM3U"]
    for track in sorted(tracks, key=lambda each: (each.shelved.bulletin.klass.rank, each.at)):
        lines.append(f"#EXTINF:{max(1, round(track.audio.seconds))},{_title(track.part.title)}")
        lines.append(f"{_root(outlet)}audio/{track.stem}.mp3{ask}")
    return "\n".join([*lines, ""]).encode()


def _recording(name: str, tracks: Sequence[Track], now: datetime) -> Page | None:
    """The recording itself; 410 when its time is over. Of several parts the last one proves the delivery."""
    for track in tracks:
        if f"{track.stem}.mp3" == name:
            ends = [end for end in (track.shelved.until, track.shelved.bulletin.valid_until) if end is not None]
            if ends and now >= min(ends) + _GRACE:
                return Page("text/plain; charset=utf-8", "Bản tin đã hết hạn.\n".encode(), status=410)
            proves = (track.shelved.delivery,) if track.last else ()
            return Page("audio/mpeg", audio=track.audio, changed_at=track.at, proves=proves)
    return None


def _transcript(name: str, tracks: Sequence[Track]) -> Page | None:
    for track in tracks:
        if f"{track.stem}.txt" == name:
            text = f"{track.part.title}\n\n{track.part.script}\n"
            return Page("text/plain; charset=utf-8", text.encode(), changed_at=track.at)
    return None
