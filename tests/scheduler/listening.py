"""A strict receiver of events on a real socket: it checks every signature by the library, and every event's form."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from config.clock import Clock
from db.database import Database
from desk.app import House
from scheduler.events.event import Kind
from scheduler.subscription import store
from scheduler.subscription.store import Backlog, Subscription
from tests.channels.partners.served import Served

PATIENCE = 5 * 60
"""Seconds by which a timestamp may differ, as the library has it."""


class Listening(Served):
    """Keeps each event that came, with the moment of the clock; `says` are statuses given first, `faults` what was wrong."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("POST", "/loa")
        self.clock = clock
        self.secrets: list[str] = []
        self.came: list[dict[str, Any]] = []
        self.at: list[datetime] = []
        self.bodies: list[str] = []
        self.says: list[int] = []
        self.always = 200
        self.faults: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.echoes = False
        self.hold = asyncio.Event()
        self.hold.set()
        self._arrived = asyncio.Condition()

    @property
    def address(self) -> str:
        """Where events go; its query is a secret."""
        return f"{self.url}/loa?khoa=bi-mat-cua-dia-chi"

    @property
    def ids(self) -> list[str]:
        """Of what came, in order, repeats too."""
        return [one["id"] for one in self.came]

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        """What came of one kind."""
        return [one for one in self.came if one["type"] == f"vn.loa.{kind}"]

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One event."""
        body = await request.text()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.faults += self.wrong(body, headers)
        self.headers.append(headers)
        self.came.append(json.loads(body))
        self.bodies.append(body)
        self.at.append(self.clock.now())
        async with self._arrived:
            self._arrived.notify_all()
        await self.hold.wait()
        words = f"{request.path_qs} {headers} {self.secrets}" if self.echoes else "một câu trả lời"
        return web.Response(status=self.says.pop(0) if self.says else self.always, text=words)

    def wrong(self, body: str, headers: dict[str, str]) -> list[str]:
        """Everything that is not as the two specifications have it."""
        id, stamp = headers["webhook-id"], int(headers["webhook-timestamp"])
        at, signatures = datetime.fromtimestamp(stamp, UTC), headers["webhook-signature"].split(" ")
        told = json.loads(body)
        checks = {
            "signature": any(Webhook(secret).sign(id, at, body) in signatures for secret in self.secrets),
            "timestamp": abs(stamp - self.clock.now().timestamp()) <= PATIENCE,
            "type": headers["content-type"] == "application/cloudevents+json; charset=utf-8",
            "id": told["id"] == id and "." not in id,
            "specversion": told["specversion"] == "1.0",
            "source": told["source"].startswith("http"),
            "kind": told["type"] in {f"vn.loa.{kind}" for kind in (*Kind, "test")},
            "time": datetime.fromisoformat(told["time"]).tzinfo is not None,
            "members": set(told)
            == {"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data"},
        }
        return [f"{name}: {body[:200]}" for name, well in checks.items() if not well]

    async def has_come(self, count: int) -> None:
        """Wait until so many came in all. Raises TimeoutError after 20 seconds."""
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: len(self.came) >= count)


async def subscribe(house: House, there: Listening, *kinds: Kind, title: str = "Một cửa huyện") -> str:
    """An administrator adds the receiver, and puts the key in there."""
    asked = kinds or tuple(Kind)
    await house.subscribing.check(title, there.address, asked)
    async with house.database.write() as tx:
        id, secret = await house.subscribing.add(tx, title, there.address, asked, "Quản Trị")
    there.secrets.append(secret)
    return id


async def standing(database: Database, id: str) -> tuple[Subscription, Backlog]:
    """How a receiver does, and what waits for it."""
    async with database.read() as connection:
        return await store.find(connection, id), (await store.backlogs(connection)).get(id, Backlog())
