"""What is measured in this very process: reading in words a second, mastering against real time."""

from __future__ import annotations

import time

from content.mastering import Mastering, master
from content.reading import read
from content.voice import find_voices, speak
from tests.conftest import ROOT


def reading() -> float:
    """Words a CPU second on the lines of the reading corpus."""
    corpus = (ROOT / "tests/content/reading/corpus.tsv").read_text(encoding="utf-8").splitlines()[1:]
    lines = [line.split("\t")[1] for line in corpus]
    begun = time.process_time()
    words = sum(len(read(line).text.split()) for line in lines)
    return words / (time.process_time() - begun)


async def mastering() -> float:
    """Seconds of speech mastered in a CPU second."""
    voice = find_voices()["espeak"]()
    script = "\n".join(["bộ phận một cửa nhận và trả kết quả ngay trong ngày, bà con mang theo căn cước."] * 20)
    spoken = await speak(script, [voice])
    await voice.aclose()
    begun = time.process_time()
    made = master(spoken.speech, Mastering())
    return made.seconds / (time.process_time() - begun)
