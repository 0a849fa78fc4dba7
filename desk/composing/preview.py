"""What will come of a text that is being written: every rendition, what it costs, and what to know of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from channels.sms import SmsOptions
from content.bulletin import LINK, REPLY
from content.findings import Finding, beside, findings, length_of
from content.item import Draft, Revision
from content.reading import Lexicon, Reading
from content.rendition import CHAT_CHARACTERS, read_script, render
from content.sentences import Sentence, by_line
from content.short import unaccented
from desk.app import House


@dataclass(frozen=True, slots=True)
class Sms:
    """The text with marks and without, with what each costs: messages, units (GSM or UCS-2), and đồng where an outlet says."""

    marked: str
    bare: str
    marked_segments: int
    bare_segments: int
    marked_units: int
    bare_units: int
    prices: tuple[tuple[str, int], ...]
    """Of one message, by title of the outlets that say so."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A revision that nobody has saved, and what to know of it."""

    revision: Revision
    reading: Reading
    lines: list[list[Sentence]]
    findings: list[Finding]
    sms: Sms
    most_chat: int = CHAT_CHARACTERS

    def about(self, rendition: str) -> list[Finding]:
        """What to know of one rendition."""
        return beside(self.findings, rendition)


async def preview_of(house: House, draft: Draft, writer: str) -> Preview:
    """What would be saved now. Raises BadInput when the draft cannot stand."""
    async with house.database.read() as connection:
        lexicon = await house.glossary.lexicon(connection)
    return await asyncio.to_thread(_preview, house, draft, writer, lexicon)


def _preview(house: House, draft: Draft, writer: str, lexicon: Lexicon) -> Preview:
    variant = house.settings.voice.variant
    told: dict[str, Any] = {"id": "", "item": "", "number": 0, "writer": writer, "made_at": house.clock.now()}
    revision = render(draft, **told, variant=variant, lexicon=lexicon)
    reading = read_script(revision.script, revision.readings, lexicon, variant)
    lines = by_line(revision.script, reading)
    return Preview(revision, reading, lines, findings(revision, lexicon), sms_of(house, revision))


def sms_of(house: House, revision: Revision) -> Sms:
    """The SMS text as a phone shows it, a link as long as it will be in its place."""
    whole = revision.short.replace(LINK, house.stop_links.sample).replace(REPLY, house.reply_links.sample)
    bare = unaccented(whole)
    with_marks, without = length_of(revision, whole), length_of(revision, bare)
    prices = tuple(
        (at.outlet.title, at.outlet.options.price)
        for at in house.outlets
        if isinstance(at.outlet.options, SmsOptions) and at.outlet.options.price
    )
    counts = (with_marks.segments, without.segments, with_marks.units, without.units)
    return Sms(whole, bare, *counts, prices)
