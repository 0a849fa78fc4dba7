"""What the online voices share: texts cut to a provider's limit, one careful HTTP client, any sound made into speech."""

from __future__ import annotations

import asyncio
import io
import ipaddress
import re
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from config.lazy import lazily
from content.voice import Speech, Voice, VoiceOptions, VoiceRefused, VoiceUnavailable, trim

if TYPE_CHECKING:
    import aiohttp
    import av
else:
    aiohttp, av = lazily("aiohttp"), lazily("av")

ANSWER_BYTES = 16 * 1024 * 1024
SECONDS = 60.0
CONNECT_SECONDS = 10.0
REST = 60.0
"""Seconds a failing provider is left alone, so that an urgent script does not wait in vain before another voice speaks."""
SEAM = 0.05
"""Seconds of silence left at either end of a part."""
CLAUSE = re.compile(r"[^,:;.?!()…]+[,:;.?!()…]*\s*|[,:;.?!()…]+\s*")
NUMBER_WORDS = frozenset(
    [
        "không",
        "một",
        "mốt",
        "hai",
        "ba",
        "bốn",
        "tư",
        "năm",
        "lăm",
        "sáu",
        "bảy",
        "tám",
        "chín",
        "mười",
        "mươi",
        "trăm",
        "nghìn",
        "ngàn",
        "triệu",
        "tỷ",
        "linh",
        "lẻ",
        "phẩy",
    ]
)


class OnlineOptions(VoiceOptions):
    """What every paid provider asks for."""

    api_key: SecretStr = Field(min_length=8, description="Khóa API do nhà cung cấp cấp (nên ghi api_key_file).")


