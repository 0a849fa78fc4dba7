"""Playlists of a station's tracks: M3U, PLS, XSPF, and the tiny list of what is urgent."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from channels.station.tracks import FURTHER, MAIN, Addresses, Track, Wanted, cleared, one_line, to_air
from content.bulletin import BulletinClass

XSPF = "http://xspf.org/ns/0/"
ElementTree.register_namespace("", XSPF)
SMALL = 1000
"""Bytes of the urgent list at most: boxes ask for it every half minute over bad lines."""
_LINE = 60


def m3u(tracks: Sequence[Track], at: Addresses) -> bytes:
    """Extended M3U in the order to air."""
    lines = ["#EXTM3U"]
    for track in to_air(tracks):
        lines += [f"#EXTINF:{_seconds(track)},{one_line(track.part.title)}", at(f"audio/{track.stem}{MAIN.ending}")]
    return "\n".join([*lines, ""]).encode()


def low_m3u(tracks: Sequence[Track], at: Addresses, wanted: Wanted) -> bytes:
    """The same for bad lines; what has no low-rate file yet is listed with the one it has."""
    lines = ["#EXTM3U"]
    for track in to_air(tracks):
        low = track.stem + FURTHER["low"].ending
        name = low if low in track.files(wanted) else track.stem + MAIN.ending
        lines += [f"#EXTINF:{_seconds(track)},{one_line(track.part.title)}", at(f"audio/{name}")]
    return "\n".join([*lines, ""]).encode()


def urgent_m3u(tracks: Sequence[Track], at: Addresses) -> bytes:
    """Urgent tracks alone, under 1 kB: of more than fit, the newest."""
    urgent = [track for track in tracks if track.klass is BulletinClass.URGENT]
    entries: list[bytes] = []
    room = SMALL - len(b"#EXTM3U\n")
    for track in sorted(urgent, key=lambda track: track.at, reverse=True):
        title = one_line(track.part.title)[:_LINE]
        entry = f"#EXTINF:{_seconds(track)},{title}\n{at(f'audio/{track.stem}{MAIN.ending}')}\n".encode()
        if len(entry) > room:
            break
        room -= len(entry)
        entries.append(entry)
    return b"#EXTM3U\n" + b"".join(reversed(entries))


def pls(tracks: Sequence[Track], at: Addresses) -> bytes:
    """PLS version 2."""
    lines = ["[playlist]"]
    for number, track in enumerate(to_air(tracks), 1):
        lines.append(f"File{number}={at(f'audio/{track.stem}{MAIN.ending}')}")
        lines.append(f"Title{number}={one_line(track.part.title)}")
        lines.append(f"Length{number}={_seconds(track)}")
    return "\n".join([*lines, f"NumberOfEntries={len(tracks)}", "Version=2", ""]).encode()


def xspf(tracks: Sequence[Track], at: Addresses, title: str) -> bytes:
    """XSPF version 1 (https://www.xspf.org/spec); lengths in milliseconds."""
    playlist = ElementTree.Element(f"{{{XSPF}}}playlist", {"version": "1"})
    _text(playlist, "title", one_line(title))
    held = ElementTree.SubElement(playlist, f"{{{XSPF}}}trackList")
    for track in to_air(tracks):
        entry = ElementTree.SubElement(held, f"{{{XSPF}}}track")
        _text(entry, "location", at(f"audio/{track.stem}{MAIN.ending}"))
        _text(entry, "identifier", f"urn:loa:{track.guid}")
        _text(entry, "title", one_line(track.part.title))
        _text(entry, "duration", str(round(track.audio.seconds * 1000)))
    written: bytes = ElementTree.tostring(playlist, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{XSPF}}}{name}").text = cleared(text)


def _seconds(track: Track) -> int:
    return max(1, round(track.audio.seconds))
