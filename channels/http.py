"""The one outbound client: time-outs, size cap, private-address guard, status to error.

Kinds see `Http.request` and its `Answer`, and the three ways a send can fail: Refused, Unavailable, Unsure.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import select
import socket
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from config.clock import Clock

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
KEEP_ALIVE_SECONDS = 4.0
ANSWER_BYTES = 64 * 1024
SHOWN_CHARACTERS = 300

_PHONE = re.compile(r"(?<!\d)(?:\+?84|0)\d{6}(\d{3})(?!\d)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class SendError(Exception):
    """Why a send did not end well. `reason` is one word for machines, `vi` and `en` the sentence for people."""

    def __init__(self, reason: str, vi: str, en: str) -> None:
        super().__init__(en)
        self.reason = reason
        self.vi = vi
        self.en = en


class Refused(SendError):
    """The partner will never take this delivery; trying again is useless."""


class Unavailable(SendError):
    """The partner surely did not take it now; try again, not before `retry_after` seconds if given.

    `person` says that a person must act first (credentials, balance): the outlet is paused.
    """

    def __init__(
        self, reason: str, vi: str, en: str, *, retry_after: float | None = None, person: bool = False
    ) -> None:
        super().__init__(reason, vi, en)
        self.retry_after = retry_after
        self.person = person


class Unsure(SendError):
    """The request may have left and no answer tells what became of it."""


class PrivateAddress(Refused):
    """The address leads into a private network that the configuration does not allow."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            "private_address",
            f"{host} là địa chỉ nội bộ ({address}); thêm mạng này vào [http] allow nếu đúng là đối tác",
            f"{host} is a private address ({address}); add its network to [http] allow if it really is a partner",
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the partner answered; header names in lower case. The body is whole if the status is 2xx, else its beginning.

    `hidden` are the secrets the request carried: a partner may echo them, the log may not.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def good(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; Unsure when it is none, since a partner that took the request answers properly."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unsure(
                "answer", f"đối tác trả lời không đọc được: {self.shown()}", f"unreadable answer: {self.shown()}"
            ) from None

    def shown(self) -> str:
        """The beginning of the body for the log: one line, secrets masked, of phone numbers only the last three digits."""
        return self.mask(self.text())[:SHOWN_CHARACTERS]

    def mask(self, text: str) -> str:
        """A text of the partner's made fit for the log: one line, what must not be seen replaced."""
        text = " ".join(text.split())
        for secret in self.hidden:
            text = text.replace(secret, "***")
        text = "".join(mark if mark.isprintable() else "?" for mark in text)
        return _PHONE.sub(r"…\1", text)


class _Guard(AbstractResolver):
    """Resolves once and keeps private addresses out; the connection goes to the very address that was checked."""

    def __init__(self, allowed: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> None:
        self._allowed = allowed

    def check(self, host: str, address: str) -> None:
        """Raises PrivateAddress unless the address is out in the world or in an allowed network."""
        ip = _inner(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))
        if ip.is_global and not ip.is_multicast:
            return
        if any(ip.version == network.version and ip in network for network in self._allowed):
            return
        raise PrivateAddress(host, str(ip))

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name that pass; PrivateAddress when all lead inside."""
        found = await ThreadedResolver().resolve(host, port, family)
        passed, refusal = [], None
        for result in found:
            try:
                self.check(host, result["host"])
                passed.append(result)
            except PrivateAddress as error:
                refusal = error
        if refusal is not None and not passed:
            raise refusal
        return passed

    async def close(self) -> None:
        """Nothing is held."""


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address a transition address stands for (v4-mapped, 6to4, NAT64 of RFC 6052), else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


class _Connector(aiohttp.TCPConnector):
    """Hands out a kept connection only if the peer has said nothing on it since: neither bytes nor a farewell.

    A request written on a connection the peer closed long ago would look as if it had left.
    """

    def __init__(self, guard: _Guard) -> None:
        super().__init__(resolver=guard, limit=0, use_dns_cache=False, keepalive_timeout=KEEP_ALIVE_SECONDS)
        self._used: WeakSet[Any] = WeakSet()

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:  # noqa: ASYNC109 (aiohttp's own signature)
        """See BaseConnector.connect."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if connection.protocol not in self._used:
                self._used.add(connection.protocol)
                return connection
            if not _spoken(connection.transport):
                return connection
            connection.close()


def _spoken(transport: asyncio.Transport | None) -> bool:
    """Whether a connection is closed or has something to read."""
    if transport is None or transport.is_closing():
        return True
    descriptor = transport.get_extra_info("socket").fileno()
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])


class _Dropped(aiohttp.ClientConnectionError):
    """The connection broke after it stood; not one of the classes aiohttp silently repeats a GET for."""


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _Dropped(type(error).__name__) from None


