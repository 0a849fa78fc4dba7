"""The voices of Microsoft Edge's read-aloud, through the package edge-tts (LGPL, installed apart: `pip install edge-tts`).

The endpoint is not an official one; it may change or refuse at any time, and then another voice speaks.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from config.lazy import lazily
from content.voice import Speech, Voice, VoiceOptions, VoiceRefused, VoiceUnavailable
from content.voice_online import SECONDS, decode

if TYPE_CHECKING:
    import aiohttp
else:
    aiohttp = lazily("aiohttp")


class EdgeOptions(VoiceOptions):
    """Voice and speed."""

    voice: Literal["vi-VN-HoaiMyNeural", "vi-VN-NamMinhNeural"] = Field(
        "vi-VN-HoaiMyNeural", description="vi-VN-HoaiMyNeural (nữ) hoặc vi-VN-NamMinhNeural (nam)."
    )
    rate: int = Field(0, ge=-50, le=50, description="Nhanh hơn hay chậm hơn bao nhiêu phần trăm.")


class EdgeVoice(Voice):
    """One voice of Edge."""

    name = "edge"
    title_vi = "Microsoft Edge (edge-tts), trực tuyến"
    title_en = "Microsoft Edge (edge-tts), online"
    online = True
    options = EdgeOptions

    def __init__(self, options: EdgeOptions | None = None, *, seconds: float = SECONDS) -> None:
        self._options = options or EdgeOptions()
        self._seconds = seconds

    @property
    def version(self) -> str:
        """Voice and rate; the voice behind the endpoint may change without notice."""
        return f"{self._options.voice} {self._options.rate:+d}%"

    async def synth(self, sentence: str) -> Speech:
        """One sentence over one WebSocket."""
        package = _package()
        sound = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                speaking = package.Communicate(sentence, self._options.voice, rate=f"{self._options.rate:+d}%")
                async for chunk in speaking.stream():
                    if chunk["type"] == "audio":
                        sound += chunk["data"]
        except TimeoutError:
            raise VoiceUnavailable("Edge không trả lời kịp", "Edge did not answer in time") from None
        except package.exceptions.NoAudioReceived:
            raise VoiceUnavailable("Edge trả lời mà không có âm thanh", "Edge answered without any sound") from None
        except (aiohttp.ClientError, package.exceptions.EdgeTTSException, OSError) as error:
            kind = type(error).__name__
            raise VoiceUnavailable(f"không kết nối được tới Edge ({kind})", f"no connection to Edge ({kind})") from None
        return await asyncio.to_thread(decode, bytes(sound), "Edge")


def _package() -> Any:
    try:
        return importlib.import_module("edge_tts")
    except ImportError:
        raise VoiceRefused(
            "chưa cài edge-tts; chạy: .venv/bin/pip install edge-tts", "edge-tts is not installed; pip install edge-tts"
        ) from None
