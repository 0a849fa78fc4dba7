"""The sound in an answer of Google's endpoint."""

from __future__ import annotations

import base64
import binascii
import re

from content.voice import VoiceUnavailable

PART_CHARACTERS = 100
"""What the endpoint takes at a time (gTTS.GOOGLE_TTS_MAX_CHARS)."""

_AUDIO = re.compile(rb'jQ1olc","\[\\"(.+?)\\"\]')


def mp3_in(body: bytes) -> bytes:
    """The MP3 in an answer of the endpoint; a page without sound (consent, captcha) is VoiceUnavailable."""
    found = _AUDIO.search(body)
    if not found:
        raise VoiceUnavailable("Google trả lời mà không có âm thanh", "Google answered without any sound")
    text = found[1].replace(rb"\\u003d", b"=").replace(rb"\\/", b"/").replace(rb"\/", b"/")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise VoiceUnavailable("âm thanh của Google bị hỏng", "Google's sound is damaged") from None