class OnlineVoice(Voice):
    """A voice behind an HTTP interface that is paid by the character; a subclass says what one request is.

    `base_url` is the provider's; a test's own is trusted as it stands. `every` is the least seconds between two requests,
    `pause` those between two looks for a sound that is not ready.
    """

    online: ClassVar[bool] = True
    paid: ClassVar[bool] = True
    provider: ClassVar[str]
    """The provider's name in sentences."""
    limit: ClassVar[int]
    """Most characters of one request."""
    address: ClassVar[str]

    def __init__(
        self,
        options: OnlineOptions,
        *,
        base_url: str = "",
        every: float = 0.2,
        pause: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options: Any = options  # of the type the class names as its own
        self._pause = pause
        self._base = (base_url or self.address).rstrip("/")
        self._every, self._clock = every, clock
        self._free_at = self._awake_at = clock()
        self._session: aiohttp.ClientSession | None = None

    async def synth(self, sentence: str) -> Speech:
        """One sentence in as many requests as its length needs."""
        if (left := self._awake_at - self._clock()) > 0:
            raise VoiceUnavailable(
                f"{self.provider} vừa lỗi, đang tạm nghỉ", f"{self.provider} has just failed and is left alone", left
            )
        try:
            parts = [await self._part(text) for text in pack(sentence, self.limit)]
        except VoiceUnavailable as error:
            self._awake_at = self._clock() + max(REST, error.retry_after or 0.0)
            raise
        if not parts:
            raise VoiceRefused("câu không có gì để đọc", "the sentence has nothing to say")
        return join(parts, self.provider)

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session:
            await session.close()

    @abstractmethod
    async def request(self, text: str) -> bytes:
        """The sound of a text within the limit, in any format FFmpeg reads. Raises VoiceUnavailable or VoiceRefused."""

    async def _part(self, text: str) -> Speech:
        now = self._clock()
        start = max(now, self._free_at)
        self._free_at = start + self._every
        await asyncio.sleep(start - now)
        return await asyncio.to_thread(decode, await self.request(text), self.provider)

    async def fetch(self, method: str, address: str, **more: Any) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of a 200 answer. Raises VoiceUnavailable or VoiceRefused; nothing of a request is ever told."""
        status, headers, body = await self.exchange(method, address, **more)
        self.judge(status, headers)
        return headers, body

    async def exchange(self, method: str, address: str, **more: Any) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of any answer, bounded in time and size; redirects are not followed."""
        async with self._answer(method, address, **more) as answer:
            body = bytearray()
            async for chunk in answer.content.iter_chunked(65536):
                body += chunk
                if len(body) > ANSWER_BYTES:
                    vi = f"{self.provider} trả lời quá dài"
                    raise VoiceUnavailable(vi, f"the answer of {self.provider} is too long")
            return answer.status, answer.headers, bytes(body)

    @asynccontextmanager
    async def _answer(self, method: str, address: str, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True, cookie_jar=aiohttp.DummyCookieJar())
        name = self.provider
        try:
            async with self._session.request(method, address, allow_redirects=False, **more) as answer:
                yield answer
        except TimeoutError:
            raise VoiceUnavailable(f"{name} không trả lời kịp", f"{name} did not answer in time") from None
        except aiohttp.ClientConnectorCertificateError:
            vi = f"chứng thư của máy chủ {name} không hợp lệ nên không gửi gì"
            raise VoiceRefused(vi, f"the certificate of {name} is not valid, nothing was sent") from None
        except aiohttp.ClientError as error:
            raise VoiceUnavailable(
                f"không kết nối được tới {name}", f"no connection to {name} ({type(error).__name__})"
            ) from None

    def judge(self, status: int, headers: Mapping[str, str]) -> None:
        """Raise for every status but 200."""
        name, hint = self.provider, headers.get("Retry-After", "")
        after = float(hint) if hint.isdecimal() else None
        if status == 200:
            return
        if status == 429:
            raise VoiceUnavailable(f"{name} báo quá nhiều yêu cầu (429)", f"{name} had too many requests (429)", after)
        if status >= 500:
            raise VoiceUnavailable(f"máy chủ {name} đang lỗi ({status})", f"the server of {name} failed", after)
        if 300 <= status < 400:
            raise VoiceUnavailable(f"{name} chuyển sang trang khác ({status})", f"{name} redirects to a page")
        raise VoiceRefused(f"{name} từ chối yêu cầu ({status})", f"{name} refused the request ({status})")

    async def download(self, address: str, *, tries: int) -> bytes:
        """A file the provider says will be there soon: asked for again while it is not (404)."""
        self._check_public(address)
        for _ in range(tries):
            status, headers, body = await self.exchange("GET", address)
            if status != 404:
                self.judge(status, headers)
                return body
            await asyncio.sleep(self._pause)
        raise VoiceUnavailable(
            f"{self.provider} chưa làm xong âm thanh", f"the sound of {self.provider} is not ready in time"
        )

    def _check_public(self, address: str) -> None:
        """An address out of an answer may lead to the provider or a public host over TLS, nowhere else."""
        parts = urlsplit(address)
        if parts.netloc == urlsplit(self._base).netloc:
            return
        if parts.scheme != "https" or "." not in (parts.hostname or "") or _is_number(parts.hostname or ""):
            raise VoiceRefused(
                f"{self.provider} đưa địa chỉ tải không hợp lệ", f"{self.provider} names a bad address to download from"
            )


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def pack(text: str, limit: int) -> list[str]:
    """Cut `text` into parts of whole clauses up to `limit` characters; longer clauses between words, not inside a number.

    >>> pack("một hai, ba bốn", 8)
    ['một hai,', 'ba bốn']
    """
    parts = [""]
    for clause in CLAUSE.findall(" ".join(text.split())):
        if len(parts[-1]) + len(clause.rstrip()) <= limit:
            parts[-1] += clause
            continue
        parts.append("")
        for group in _groups(clause.split(), limit):
            if len(parts[-1]) + len(group) > limit:
                parts.append("")
            parts[-1] += f"{group} "
    return [part.strip() for part in parts if part.strip()]


def _groups(words: list[str], limit: int) -> list[str]:
    """Words, with those of one number kept together as far as the limit allows."""
    groups: list[str] = []
    number = False
    for word in words:
        counts = word.strip(",.;:!?") in NUMBER_WORDS
        if number and counts and len(groups[-1]) + 1 + len(word) <= limit:
            groups[-1] += f" {word}"
        else:
            groups += [word[start : start + limit] for start in range(0, len(word), limit)]
        number = counts
    return groups


def decode(data: bytes, provider: str) -> Speech:
    """Sound in any format to mono speech at its own rate; VoiceUnavailable when it is none."""
    pcm, rate = bytearray(), 0
    to_mono = av.AudioResampler(format="s16", layout="mono")
    try:
        with av.open(io.BytesIO(data), "r") as file:
            for frame in file.decode(audio=0):
                for mono in to_mono.resample(frame):
                    pcm += bytes(mono.planes[0])[: 2 * mono.samples]
                    rate = mono.sample_rate
    except (av.error.FFmpegError, IndexError, ValueError):
        vi = f"âm thanh của {provider} không giải mã được"
        raise VoiceUnavailable(vi, f"the sound of {provider} cannot be decoded") from None
    if not rate:
        raise VoiceUnavailable(f"âm thanh của {provider} rỗng", f"the sound of {provider} is empty")
    return Speech(bytes(pcm), rate)


def join(parts: list[Speech], provider: str) -> Speech:
    """The parts of one sentence in order, with short seams."""
    rates = {part.rate for part in parts}
    if len(rates) != 1:
        vi = f"âm thanh của {provider} đổi tần số giữa chừng"
        raise VoiceUnavailable(vi, f"the sound of {provider} changes its rate midway")
    return Speech(b"".join(trim(part, SEAM).pcm for part in parts), rates.pop())
