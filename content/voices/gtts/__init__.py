"""The online voice: Google Translate's reading through the gTTS package, in threads of its own.

The endpoint is not an official one: it is asked at most once a second, every answer is doubted, and whatever goes wrong
becomes VoiceUnavailable or VoiceRefused. gTTS makes the requests and drives the parts of a sentence; the sending is
ours (`sending`), because gTTS switches TLS verification off, retries nothing and takes a captcha page for empty sound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from config.lazy import lazily
from content.voice import Speech, Voice, VoiceRefused, VoiceUnavailable
from content.voice_online import decode, join
from content.voices.gtts.sending import Busy, Errand, Manners, Pace

if TYPE_CHECKING:
    from content.voices.gtts import reading
else:
    reading = lazily("content.voices.gtts.reading")

HOST = "https://translate.google.com"
PATH = "/_/TranslateWebserverUi/data/batchexecute"
THREADS = 2
GOOGLE = "Google"


class GttsVoice(Voice):
    """Google Translate's Vietnamese voice.

    `base_url` replaces the host (an http address is used only because it was set); `every` is the least seconds between
    two requests, `tries` of one request with `backoff` seconds doubling between them; `timeout` (connect, read) and
    `deadline` (one whole answer) in seconds. When the last try failed, nothing is asked for `rest` seconds, so that
    the next scripts, perhaps urgent ones, do not wait in vain before another voice speaks.
    """

    name = "gtts"
    title_vi = "Google (gTTS), trực tuyến"
    title_en = "Google (gTTS), online"
    online = True

    def __init__(
        self,
        *,
        base_url: str = HOST,
        every: float = 1.0,
        tries: int = 3,
        backoff: float = 1.0,
        timeout: tuple[float, float] = (5.0, 20.0),
        deadline: float = 30.0,
        rest: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
            raise ValueError(f"base_url must be an http or https address: {base_url!r}")
        self._address = base_url.rstrip("/") + PATH
        self._manners = Manners(Pace(every), max(1, tries), backoff, timeout, deadline)
        self._rest, self._clock, self._awake_at = rest, clock, clock()
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: dict[Errand, asyncio.Future[Speech]] = {}

    @property
    def version(self) -> str:
        """Version of the gTTS package; the voice behind the endpoint may change without notice."""
        return f"{version('gTTS')} vi"

    async def synth(self, sentence: str) -> Speech:
        """One sentence in one or more requests. Cancelling cuts the connection and ends the thread's work."""
        if (left := self._awake_at - self._clock()) > 0:
            raise VoiceUnavailable("Google vừa lỗi, đang tạm nghỉ", "Google has just failed and is left alone", left)
        self._pool = self._pool or ThreadPoolExecutor(THREADS, thread_name_prefix="loa-gtts")
        errand = Errand(self._manners)
        done = asyncio.get_running_loop().run_in_executor(self._pool, _read, sentence, self._address, errand)
        self._under_way[errand] = done
        done.add_done_callback(lambda future: self._forget(errand, future))
        try:
            return await asyncio.shield(done)
        except Busy as error:
            self._awake_at = self._clock() + max(self._rest, error.retry_after or 0.0)
            raise
        except asyncio.CancelledError:
            errand.stop()
            # Only the name server can hold the thread longer than this; it then ends by itself.
            await asyncio.wait([done], timeout=self._manners.timeout[0])
            raise

    async def aclose(self) -> None:
        """Cut what is under way and end the threads."""
        pool, self._pool = self._pool, None
        for errand in self._under_way:
            errand.stop()
        if self._under_way:
            await asyncio.wait(self._under_way.values())
        if pool:
            pool.shutdown()

    def _forget(self, errand: Errand, future: asyncio.Future[Speech]) -> None:
        del self._under_way[errand]
        if not future.cancelled():
            future.exception()  # heard, even if nobody waits for it any more


def _read(sentence: str, address: str, errand: Errand) -> Speech:
    """In a thread: fetch and decode all parts of a sentence; every failure is a VoiceError."""
    try:
        return join([decode(mp3, GOOGLE) for mp3 in reading.Reading(sentence, address, errand.fetch).stream()], GOOGLE)
    except AssertionError:  # gTTS says so when nothing but marks is left
        raise VoiceRefused("câu không có gì để đọc", "the sentence has nothing to say") from None
