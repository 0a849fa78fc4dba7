"""The voices of Zalo AI: a form in, the address of a sound file out.

Source: the request and answer of `POST /v1/tts/synthesize` as public client code has them; the service was not called here.
"""

from __future__ import annotations

import json

from pydantic import Field

from content.voice import VoiceRefused, VoiceUnavailable
from content.voice_online import OnlineOptions, OnlineVoice

WAITS = 20
MP3 = "1"


class ZaloOptions(OnlineOptions):
    """Key, speaker and speed of a Zalo AI account."""

    speaker: int = Field(2, ge=1, le=6, description="Giọng: 2 và 5 nữ miền Bắc, 4 nam miền Bắc, 1, 3, 6 miền Nam.")
    speed: float = Field(1.0, ge=0.8, le=1.2, description="Tốc độ, từ 0.8 đến 1.2.")


class ZaloVoice(OnlineVoice):
    """One voice of Zalo AI."""

    name = "zalo-ai"
    title_vi = "Zalo AI, trực tuyến, tính phí theo ký tự"
    title_en = "Zalo AI, online, paid by the character"
    options = ZaloOptions
    provider = "Zalo AI"
    limit = 2000
    address = "https://api.zalo.ai"

    @property
    def version(self) -> str:
        """Interface, speaker and speed."""
        return f"v1 {self._options.speaker} {self._options.speed:g}"

    async def request(self, text: str) -> bytes:
        """Ask for the sound, then fetch it from the address that was given."""
        form = {
            "input": text,
            "speaker_id": str(self._options.speaker),
            "speed": f"{self._options.speed:g}",
            "encode_type": MP3,
        }
        headers = {"apikey": self._options.api_key.get_secret_value()}
        _, body = await self.fetch("POST", f"{self._base}/v1/tts/synthesize", headers=headers, data=form)
        try:
            told = json.loads(body)
            error = int(told["error_code"])
            address = str((told.get("data") or {}).get("url", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise VoiceUnavailable("Zalo AI trả lời không hiểu được", "Zalo AI answered something else") from None
        if error or not address:
            raise VoiceRefused(f"Zalo AI từ chối đọc (mã {error})", f"Zalo AI refused (error {error})")
        return await self.download(address, tries=WAITS)
