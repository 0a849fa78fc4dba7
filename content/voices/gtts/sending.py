"""Requests sent to Google from a thread: paced, retried, verified, under a deadline, and stopped from outside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.voice import VoiceError, VoiceRefused, VoiceUnavailable

if TYPE_CHECKING:
    import requests

    from content.voices.gtts import adapter
else:
    requests, adapter = lazily("requests"), lazily("content.voices.gtts.adapter")

ANSWER_BYTES = 4 * 1024 * 1024
LONGEST_WAIT = 30.0
"""Seconds of a Retry-After that are waited for; when it asks for more, another voice speaks."""


class Pace:
    """At most one start every `every` seconds, over all threads, on a monotonic clock."""

    def __init__(self, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._every, self._clock = every, clock
        self._lock = threading.Lock()
        self._free_at = clock()

    def take(self) -> float:
        """Seconds to wait until the start that is now yours."""
        with self._lock:
            now = self._clock()
            start = max(now, self._free_at)
            self._free_at = start + self._every
            return start - now


@dataclass(frozen=True, slots=True)
class Manners:
    """How requests are made: shared pace, tries of each, seconds of back-off, (connect, read) time-outs, deadline."""

    pace: Pace
    tries: int
    backoff: float
    timeout: tuple[float, float]
    deadline: float


class Busy(VoiceUnavailable):
    """No connection, no answer in time, a rate limit or a failing server: worth asking again, but not at once."""


class Errand:
    """The requests of one sentence, sent by one thread; `stop` may be called by any other."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._stopped = threading.Event()
        self._late = threading.Event()
        self._sockets: list[socket.socket] = []

    def stop(self) -> None:
        """Give up now: waiting ends, and the open connection is cut."""
        self._stopped.set()
        self._cut()

    def fetch(self, request: requests.PreparedRequest) -> bytes:
        """The body of a 200 answer; asked for again while that may help. Raises VoiceUnavailable or VoiceRefused."""
        attempt = 1
        while True:
            self._wait(self._manners.pace.take())
            try:
                return self._timed(request)
            except Busy as error:
                pause = max(self._manners.backoff * 2 ** (attempt - 1), error.retry_after or 0.0)
                if attempt >= self._manners.tries or pause > LONGEST_WAIT:
                    raise
            self._wait(pause)
            attempt += 1

    def _wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise VoiceUnavailable("đã dừng đọc qua Google", "reading by Google was stopped")

    def _cut(self) -> None:
        for line in list(self._sockets):
            try:
                # Below TLS: the other thread is in the middle of using the TLS object.
                socket.socket.shutdown(line, socket.SHUT_RDWR)
            except OSError:
                continue

    def _expire(self) -> None:
        self._late.set()
        self._cut()

    def _timed(self, request: requests.PreparedRequest) -> bytes:
        """One try under the deadline; a read time-out alone does not end a peer that drips bytes for ever."""
        self._late.clear()
        alarm = threading.Timer(self._manners.deadline, self._expire)
        alarm.start()
        try:
            return self._once(request)
        except (requests.RequestException, OSError) as error:
            self._wait(0)
            raise _trouble(error, self._late.is_set()) from error
        finally:
            alarm.cancel()
            alarm.join()
            self._sockets.clear()

    def _once(self, request: requests.PreparedRequest) -> bytes:
        with requests.Session() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, adapter.Line(self._connected))
            # Proxies and an office's own certificate authority come from the environment, as everywhere with requests.
            way = session.merge_environment_settings(request.url or "", {}, True, True, None)
            with session.send(request, timeout=self._manners.timeout, allow_redirects=False, **way) as answer:
                _judge(answer)
                body = bytearray()
                for chunk in answer.iter_content(65536):
                    body += chunk
                    if len(body) > ANSWER_BYTES:
                        raise VoiceUnavailable("Google trả lời quá dài", "Google's answer is too long")
        if self._late.is_set():
            raise requests.ReadTimeout("cut at the deadline")
        return bytes(body)

    def _connected(self, line: socket.socket) -> None:
        self._sockets.append(line)
        if self._stopped.is_set() or self._late.is_set():
            raise TimeoutError("stopped while connecting")


def _judge(answer: requests.Response) -> None:
    """Raise for every status but 200."""
    status, hint = answer.status_code, answer.headers.get("Retry-After", "")
    if status == 200:
        return
    after = float(hint) if hint.isdecimal() else None
    if status == 429:
        raise Busy("Google báo quá nhiều yêu cầu (429)", "Google had too many requests (429)", after)
    if status >= 500:
        raise Busy(f"máy chủ Google đang lỗi ({status})", f"Google's server failed ({status})", after)
    if 300 <= status < 400:
        raise VoiceUnavailable(f"Google chuyển sang trang khác ({status})", f"Google redirects to a page ({status})")
    raise VoiceRefused(f"Google từ chối yêu cầu ({status})", f"Google refused the request ({status})")


def _trouble(error: Exception, late: bool) -> VoiceError:
    """What a failed connection means."""
    if late or isinstance(error, requests.Timeout | TimeoutError):
        return Busy("Google không trả lời kịp", "Google did not answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return VoiceRefused(
            "chứng thư của máy chủ Google không hợp lệ nên không gửi gì",
            "the certificate of Google's server is not valid, nothing was sent",
        )
    return Busy("không kết nối được tới Google", f"no connection to Google ({type(error).__name__})")
