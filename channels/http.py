"""The one outbound client: time-outs, size cap, guarded addresses; kinds see `Http.request` and what `answer.py` has."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import ssl
from base64 import b64encode
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from yarl import URL

from channels.answer import Answer, Refused, SendError, Unavailable, Unsure, status_error
from channels.guard import Guard, LookUp, look_up
from channels.pool import NotSent, Partner, Pool
from channels.wire import ANSWER_BYTES, Lost, Reply
from config.clock import Clock

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
CONNECTIONS = 256
_TARGETS = 512
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Where a message ends is said by us alone; two voices on that are how requests are smuggled.
_FRAMING = frozenset({"content-length", "transfer-encoding", "expect", "upgrade", "trailer", "te"})
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(slots=True)
class _Target:
    """What requests to one address have in common."""

    pool: Pool
    host: str
    first: str
    """The request line."""
    ours: Mapping[str, str]
    """The headers we add where a kind does not say otherwise, by lower-case name."""
    secrets: tuple[str, ...]
    known: Mapping[str, str] | None = None
    """The headers the head was last made of: most kinds say the same every time."""
    bodied: bool = False
    told: tuple[str, ...] = ()
    """The values of those headers."""
    head: bytes = b""


class Http:
    """Outbound requests for every kind. `allow` lists private networks (CIDR) that may be called.

    `connections` is the most to one partner: more requests wait in line, on their own time.
    """

    def __init__(
        self,
        clock: Clock,
        allow: Sequence[str] = (),
        *,
        total_seconds: float = TOTAL_SECONDS,
        connections: int = CONNECTIONS,
        look_up: LookUp = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._guard = Guard([ipaddress.ip_network(network) for network in allow], look_up)
        self._total, self._connections = total_seconds, connections
        self._tls = tls
        self._pools: dict[Partner, Pool] = {}
        self._targets: dict[tuple[str, str], _Target] = {}

    def now(self) -> datetime:
        """The moment, aware UTC: kinds that sign or expire something have no other clock."""
        return self._clock.now()

    def widen(self, connections: int) -> None:
        """Let as many connections to one partner be open as some outlet may use; those to partners known already stay as they are."""
        self._connections = max(self._connections, connections)

    async def close(self) -> None:
        """Close all connections."""
        pools = list(self._pools.values())
        self._pools.clear()
        self._targets.clear()
        for pool in pools:
            await pool.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        key: str = "",
        accept: Container[int] = (),
        hide: Sequence[str] = (),
        seconds: float | None = None,
    ) -> Answer:
        """One request, no redirects. Statuses 2xx and those in `accept` are answers, all others one of the three errors.

        A mapping of headers that is handed in again must not have changed. `key`, a delivery's id,
        is sent as Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).

        What the headers and the query carry, and `hide`, is masked when the partner echoes it. `seconds` is for a body that
        takes longer to send than any message does.
        """
        if headers is None:
            headers = _NO_HEADERS
        target = self._targets.get((method, url)) or self._target(method, url)
        written = _written(target, method, headers, body, key)
        hidden = (hide, target.told, target.secrets)
        try:
            reply = await target.pool.ask(
                written, target.pool.now() + (seconds or self._total), headless=method == "HEAD"
            )
        except (NotSent, Lost) as error:
            reply = _reply_of(error, target.host)
        answer = tuple.__new__(Answer, (*reply, hidden))  # in half the time, for every request
        if 200 <= answer.status < 300 or answer.status in accept:
            return answer
        raise status_error(answer, self._clock.now())

    async def reach(self, host: str, port: int) -> str:
        """The address of a partner that is not spoken to over HTTP. Raises PrivateAddress, Unavailable when there is none."""
        with contextlib.suppress(ValueError):  # a name
            self._guard.check(host, str(ipaddress.ip_address(host.split("%", maxsplit=1)[0])))
        try:
            places = await self._guard.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise _not_sent(error, host) from None
        if not places:
            raise Unavailable("no_address", f"không tìm thấy máy {host}", f"there is no host {host}")
        return str(places[0].address[0])

    def _target(self, method: str, url: str) -> _Target:
        """Checked and taken apart; remembered, since most requests go to few addresses."""
        address = self._check(method, url)
        ours = {
            "host": f"Host: {address.host_port_subcomponent}\r\n",
            "user-agent": "User-Agent: Loa\r\n",
            "accept": "Accept: */*\r\n",
            "accept-encoding": "Accept-Encoding: identity\r\n",
        }
        if address.user or address.password:
            pair = b64encode(f"{address.user or ''}:{address.password or ''}".encode()).decode()
            ours["authorization"] = f"Authorization: Basic {pair}\r\n"
        first = f"{method} {address.raw_path_qs} HTTP/1.1\r\n"
        # As they are, and as they stand in the address: a proxy's error page may show either.
        raw = (pair.partition("=")[2] for pair in address.raw_query_string.split("&"))
        secrets = (*address.query.values(), *raw, address.password or "")
        target = _Target(self._pool(address), address.host or "", first, ours, secrets)
        if len(self._targets) >= _TARGETS:
            self._targets.clear()
        self._targets[method, url] = target
        return target

    def _pool(self, address: URL) -> Pool:
        partner = Partner(address.scheme, address.raw_host or "", address.port or 0)
        if partner not in self._pools:
            secure = address.scheme == "https"
            if secure and self._tls is None:
                self._tls = ssl.create_default_context()
                self._tls.set_alpn_protocols(["http/1.1"])
            self._pools[partner] = Pool(
                partner,
                self._guard.resolve,
                self._tls if secure else None,
                connect_seconds=CONNECT_SECONDS,
                most=self._connections,
            )
        return self._pools[partner]

    def _check(self, method: str, url: str) -> URL:
        try:
            address = URL(url)
            host = address.raw_host or ""
        except ValueError:
            raise _bad_address() from None
        if address.scheme not in {"http", "https"} or not host or not _TOKEN.fullmatch(method):
            raise _bad_address()
        try:
            literal = str(ipaddress.ip_address(host.split("%")[0]))
        except ValueError:
            return address
        self._guard.check(host, literal)
        return address


def _reply_of(error: Exception, host: str) -> Reply:
    """What had come of an answer that broke off, if it says enough; else the SendError it means is raised."""
    if isinstance(error, Lost) and not error.kept:
        # Of an error answer the status counts, even if its body breaks off or never ends.
        if error.reply is None or 200 <= error.reply.status < 300:
            raise _lost(error, host) from None
        return error.reply
    raise _not_sent(error.cause if isinstance(error, NotSent) else ConnectionError("closed"), host) from None


def _written(target: _Target, method: str, headers: Mapping[str, str], body: bytes, key: str) -> bytes:
    """The request as it goes out. The same mapping is taken to hold the same headers, and need not be looked at again."""
    if headers is not target.known or bool(body) != target.bodied:
        target.head = _head(target, headers, typed=not body)
        target.known, target.bodied, target.told = headers, bool(body), tuple(headers.values())
    if key:
        if not (key.isascii() and key.isprintable()):
            raise _bad_header("Idempotency-Key")
        return b"%bIdempotency-Key: %b\r\nContent-Length: %d\r\n\r\n%b" % (target.head, key.encode(), len(body), body)
    if not body and method in _BODILESS:
        return target.head + b"\r\n"
    return b"%bContent-Length: %d\r\n\r\n%b" % (target.head, len(body), body)


def _head(target: _Target, headers: Mapping[str, str], *, typed: bool) -> bytes:
    """All lines but the length. Header injection, and headers that only the connection may set, are Refused."""
    lines, names = [], set()
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or not value.isprintable() or (lower := name.lower()) in _FRAMING:
            raise _bad_header(name)
        names.add(lower)
        lines.append(f"{name}: {value}\r\n")
    ours = [line for name, line in target.ours.items() if name not in names]
    if not typed and "content-type" not in names:
        lines.append("Content-Type: application/octet-stream\r\n")
    return "".join([target.first, *ours, *lines]).encode()


def _bad_header(name: str) -> Refused:
    return Refused(
        "header",
        f"tiêu đề {name!r} không được phép hoặc có ký tự cấm",
        f"header {name!r} is not allowed or holds a forbidden character",
    )


def _bad_address() -> Refused:
    # The address is not quoted: its query may hold a key.
    return Refused("address", "địa chỉ đối tác không hợp lệ", "the partner's address is not a web address")


def _lost(error: Lost, host: str) -> Unsure:
    """No proper answer came, and the request may have left."""
    if error.long:
        return Unsure("answer_size", "đối tác trả lời quá dài", f"the answer is longer than {ANSWER_BYTES} bytes")
    reason, what = ("timeout", "quá thời gian") if error.late else ("cut_off", "mất kết nối")
    return Unsure(reason, f"{what} khi chờ {host} trả lời", f"no answer from {host}: {error}")


def _not_sent(error: Exception, host: str) -> SendError:
    """Surely nothing left."""
    name = type(error).__name__
    if isinstance(error, ssl.SSLError):
        return Unavailable(
            "certificate", f"chứng thư số của {host} không hợp lệ", f"the certificate of {host} is not valid: {name}"
        )
    if isinstance(error, OSError):
        return Unavailable("connection", f"không kết nối được {host}", f"cannot reach {host}: {name}")
    return Refused("request", f"yêu cầu gửi {host} không hợp lệ", f"the request to {host} cannot be written: {name}")
