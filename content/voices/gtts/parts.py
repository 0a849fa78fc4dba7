"""A sentence cut into the parts Google takes, and the answers made into speech again."""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.voice import Speech, VoiceUnavailable, trim

if TYPE_CHECKING:
    import av
else:
    av = lazily("av")

PART_CHARACTERS = 100
"""What the endpoint takes at a time (gTTS.GOOGLE_TTS_MAX_CHARS)."""
SEAM = 0.05
"""Seconds of silence left at either end of a part; Google's own are several times longer."""

_CLAUSE = re.compile(r"[^,:;.?!()…]+[,:;.?!()…]*\s*|[,:;.?!()…]+\s*")
_AUDIO = re.compile(rb'jQ1olc","\[\\"(.+?)\\"\]')


def pack(text: str, limit: int = PART_CHARACTERS) -> list[str]:
    """Cut `text` into parts of whole clauses up to `limit` characters; longer clauses are cut at spaces."""
    parts = [""]
    for clause in _CLAUSE.findall(" ".join(text.split())):
        if len(parts[-1]) + len(clause.rstrip()) <= limit:
            parts[-1] += clause
            continue
        parts.append("")
        for word in clause.split():
            for start in range(0, len(word), limit):
                piece = word[start : start + limit]
                if len(parts[-1]) + len(piece) > limit:
                    parts.append("")
                parts[-1] += f"{piece} "
    return [part.strip() for part in parts if part.strip()]


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


def decode(mp3: bytes) -> Speech:
    """MP3 to mono speech at its own rate; VoiceUnavailable when it is no MP3."""
    pcm, rate = bytearray(), 0
    to_mono = av.AudioResampler(format="s16", layout="mono")
    try:
        with av.open(io.BytesIO(mp3), "r", format="mp3") as file:
            for frame in file.decode(audio=0):
                for mono in to_mono.resample(frame):
                    pcm += bytes(mono.planes[0])[: 2 * mono.samples]
                    rate = mono.sample_rate
    except (av.error.FFmpegError, IndexError, ValueError):
        raise VoiceUnavailable("âm thanh của Google không giải mã được", "Google's sound cannot be decoded") from None
    if not rate:
        raise VoiceUnavailable("âm thanh của Google rỗng", "Google's sound is empty")
    return Speech(bytes(pcm), rate)


def join(parts: list[Speech]) -> Speech:
    """The parts of one sentence in order, with short seams."""
    rates = {part.rate for part in parts}
    if len(rates) != 1:
        raise VoiceUnavailable("âm thanh của Google đổi tần số giữa chừng", "Google's sound changes its rate midway")
    return Speech(b"".join(trim(part, SEAM).pcm for part in parts), rates.pop())
