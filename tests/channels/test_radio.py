"""What a station pulls: feed, playlist, recordings, transcripts."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from channels.channel import Page, Proof, Pull, Shelved, To, Unavailable
from channels.kinds.radio import Radio, RadioOptions
from content.bulletin import Audio, BulletinClass

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"


class Station:
    """A shelf and who pulls it."""

    def __init__(self, make: Any) -> None:
        self.make = make
        self.now: datetime = make.later(hours=1)
        self.shelf: list[Shelved] = []
        self.outlet = make.outlet(RadioOptions(token="station-token-1"), "https://loa.example/radio/dai-1")
        self.query: dict[str, str] = {}

    def put(self, delivery: str, *parts: Any, since: float = 0, until: datetime | None = None, **more: Any) -> Shelved:
        """Put a bulletin on the shelf so many seconds after its moment."""
        bulletin = self.make.bulletin(*parts, id=f"b-{delivery}", **more)
        shelved = Shelved(delivery, f"ban-tin-{delivery}", bulletin, self.make.later(seconds=since), until)
        self.shelf.append(shelved)
        return shelved

    def pull(self, path: str) -> Page | None:
        """What the station gets."""
        return Radio().feed(Pull(path, self.query, self.now), self.shelf, self.outlet)

    def page(self, path: str) -> Page:
        """The same, which must be there."""
        page = self.pull(path)
        assert page is not None
        return page

    def items(self) -> list[ElementTree.Element]:
        """The items of the feed as written."""
        return list(ElementTree.fromstring(self.page("feed.xml").body).iter("item"))

    def lines(self) -> list[str]:
        """The playlist's lines."""
        return self.page("playlist.m3u").body.decode().splitlines()


@pytest.fixture
def station(make: Any) -> Station:
    """A station with an empty shelf."""
    return Station(make)


def test_the_feed_is_a_podcast(station: Station) -> None:
    """RSS 2.0 with one enclosure an item: bytes, type, an address that ends in .mp3, a guid that is no address."""
    station.put("d1")
    page = station.page("feed.xml")
    assert page.content_type == "application/rss+xml; charset=utf-8"
    rss = ElementTree.fromstring(page.body)
    assert rss.get("version") == "2.0"
    assert rss.findtext("channel/language") == "vi" and rss.findtext("channel/title") == "Xã Mộc Châu"
    assert rss.findtext("channel/lastBuildDate") == "Mon, 23 Nov 2026 01:00:00 GMT"
    (item,) = rss.iter("item")
    assert item.findtext("title") == "Mưa lớn ở Mộc Châu"
    assert item.findtext("pubDate") == "Mon, 23 Nov 2026 01:00:00 GMT"
    guid = item.find("guid")
    assert guid is not None and guid.text == "d1" and guid.get("isPermaLink") == "false"
    (enclosure,) = item.iter("enclosure")
    url = enclosure.get("url", "")
    assert url.startswith("https://loa.example/radio/dai-1/audio/mua-lon-20261123-") and url.endswith(".mp3")
    assert (enclosure.get("length"), enclosure.get("type")) == ("16000", "audio/mpeg")
    assert item.findtext(f"{ITUNES}duration") == "17"
    transcript = item.find(f"{PODCAST}transcript")
    assert transcript is not None and transcript.get("type") == "text/plain"


def test_the_feed_is_the_same_until_something_changes(station: Station) -> None:
    """Byte for byte, whatever the hour: otherwise nobody gets a 304."""
    station.put("d1")
    station.put("d2", since=60)
    before = station.page("feed.xml")
    station.now += timedelta(days=5)
    assert station.page("feed.xml") == before
    station.shelf.reverse()
    assert station.page("feed.xml") == before
    station.put("d3", since=400_000)
    after = station.page("feed.xml")
    assert after.body != before.body and after.changed_at == station.make.later(seconds=400_000)


def test_dates_rise_strictly(station: Station) -> None:
    """Three bulletins of one second, and one of many parts, have dates a second apart; guids and addresses are unique."""
    parts = [station.make.part(f"it{n}") for n in range(3)]
    for delivery in ("c", "a", "b"):
        station.put(delivery, since=0.2)
    station.put("many", *parts, since=0.9)
    items = station.items()
    dates = [parsedate_to_datetime(item.findtext("pubDate") or "") for item in items]
    assert dates == sorted(dates, reverse=True) and len(set(dates)) == 6
    assert [item.findtext("guid") for item in items] == ["many.3", "many.2", "many", "c", "b", "a"]
    assert len({enclosure.get("url") for item in items for enclosure in item.iter("enclosure")}) == 6


def test_what_went_does_not_move_the_dates_of_what_stays(station: Station) -> None:
    """A newest date must never fall, or a reader takes the next item for an old one."""
    station.put("a", until=station.now + timedelta(minutes=1))
    station.put("b")
    before = [item.findtext("pubDate") for item in station.items() if item.findtext("guid") == "b"]
    station.now += timedelta(minutes=2)
    assert [item.findtext("pubDate") for item in station.items()] == before


def test_expired_bulletins_are_left_out(station: Station) -> None:
    """By the shelf's date, the bulletin's own, or age; and the lists say that they changed."""
    end = station.now + timedelta(minutes=30)
    station.put("shelf", until=end)
    station.put("own", valid_until=end)
    station.put("old")
    station.now = end - timedelta(seconds=1)
    assert len(station.items()) == 3
    station.now = end
    assert [item.findtext("guid") for item in station.items()] == ["old"]
    assert len(station.lines()) == 3
    assert station.page("feed.xml").changed_at == end
    station.now += timedelta(days=15)
    assert station.items() == []


