"""Sealing: the key of the addresses known again, and addresses sealed that were stored before there were seals."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.people import store as people_store
from channels.seal import Seal
from config.logs import log
from config.words import Said
from db.database import Database
from scheduler import store
from scheduler.dispatch import people

CHUNK = 5_000
MOST_PARCELS = 50
"""Parcels of the log that are sealed at once: a second's work beside all others."""

logger = log("sealing")


class WrongKey(Said):
    """The addresses of this database are sealed with another key."""

    def __init__(self) -> None:
        super().__init__(
            "Số điện thoại trong cơ sở dữ liệu này được niêm phong bằng khóa khác, nên Loa không chạy để khỏi gửi sai."
            " Trả lại đúng khóa: [people] key trong cấu hình, hoặc tệp loa.key của thư mục [files] dir (docs/operate.md)",
            "The addresses of this database are sealed with another key, so Loa does not start."
            " Bring the right one back: [people] key, or the file loa.key in [files] dir (docs/operate.md)",
        )


class Sealing:
    """Seals what is plain. A list that is just being frozen waits: its addresses would change places under the planner."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._done = self._log_done = False

    async def check_key(self) -> None:
        """Raise WrongKey unless this is the key this database knows, if it knows any."""
        async with self._database.read() as connection:
            known = await people_store.key_mark(connection)
        if known is None:
            async with self._database.write() as tx:
                known = await people_store.note_key(self._database, tx, self._seal.mark)
        if known != self._seal.mark:
            raise WrongKey

    async def seal(self) -> int:
        """Everything that can be sealed now, a chunk a transaction; how many addresses. Costs nothing once all are."""
        count = 0
        if not self._done:
            async with self._database.read() as connection:
                self._done = not await people_store.any_plain(connection)
        while not self._done:
            async with self._database.write() as tx:
                sealed = await people_store.seal_opt_outs(self._database, tx, self._seal, CHUNK)
                sealed += await self._seal_chunk(tx) if not sealed else 0
            count += sealed
            if not sealed:
                break
        if count:
            logger.info("addresses_sealed", count=count)
        return count

    async def seal_log(self) -> int:
        """Some parcels that are done and still name people by their numbers, one a transaction; how many addresses."""
        if self._log_done:
            return 0
        count = 0
        async with self._database.read() as connection:
            parcels = await people.plain_parcels(connection, MOST_PARCELS)
        for id, state in parcels:
            if state == "done":
                async with self._database.write() as tx:
                    count += await people.seal_parcel(self._database, tx, self._seal, id)
        self._log_done = self._done and not parcels
        return count

    async def _seal_chunk(self, tx: AsyncConnection) -> int:
        """Some addresses of one list; 0 when there are none left, or only on lists that are being frozen."""
        names = await store.audiences_being_frozen(self._database, tx)
        lists = await audience_store.audience_names(tx)
        frozen = {one.part_of or one.id for one in lists if one.name in names}
        left = False
        for one in lists:
            rows = await audience_store.plain_recipients(tx, one.id, CHUNK)
            if rows and one.id not in frozen:
                await people_store.seal_recipients(tx, self._seal, one.id, rows)
                return len(rows)
            left = left or bool(rows)
        self._done = not left
        return 0
