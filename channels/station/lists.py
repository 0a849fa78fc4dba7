"""Playlists of a station's tracks: M3U, PLS, XSPF, and the tiny list of what is urgent."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from channels.station.tracks import FURTHER, Addresses, Track, Wanted, cleared, one_line, to_air
from content.bulletin import BulletinClass

XSPF = "http://xspf.org/ns/0/"
ElementTree.register_namespace("", XSPF)
SMALL = 1000
"""Bytes of the urgent list at most: boxes ask for it every half minute over bad lines."""
_LINE = 60


def m3u(tracks: Sequence[Track], at: Addresses, wanted: Wanted) -> bytes:
    """Extended M3U in the order to air."""
    lines = ["#EXTM3U"]
    for track in to_air(tracks):
        lines += [f"#EXTINF:{_seconds(track)},{one_line(track.part.title)}", _main(track, at, wanted)]
    return "\n".join([*lines, ""]).encode()


def low_m3u(tracks: Sequence[Track], at: Addresses, wanted: Wanted) -> bytes:
    """The same for bad lines; what has no low-rate file yet is listed with the one it has."""
    lines = ["#EXTM3U"]
    for track in to_air(tracks):
        low = track.stem + FURTHER["low"].ending
        address = at(f"audio/{low}") if low in track.files(wanted) else _main(track, at, wanted)
        lines += [f"#EXTINF:{_seconds(track)},{one_line(track.part.title)}", address]
    return "\n".join([*lines, ""]).encode()


def urgent_m3u(tracks: Sequence[Track], at: Addresses, wanted: Wanted) -> bytes:
    """Urgent tracks alone, under 1 kB: of more than fit, the newest."""
    urgent = [track for track in tracks if track.klass is BulletinClass.URGENT]
    entries: list[bytes] = []
    room = SMALL - len(b"#EXTM3U\n")
    for track in sorted(urgent, key=lambda track: track.at, reverse=True):
        title = one_line(track.part.title)[:_LINE]
        entry = f"#EXTINF:{_seconds(track)},{title}\n{_main(track, at, wanted)}\n".encode()
        if len(entry) > room:
            break
        room -= len(entry)
        entries.append(entry)
    return b"#EXTM3U\n" + b"".join(reversed(entries))


def pls(tracks: Sequence[Track], at: Addresses, wanted: Wanted) -> bytes:
    """PLS version 2."""
    lines = ["[playlist]"]
    for number, track in enumerate(to_air(tracks), 1):
        lines.append(f"File{number}={_main(track, at, wanted)}")
        lines.append(f"Title{number}={one_line(track.part.title)}")
        lines.append(f"Length{number}={_seconds(track)}")
    return "\n".join([*lines, f"NumberOfEntries={len(tracks)}", "Version=2", ""]).encode()


def xspf(tracks: Sequence[Track], at: Addresses, wanted: Wanted, title: str) -> bytes:
    """XSPF version 1 (https://www.xspf.org/spec); lengths in milliseconds."""
    playlist = ElementTree.Element(f"{{{XSPF}}}playlist", {"version": "1"})
    _text(playlist, "title", one_line(title))
    held = ElementTree.SubElement(playlist, f"{{{XSPF}}}trackList")
    for track in to_air(tracks):
        entry = ElementTree.SubElement(held, f"{{{XSPF}}}track")
        _text(entry, "location", _main(track, at, wanted))
        _text(entry, "identifier", f"urn:loa:{track.guid}")
        _text(entry, "title", one_line(track.part.title))
        _text(entry, "duration", str(round(track.audio.seconds * 1000)))
    written: bytes = ElementTree.tostring(playlist, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{XSPF}}}{name}").text = cleared(text)


def _main(track: Track, at: Addresses, wanted: Wanted) -> str:
    """The address of the file to be listed."""
    return at(f"audio/{next(iter(track.files(wanted)))}")


def _seconds(track: Track) -> int:
    return max(1, round(track.audio.seconds))
