"""One connection to a partner: a request goes out in one write, its answer is read within bounds of size and time.

HTTP/1.1 (RFC 9112), parsed by llhttp (httptools). One request at a time, nothing pipelined, inflated or followed.
"""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

ANSWER_BYTES = 64 * 1024
HEAD_BYTES = 64 * 1024
# What one answer may cost on the wire: a body in chunks of one byte takes six times its size.
WIRE_BYTES = HEAD_BYTES + 8 * ANSWER_BYTES
READ_BYTES = 16 * 1024
KEEP_ALIVE_SECONDS = 4.0
# Only a new connection looks the name up again: a partner that moved is followed within this time.
LIFE_SECONDS = 60.0
# Who closes without a word does so after one answer or after a rest: then the socket is asked before it is used.
TRUSTED_AFTER = 3
BRIEF_SECONDS = 0.02

# As servers write it; where one writes it in another way, its connections are only asked whether they still stand.
_KEEP_ALIVE = frozenset({b"Keep-Alive", b"keep-alive", b"Keep-alive"})
_TIMEOUT = re.compile(r"\btimeout\s*=\s*\"?(\d{1,6})")


class Headers(Mapping[str, str]):
    """Header names in lower case, of several equal ones the last; decoded when somebody asks, which is seldom."""

    __slots__ = ("_decoded", "_raw")

    def __init__(self, raw: dict[bytes, bytes]) -> None:
        self._raw = raw
        self._decoded: dict[str, str] | None = None

    def _all(self) -> dict[str, str]:
        if self._decoded is None:
            raw = self._raw.items()
            self._decoded = {name.decode("latin-1").lower(): value.decode("utf-8", "replace") for name, value in raw}
        return self._decoded

    def __getitem__(self, name: str) -> str:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


