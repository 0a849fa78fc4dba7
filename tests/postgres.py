"""A PostgreSQL server of a test's own, on a socket in a temporary directory."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
MISSING = "PostgreSQL is not installed here (apt-get install postgresql); .ci/run installs it"


def programs() -> Path | None:
    """Where initdb and pg_ctl are, if they are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def account() -> dict[str, Any]:
    """As whom the server runs: initdb refuses to run as root."""
    if os.getuid() != 0:
        return {}
    postgres = pwd.getpwnam("postgres")
    return {"user": postgres.pw_uid, "group": postgres.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def directory() -> Iterator[str]:
    """A directory the server may write in."""
    with tempfile.TemporaryDirectory(prefix="loa-pg-", ignore_cleanup_errors=True) as place:
        if owner := account():
            os.chown(place, owner["user"], owner["group"])
        yield place


def run(*words: str, place: str) -> None:
    """One of the server's programs, to its end."""
    found = programs()
    assert found is not None
    subprocess.run([str(found / words[0]), *words[1:]], check=True, cwd=place, **QUIET, **account())


def make(data: str, *, place: str) -> None:
    """A new, empty cluster with the account `loa`."""
    run("initdb", "-D", data, "-U", "loa", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8", place=place)


def start(data: str, options: str, *, place: str) -> None:
    """Start it and wait until it answers."""
    run("pg_ctl", "-D", data, "-w", "-l", f"{data}.log", "-o", options, "start", place=place)


def stop(data: str, mode: str = "immediate", *, place: str) -> None:
    """Stop it: `immediate` is what a power cut does."""
    run("pg_ctl", "-D", data, "-m", mode, "stop", place=place)


@contextlib.contextmanager
def server(*, fsync: bool) -> Iterator[str]:
    """A running server; its address."""
    with directory() as place:
        data = f"{place}/d"
        make(data, place=place)
        sync = "" if fsync else "-c fsync=off"
        start(
            data,
            f"-c listen_addresses='' -c unix_socket_directories='{place}' -c max_connections=200 {sync}",
            place=place,
        )
        try:
            yield f"postgresql://loa@/postgres?host={place}"
        finally:
            stop(data, place=place)
