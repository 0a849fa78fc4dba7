"""What the API adds around a verb: its token's allowance, declared fields alone, conditions, deeds that are done once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from config.words import BadInput
from desk.answer import Shown, Trouble, Visit, respond
from desk.app import House
from desk.conditions import check_match, tagged, thing_of
from desk.idempotency import Answers, key_of
from desk.limits import Limits
from desk.shape import hold, shape_of
from scheduler.policy import BrokenRule

if TYPE_CHECKING:
    from desk.doors import Door


class Api:
    """One for the whole desk."""

    def __init__(self, house: House, doors: Iterable[Door]) -> None:
        self._limits = Limits(house.clock, house.settings.api.per_minute)
        self._answers = Answers(house)
        self._shown = {door.path: door for door in doors if door.api and door.method == "GET"}

    def admit(self, visit: Visit) -> None:
        """Count the request against its token's allowance. Raises Trouble 429."""
        visit.bears, refusal = self._limits.count(visit.token)
        if refusal is not None:
            raise refusal

    async def answer(self, visit: Visit, door: Door) -> web.StreamResponse:
        """What the verb answers to what may reach it."""
        declared = shape_of(door.handler)
        hold(visit, declared)
        if door.method == "GET":
            response = await _done(visit, door)
            return response if declared.is_list else tagged(visit.request, response)
        work, key = partial(self._do, visit, door), key_of(visit.request)
        return await self._answers.once(visit, key, work, keep=not declared.once) if key else await work()

    async def _do(self, visit: Visit, door: Door) -> web.StreamResponse:
        if "If-Match" in visit.request.headers:
            await self._check_match(visit, door)
        return await _done(visit, door)

    async def _check_match(self, visit: Visit, door: Door) -> None:
        """Hold the asker's tag against the thing as it is; where the verb takes a `base`, it guards what was just compared.

        Raises Trouble 412.
        """
        thing = self._shown.get(thing_of(door.path))
        if thing is None:
            vi, en = "If-Match không dùng được ở đây", "There is nothing here to match"
            raise BadInput(vi, en, field="If-Match")
        now = respond(visit, await thing.handler(visit))
        body = check_match(visit.request, now)
        if "base" in shape_of(door.handler).takes.model_fields and not visit.text("base"):
            visit.form["base"] = json.loads(body)["revision"]


async def _done(visit: Visit, door: Door) -> web.StreamResponse:
    """What the verb answers. What it cannot make sense of, though it has the declared shape, is a 422 and no 400."""
    try:
        answer = await door.handler(visit)
        if isinstance(answer, Shown) and answer.fault is not None:
            raise answer.fault
    except BrokenRule:
        raise  # the law forbids it: 403
    except BadInput as fault:
        raise Trouble(422, fault.vi, fault.en, field=fault.field) from fault
    return respond(visit, answer)
