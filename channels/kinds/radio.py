"""Kind `radio`: a station's shelf, drawn as podcast feed, playlists, audio files and programmes of its slots."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from channels.channel import (
    Callback,
    Channel,
    Confirmation,
    Form,
    Outlet,
    Page,
    Pull,
    Receipt,
    Refused,
    Shelved,
    Timetable,
    To,
    Unavailable,
    Word,
)
from channels.http import Http
from channels.slots import Slot
from channels.station import lists
from channels.station.feed import Show, rss
from channels.station.options import StationOptions
from channels.station.tracks import (
    FURTHER,
    MAIN,
    OVER,
    Addresses,
    Track,
    Wanted,
    changed_at,
    dated_stem,
    files_of,
    programme_file,
    programme_proofs,
    stem_of,
    tracks_of,
)
from content.bulletin import Bulletin, Sound

_SOONEST = 5.0


class RadioOptions(StationOptions):
    """Options of a radio station outlet."""

    description: str = Field(
        default="Bản tin phát thanh của cơ quan.",
        description=Word("Lời giới thiệu trong nguồn tin.", "Introduction in the feed."),
    )
    author: str = Field(
        default="",
        description=Word(
            "Tên đơn vị biên soạn; để trống thì dùng tên điểm phát.",
            "Name of the authoring unit; if empty, the name of the outlet.",
        ),
    )
    image_url: str = Field(
        default="",
        description=Word(
            "Ảnh vuông 1400 đến 3000 điểm ảnh (JPEG, PNG) cho trình nghe podcast.",
            "Square picture of 1400 to 3000 pixels (JPEG, PNG) for podcast players.",
        ),
    )
    loudness: Annotated[float, Field(ge=-30, le=-10)] | None = Field(
        default=None,
        description=Word(
            "Độ to riêng của đài, LUFS, ví dụ -23 theo EBU R128; để trống: như cơ quan ghi.",
            "Loudness of this station's own, LUFS, for example -23 for EBU R128; if empty: as the office records.",
        ),
    )
    sounds: tuple[Literal["low", "wav", "opus"], ...] = Field(
        default=(),
        description=Word(
            "Thêm loại tệp: low (MP3 48 kb/s cho đường truyền yếu), wav (48 kHz), opus.",
            "Further kinds of file: low (MP3 48 kb/s for slow lines), wav (48 kHz), opus.",
        ),
    )
    slots: tuple[Slot, ...] = Field(
        default=(),
        description=Word(
            "Các giờ phát trong ngày; để trống nếu đài tự xếp.",
            "Slots of the day; leave empty if the station arranges them itself.",
        ),
    )
    freeze_minutes: Annotated[float, Field(ge=1, le=720)] = Field(
        default=60,
        description=Word(
            "Chốt chương trình trước giờ phát bao nhiêu phút.", "Minutes before a slot at which its programme is fixed."
        ),
    )
    ready_minutes: Annotated[float, Field(ge=1, le=720)] = Field(
        default=60,
        description=Word(
            "Tệp chương trình lấy được từ bao nhiêu phút trước giờ phát.",
            "Minutes before a slot from which the programme's file can be fetched.",
        ),
    )
    alert_minutes: Annotated[float, Field(ge=1, le=720)] = Field(
        default=30,
        description=Word(
            "Đài chưa lấy trước giờ phát bao nhiêu phút thì báo người trực.",
            "Minutes before a slot at which the person on duty is told that the station has not fetched it.",
        ),
    )

    @field_validator("slots")
    @classmethod
    def _names(cls, value: tuple[Slot, ...]) -> tuple[Slot, ...]:
        names = [slot.name for slot in value]
        if len(set(names)) < len(names):
            raise ValueError("hai giờ phát trùng tên (two slots of one name)")
        return value

    @property
    def wanted(self) -> Wanted:
        """How the station takes its recordings."""
        return Wanted(self.loudness, self.sounds, timedelta(days=self.keep_days))


class Radio(Channel[RadioOptions]):
    """Stations pull; a recording sent to its last byte is the proof."""

    kind = "radio"
    title_vi = "Đài phát thanh (tự lấy bản tin)"
    title_en = "Radio station (pulls its feed)"
    form = Form.AUDIO
    carries = True
    options = RadioOptions
    shelf = "radio"
    # A station that has just read the list may still fetch what expired meanwhile: a dead address stops some players.
    shelf_grace = timedelta(minutes=15)

    async def send(self, bulletin: Bulletin, outlet: Outlet[RadioOptions], to: To, http: Http) -> Receipt:
        """Put on the shelf; the reference is the first recording's address. Unavailable until every part has its audio.

        Further sounds hold nothing up: they are listed as soon as they are made.
        """
        if any(part.audio is None for part in bulletin.parts):
            raise Unavailable(
                "audio_not_ready", "bản ghi âm chưa xong", "the recording is not finished", retry_after=_SOONEST
            )
        return Receipt(f"{outlet.base_url.rstrip('/')}/audio/{stem_of(to.delivery, bulletin, 0)}.mp3")

    def sounds(self, outlet: Outlet[RadioOptions]) -> tuple[Sound, ...]:
        """The station's loudness, where it is another one, and its further formats."""
        lufs = outlet.options.loudness
        main = () if lufs is None else (Sound("mp3", lufs),)
        return (*main, *(Sound(FURTHER[name].format, lufs) for name in outlet.options.sounds))

    def timetable(self, outlet: Outlet[RadioOptions]) -> Timetable | None:
        """The station's slots and its patience."""
        options = outlet.options
        return Timetable(
            slots=options.slots,
            zone=ZoneInfo(options.timezone),
            freeze=timedelta(minutes=options.freeze_minutes),
            ready=timedelta(minutes=options.ready_minutes),
            keep=timedelta(days=options.keep_days),
            alert=timedelta(minutes=options.alert_minutes),
            urgent_alert=timedelta(seconds=options.urgent_alert_seconds),
            phone=options.phone,
        )

    def token_of(self, outlet: Outlet[RadioOptions]) -> str:
        """The station's token in the configuration, if it has one there."""
        return outlet.options.token.get_secret_value()

    def confirm(self, callback: Callback, outlet: Outlet[RadioOptions]) -> Sequence[Confirmation]:
        """AzuraCast's generic web hook (`song_changed`): what is on now, proved by the station's token.

        The token is in the address or the password of HTTP Basic. Raises Refused.
        """
        token, header = self.token_of(outlet), callback.headers.get("authorization", "")
        given = callback.query.get("token") or _password(header)
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            raise Refused("callback", "sai khóa của đài", "the station's token is wrong")
        try:
            playing = json.loads(callback.body)["now_playing"]
            began, title = float(playing["played_at"]), str(playing["song"]["title"])
            seconds, slot = float(playing.get("duration") or 0), str(playing.get("playlist") or "")
        except (ValueError, LookupError, TypeError, RecursionError):
            return ()
        return (Confirmation(True, aired=True, title=title[:300], began=began, seconds=seconds, slot=slot[:100]),)

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[RadioOptions]) -> Page | None:
        """`feed.xml`, playlists, `audio/`, `transcript/`, `slot/{name}.mp3` and `{date}-{time}.mp3`; else None."""
        folder, _, name = pull.path.rpartition("/")
        tracks = list(tracks_of(shelf))
        if folder == "audio":
            return _recording(name, tracks, outlet.options.wanted, pull.now, self.shelf_grace)
        if folder == "transcript":
            return _transcript(name, tracks)
        return _list(pull, tracks, outlet) or _programme(folder, name, pull, tracks, outlet)


