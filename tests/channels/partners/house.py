"""What a partner calls back: `/hooks/{outlet}` of a house, which answers as `desk/partners.py` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from channels.channel import Callback, Channel, Confirmation, Outlet, Refused
from desk.demo.sandbox import Sandbox

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@dataclass
class House(Sandbox):
    """`async with House() as house: house.url`; what an outlet's kind makes of each call stands in `said`.

    An outlet must be opened before its partner calls.
    """

    said: list[Confirmation] = field(default_factory=list)
    calls: list[Callback] = field(default_factory=list)
    _outlets: dict[str, tuple[Channel[Any], Outlet[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def _routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/hooks/{outlet}", self._hook)]

    def open(self, channel: Channel[Any], outlet: Outlet[Any]) -> None:
        """Take calls for this outlet."""
        self._outlets[outlet.name] = channel, outlet

    async def _hook(self, request: web.Request) -> web.Response:
        channel, outlet = self._outlets[request.match_info["outlet"]]
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Callback(request.method, dict(request.query), headers, await request.read(), MORNING)
        self.calls.append(call)
        try:
            said: Sequence[Confirmation] = channel.confirm(call, outlet)
        except Refused:
            return web.Response(status=403)
        self.said += said
        return web.Response(text="ok")
