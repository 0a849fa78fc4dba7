"""The voices of Google Cloud Text-to-Speech: the official interface, with an API key.

Source: `POST /v1/text:synthesize` of the Cloud Text-to-Speech API (input, voice, audioConfig -> audioContent in base64;
5,000 bytes a request); the service was not called here.
"""

from __future__ import annotations

import base64
import binascii
import json

from pydantic import Field

from content.voice import VoiceUnavailable
from content.voice_online import OnlineOptions, OnlineVoice


class GoogleCloudOptions(OnlineOptions):
    """Key, voice and speed."""

    voice: str = Field(
        "vi-VN-Wavenet-A",
        pattern=r"^vi-VN-[A-Za-z0-9]+-[A-Za-z]+$",
        description="Tên giọng, ví dụ vi-VN-Wavenet-A, vi-VN-Neural2-A, vi-VN-Standard-B.",
    )
    speed: float = Field(1.0, ge=0.5, le=1.5, description="Tốc độ đọc.")


class GoogleCloudVoice(OnlineVoice):
    """One Vietnamese voice of Google Cloud."""

    name = "google-cloud"
    title_vi = "Google Cloud, trực tuyến, tính phí theo ký tự"
    title_en = "Google Cloud, online, paid by the character"
    options = GoogleCloudOptions
    provider = "Google Cloud"
    limit = 1600
    """Characters that are within 5,000 bytes whatever they are."""
    address = "https://texttospeech.googleapis.com"

    @property
    def version(self) -> str:
        """Voice and speed."""
        return f"v1 {self._options.voice} {self._options.speed:g}"

    async def request(self, text: str) -> bytes:
        """The sound of a text, uncompressed."""
        asked = {
            "input": {"text": text},
            "voice": {"languageCode": "vi-VN", "name": self._options.voice},
            "audioConfig": {"audioEncoding": "LINEAR16", "speakingRate": self._options.speed},
        }
        headers = {"X-Goog-Api-Key": self._options.api_key.get_secret_value()}
        _, body = await self.fetch("POST", f"{self._base}/v1/text:synthesize", headers=headers, json=asked)
        try:
            return base64.b64decode(json.loads(body)["audioContent"], validate=True)
        except (ValueError, TypeError, KeyError, binascii.Error):
            raise VoiceUnavailable(
                "Google Cloud trả lời không hiểu được", "Google Cloud answered something else"
            ) from None
