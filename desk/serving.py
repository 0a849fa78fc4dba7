"""The house on the network: its pages, or the probes alone, on the address of the configuration."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from config.words import BadInput
from desk.app import House
from desk.health import make_probes
from desk.web import make_web

STOP_SECONDS = 5


def desk(house: House) -> contextlib.AbstractAsyncContextManager[int]:
    """The web side of the house; yields the port it listens on."""
    return _listening(house, make_web(house), house.settings.web.port)


def probes(house: House) -> contextlib.AbstractAsyncContextManager[int]:
    """Health and metrics of a process without a desk; yields the port it listens on."""
    return _listening(house, make_probes(house), house.settings.web.metrics_port)


@contextlib.asynccontextmanager
async def _listening(house: House, app: web.Application, port: int) -> AsyncIterator[int]:
    """An application on the address of the house; yields the port it listens on."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, house.settings.web.host, port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        at = f"{house.settings.web.host}:{port}"
        raise BadInput(
            f"Không mở được {at} ({error.strerror}): đổi [web] port", f"Cannot listen on {at} ({error.strerror})"
        ) from None
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
