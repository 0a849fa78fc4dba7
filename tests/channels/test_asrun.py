"""What stations' software says it aired: read in its own form, matched with what it was given, nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.channel import Programme, Shelved
from channels.station.asrun import Line, Matched, match, read_log
from channels.station.tracks import Track, programme_lead, tracks_of
from config.words import BadInput
from content.bulletin import Audio

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
KEEP = timedelta(days=14)
FIVE = datetime(2026, 11, 23, 22, 0, 5, tzinfo=UTC)
LIBRETIME = (
    "Start Time,End Time,Title,Creator\n2026-11-24 05:00:05,2026-11-24 05:00:22,Mưa lớn ở Mộc Châu,UBND xã Mộc Châu\n"
)
AZURACAST = "Date,Time,Listeners,Delta,Track,Artist,Playlist,Streamer\n2026-11-24,05:00:05,3,0,Mưa lớn ở Mộc Châu,UBND,Sáng,Hà\n"
OPENBROADCASTER = (
    "<?xml version='1.0'?><obconnect><playlog><entry><media_id>7</media_id><artist>UBND</artist>"
    "<title>Mua lon o Moc Chau</title><datetime>1795471205</datetime><context>show</context></entry></playlog></obconnect>"
)
PLAIN = "Thời điểm;Tên bài;Người đọc\n24/11/2026 05:00:05;Mưa lớn ở Mộc Châu;Chị Hà\n"


def tracks(make: Any, *shelf: Shelved) -> list[Track]:
    """What stands on the shelf; one bulletin unless it is given."""
    return list(tracks_of(shelf or [Shelved("d1", "d1", make.bulletin(), make.later(), None)]))


@pytest.mark.parametrize("log", [LIBRETIME, AZURACAST, OPENBROADCASTER, PLAIN])
def test_every_form_is_read(make: Any, log: str) -> None:
    """With its time on the station's wall clock, and found by its title, with marks or without."""
    (line,), faults = read_log(log.encode(), HANOI)
    assert (FIVE, []) == (line.at, faults)
    assert [Matched("d1", -1, 1)] == match(line, tracks(make), [], HANOI, KEEP)


def test_more_is_kept_where_it_is_told() -> None:
    """Length by end or in hours; playlist and presenter; the line itself as evidence; a mark of Windows before it."""
    (libretime,), _ = read_log(b"\xef\xbb\xbf" + LIBRETIME.encode(), HANOI)
    (azuracast,), _ = read_log(AZURACAST.encode(), HANOI)
    assert 17.0 == libretime.seconds
    assert ("Sáng", "Hà") == (azuracast.slot, azuracast.presenter)
    assert azuracast.raw == AZURACAST.splitlines()[1]
    (line,), _ = read_log(b"title\tduration\tstart\nTin\t00:01:30\t2026-11-24T05:00:05+07:00", UTC)
    assert (FIVE, 90.0) == (line.at, line.seconds)


def test_what_cannot_be_read_is_told_by_its_line() -> None:
    """The others are read."""
    lines, faults = read_log(f"{LIBRETIME}sáng nay,,Tin,\n2026-11-24 05:10:00,,,\n".encode(), HANOI)
    assert (1, ["dòng 2: không hiểu thời điểm “sáng nay”", "dòng 3: không có tên bài"]) == (len(lines), faults)
    assert ["line 2: not a time: “sáng nay”", "line 3: there is no title"] == [one.en for one in faults]


@pytest.mark.parametrize(
    "log",
    [
        b"a,b\n1,2\n",
        b"",
        b"<a",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"\x81\x8d\xff\x90",
        b"title,start\n" + b"x" * (9 * 2**20),
    ],
)
def test_what_is_no_log_is_refused(log: bytes) -> None:
    """In words, about the field."""
    with pytest.raises(BadInput) as caught:
        read_log(log, HANOI)
    assert "file" == caught.value.field


def test_a_file_name_is_the_surest(make: Any) -> None:
    """Whatever the title says and wherever the software keeps it; each part by its own."""
    shelf = Shelved("d1", "d1", make.bulletin(make.part("a", slug="mot"), make.part("b", slug="hai")), make.later())
    first, second = tracks(make, shelf)
    line = Line(FIVE, "khac han", f"/srv/airtime/stor/{second.stem}.mp3")
    assert [Matched("d1", 1, 2)] == match(line, [first, second], [], HANOI, KEEP)


def test_a_programme_stands_for_all_that_is_in_it(make: Any) -> None:
    """By the name of its moment, or that of its slot and day."""
    starts_at = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    audio = Audio("p.mp3", 9, 60.0, "ab" * 32)
    holds = (("d1", 1), ("d2", 3))
    programme = Programme(
        "tram", "sang", starts_at, starts_at + timedelta(minutes=15), 1, "made", holds, audio, starts_at
    )
    for file in ("2026-11-24-0500.mp3", f"tai ve/{programme_lead(programme).replace('/', '-')}abababab.mp3"):
        found = match(Line(FIVE, "", file), tracks(make), [programme], HANOI, KEEP)
        assert [Matched("d1", -1, 1), Matched("d2", -1, 3)] == found
    assert [] == match(Line(FIVE, "", "2026-11-25-0500.mp3"), tracks(make), [programme], HANOI, KEEP)


def test_nothing_is_guessed(make: Any) -> None:
    """Music, a title too early or long past, one title of two texts: none. One text sent again: the last sent by then."""
    hour = timedelta(hours=1)
    one = Shelved("d1", "d1", make.bulletin(), make.later())
    line = Line(FIVE, "Mưa lớn ở Mộc Châu")
    for other in (
        Line(FIVE, "Mưa"),
        Line(FIVE, "UBND - Mưa"),
        Line(make.later() - hour, line.title),
        Line(FIVE + timedelta(days=20), line.title),
        Line(FIVE, ""),
    ):
        assert [] == match(other, tracks(make, one), [], HANOI, KEEP)
    assert [Matched("d1", -1, 1)] == match(Line(FIVE, f"UBND xã - {line.title}"), tracks(make, one), [], HANOI, KEEP)
    again = Shelved("d2", "d2", make.bulletin(), make.later(hours=2))
    late = Shelved("d3", "d3", make.bulletin(), FIVE + hour)
    assert [Matched("d2", -1, 1)] == match(line, tracks(make, one, again, late), [], HANOI, KEEP)
    text = make.part("khac", revision="khac-r1")
    assert [] == match(line, tracks(make, one, Shelved("d4", "d4", make.bulletin(text), make.later())), [], HANOI, KEEP)
