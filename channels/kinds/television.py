"""Kind `television`: a TV desk's shelf: clips with subtitles, crawls and scripts, pulled and proved as a radio station's recordings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from pydantic import Field

from channels.channel import Channel, Form, Outlet, Page, Pull, Receipt, Shelved, Timetable, To, Unavailable, Word
from channels.http import Http
from channels.station.clips import crawl, files_of, listing
from channels.station.options import StationOptions
from channels.station.tracks import OVER, Addresses, Track, changed_at, stem_of, tracks_of
from content.bulletin import Bulletin, Sound
from content.film import CLIP, SRT, VTT

_SOONEST = 15.0


class TelevisionOptions(StationOptions):
    """Options of a television station."""

    crawl_letters: int = Field(
        default=200,
        ge=40,
        le=1000,
        description=Word("Chữ chạy: nhiều nhất bao nhiêu chữ một dòng.", "News crawl: maximum letters in one line."),
    )


class Television(Channel[TelevisionOptions]):
    """Stations pull; a clip sent to its last byte is the proof."""

    kind = "television"
    title_vi = "Đài truyền hình (tự lấy clip)"
    title_en = "Television station (pulls its clips)"
    form = Form.AUDIO
    options = TelevisionOptions
    waits_for = (CLIP,)
    shelf = "tv"
    shelf_grace = timedelta(minutes=15)

    async def send(self, bulletin: Bulletin, outlet: Outlet[TelevisionOptions], to: To, http: Http) -> Receipt:
        """Put on the shelf; the reference is the first clip's address. Unavailable until every part has its clip."""
        for part in bulletin.parts:
            if part.audio is None or any(part.audio.sounding(sound) is None for sound in (CLIP, SRT, VTT)):
                raise Unavailable(
                    *("clip_not_ready", "clip đang được dựng", "the clip is being made"), retry_after=_SOONEST
                )
        return Receipt(f"{outlet.base_url.rstrip('/')}/clip/{stem_of(to.delivery, bulletin, 0)}.mp4")

    def sounds(self, outlet: Outlet[TelevisionOptions]) -> tuple[Sound, ...]:
        """The clip; its subtitles come with it."""
        return (CLIP,)

    def timetable(self, outlet: Outlet[TelevisionOptions]) -> Timetable | None:
        """A station without slots: its desk puts clips where it wants them."""
        options, hour = outlet.options, timedelta(hours=1)
        return Timetable(
            slots=(),
            zone=ZoneInfo(options.timezone),
            freeze=hour,
            ready=hour,
            keep=timedelta(days=options.keep_days),
            alert=hour,
            urgent_alert=timedelta(seconds=options.urgent_alert_seconds),
            phone=options.phone,
        )

    def token_of(self, outlet: Outlet[TelevisionOptions]) -> str:
        """The station's token in the configuration, if it has one there."""
        return outlet.options.token.get_secret_value()

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[TelevisionOptions]) -> Page | None:
        """`danh-sach.json`, `clip/`, `phu-de/` and `chu-chay/`; scripts are drawn by the desk."""
        tracks, keep = list(tracks_of(shelf)), timedelta(days=outlet.options.keep_days)
        if pull.path == "danh-sach.json":
            current = [track for track in tracks if pull.now < track.end(keep)]
            body = listing(current, Addresses.of(outlet, pull), keep)
            return Page("application/json", body, changed_at=changed_at(tracks, pull.now, keep))
        return next((page for track in tracks if (page := self._file(track, pull, outlet))), None)

    def _file(self, track: Track, pull: Pull, outlet: Outlet[TelevisionOptions]) -> Page | None:
        for file in files_of(track):
            if file.path != pull.path:
                continue
            if track.is_over(pull.now - self.shelf_grace):
                return OVER
            if file.made is not None:
                proves = (track.proof,) if file.path.startswith("clip/") else ()
                return Page(file.media, audio=file.made, changed_at=track.at, proves=proves)
            if file.path.startswith("chu-chay/"):
                text = crawl(track.part, outlet.options.crawl_letters)
                return Page(file.media, text.encode(), changed_at=track.at)
        return None
