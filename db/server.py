"""How a PostgreSQL server is reached: addresses of several hosts, time-outs, and which of its faults pass by themselves."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import URL, make_url

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 20.0
# A node that is frozen or cut off must not hold rows for longer than its lease lasts.
SESSION = {
    "application_name": "loa",
    "idle_in_transaction_session_timeout": "30000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
FROZEN_SECONDS = 30.0
"""Longer than any command may take: who lets the server wait for its words so long says no more."""
# The server ends a transaction that idles, by itself. In the midst of a statement (a COPY whose rows are still to come, a
# statement that is prepared and not yet run) it waits for ever, and a frozen machine's kernel goes on answering for it.
END_FROZEN = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = 'loa'
AND state = 'active' AND wait_event = 'ClientRead' AND query_start < clock_timestamp() - make_interval(secs => :seconds)
"""
# PostgreSQL, appendix A: connection exceptions, no resources, operator intervention, read-only (a standby, or what was
# the primary), and two transactions that stood in each other's way.
PASSING = ("08", "53", "57P", "25006", "40001", "40P01", "55P03")

_SEVERAL = re.compile(r"^(postgres(?:ql)?(?:\+\w+)?://(?:[^@/]*@)?)([^/?@]*,[^/?@]*)(/[^?]*)?(?:\?(.*))?$")


def read_url(text: str) -> URL:
    """The address of a database; several hosts may stand as libpq writes them (`h1:5432,h2:5432`)."""
    found = _SEVERAL.match(text)
    if found is None:
        return make_url(text)
    lead, hosts, path, query = found.groups()
    asked = "&".join(f"host={host if ':' in host else f'{host}:5432'}" for host in hosts.split(","))
    return make_url(f"{lead}{path or '/'}?{asked}{f'&{query}' if query else ''}")


def arguments(url: URL) -> dict[str, Any]:
    """What asyncpg's `connect` is told. Of several hosts the one that takes writes is chosen, unless the address says."""
    told: dict[str, Any] = dialect().create_connect_args(url)[1]  # type: ignore[no-untyped-call]
    for ours in ("prepared_statement_cache_size", "prepared_statement_name_func"):
        told.pop(ours, None)
    if isinstance(told.get("host"), list):
        told.setdefault("target_session_attrs", "read-write")
    return told | {"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS, "server_settings": SESSION}


def driver() -> ModuleType:
    """asyncpg, loaded when there is a server to talk to: three megabytes that a process on SQLite never needs."""
    return import_module("asyncpg")


def broken() -> tuple[type[Exception], ...]:
    """What asyncpg raises on a connection that is closed, or is just being closed: the server's last word is half read."""
    return driver().InterfaceError, driver().InternalClientError


def passes(error: BaseException) -> bool:
    """Whether it is the server's state or the way to it, and not what was asked: later it will do."""
    if isinstance(error, OSError | TimeoutError):
        return True
    if "asyncpg" in sys.modules and isinstance(error, broken()):
        return True
    state = getattr(error, "sqlstate", None) or getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return state.startswith(PASSING) or bool(getattr(error, "connection_invalidated", False))
