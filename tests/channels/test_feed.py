"""The feed before a strict reader, and the reader before faults: what it lets through was looked at."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.channel import Pull, Shelved
from channels.kinds.radio import Radio, RadioOptions
from content.bulletin import Audio, Sound, Variant
from tests.channels.conftest import Making
from tests.channels.podcast import faults

LOW, WAV = "mp3-low", "wav"


def audio(letter: str, *formats: str) -> Audio:
    """A recording with variants in these formats."""
    sha256 = "".join(f"{ord(letter):02x}" for _ in range(32))
    variants = (
        Variant(Sound(one), f"{letter}.{one}", 7000 + len(one), f"{n:02x}" * 32) for n, one in enumerate(formats)
    )
    return Audio(f"{letter}.mp3", 16000, 17.4, sha256, tuple(variants))


def feed(shelf: list[Shelved], make: Any, path: str = "feed.xml", **options: Any) -> bytes:
    """What a station gets."""
    outlet = make.outlet(RadioOptions(token="station-token-1", **options), "https://loa.example/radio/dai-1")
    page = Radio().feed(Pull(path, {}, make.later(hours=1)), shelf, outlet)
    assert page is not None
    return page.body


def shelved(make: Any, number: int, *parts: Any) -> Shelved:
    """A bulletin put on the shelf at its moment."""
    return Shelved(f"d{number}", f"d{number}", make.bulletin(*parts), make.later(seconds=10 * number))


def test_the_feed_has_no_fault(make: Any) -> None:
    """Empty, with one item, with many parts, with every sound, with an image."""
    parts = [make.part(item, title=f"Tin {item}", audio=audio(item, LOW, WAV)) for item in "abc"]
    shelves = [[], [shelved(make, 1)], [shelved(make, 1), shelved(make, 2, *parts), shelved(make, 3)]]
    for shelf in shelves:
        for options in ({}, {"sounds": ("low", "wav"), "image_url": "https://loa.example/anh.png"}):
            assert [] == faults(feed(shelf, make, **options))


@given(title=st.text(min_size=1, max_size=300), script=st.text(max_size=5000), slug=st.text(max_size=80))
@settings(max_examples=60, deadline=timedelta(seconds=5))
def test_whatever_is_written_the_feed_has_no_fault(title: str, script: str, slug: str) -> None:
    """Titles and texts of any letters (a title of nothing but space is the editor's fault)."""
    make = Making()
    part = make.part(title=f"Tin {title}", script=script, short=script, slug=slug)
    assert [] == faults(feed([shelved(make, 1, part)], make))


def test_integrity_is_of_the_very_file(make: Any) -> None:
    """The digest of each file as Subresource Integrity writes it; each has its own size and type."""
    body = feed([shelved(make, 1, make.part(audio=audio("a", LOW)))], make, sounds=("low",)).decode()
    for digest in (bytes([ord("a")]) * 32, bytes(32)):
        assert f'value="sha256-{base64.b64encode(digest).decode()}"' in body
    assert 'length="7007"' in body and 'length="16000"' in body
    assert "-low.mp3" in body


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('version="2.0"', 'version="0.91"'),
        ("<language>vi</language>", ""),
        (' length="16000"', ' length="17.4"'),
        (".mp3", ""),
        ("isPermaLink=", "isLink="),
        ("GMT</pubDate>", "+07</pubDate>"),
        ("<itunes:duration>17<", "<itunes:duration>0:17<"),
        (' default="true"', ""),
        ('value="sha256-', 'value="sha384-'),
        ("https://loa.example/radio/dai-1/audio", "/audio"),
        (">d2<", ">d1<"),
        ("01:00:20", "01:00:10"),
    ],
)
def test_the_reader_finds_faults(make: Any, old: str, new: str) -> None:
    """Each rule is broken in turn."""
    shelf = [shelved(make, 1), shelved(make, 2, make.part(slug="tin-hai"))]
    good = feed(shelf, make).decode()
    assert old in good and [] == faults(good.encode())
    assert faults(good.replace(old, new).encode())
