"""Playlists: M3U, PLS, XSPF, the tiny urgent list, the list for bad lines; files in every sound."""

from __future__ import annotations

from configparser import ConfigParser
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import ValidationError

from channels.channel import Page, Proof, Pull, Shelved, To
from channels.kinds.radio import Radio, RadioOptions
from content.bulletin import Audio, BulletinClass, Sound, Variant
from tests.channels.podcast import faults

XSPF = "{http://xspf.org/ns/0/}"
ROOT = "https://loa.example/radio/dai-1/"


class Shelf:
    """A shelf and who pulls it."""

    def __init__(self, make: Any, **options: Any) -> None:
        self.make = make
        self.outlet = make.outlet(RadioOptions(token="station-token-1", **options), ROOT.rstrip("/"))
        self.shelved: list[Shelved] = []
        self.key = ""

    def put(self, delivery: str, klass: str = "normal", **part: Any) -> None:
        """A bulletin of one part."""
        bulletin = self.make.bulletin(self.make.part(**part), klass=BulletinClass(klass))
        since = self.make.later(seconds=10 * len(self.shelved))
        self.shelved.append(Shelved(delivery, delivery, bulletin, since))

    def pull(self, path: str) -> Page | None:
        """What the station gets."""
        return Radio().feed(Pull(path, {}, self.make.later(hours=1), self.key), self.shelved, self.outlet)

    def text(self, path: str) -> str:
        """The same as text, which must be there."""
        page = self.pull(path)
        assert page is not None
        return page.body.decode()


@pytest.fixture
def shelf(make: Any) -> Shelf:
    """A normal, an urgent and a priority bulletin."""
    shelf = Shelf(make)
    for klass in ("normal", "urgent", "priority"):
        shelf.put(f"d-{klass}", klass, title=f"Tin {klass}", slug=klass)
    return shelf


def addresses(m3u: str) -> list[str]:
    """The addresses of an M3U."""
    return [line for line in m3u.splitlines() if not line.startswith("#")]


def test_all_lists_say_the_same(shelf: Shelf) -> None:
    """The same files with the same titles in the same order, urgent first."""
    expected = addresses(shelf.text("playlist.m3u"))
    pls = ConfigParser(interpolation=None)
    pls.read_string(shelf.text("playlist.pls"))
    numbers = range(1, int(pls["playlist"]["numberofentries"]) + 1)
    assert expected == [pls["playlist"][f"file{n}"] for n in numbers]
    assert ["Tin urgent", "Tin priority", "Tin normal"] == [pls["playlist"][f"title{n}"] for n in numbers]
    assert ("2", "17") == (pls["playlist"]["version"], pls["playlist"]["length1"])
    tracks = ElementTree.fromstring(shelf.text("playlist.xspf")).findall(f"{XSPF}trackList/{XSPF}track")
    assert expected == [track.findtext(f"{XSPF}location") for track in tracks]
    assert "17400" == tracks[0].findtext(f"{XSPF}duration")


def test_types_and_names_go_together(shelf: Shelf) -> None:
    """Liquidsoap picks its parser by the type, others by the ending."""
    types = {
        "playlist.m3u": "audio/x-mpegurl",
        "playlist.pls": "audio/x-scpls",
        "playlist.xspf": "application/xspf+xml",
    }
    for path, media in types.items():
        page = shelf.pull(path)
        assert page is not None and f"{media}; charset=utf-8" == page.content_type


def test_the_urgent_list_holds_urgent_bulletins_alone(shelf: Shelf) -> None:
    """And one line when there is none."""
    (one,) = addresses(shelf.text("khan-cap.m3u"))
    assert one in shelf.text("playlist.m3u") and "/urgent-" in one
    shelf.shelved = [one for one in shelf.shelved if one.bulletin.klass is not BulletinClass.URGENT]
    assert "#EXTM3U\n" == shelf.text("khan-cap.m3u")


def test_the_urgent_list_stays_under_a_kilobyte(shelf: Shelf) -> None:
    """However many there are and however long their names: the newest stay, older before newer."""
    for number in range(40):
        shelf.put(f"u{number}", "urgent", title=f"Bão số {number} " + "ệ" * 300, slug="bao-" * 30)
    body = shelf.text("khan-cap.m3u")
    assert len(body.encode()) <= 1000
    shown, everything = addresses(body), addresses(shelf.text("playlist.m3u"))
    urgent = [address for address in everything if "/bao-" in address]
    assert shown == urgent[-len(shown) :] and len(shown) >= 3