def test_an_expired_recording_is_gone_a_little_later(station: Station) -> None:
    """Who has just read the list may still fetch; after a quarter of an hour it is 410."""
    end = station.now + timedelta(minutes=30)
    station.put("d1", until=end)
    path = station.lines()[2].partition("/dai-1/")[2]
    station.now = end + timedelta(minutes=14)
    assert station.page(path).audio is not None
    station.now = end + timedelta(minutes=15)
    assert (station.page(path).status, station.page(path).proves) == (410, ())


def test_the_playlist_is_in_the_order_to_air(station: Station) -> None:
    """Urgent first, then priority, then normal; older before newer; absolute addresses."""
    for number, klass in enumerate(("normal", "urgent", "priority", "urgent", "normal")):
        title = f"{klass} {number}"
        station.put(str(number), station.make.part(title=title), since=number, klass=BulletinClass(klass))
    lines = station.lines()
    assert station.page("playlist.m3u").content_type == "audio/x-mpegurl; charset=utf-8"
    assert lines[0] == "#EXTM3U"
    names = ["urgent 1", "urgent 3", "priority 2", "normal 0", "normal 4"]
    assert lines[1::2] == [f"#EXTINF:17,{name}" for name in names]
    assert all(
        line.startswith("https://loa.example/radio/dai-1/audio/") and line.endswith(".mp3") for line in lines[2::2]
    )


def test_the_token_goes_along_when_the_pull_had_it(station: Station) -> None:
    """Every address of the feed and the list carries it, written for an address."""
    station.put("d1")
    assert b"token" not in station.page("feed.xml").body
    station.query = {"token": "station-token-1&x"}
    feed = station.page("feed.xml").body.decode()
    assert feed.count("?token=station-token-1%26x") == 4
    assert station.lines()[2].endswith(".mp3?token=station-token-1%26x")


def test_token_is_asked_for(station: Station) -> None:
    """The shelf is not public."""
    assert Radio().token_of(station.outlet) == "station-token-1" and not Radio.shelf_public


def test_titles_do_not_split(station: Station) -> None:
    """No " - " between words, no line breaks, no characters XML forbids."""
    station.put("d1", station.make.part(title="Sơn La - mưa lớn – chú ý\r\n#EXTINF:\x00 tiếp & <b>"))
    assert station.lines()[1] == "#EXTINF:17,Sơn La: mưa lớn: chú ý #EXTINF: tiếp & <b>"
    assert station.items()[0].findtext("title") == "Sơn La: mưa lớn: chú ý #EXTINF: tiếp & <b>"
    assert len(station.lines()) == 3


def test_a_recording_proves_its_delivery(station: Station) -> None:
    """The page holds the stored recording; each part proves itself."""
    audio = Audio("cd34.mp3", 5, 1.0, "cd" * 32)
    station.put("d1", station.make.part("a"), station.make.part("b", audio=audio))
    paths = [line.partition("/dai-1/")[2] for line in station.lines()[2::2]]
    first, last = (station.page(path) for path in paths)
    assert first.content_type == "audio/mpeg" and first.audio and first.audio.name == "ab12.mp3"
    assert last.audio == audio
    assert (first.proves, last.proves) == ((Proof("d1", 0, 2),), (Proof("d1", 1, 2),))


def test_a_transcript_is_the_approved_script(station: Station) -> None:
    """A station can read it out when its player fails."""
    station.put("d1")
    path = station.lines()[2].partition("/dai-1/")[2].replace("audio/", "transcript/").replace(".mp3", ".txt")
    assert station.page(path).body.decode() == "Mưa lớn ở Mộc Châu\n\nTừ đêm nay có mưa lớn. Bà con chú ý.\n"


def test_a_correction_is_a_new_item(station: Station) -> None:
    """The same item sent again has its own guid and address."""
    station.put("d1")
    station.put("d2", station.make.part(revision="r2", digest="other"), since=10)
    addresses = {enclosure.get("url") for item in station.items() for enclosure in item.iter("enclosure")}
    assert len(addresses) == 2


@pytest.mark.parametrize(
    "path", ["", "feed", "audio/", "audio/x.mp3", "audio/../feed.xml", "transcript/x.txt", "a/audio/x.mp3"]
)
def test_nothing_else_is_there(station: Station, path: str) -> None:
    """Unknown paths are None, which is a 404."""
    station.put("d1")
    assert station.pull(path) is None


def test_empty_shelf(station: Station) -> None:
    """A feed without items and a list with one line, and no invented date."""
    assert station.items() == [] and station.lines() == ["#EXTM3U"]
    assert station.page("feed.xml").changed_at is None


async def test_send_waits_for_the_recording(station: Station, http: Any) -> None:
    """A list never holds an item whose audio is not there; afterwards the reference is the recording's address."""
    to = To("d1", "")
    with pytest.raises(Unavailable) as caught:
        await Radio().send(station.make.bulletin(station.make.part(audio=None)), station.outlet, to, http)
    assert (caught.value.reason, caught.value.retry_after) == ("audio_not_ready", 5)
    receipt = await Radio().send(station.make.bulletin(), station.outlet, to, http)
    station.put("d1")
    assert receipt.reference == station.lines()[2]


@pytest.mark.parametrize("slug", ["", "Đường-ngập", "a" * 200, "a b/c.mp3"])
def test_file_names_are_plain(station: Station, slug: str) -> None:
    """Small letters, digits and hyphens, whatever the slug."""
    station.put("d1", station.make.part(slug=slug))
    name = station.lines()[2].rpartition("/")[2]
    assert (
        len(name) < 90
        and name.removesuffix(".mp3").replace("-", "").isalnum()
        and name.isascii()
        and name == name.lower()
    )
