"""Alive, ready, metrics."""

from __future__ import annotations

from aiohttp import web

from channels import store as channels_store
from db.database import DatabaseTrouble
from desk.app import House
from scheduler import store
from scheduler.delivery import State
from scheduler.log import store as log_store


def routes(house: House) -> list[web.RouteDef]:
    """`/healthz`, `/readyz` and `/metrics`."""

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
        return web.Response(text=await _metrics(house), content_type="text/plain", charset="utf-8")

    return [web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", metrics)]


async def _metrics(house: House) -> str:
    """Prometheus text format, version 0.0.4."""
    async with house.database.read() as connection:
        counts = await log_store.stats(connection, log_store.Filter())
        due = await store.next_due_moment(connection)
        rows = await channels_store.outlet_rows(connection)
    late = max(0.0, (house.clock.now() - due).total_seconds()) if due else 0.0
    lines = ["# HELP loa_deliveries Deliveries by outlet and state.", "# TYPE loa_deliveries gauge"]
    lines += [
        f'loa_deliveries{{outlet="{outlet}",state="{state.value}"}} {count[state]}'
        for outlet, count in counts.items()
        for state in State
    ]
    lines += [
        "# HELP loa_schedule_lag_seconds How late the oldest due schedule is.",
        "# TYPE loa_schedule_lag_seconds gauge",
    ]
    lines += [f"loa_schedule_lag_seconds {late:.3f}"]
    lines += ["# HELP loa_outlet_paused Whether an outlet is paused.", "# TYPE loa_outlet_paused gauge"]
    lines += [f'loa_outlet_paused{{outlet="{name}"}} {int(row.paused_at is not None)}' for name, row in rows.items()]
    return "\n".join(lines) + "\n"
