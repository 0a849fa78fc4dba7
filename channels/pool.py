"""The kept connections to one partner: who asks next, when a new one is opened, and to which checked address."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from channels.wire import Connection, Lost, Outbox, Reply

# The next address is tried beside one that has not answered by then (RFC 8305, section 5).
HEAD_START_SECONDS = 0.25
KNOWN_SECONDS = 5.0


class NotSent(Exception):
    """Surely no byte of the request left; `cause` is the OSError or ValueError that kept it here."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class Place(NamedTuple):
    """Where a socket can be connected to: address family and what `connect` takes."""

    family: int
    address: tuple[Any, ...]


class Partner(NamedTuple):
    """Scheme, host (ASCII, without brackets) and port."""

    scheme: str
    host: str
    port: int


Resolve = Callable[[str, int], Awaitable[Sequence[Place]]]


class Pool:
    """At most `most` connections to one partner; who finds none free waits in line, within its own time."""

    def __init__(
        self, partner: Partner, resolve: Resolve, tls: ssl.SSLContext | None, *, connect_seconds: float, most: int
    ) -> None:
        self._partner, self._resolve, self._tls = partner, resolve, tls
        self._connect_seconds, self._most = connect_seconds, most
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(self._loop)
        self._resting: list[Connection] = []
        self._open: set[Connection] = set()
        self._line: deque[asyncio.Future[Connection | None]] = deque()
        self._known: Sequence[Place] = ()
        self._known_until = 0.0
        self._looking: asyncio.Task[Sequence[Place]] | None = None
        self._closed: asyncio.Future[None] | None = None

    def now(self) -> float:
        """The loop's time, for deadlines."""
        return self._loop.time()

    async def ask(self, request: bytes, deadline: float, *, headless: bool = False) -> Reply:
        """One request and its answer by `deadline` (loop time); NotSent or Lost. Cancelled, its connection is closed."""
        connection = self._rested() or await self._next(deadline)
        answer: asyncio.Future[Reply] = self._loop.create_future()
        connection.ask(request, deadline, answer, headless=headless)
        try:
            return await answer
        except Lost as error:
            if error.kept:
                raise NotSent(ConnectionError("closed")) from None
            raise
        except asyncio.CancelledError:
            connection.leave(answer)
            raise

    async def close(self) -> None:
        """Close all connections; requests under way end with Lost, those in line with NotSent."""
        self._closed = self._loop.create_future()
        if self._looking is not None:
            self._looking.cancel()
        while self._call(None):
            pass
        for connection in self._open:
            connection.drop()
        if any(connection.stands for connection in self._open):
            await self._closed

    def _rested(self) -> Connection | None:
        """The connection used last: the others may rest until they are closed."""
        while self._resting:
            connection = self._resting.pop()
            if connection.rested():
                return connection
            connection.drop()
        return None

    async def _next(self, deadline: float) -> Connection:
        """A connection that comes back, or a new one as soon as there is room."""
        try:
            again = False
            while len(self._open) >= self._most and self._closed is None:
                connection = await self._turn(deadline, first=again)
                if connection is not None:
                    if connection.rested():
                        return connection
                    connection.drop()
                again = True
            return await self._new(deadline)
        except (OSError, ValueError) as error:
            raise NotSent(error) from None

    async def _turn(self, deadline: float, *, first: bool) -> Connection | None:
        """Wait in line: a connection, or None when there is room for a new one."""
        turn: asyncio.Future[Connection | None] = self._loop.create_future()
        (self._line.appendleft if first else self._line.append)(turn)
        alarm = self._loop.call_at(deadline, _overdue, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.cancelled() or turn.exception() is not None:
                raise
            # The turn came in the moment of the cancellation: it is the next one's.
            if (connection := turn.result()) is not None:
                self._back(connection)
            else:
                self._call(None)
            raise
        finally:
            alarm.cancel()

    def _call(self, connection: Connection | None) -> bool:
        """Give the first in line its turn; False when nobody waits."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    def _back(self, connection: Connection) -> None:
        if not self._call(connection):
            self._resting.append(connection)

    def _gone(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._resting:
            self._resting.remove(connection)
        if self._closed is None:
            self._call(None)
        elif not self._closed.done() and not any(one.stands for one in self._open):
            self._closed.set_result(None)

    async def _new(self, deadline: float) -> Connection:
        connection = Connection(self._loop, self._outbox, self._back, self._gone)
        self._open.add(connection)
        try:
            async with asyncio.timeout_at(min(deadline, self._loop.time() + self._connect_seconds)):
                await self._connect(connection)
        except BaseException:
            connection.drop()
            self._gone(connection)
            raise
        if self._closed is not None or not connection.fresh():
            connection.drop()
            raise ConnectionError("closed")
        return connection

    async def _connect(self, connection: Connection) -> None:
        """Name, address, socket, TLS. The certificate must be the name's, whatever address was connected to."""
        sock = await reach(await self._places())
        name = self._partner.host.rstrip(".") if self._tls else None
        await self._loop.create_connection(lambda: connection, sock=sock, ssl=self._tls, server_hostname=name)

    async def _places(self) -> Sequence[Place]:
        """The checked addresses, looked up once for all who ask at the same time and known for a few seconds."""
        if self._loop.time() < self._known_until:
            return self._known
        if self._looking is None:
            self._looking = self._loop.create_task(self._look())
        try:
            return await asyncio.shield(self._looking)
        except asyncio.CancelledError:
            # The look-up itself was called off, by `close`, and not who waits for it.
            if self._closed is not None and (task := asyncio.current_task()) and not task.cancelling():
                raise ConnectionError("closed") from None
            raise

    async def _look(self) -> Sequence[Place]:
        try:
            self._known = await self._resolve(self._partner.host, self._partner.port)
            self._known_until = self._loop.time() + KNOWN_SECONDS
            return self._known
        finally:
            self._looking = None


def _overdue(turn: asyncio.Future[Connection | None]) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())


async def reach(places: Sequence[Place]) -> socket.socket:
    """A socket connected to the first place that answers; the next is tried when one fails or is slow."""
    if len(places) == 1:
        return await _connected(places[0])
    error: BaseException = OSError("no address")
    untried, tries = list(reversed(places)), set[asyncio.Task[socket.socket]]()
    try:
        while untried or tries:
            if untried:
                tries.add(asyncio.create_task(_connected(untried.pop())))
            wait = HEAD_START_SECONDS if untried else None
            done, _ = await asyncio.wait(tries, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                tries.discard(one)
                if (failure := one.exception()) is None:
                    return one.result()
                error = failure
        raise error
    finally:
        for one in tries:
            one.add_done_callback(_unwanted)
            one.cancel()


def _unwanted(one: asyncio.Task[socket.socket]) -> None:
    if not one.cancelled() and one.exception() is None:
        one.result().close()


async def _connected(place: Place) -> socket.socket:
    sock = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, place.address)
    except BaseException:
        sock.close()
        raise
    return sock
