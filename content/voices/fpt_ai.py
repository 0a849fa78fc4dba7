"""The voices of FPT.AI: text in, the address of an MP3 out, which is there some seconds later.

Source: the request and answer of `POST /hmi/tts/v5` as public client code has them; the service was not called here.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field

from content.voice import VoiceRefused, VoiceUnavailable
from content.voice_online import OnlineOptions, OnlineVoice

WAITS = 45


class FptOptions(OnlineOptions):
    """Key, voice and speed of an FPT.AI account."""

    voice: Literal["banmai", "leminh", "thuminh", "minhquang", "linhsan", "lannhi", "myan", "giahuy", "ngoclam"] = (
        Field("banmai", description="Giọng đọc: banmai, thuminh (nữ miền Bắc), leminh (nam miền Bắc), ...")
    )
    speed: int = Field(0, ge=-3, le=3, description="Tốc độ, -3 chậm nhất đến 3 nhanh nhất.")


class FptVoice(OnlineVoice):
    """One voice of FPT.AI."""

    name = "fpt-ai"
    title_vi = "FPT.AI, trực tuyến, tính phí theo ký tự"
    title_en = "FPT.AI, online, paid by the character"
    options = FptOptions
    provider = "FPT.AI"
    limit = 5000
    address = "https://api.fpt.ai"

    @property
    def version(self) -> str:
        """Interface, voice and speed."""
        return f"v5 {self._options.voice} {self._options.speed}"

    async def request(self, text: str) -> bytes:
        """Ask for the sound, then wait for it under the address that was given."""
        headers = {
            "api-key": self._options.api_key.get_secret_value(),
            "voice": self._options.voice,
            "speed": str(self._options.speed) if self._options.speed else "",
            "format": "mp3",
        }
        _, body = await self.fetch("POST", f"{self._base}/hmi/tts/v5", headers=headers, data=text.encode())
        try:
            told = json.loads(body)
            error, address = int(told["error"]), str(told.get("async", ""))
        except (ValueError, TypeError, KeyError):
            raise VoiceUnavailable("FPT.AI trả lời không hiểu được", "FPT.AI answered something else") from None
        if error or not address:
            raise VoiceRefused(f"FPT.AI từ chối đọc (mã {error})", f"FPT.AI refused (error {error})")
        return await self.download(address, tries=WAITS)