class Http:
    """Outbound requests for every kind. `allow` lists private networks (CIDR) that may be called."""

    def __init__(self, clock: Clock, allow: Sequence[str] = (), *, total_seconds: float = TOTAL_SECONDS) -> None:
        self._clock = clock
        self._guard = _Guard([ipaddress.ip_network(network) for network in allow])
        self._total = total_seconds
        self._session: aiohttp.ClientSession | None = None

    def now(self) -> datetime:
        """The moment, aware UTC: kinds that sign or expire something have no other clock."""
        return self._clock.now()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_note_departure)
            self._session = aiohttp.ClientSession(
                connector=_Connector(self._guard),
                # The total is kept by `request` itself, from the first look-up to the last byte.
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=["User-Agent"],
                headers={"User-Agent": "Loa", "Accept-Encoding": "identity"},
                trace_configs=[trace],
                trust_env=False,
                middlewares=[_send_once],
            )
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        accept: Sequence[int] = (),
        hide: Sequence[str] = (),
    ) -> Answer:
        """One request, no redirects. Statuses 2xx and those in `accept` are answers, all others one of the three errors.

        What the headers and the query carry, and `hide`, is masked when the partner echoes it.
        """
        address = self._check(method, url, headers or {})
        hidden = _secrets([*hide, *(headers or {}).values(), *address.query.values(), address.password or ""])
        departure = SimpleNamespace(left=False)
        answer: Answer | None = None
        try:
            async with asyncio.timeout(self._total), self._sent(method, address, headers, body, departure) as response:
                names = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(response.status, names, b"", hidden)
                answer = replace(answer, body=await _bounded(response))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # Of an error answer the status counts, even if its body breaks off or never ends.
            if answer is None or answer.good:
                raise _lost(error, address.host or "", left=departure.left) from None
        if answer.good or answer.status in accept:
            return answer
        raise status_error(answer, self._clock.now())

    def _sent(
        self, method: str, address: URL, headers: Mapping[str, str] | None, body: bytes, departure: SimpleNamespace
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._open().request(
            method, address, headers=headers, data=body or None, allow_redirects=False, trace_request_ctx=departure
        )

    def _check(self, method: str, url: str, headers: Mapping[str, str]) -> URL:
        try:
            address = URL(url)
            host = address.raw_host or ""
        except ValueError:
            raise _bad_address() from None
        if address.scheme not in {"http", "https"} or not host or not _TOKEN.fullmatch(method):
            raise _bad_address()
        for name, value in headers.items():
            if not _TOKEN.fullmatch(name) or not value.isprintable():
                raise Refused(
                    "header",
                    f"tiêu đề {name!r} có ký tự không được phép",
                    f"header {name!r} holds a forbidden character",
                )
        try:
            literal = str(ipaddress.ip_address(host.split("%")[0]))
        except ValueError:
            return address
        self._guard.check(host, literal)
        return address


def _bad_address() -> Refused:
    # The address is not quoted: its query may hold a key.
    return Refused("address", "địa chỉ đối tác không hợp lệ", "the partner's address is not a web address")


async def _note_departure(_session: aiohttp.ClientSession, context: Any, _params: Any) -> None:
    context.trace_request_ctx.left = True


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """At most ANSWER_BYTES; of an error answer the beginning is enough."""
    body = bytearray()
    async for piece in response.content.iter_chunked(16 * 1024):
        body += piece
        if len(body) > ANSWER_BYTES:
            response.close()
            if 200 <= response.status < 300:
                raise Unsure(
                    "answer_size", "đối tác trả lời quá dài", f"the answer is longer than {ANSWER_BYTES} bytes"
                )
            break
    return bytes(body[:ANSWER_BYTES])


def _secrets(values: Sequence[str]) -> tuple[str, ...]:
    """What to mask, as it is and percent-encoded, longest first; shorter than four characters hides nothing."""
    long = {value for value in values if len(value) >= 4} - {"application/json", "identity"}
    words = {word for value in long for word in value.split() if len(word) >= 8}
    return tuple(sorted({*long, *words, *(quote(value, safe="") for value in long)}, key=len, reverse=True))


def _lost(error: Exception, host: str, *, left: bool) -> SendError:
    """No proper answer came: Unavailable when surely nothing left, Unsure once the request was under way."""
    name = type(error).__name__
    if left:
        late = isinstance(error, TimeoutError)
        what = "quá thời gian" if late else "mất kết nối"
        return Unsure(
            "timeout" if late else "cut_off", f"{what} khi chờ {host} trả lời", f"no answer from {host}: {name}"
        )
    if isinstance(error, aiohttp.InvalidURL):
        return _bad_address()
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return Unavailable(
            "certificate", f"chứng thư số của {host} không hợp lệ", f"the certificate of {host} is not valid: {name}"
        )
    if isinstance(error, TimeoutError | OSError | aiohttp.ClientError):
        return Unavailable("unreachable", f"không kết nối được {host}", f"cannot reach {host}: {name}")
    return Refused("request", f"yêu cầu gửi {host} không hợp lệ", f"the request to {host} cannot be written: {name}")


def status_error(answer: Answer, now: datetime) -> SendError:
    """What a status outside 2xx means: 408, 425, 429 and 503 were not taken, other 5xx may have been, 4xx is refused.

    Credentials and a wrong address (3xx, 404, 405) are nothing a delivery can be blamed for: a person must act.
    """
    shown, hint = answer.shown(), retry_after(answer.headers, now)
    vi, en = f"đối tác trả lời {answer.status}: {shown}", f"the partner answered {answer.status}: {shown}"
    if answer.status in {408, 425, 429, 503}:
        return Unavailable("busy", vi, en, retry_after=hint)
    if answer.status in {401, 403, 407}:
        return Unavailable("credentials", vi, en, person=True, retry_after=hint)
    if 300 <= answer.status < 400 or answer.status in {404, 405}:
        return Unavailable("wrong_address", f"sai địa chỉ đối tác; {vi}", f"wrong address; {en}", person=True)
    if answer.status >= 500:
        return Unsure("partner_error", vi, en)
    return Refused("refused", vi, en)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of a Retry-After header in either form (RFC 9110 section 10.2.3); None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moment = _moment(value)
    if moment is None:
        return None
    # A dated hint is relative to the partner's own clock when it tells it.
    base = _moment(headers.get("date", "")) or now
    return max(0.0, (moment - base).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
