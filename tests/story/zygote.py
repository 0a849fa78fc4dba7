"""Children of one warm process, so that hundreds of starts cost little: `python -m tests.story.zygote`.

An order is a line of JSON on its standard input: `argv` is a command of Loa; else `settings`, and `kill` (n, `before` or
`after`): the child sends what is due and dies by SIGKILL just before or just after its n-th COMMIT on SQLite. Answered
with two lines: the child's process id, then how it ended and what each of its commits wrote.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sqlite3
import sys
from functools import partial
from typing import Any

import uvloop

from channels import store as channels_store
from channels.channel import Confirmation
from config.logs import set_up
from config.settings import Settings
from desk import cli
from desk.app import House, opened
from desk.commands.server import stop_on_signals
from scheduler.delivery import State
from scheduler.log import store as log_store

REPORTED = 12
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


class Commits:
    """The commits of this process, and the one it is to die at."""

    def __init__(self, kill: tuple[int, str] | None) -> None:
        self.writes: list[list[str]] = []
        self._kill = kill

    def pass_by(self, side: str) -> None:
        """Die here if this is the place."""
        if self._kill == (len(self.writes), side):
            os.kill(os.getpid(), signal.SIGKILL)


class Watched(sqlite3.Connection):
    """A connection whose commits are seen."""

    def __init__(self, *args: Any, commits: Commits, **options: Any) -> None:
        super().__init__(*args, **options)
        self._commits, self._writes = commits, list[str]()
        self.set_trace_callback(self._trace)

    def _trace(self, sql: str) -> None:
        if sql.startswith("COMMIT"):
            self._commits.writes.append(self._writes)
            self._writes = []
            self._commits.pass_by("before")
        elif sql.startswith(WRITES):
            self._writes.append(" ".join(sql.split()[:3]))

    def commit(self) -> None:
        """As SQLAlchemy commits."""
        super().commit()
        self._commits.pass_by("after")

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """As the dispatch loop commits."""
        cursor = super().execute(sql, *values)
        if sql == "COMMIT":
            self._commits.pass_by("after")
        return cursor


async def live(settings: Settings) -> None:
    """Send what is due, hear the gateway's reports of it, and take them in."""
    async with opened(settings) as house:
        stop_on_signals(house)
        await house.runner.drain()
        await _hear_reports(house)
        await house.runner.drain()


async def _hear_reports(house: House) -> None:
    """The gateway reports every twelfth message as delivered, in calls of two messages."""
    async with house.database.read() as connection:
        wanted = log_store.Filter(states=(State.SENT,))
        sent = [one async for one in log_store.walk(connection, wanted) if one.seq % REPORTED == 0]
    for begin in range(0, len(sent), 2):
        async with house.database.write() as tx:
            for one in sent[begin : begin + 2]:
                now, said = house.clock.now(), [Confirmation(True, delivery=one.id)]
                call = channels_store.Call(one.outlet, now, b"{}", said)
                await channels_store.store_callbacks(tx, house.seal, [call])


def _child(order: dict[str, Any], report: int) -> int:
    if "argv" in order:
        return cli.main(order["argv"])
    commits = Commits(tuple(order["kill"]) if order["kill"] else None)
    plain_connect = sqlite3.connect
    sqlite3.connect = partial(plain_connect, factory=partial(Watched, commits=commits))  # type: ignore[assignment]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live(Settings.model_validate(order["settings"])))
    os.write(report, json.dumps(commits.writes).encode())
    return 0


def main() -> None:
    """Order after order, until the input ends."""
    set_up("warning", "console")
    gc.freeze()  # what a child does not look through it need not copy
    for line in sys.stdin:
        heard, report = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = _child(json.loads(line), report)
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(report)
        _tell({"pid": pid})
        with os.fdopen(heard) as told:
            commits = json.loads(told.read() or "[]")
        _tell({"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "commits": commits})


def _tell(plain: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(plain) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