class Reply(NamedTuple):
    """An answer as it came; no trailers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Lost(Exception):
    """The request may have left and no whole answer came; `reply` is what had come if its head was whole.

    `late`: the time was over. `long`: the answer was longer than it may be. `kept`: surely not a byte of it has left.
    """

    def __init__(
        self, why: str, reply: Reply | None, *, late: bool = False, long: bool = False, kept: bool = False
    ) -> None:
        super().__init__(why)
        self.reply = reply
        self.late = late
        self.long = long
        self.kept = kept


class Outbox:
    """Requests of one turn of the event loop leave together: waking a peer for each would cost more than sending it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[Connection] = []
        # One room for all to read into, since each answer is taken apart as soon as it has come: asyncio would fetch
        # 256 KB from the system for every one, and a room for each of a thousand connections would be 16 MB.
        self.room = memoryview(bytearray(READ_BYTES))

    def add(self, connection: Connection) -> None:
        """Its request is to be written."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(connection)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for connection in waiting:
            connection.write()


class Connection(asyncio.BufferedProtocol):
    """One connection; `back` is called when it can be asked again, `gone` once when it is no more."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        outbox: Outbox,
        back: Callable[[Connection], None],
        gone: Callable[[Connection], None],
    ) -> None:
        self._loop, self._outbox, self._back, self._gone = loop, outbox, back, gone
        self._request: bytes | None = None
        self._transport: asyncio.Transport | None = None
        self._silent: Callable[[], bool] = bool
        # The parser calls the dictionary itself: a method in between would cost more than all of its parsing.
        self._raw: dict[bytes, bytes] = {}
        self.on_header = self._raw.__setitem__
        self._parser = HttpResponseParser(self)
        # What aiohttp lets pass too: some old gateways end their lines with a bare line feed.
        self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True)
        self._room = outbox.room
        self._waiting: asyncio.Future[Reply] | None = None
        self._deadline = self._rests_until = self._lives_until = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = self._rested_at = 0.0
        self._answers = 0
        self._headless = self._spoiled = self._limited = False
        self._clear()

    def _clear(self) -> None:
        """Ready for the next answer."""
        self._status = self._received = self._size = 0
        self._headers: Mapping[str, str] = {}
        self._body: list[bytes] = []
        self._whole = self._lasts = False

    # What a pool does with it.

    def ask(self, request: bytes, deadline: float, answer: asyncio.Future[Reply], *, headless: bool = False) -> None:
        """Have a whole request written; `answer` gets a Reply or Lost. `headless`: HEAD, the answer has no body."""
        assert self._transport
        assert self._waiting is None
        self._waiting = answer
        self._headless, self._deadline = headless, deadline
        if deadline < self._alarm_at:
            self._set_alarm(deadline)
        self._request = request
        self._outbox.add(self)

    def write(self) -> None:
        """Let the request go, unless it was called off or the connection is gone."""
        request = self._request
        if request is not None and self._transport is not None and not self._transport.is_closing():
            self._request = None
            self._transport.write(request)

    @property
    def stands(self) -> bool:
        """Whether it was made, so that `gone` is still to come."""
        return self._transport is not None

    def fresh(self) -> bool:
        """Whether it stands and nobody is being answered on it."""
        return self._waiting is None and self._transport is not None and not self._transport.is_closing()

    def rested(self) -> bool:
        """Whether it may be asked again: not too old, and the peer has said nothing since, neither bytes nor a farewell.

        A request written on a connection the peer closed long ago would look as if it had left.
        """
        now, transport = self._loop.time(), self._transport
        if now >= self._rests_until or self._waiting is not None or transport is None or transport.is_closing():
            return False
        trusted = self._answers >= TRUSTED_AFTER and now - self._rested_at < BRIEF_SECONDS
        return trusted or self._silent()

    def leave(self, answer: asyncio.Future[Reply]) -> None:
        """Nobody waits for this answer any more: it must not be taken for the next one."""
        if self._waiting is answer:
            self.drop()

    def drop(self) -> None:
        """Close at once, unread and unwritten; whoever waits gets Lost."""
        self._spoiled = True
        if self._transport is not None:
            self._transport.abort()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        self._transport = cast("asyncio.Transport", transport)
        self._silent = _ear(transport.get_extra_info("socket").fileno())
        now = self._loop.time()
        self._rests_until = now + KEEP_ALIVE_SECONDS
        self._lives_until = now + LIFE_SECONDS
        self._set_alarm(self._rests_until)

    def get_buffer(self, sizehint: int) -> memoryview:
        """See asyncio.BufferedProtocol."""
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio.BufferedProtocol."""
        if self._waiting is None:
            self.drop()  # nobody asked
            return
        self._received += nbytes
        try:
            self._parser.feed_data(self._room[:nbytes])
        except (HttpParserError, HttpParserUpgrade) as error:
            self._spoiled = True
            if not self._whole:
                self._fail(type(error).__name__, long=self._status == 0 and self._received > HEAD_BYTES)
                return
        if self._size > ANSWER_BYTES:
            self._fail("body", long=True)
        elif self._whole:
            self._finish()
        elif self._received > (WIRE_BYTES if self._status else HEAD_BYTES):
            self._fail("head", long=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol. Without a length the farewell ends the body, but only a proper one."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._waiting is not None:
            if exc is None and self._status and not self._spoiled and self._ends_with_farewell():
                self._finish()
            else:
                self._fail(type(exc).__name__ if exc else "EOFError")
        self._gone(self)

    # What the parser calls.

    def on_message_begin(self) -> None:
        """An answer begins; a second one nobody asked for."""
        self._spoiled = self._whole

    def on_headers_complete(self) -> None:
        """The head is whole; an interim answer (1xx) is forgotten, as are headers after the body (trailers)."""
        if self._whole:
            return
        raw = self._raw
        if self._received > HEAD_BYTES and sum(map(len, [*raw, *raw.values()])) > HEAD_BYTES:
            raise ValueError("head")
        status = self._parser.get_status_code()
        if status >= 200:
            self._headers = Headers(raw.copy())
            self._limited = not _KEEP_ALIVE.isdisjoint(raw)
            self._status = status
            self._whole = self._headless
        raw.clear()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if not self._whole:
            self._size += len(body)
            self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was an interim one."""
        if self._status and not self._spoiled:
            self._whole = True
            self._lasts = self._parser.should_keep_alive()

    # The ends.

    def _finish(self) -> None:
        answer, self._waiting = self._waiting, None
        assert answer
        assert self._transport
        reply = self._reply()
        # A peer that answers before it has the whole request will take the rest of it for the next one.
        if not self._lasts or self._spoiled or self._transport.get_write_buffer_size():
            self.drop()
        else:
            self._rest()
        if not answer.done():
            answer.set_result(reply)

    def _rest(self) -> None:
        self._answers += 1
        self._rested_at = now = self._loop.time()
        rest = now + (_rest(self._headers) if self._limited else KEEP_ALIVE_SECONDS)
        self._rests_until = min(rest, self._lives_until)
        self._raw.clear()
        self._clear()
        self._back(self)

    def _fail(self, why: str, *, late: bool = False, long: bool = False) -> None:
        answer, self._waiting = self._waiting, None
        if answer is not None and not answer.done():
            reply = self._reply() if self._status else None
            answer.set_exception(Lost(why, reply, late=late, long=long, kept=self._request is not None))
        self.drop()

    def _reply(self) -> Reply:
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        return tuple.__new__(Reply, (self._status, self._headers, body[:ANSWER_BYTES]))  # as Answer, for speed

    def _ends_with_farewell(self) -> bool:
        coding = self._headers.get("transfer-encoding")
        return "content-length" not in self._headers if coding is None else not coding.lower().endswith("chunked")

    def _set_alarm(self, at: float) -> None:
        """One alarm serves all requests of a connection: set anew only for an earlier moment, or when it has rung."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm, self._alarm_at = self._loop.call_at(at, self._ring), at

    def _ring(self) -> None:
        now = self._loop.time()
        over = self._deadline if self._waiting is not None else self._rests_until
        if now < over:
            self._set_alarm(min(over, now + KEEP_ALIVE_SECONDS))
        elif self._waiting is not None:
            self._fail("TimeoutError", late=True)
        else:
            self.drop()


def _rest(headers: Mapping[str, str]) -> float:
    """How long the peer may keep the connection at most, a second spared for the way."""
    said = _TIMEOUT.search(headers["keep-alive"].lower())
    return min(KEEP_ALIVE_SECONDS, float(said[1]) - 1) if said else KEEP_ALIVE_SECONDS


def _ear(descriptor: int) -> Callable[[], bool]:
    """A question to a socket: whether there is nothing to read."""
    if not hasattr(select, "poll"):
        return lambda: not select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: not poll.poll(0)