def _password(header: str) -> str:
    kind, _, coded = header.partition(" ")
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2] if kind.lower() == "basic" else ""
    except ValueError:
        return ""


def _list(pull: Pull, tracks: Sequence[Track], outlet: Outlet[RadioOptions]) -> Page | None:
    """A list of what stands there now."""
    options, at = outlet.options, Addresses.of(outlet, pull)
    wanted = options.wanted
    current = [track for track in tracks if pull.now < track.end(wanted.keep)]
    changed = changed_at(tracks, pull.now, wanted.keep)
    match pull.path:
        case "feed.xml":
            root = f"{outlet.base_url.rstrip('/')}/"
            show = Show(outlet.title, options.author or outlet.title, options.description, options.image_url, root)
            kind, body = "application/rss+xml; charset=utf-8", rss(current, show, at, wanted, changed)
        case "playlist.m3u":
            kind, body = "audio/x-mpegurl; charset=utf-8", lists.m3u(current, at, wanted)
        case "playlist-low.m3u" if "low" in options.sounds:
            kind, body = "audio/x-mpegurl; charset=utf-8", lists.low_m3u(current, at, wanted)
        case "khan-cap.m3u":
            kind, body = "audio/x-mpegurl; charset=utf-8", lists.urgent_m3u(current, at, wanted)
        case "playlist.pls":
            kind, body = "audio/x-scpls; charset=utf-8", lists.pls(current, at, wanted)
        case "playlist.xspf":
            kind, body = "application/xspf+xml; charset=utf-8", lists.xspf(current, at, wanted, outlet.title)
        case _:
            return None
    return Page(kind, body, changed_at=changed)


def _recording(name: str, tracks: Sequence[Track], wanted: Wanted, now: datetime, grace: timedelta) -> Page | None:
    """The recording itself, in one of its sounds; 410 when its time is over."""
    for track in tracks:
        if name.startswith(track.stem) and name in (files := track.files(wanted)):
            if track.is_over(now - grace):
                return OVER
            kind, audio = files[name]
            return Page(kind.media, audio=audio, changed_at=track.at, proves=(track.proof,))
    return None


def _transcript(name: str, tracks: Sequence[Track]) -> Page | None:
    for track in tracks:
        if f"{track.stem}.txt" == name:
            text = f"{track.part.title}\n\n{track.part.script}\n"
            return Page("text/plain; charset=utf-8", text.encode(), changed_at=track.at)
    return None


def _programme(
    folder: str, name: str, pull: Pull, tracks: Sequence[Track], outlet: Outlet[RadioOptions]
) -> Page | None:
    """The programme of a slot by the slot's name or by its moment, while it is to be had; never another day's.

    One that holds what is over or withdrawn is not to be had until it is made anew.
    """
    ready, zone, wanted = (
        timedelta(minutes=outlet.options.ready_minutes),
        ZoneInfo(outlet.options.timezone),
        outlet.options.wanted,
    )
    standing = {one.shelved.delivery for one in tracks if pull.now < one.end(wanted.keep)}
    for programme in pull.programmes:
        if programme.audio is None or not programme.is_open(pull.now, ready):
            continue
        slot, moment = f"slot/{programme.slot}", dated_stem(programme, zone)
        files = files_of(slot, programme.audio, wanted) | files_of(moment, programme.audio, wanted)
        asked = f"{folder}/{name}" if folder else name
        whole = all(delivery in standing for delivery, _ in programme.holds)
        if whole and asked in files:
            # Under its plain name a programme has the station's own loudness, which is the first of its files.
            plain = asked in {slot + MAIN.ending, moment + MAIN.ending}
            kind, audio = next(iter(files.values())) if plain else files[asked]
            file, proves = programme_file(programme, audio, kind), programme_proofs(programme)
            return Page(kind.media, audio=audio, changed_at=programme.made_at, proves=proves, file=file)
    return None
