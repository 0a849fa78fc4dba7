"""`python -m tests.bench.loudness`: fifty different bulletins, every format, measured by Debian's ffmpeg as encoded."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from content.formats import FORMATS
from content.mastering import Mastering, Measured, finish, shape
from content.voice import SENTENCE_PAUSE, Speech, speak
from content.voices.espeak import EspeakFemaleVoice, EspeakVoice
from tests.content.speechlike import speechlike

FFMPEG = shutil.which("ffmpeg")
SAID = (
    "ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn gia súc tại nhà văn hóa các bản đề nghị bà con đưa trâu bò "
    "đến đúng giờ trân trọng cảm ơn hồ sơ đất đai bộ phận một cửa mưa lũ cảnh báo sạt lở học sinh nghỉ học đường trơn"
)


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Raw speech of some kind, and what it is called."""

    name: str
    speech: Speech


def quick() -> list[Bulletin]:
    """Eight kinds of trouble, each in a few seconds: short, long gaps, whispered, clipping, uneven, other rates."""
    loud, soft = speechlike(1.5, level=0.8, seed=7), speechlike(1.5, level=0.05, seed=8)
    return [
        Bulletin("very short", speechlike(0.3)),
        Bulletin("plain", speechlike(3)),
        Bulletin("whispered", speechlike(2, level=0.008, seed=2)),
        Bulletin("clipping", speechlike(2, level=3.0, seed=3)),
        Bulletin("long gaps", speechlike(3, seed=4, gaps=(4.0, 2.5))),
        Bulletin("uneven", Speech(loud.pcm + soft.pcm, loud.rate)),
        Bulletin("telephone", speechlike(2, rate=8000, seed=5)),
        Bulletin("studio", speechlike(2, rate=48000, seed=6)),
    ]


async def spoken(count: int) -> list[Bulletin]:
    """Bulletins of espeak-ng, male and female, from one sentence to two minutes, at every level."""
    chance, voices, made = random.Random(50), (EspeakVoice(), EspeakFemaleVoice()), []
    try:
        for number in range(count):
            lines = [
                ". ".join(
                    " ".join(chance.choices(SAID.split(), k=chance.randint(3, 25))) for _ in range(chance.randint(1, 2))
                )
                for _ in range(chance.choice((1, 1, 1, 2, 3, 5)))
            ]
            speech = (await speak("\n".join(lines), [voices[number % 2]])).speech
            made.append(Bulletin(f"espeak {number}", amplified(speech, chance.choice((0.02, 0.1, 0.4, 1.0, 6.0)))))
    finally:
        for voice in voices:
            await voice.aclose()
    return made


def amplified(speech: Speech, gain: float) -> Speech:
    """Louder or softer, cut off at full scale as a bad microphone does."""
    samples = array("h", speech.pcm)
    louder = array("h", (max(-32768, min(32767, round(one * gain))) for one in samples))
    return Speech(louder.tobytes(), speech.rate)


def heard_by_ffmpeg(data: bytes, suffix: str) -> Measured:
    """Loudness, true peak and longest silence (as `seconds`) of a file by Debian's ffmpeg."""
    with tempfile.NamedTemporaryFile(suffix=f".{suffix}") as file:
        file.write(data)
        file.flush()
        filters = f"ebur128=peak=true,silencedetect=noise=-50dB:d={SENTENCE_PAUSE}"
        command = [str(FFMPEG), "-nostats", "-i", file.name, "-af", filters, "-f", "null", "-"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = said.split("Summary:")[1]
    lufs, peak = (float(re.search(rf"{name}:\s+(-?[\d.]+)", summary)[1]) for name in ("I", "Peak"))  # type: ignore[index]
    silences = [float(one) for one in re.findall(r"silence_duration: ([\d.]+)", said)]
    return Measured(lufs, peak, max(silences, default=0.0))


def finished(bulletin: Bulletin, wanted: Sequence[Mastering]) -> Iterator[tuple[Mastering, Measured, float, int]]:
    """Each file as ffmpeg hears it, with the seconds of processor it took (the master shared) and its encodings."""
    begun = time.thread_time()
    master = shape(bulletin.speech)
    shaped = time.thread_time() - begun
    for mastering in wanted:
        begun = time.thread_time()
        made = finish(master, mastering)
        took = time.thread_time() - begun
        yield mastering, heard_by_ffmpeg(made.data, FORMATS[mastering.format].suffix), shaped + took, made.rounds


def main() -> int:
    """Print each miss and the worst of each format; 1 if anything was missed."""
    bulletins = quick() + asyncio.run(spoken(42))
    asked = (("mp3", -16.0), ("mp3", -23.0), ("mp3-low", -16.0), ("wav", -23.0), ("opus", -16.0))
    wanted = [Mastering(format=format, lufs=lufs) for format, lufs in asked]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda one: list(finished(one, wanted)), bulletins))
    missed = 0
    for number, mastering in enumerate(wanted):
        rows = [(one, *result[number][1:]) for one, result in zip(bulletins, results, strict=True)]
        for one, heard, _, _ in rows:
            if abs(heard.lufs - mastering.lufs) > 0.5 or heard.true_peak_db > -1 or heard.seconds > 1.5:
                missed += 1
                sys.stdout.write(f"MISSED {one.name} {mastering.key}: {heard}\n")
        off = max(abs(heard.lufs - mastering.lufs) for _, heard, _, _ in rows)
        peak, gap = (max(one) for one in zip(*((h.true_peak_db, h.seconds) for _, h, _, _ in rows), strict=True))
        speed = sum(one.speech.seconds for one in bulletins) / sum(took for _, _, took, _ in rows)
        rounds = sum(rounds for *_, rounds in rows) / len(rows)
        sys.stdout.write(
            f"{mastering.format:8} {mastering.lufs:.0f} LUFS: {len(rows)} files, off by at most {off:.2f} LU, peak at "
            f"most {peak:.1f} dBTP, silence at most {gap:.2f} s, {rounds:.2f} encodings, {speed:.0f}x real time\n"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
