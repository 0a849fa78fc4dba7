"""The voices of Viettel AI: JSON in, the sound itself or a JSON error out.

Source: the request and answer of `POST /tts/speech_synthesis` as public client code has them; the service was not called here.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field

from content.voice import VoiceRefused
from content.voice_online import OnlineOptions, OnlineVoice

MP3 = 3


class ViettelOptions(OnlineOptions):
    """Token, voice and speed of a Viettel AI account."""

    voice: Literal["hn-quynhanh", "hn-phuongtrang", "hn-thanhtung", "hcm-diemmy"] = Field(
        "hn-quynhanh",
        description="Giọng: hn-quynhanh, hn-phuongtrang (nữ), hn-thanhtung (nam), hcm-diemmy (nữ miền Nam).",
    )
    speed: float = Field(1.0, ge=0.8, le=1.2, description="Tốc độ, từ 0.8 đến 1.2.")


class ViettelVoice(OnlineVoice):
    """One voice of Viettel AI."""

    name = "viettel-ai"
    title_vi = "Viettel AI, trực tuyến, tính phí theo ký tự"
    title_en = "Viettel AI, online, paid by the character"
    options = ViettelOptions
    provider = "Viettel AI"
    limit = 1000
    """Not stated by any source we could read: chosen so that an answer comes within seconds."""
    address = "https://viettelai.vn"

    @property
    def version(self) -> str:
        """Voice and speed."""
        return f"{self._options.voice} {self._options.speed:g}"

    async def request(self, text: str) -> bytes:
        """The sound of a text; an error comes as JSON, with status 200 too."""
        asked = {
            "text": text,
            "voice": self._options.voice,
            "speed": self._options.speed,
            "tts_return_option": MP3,
            "token": self._options.api_key.get_secret_value(),
            "without_filter": False,
        }
        headers, body = await self.fetch("POST", f"{self._base}/tts/speech_synthesis", json=asked)
        if "json" in headers.get("Content-Type", "") or body[:1] == b"{":
            raise VoiceRefused(f"Viettel AI từ chối đọc{_code(body)}", f"Viettel AI refused{_code(body)}")
        return body


def _code(body: bytes) -> str:
    try:
        return f" ({int(json.loads(body)['code'])})"
    except (ValueError, TypeError, KeyError):
        return ""
