"""Meeting: a time and a place that a text invites to, and several of them as iCalendar (RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from config.lazy import lazily

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = lazily("icalendar")


class Meeting(NamedTuple):
    """One of them: `uid` stays when it is moved, `begin` and `end` are ISO 8601 with their zone, so that records keep them."""

    uid: str
    begin: str
    end: str
    title: str
    place: str
    about: str = ""

    @property
    def line(self) -> str:
        """In one line, as it is held against another text's."""
        begin, end = self.begins_at, self.ends_at
        about = f"; {self.about}" if self.about else ""
        return f"{begin:%d/%m/%Y %H:%M}–{end:%H:%M} (UTC{begin:%z}) {self.title}, {self.place}{about}"

    def within(self, zone: tzinfo) -> Meeting:
        """The same on the clocks of a zone."""
        begin, end = (moment.astimezone(zone).isoformat() for moment in (self.begins_at, self.ends_at))
        return self._replace(begin=begin, end=end)

    @property
    def begins_at(self) -> datetime:
        """When it begins, aware."""
        return datetime.fromisoformat(self.begin)

    @property
    def ends_at(self) -> datetime:
        """When it ends, aware."""
        return datetime.fromisoformat(self.end)


def ics(meetings: Sequence[Meeting], office: str, made_at: datetime, link: str = "") -> str:
    """A calendar that tells of them; the same each time. `link` is where whoever reads it answers."""
    calendar = icalendar.Calendar()
    for name, value in (("prodid", "-//Loa//VN"), ("version", "2.0"), ("method", "PUBLISH"), ("x-wr-calname", office)):
        calendar.add(name, value)
    for one in meetings:
        event = icalendar.Event()
        event.add("uid", f"{one.uid}@loa")
        event.add("dtstamp", _whole(made_at))
        event.add("last-modified", _whole(made_at))
        event.add("dtstart", _whole(one.begins_at))
        event.add("dtend", _whole(one.ends_at))
        event.add("summary", one.title)
        event.add("location", one.place)
        about = "\n".join(filter(None, (one.about, f"Trả lời: {link}" if link else "")))
        if about:
            event.add("description", about)
        if link:
            event.add("url", link)
        calendar.add_component(event)
    text: str = calendar.to_ical().decode()
    return text


def _whole(moment: datetime) -> datetime:
    """In UTC, to the second: what every calendar reads."""
    return moment.astimezone(UTC).replace(microsecond=0)
