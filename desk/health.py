"""Alive, ready, metrics: what machines ask."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily
from sqlalchemy import Row

from channels import store as channels_store
from db.database import DatabaseTrouble
from desk.app import House
from scheduler import store
from scheduler.backlog import store as backlog_store
from scheduler.backlog.store import Backlog
from scheduler.delivery import State
from scheduler.lane import LEASE
from scheduler.lookout import alerts

KNOWN_SECONDS = 2.0
"""Whoever may ask, and however often: the database is asked no more often than this."""


def routes(house: House) -> list[web.RouteDef]:
    """`/healthz`, `/readyz` and `/metrics`."""
    watch = Watch(house)

    async def alive(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_request: web.Request) -> web.Response:
        try:
            async with house.database.read() as connection:
                await store.next_due_moment(connection)
        except DatabaseTrouble as trouble:
            return web.Response(status=503, text=trouble.en + "\n", headers={"Retry-After": "5"})
        return web.Response(text="stopping\n" if house.stopping.is_set() else "ready\n")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=await watch.drawn(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]


def make_probes(house: House) -> web.Application:
    """These alone, for a process without the desk."""
    app = web.Application()
    app.on_response_prepare.append(_bear_name)
    app.router.add_routes(routes(house))
    return app


async def _bear_name(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "Loa"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database said at a moment."""

    now: datetime
    next_due: datetime | None
    planning_since: datetime | None
    outlets: Mapping[str, Row[Any]]
    backlog: Mapping[str, Backlog]
    ahead: timedelta
    alerts: Mapping[str, int]


class Watch:
    """What this process counts (`scheduler/meter.py`) and what the database says, drawn together."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._seen: Seen | None = None
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def drawn(self) -> bytes:
        """Prometheus text format, version 0.0.4. Without its database a process still tells what it counts."""
        async with self._looking:
            if self._house.clock.steady() >= self._until:
                try:
                    self._seen = await _look(self._house)
                except DatabaseTrouble:
                    self._seen = None
                self._until = self._house.clock.steady() + KNOWN_SECONDS
        registry = CollectorRegistry()
        registry.register(_Families(self._seen))
        return generate_latest(self._house.meter.registry) + generate_latest(registry)


async def _look(house: House) -> Seen:
    now = house.clock.now()
    async with house.database.read() as connection:
        return Seen(
            now,
            await store.next_due_moment(connection),
            await store.planning_since(connection),
            {
                name: row
                for name, row in (await channels_store.outlet_rows(connection)).items()
                if name in house.outlets
            },
            await backlog_store.backlog(connection, now),
            house.database.ahead,
            Counter(one.outlet for one in await alerts(connection, house.outlets, now)),
        )


class _Families:
    """What was seen, as a collector."""

    def __init__(self, seen: Seen | None) -> None:
        self._seen = seen

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("loa_database_up", "Whether the database answers.", float(self._seen is not None))
        if self._seen is not None:
            yield from _of_schedules(self._seen)
            yield from _of_outlets(self._seen)


def _of_schedules(seen: Seen) -> Iterator[GaugeMetricFamily]:
    late, stuck = _since(seen.now, seen.next_due), _since(seen.now, seen.planning_since)
    yield GaugeMetricFamily("loa_schedule_lag_seconds", "How late the oldest due schedule is.", late)
    yield GaugeMetricFamily("loa_planning_lag_seconds", "For how long the oldest run has been planned.", stuck)
    ahead = seen.ahead.total_seconds()
    yield GaugeMetricFamily("loa_database_clock_ahead_seconds", "The database server's clock against ours.", ahead)


def _of_outlets(seen: Seen) -> Iterator[GaugeMetricFamily]:
    now, every = seen.now, seen.backlog
    states = GaugeMetricFamily("loa_deliveries", "Deliveries without an outcome yet.", labels=["outlet", "state"])
    for name, one in every.items():
        for state, count in ((State.PENDING, one.pending), (State.SENDING, one.sending), (State.UNSURE, one.unsure)):
            states.add_metric([name, state.value], count)
    yield states
    yield _family("loa_due", "Deliveries that are due and not sent.", {n: one.due for n, one in every.items()})
    lags = {name: _since(now, one.oldest_due_at) for name, one in every.items()}
    yield _family("loa_lag_seconds", "How long the oldest of them has been due.", lags)
    ages = {name: _since(now + seen.ahead, one.lease_until and one.lease_until - LEASE) for name, one in every.items()}
    yield _family("loa_lease_age_seconds", "Since when the oldest lease has not been renewed.", ages)
    paused = {name: row.paused_at is not None for name, row in seen.outlets.items()}
    yield _family("loa_outlet_paused", "Whether an outlet is paused.", paused)
    calls = {name: seen.alerts.get(name, 0) for name in seen.outlets}
    yield _family("loa_station_alerts", "Programmes and urgent bulletins a station has not fetched in time.", calls)
    yield _family("loa_outlet_failures", "Failures in a row.", {n: row.failures for n, row in seen.outlets.items()})


def _family(name: str, said: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=["outlet"])
    for outlet, value in values.items():
        family.add_metric([outlet], value)
    return family


def _since(now: datetime, moment: datetime | None) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
