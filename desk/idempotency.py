"""A deed of the API done once, however often it is asked for: the answer of a POST kept a day under its Idempotency-Key.

That the deed is done is noted in the deed's own transaction (`Database.joined`). A request that died before it is simply
done when it comes again; of one that died after it, and whose answer was lost with it, the truth is told: it was done.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import IO, Any

from aiohttp import web
from aiohttp.web import FileField
from cryptography import fernet
from sqlalchemy.ext.asyncio import AsyncConnection

from config.logs import log
from config.words import BadInput
from db.database import DatabaseTrouble
from desk import store
from desk.answer import Trouble, Visit, problem, trouble_of
from desk.app import House
from desk.keys import derive
from desk.store import Claim

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT = timedelta(hours=24)
LEASE = timedelta(minutes=1)
"""Who has not done the deed by then has died, or does it no more: the next to ask does it."""
REUSED = "urn:problem-type:loa:idempotency-key-reused"
UNDER_WAY = "urn:problem-type:loa:idempotency-key-under-way"
NOT_KEPT = "urn:problem-type:loa:answer-not-kept"
KEPT_HEADERS = ("Content-Type", "Content-Language", "Content-Disposition", "Retry-After")

logger = log(__name__)
Work = Callable[[], Awaitable[web.StreamResponse]]


def key_of(request: web.Request) -> str:
    """The key a request names, with or without the quotes of a structured field; empty when it names none. Raises BadInput."""
    given = request.headers.getall(HEADER, [])
    if not given:
        return ""
    key = given[0].strip()
    key = key[1:-1] if len(key) > 2 and key[0] == key[-1] == '"' else key
    if len(given) > 1 or not 0 < len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise BadInput(f"{HEADER}: từ 1 đến 255 ký tự ASCII", f"{HEADER}: 1 to 255 ASCII characters", field=HEADER)
    return key


class Answers:
    """Answers that are kept, sealed with a key of their own: they may name people."""

    def __init__(self, house: House) -> None:
        self._database = house.database
        self._clock = house.clock
        self._seal = fernet.Fernet(urlsafe_b64encode(derive(house.key, "idempotency")))

    async def once(self, visit: Visit, key: str, work: Work, *, keep: bool) -> web.StreamResponse:
        """Do the work, or answer as it was answered before. `keep` is False for an answer that holds a secret."""
        mine = Claim(visit.person, key, await asyncio.to_thread(_digest, visit), secrets.token_hex(8))
        now = self._clock.now()
        async with self._database.write() as tx:
            await store.forget_answers(tx, now - KEPT)
            before = await store.claim_key(self._database, tx, mine, now, now - LEASE)
        if before is not None:
            return self._again(before, mine)
        try:
            with self._database.joined(partial(self._mark, mine)):
                response = await work()
        except Exception as error:
            trouble = trouble_of(error)
            if trouble is None or trouble.status >= 500:
                await self._free(mine)
                raise
            response = problem(visit.request, trouble.status, trouble)
            response.headers.update(trouble.headers)
        await self._keep(mine, response, keep=keep)
        return response

    def _again(self, before: Any, mine: Claim) -> web.Response:
        """What was answered before. Raises Trouble when that is another request's, not there yet, or lost."""
        if before.digest != mine.digest:
            vi, en = f"{HEADER} này đã dùng cho một yêu cầu khác", f"This {HEADER} was used for another request"
            raise Trouble(422, vi, en, field=HEADER, kind=REUSED)
        if before.body is not None:
            with contextlib.suppress(fernet.InvalidToken):
                body = self._seal.decrypt(before.body.encode())
                return web.Response(body=body, status=before.status, headers={**before.headers, REPLAYED: "true"})
        if before.status is None and before.done_at is None:
            raise _under_way()
        vi = "Việc này đã làm xong; câu trả lời không được giữ lại. Hãy xem kết quả, đừng gửi lại bằng khóa khác"
        raise Trouble(409, vi, "This was done; the answer was not kept. Look at what has become of it", kind=NOT_KEPT)

    async def _mark(self, mine: Claim, tx: AsyncConnection) -> None:
        """The deed is done, if its request is still the one to do it. Raises Trouble, which undoes the deed."""
        if not await store.mark_done(tx, mine, self._clock.now()):
            raise _under_way()

    async def _keep(self, mine: Claim, response: web.StreamResponse, *, keep: bool) -> None:
        """Keep the answer; a database in trouble costs the answer, not the deed."""
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        body = bytes(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else None
        keep = keep or response.status >= 400  # a refusal holds no secret
        sealed = self._seal.encrypt(body).decode() if body is not None and keep else None
        try:
            async with self._database.write() as tx:
                await store.keep_answer(tx, mine, response.status, headers, sealed)
        except DatabaseTrouble as trouble:
            logger.warning("answer_not_kept", said=trouble.en)

    async def _free(self, mine: Claim) -> None:
        """It failed before anything was done: the same request may come again at once."""
        with contextlib.suppress(DatabaseTrouble):
            async with self._database.write() as tx:
                await store.free_key(tx, mine)


def _under_way() -> Trouble:
    vi, en = "Yêu cầu cùng khóa này đang được làm", "A request with this key is being worked on"
    return Trouble(409, vi, en, {"Retry-After": "2"}, kind=UNDER_WAY)


def _digest(visit: Visit) -> str:
    """What is asked, in short: address and fields, in whatever order and packing they came. Blocks."""
    told: list[Any] = [visit.request.method, visit.request.path_qs]
    for name, value in sorted(visit.form.items(), key=lambda field: field[0]):
        if isinstance(value, FileField):
            told.append([name, value.filename, _sha256(value.file)])
        else:
            told.append([name, str(value)])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _sha256(file: IO[bytes]) -> str:
    found = hashlib.sha256()
    file.seek(0)
    while piece := file.read(2**20):
        found.update(piece)
    file.seek(0)
    return found.hexdigest()
