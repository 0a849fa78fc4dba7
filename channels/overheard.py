"""Overheard: the outbound client for a test send, which keeps what was said and answered, fit to be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from yarl import URL

from channels.answer import PHONE, Answer, SendError, status_error, veiled
from channels.http import Http

SHOWN_CHARACTERS = 4000
MOST = 20
"""Requests of one test that are kept."""
_PLAIN = frozenset(
    {"accept", "content-type", "content-length", "content-disposition", "date", "server", "location", "retry-after"}
    | {"x-request-id", "idempotency-key", "user-agent", "allow"}
)
"""Headers whose values are shown; of every other one the name alone, since it may be a key."""
_SECRET = r"[\w.-]*(?:token|secret|password|passwd|api_?key|signature|proof)"  # noqa: S105 (names of keys, not a key)
_IN_JSON = re.compile(rf'("{_SECRET}"\s*:\s*")[^"]*', re.IGNORECASE)
_IN_FORM = re.compile(rf"((?:^|[?&]){_SECRET}=)[^&\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; `status` is 0 and `trouble` says why when none came. `ms` is how long it took."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    ms: int
    status: int = 0
    answered: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    trouble: str = ""


class Overheard(Http):
    """The house's client for as long as one test takes. `secrets` are shown nowhere."""

    def __init__(self, http: Http, secrets: Sequence[str]) -> None:
        self._http = http
        self._secrets = tuple(secrets)
        self.exchanges: list[Exchange] = []

    def now(self) -> datetime:
        """See Http.now."""
        return self._http.now()

    async def reach(self, host: str, port: int) -> str:
        """See Http.reach."""
        return await self._http.reach(host, port)

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
        """See Http.request."""
        # Of a number the last digits may be seen, which tell whether it is the right one.
        secrets = (*self._secrets, *(one for one in hide if not PHONE.fullmatch(one)))
        given = {**(headers or {}), **({"Idempotency-Key": key} if key else {})}
        asked = method, self._address(url, secrets), _headers(given), self._body(body, given, secrets)
        began = perf_counter()
        try:
            answer = await self._http.request(
                method, url, headers=headers, body=body, key=key, accept=range(1000), hide=hide, seconds=seconds
            )
        except SendError as error:
            self._keep(Exchange(*asked, _ms(began), trouble=error.vi))
            raise
        told = self._body(answer.body, answer.headers, secrets)
        self._keep(Exchange(*asked, _ms(began), answer.status, _headers(answer.headers), told))
        if answer.good or answer.status in accept:
            return answer
        raise status_error(answer, self.now())

    def _keep(self, exchange: Exchange) -> None:
        if len(self.exchanges) < MOST:
            self.exchanges.append(exchange)

    def _address(self, url: str, secrets: Sequence[str]) -> str:
        try:
            plain = str(URL(url).with_user(None))
        except ValueError:
            return ""
        return _IN_FORM.sub(r"\1***", veiled(plain, secrets))

    def _body(self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> str:
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return f"({len(body)} byte {kind})"
        if "json" in kind or text.startswith("{"):
            text = _laid_out(text)
        text = _IN_FORM.sub(r"\1***", _IN_JSON.sub(r"\1***", veiled(text, secrets)))
        text = "".join(mark if mark.isprintable() or mark in "\n\t" else "?" for mark in text)
        return f"{text[:SHOWN_CHARACTERS]}…" if len(text) > SHOWN_CHARACTERS else text


def _headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value if name.lower() in _PLAIN else "***") for name, value in headers.items())


def _laid_out(text: str) -> str:
    """JSON over several lines, for reading."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def _ms(began: float) -> int:
    return round((perf_counter() - began) * 1000)
