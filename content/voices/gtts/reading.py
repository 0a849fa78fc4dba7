"""gTTS with our own parts, our own address and our own sending; loaded by the thread that reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import gtts
import requests

from content.voice_online import pack
from content.voices.gtts.parts import PART_CHARACTERS, mp3_in


class Reading(gtts.gTTS):  # type: ignore[misc]
    """One sentence; `fetch` sends a request and answers with its body."""

    def __init__(self, text: str, address: str, fetch: Callable[[requests.PreparedRequest], bytes]) -> None:
        cut = partial(pack, limit=PART_CHARACTERS)
        super().__init__(text, lang="vi", lang_check=False, pre_processor_funcs=[], tokenizer_func=cut)
        self._address, self._fetch = address, fetch

    def _prepare_requests(self) -> list[requests.PreparedRequest]:
        bodies = map(self._package_rpc, self._tokenize(self.text))
        made = [
            requests.Request("POST", self._address, self.GOOGLE_TTS_HEADERS, data=body).prepare() for body in bodies
        ]
        assert made, "No text to send to TTS API"
        return made

    def stream(self) -> Iterator[bytes]:
        """The MP3 of each part."""
        return map(mp3_in, map(self._fetch, self._prepare_requests()))
