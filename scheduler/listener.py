"""Listener: fetches what people answered where nobody calls us, such as the inbox of a modem."""

from __future__ import annotations

from channels.answer import SendError
from channels.channel import Channel, Heard, Wrote
from channels.http import Http
from channels.outlet import InService, Outlets
from config.logs import log
from db.database import Database
from db.notifier import Notifier
from scheduler.farewell import Farewell
from scheduler.handling import Handling
from scheduler.postbox import Postbox

logger = log("listener")


class Listener:
    """Asks outlets whose kind can be asked; where there is none, it does nothing.

    How far it has heard is kept after it was acted upon: whoever dies in between hears it again, which changes nothing.
    """

    def __init__(
        self,
        database: Database,
        notifier: Notifier,
        outlets: Outlets,
        http: Http,
        handling: Handling,
        farewell: Farewell,
        postbox: Postbox,
    ) -> None:
        self._database = database
        self._notifier = notifier
        self._http = http
        self._handling = handling
        self._farewell = farewell
        self._outlets = outlets
        self._postbox = postbox

    async def listen(self) -> int:
        """Every such outlet once, and whatever answer is owed; how many people wanted something."""
        asked = [at for at in self._outlets if type(at.channel).listen is not Channel.listen]
        count = sum([await self._listen(at) for at in asked])
        await self._farewell.pay()
        return count

    async def _listen(self, at: InService) -> int:
        keep = at.outlet.keep
        after = await keep.get("heard") or ""
        try:
            heard, upto = await at.channel.listen(after, at.outlet, self._http)
        except SendError as error:
            logger.warning("not_heard", outlet=at.name, said=error.en)
            return 0
        if upto == after:
            return 0
        async with self._database.write() as tx:
            for wrote in (one for one in heard if isinstance(one, Wrote)):
                await self._postbox.hear(tx, wrote, at.name)
            said = [one for one in heard if isinstance(one, Heard)]
            new = [one for one in said if await self._handling.hear(tx, one, at.name)]
        await keep.put("heard", upto)
        for one in new:
            self._farewell.owe(one, at.name)
        if heard:
            self._notifier.ring("delivery")
        return len(heard)