def sounding(*sounds: Sound) -> Audio:
    """A recording that was made in these sounds too."""
    variants = tuple(Variant(sound, f"{sound.format}{sound.lufs}", 500, "ab" * 32) for sound in sounds)
    return Audio("main.mp3", 16000, 17.4, "cd" * 32, variants)


def test_every_sound_is_a_file_of_its_own(make: Any) -> None:
    """That proves the same part; only what was made and is wanted is there, and only then is there a list for bad lines."""
    low, wav, opus = Sound("mp3-low"), Sound("wav"), Sound("opus")
    shelf = Shelf(make, sounds=("low", "wav"))
    shelf.put("d1", audio=sounding(low, wav, opus))
    shelf.put("d2", audio=sounding(), slug="khac")
    first, second = addresses(shelf.text("playlist-low.m3u"))
    assert first.endswith("-low.mp3") and not second.endswith("-low.mp3")
    path = first.removeprefix(ROOT)
    page = shelf.pull(path)
    assert page is not None and page.audio is not None
    assert ("audio/mpeg", "mp3-lowNone", (Proof("d1"),)) == (page.content_type, page.audio.name, page.proves)
    page = shelf.pull(path.replace("-low.mp3", ".wav"))
    assert page is not None and ("audio/wav", 500) == (page.content_type, page.audio and page.audio.bytes)
    assert shelf.pull(path.replace("-low.mp3", ".opus")) is None
    assert Shelf(make).pull("playlist-low.m3u") is None


def test_a_station_with_a_loudness_of_its_own_gets_it(make: Any) -> None:
    """As the file that is listed, under a name of its own, in the feed too; the other one is there by its name."""
    shelf = Shelf(make, loudness=-23, sounds=("wav",))
    shelf.put("d1", audio=sounding(Sound("mp3", -23), Sound("wav", -23)))
    path = addresses(shelf.text("playlist.m3u"))[0].removeprefix(ROOT)
    assert path.endswith("-23lufs.mp3")
    for name, expected in ((path, "mp3-23"), (path.replace("-23lufs.mp3", ".mp3"), "main.mp3")):
        page = shelf.pull(name)
        assert page is not None and page.audio is not None and expected == page.audio.name
    enclosures = [one for one in shelf.text("feed.xml").split("<") if one.startswith("enclosure ")]
    assert 1 == len(enclosures) and 'length="500"' in enclosures[0]
    assert [] == faults(shelf.text("feed.xml").encode())
    assert (Sound("mp3", -23), Sound("wav", -23)) == Radio().sounds(shelf.outlet)
    assert () == Radio().sounds(Shelf(make).outlet)


async def test_further_sounds_hold_nothing_up(make: Any, http: Any) -> None:
    """What was heard at approval is enough to go out."""
    shelf = Shelf(make, sounds=("low",), loudness=-23)
    assert await Radio().send(make.bulletin(make.part(audio=sounding())), shelf.outlet, To("d1", ""), http)
    shelf.put("d1", audio=sounding())
    (address,) = addresses(shelf.text("playlist.m3u"))
    page = shelf.pull(address.removeprefix(ROOT))
    assert page is not None and page.audio is not None and "main.mp3" == page.audio.name


def test_a_key_in_the_path_goes_along(shelf: Shelf) -> None:
    """In every address of every list."""
    shelf.key = "t/khoa-trong-duong-dan/"
    for path in ("playlist.m3u", "playlist.pls", "playlist.xspf", "khan-cap.m3u", "feed.xml"):
        text = shelf.text(path)
        assert text.count("/audio/") == text.count("/t/khoa-trong-duong-dan/audio/") > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "ngan"},
        {"timezone": "Asia/Hanoi"},
        {"sounds": ("flac",)},
        {"slots": [{"name": "sang", "time": "5:00"}]},
        {"slots": [{"name": "Sáng", "time": "05:00"}]},
        {"slots": [{"name": "sang", "time": "05:00", "days": "mon-sunday"}]},
        {"slots": [{"name": "sang", "time": "05:00", "minutes": 0}]},
        {"slots": [{"name": "sang", "time": "05:00"}, {"name": "sang", "time": "17:00"}]},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    """By the name of the field."""
    with pytest.raises(ValidationError) as caught:
        RadioOptions(**({"token": "station-token-1"} | wrong))
    assert next(iter(wrong)) == caught.value.errors()[0]["loc"][0]
