"""What a run of a schedule costs in SMS: the text as the phone shows it, people, and messages billed with and without marks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.sms import SmsOptions
from content import store as content_store
from content.bulletin import LINK, REPLY
from content.findings import length_of
from desk.answer import Visit
from scheduler.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Cost:
    """One outlet's: its `text`, and for each person of a run the messages billed with marks and without; `bare`: it sends without."""

    outlet: str
    text: str
    people: int
    marked: int
    unmarked: int
    bare: bool
    price: int
    """Of one message, in đồng; 0 when the outlet does not say."""

    @property
    def total(self) -> int:
        """Messages billed for a run."""
        return self.people * (self.unmarked if self.bare else self.marked)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        each = {"with_marks": self.marked, "without_marks": self.unmarked}
        whole = {"total": self.total, "cost": self.price * self.total or None}
        return {"outlet": self.outlet, "text": self.text, "people": self.people, "segments": each, **whole}


async def costs_of(visit: Visit, connection: AsyncConnection, schedule: Schedule) -> list[Cost]:
    """Of each SMS outlet of a schedule, with what the outlet's own template puts around the text."""
    outlets = [visit.house.outlets[name] for name in schedule.outlets if name in visit.house.outlets]
    asked = [(at, at.outlet.options) for at in outlets if isinstance(at.outlet.options, SmsOptions)]
    if not asked or not schedule.audience:
        return []
    revisions = [await content_store.find_revision(connection, one.revision) for one in schedule.items]
    link = visit.house.stop_links.sample
    text = "\n".join(one.short for one in revisions).replace(LINK, link).replace(REPLY, visit.house.reply_links.sample)
    audience = await audience_store.audience_id(connection, schedule.audience)
    found = []
    for at, options in asked:
        people = await audience_store.count_recipients(connection, audience, at.channel.scheme)
        marked, bare = (options.shown(text, link, unaccented=each) for each in (False, True))
        billed = length_of(revisions[0], marked).segments, length_of(revisions[0], bare).segments
        shown = bare if options.unaccented else marked
        found.append(Cost(at.name, shown, people, *billed, bare=options.unaccented, price=options.price))
    return found
