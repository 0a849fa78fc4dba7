"""The verbs on the office's own readings: add, remove, take in a whole table; and the lexicon they make."""

from __future__ import annotations

import unicodedata

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.words import BadInput, NotFound
from content.glossary import store
from content.reading import Entry, Lexicon, load_lexicon
from db.database import Database
from db.journal import Journal

MOST = 5000
LONGEST_TABLE = 512 * 1024


class Glossary:
    """What the office itself lays down about reading; it goes before the lexicon of the house.

    A text that was written keeps the words it had: a reading holds for what is written or edited from then on.
    """

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    async def lexicon(self, connection: AsyncConnection) -> Lexicon:
        """The lexicon of the house with the office's readings before it."""
        return load_lexicon().with_entries(await self.entries(connection))

    async def entries(self, connection: AsyncConnection) -> list[Entry]:
        """The office's readings."""
        return [Entry(row.abbr, row.spoken, condition=row.condition) for row in await store.rows(connection)]

    async def add(self, tx: AsyncConnection, abbr: str, spoken: str, by: str, *, condition: str = "") -> Entry:
        """Lay down one reading. Raises BadInput that names the field."""
        entry = own_entry(abbr, spoken, condition)
        now = self._clock.now()
        await store.put(self._database, tx, entry, by, now)
        await self._journal.note(
            tx, now, by, "add_reading", "glossary", abbr=entry.abbr, spoken=entry.spoken, condition=entry.condition
        )
        return entry

    async def remove(self, tx: AsyncConnection, abbr: str, by: str, *, condition: str = "") -> None:
        """Take one reading back. Raises NotFound."""
        if not await store.drop(tx, abbr, condition):
            raise NotFound(f"Cơ quan chưa đặt cách đọc cho “{abbr}”", f"The office has no reading of {abbr!r}")
        now = self._clock.now()
        await self._journal.note(tx, now, by, "remove_reading", "glossary", abbr=abbr, condition=condition)

    async def take_in(self, tx: AsyncConnection, table: str, by: str) -> int:
        """Lay down every row of a TSV table, or none. Raises BadInput that names line and column; how many there were."""
        if len(table) > LONGEST_TABLE:
            raise BadInput("Bảng quá lớn (tối đa 512 KB)", "The table is too large (512 KB at most)", field="file")
        entries = Lexicon.from_tsv(table.removeprefix("\ufeff")).entries
        if not 0 < len(entries) <= MOST:
            raise BadInput(f"Bảng phải có từ 1 đến {MOST} dòng", f"A table has 1 to {MOST} rows", field="file")
        now = self._clock.now()
        for entry in entries:
            await store.put(self._database, tx, entry, by, now)
        await self._journal.note(tx, now, by, "import_readings", "glossary", rows=len(entries))
        return len(entries)

    async def table(self, connection: AsyncConnection) -> str:
        """The office's readings as the TSV table that `take_in` reads."""
        return Lexicon(await self.entries(connection)).to_tsv()


def own_entry(abbr: str, spoken: str, condition: str = "") -> Entry:
    """A reading as a person typed it: spaces and case of the spoken words do not matter. Raises BadInput."""
    written = " ".join(unicodedata.normalize("NFC", abbr).split())
    said = " ".join(unicodedata.normalize("NFC", spoken).lower().split())
    return Entry(written, said, condition=condition.strip())
