"""Connections of requests that tell of their sockets; loaded by the thread that sends."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter


class Line(HTTPAdapter):
    """Tells of each connection's socket, so that another thread can cut it."""

    def __init__(self, connected: Callable[[socket.socket], None]) -> None:
        super().__init__()
        self._connected = connected

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """The pool as requests makes it, with connections that tell."""
        pool = super().get_connection_with_tls_context(*arguments, **options)
        connected = self._connected
        kind: Any = pool.ConnectionCls

        class Telling(kind):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                connected(self.sock)

        pool.ConnectionCls = Telling
        return pool
