"""`python -m tests.bench.hearing VOICE...`: how well voices are understood by Whisper base, and whether their tones are right.

The listener needs packages that Loa does not: they are named when they are missing, or put in by `--install`, into an
environment of their own under build/hearing. Tune on the tuning sets; the judging set judges, and is read for nothing else.
Whisper knows Vietnamese and repairs some wrong tones, so look at the contours too; and in the end people must listen.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.hearing import contours
from tests.bench.hearing.scoring import error
from tests.bench.hearing.speaking import HERE, sentences
from tests.conftest import ROOT

PLACE = ROOT / "build" / "hearing"
PYTHON = PLACE / "bin" / "python"
WANTED = HERE / "requirements.txt"


def main() -> None:
    """Print a row for each voice."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hearing", description=__doc__)
    parser.add_argument("voices", nargs="*", default=["espeak", "kokoro-vi", "kokoro-vi-male"])
    parser.add_argument("--set", choices=["tuning", "tuning_short", "judging"], default="judging")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--install", action="store_true", help=f"first install {WANTED.name} into {PLACE.name}")
    parser.add_argument("--show", action="store_true", help="every sentence as it was heard")
    args = parser.parse_args()
    if args.install:
        subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)
        subprocess.run([str(PYTHON), "-m", "pip", "install", "--quiet", "-r", str(WANTED)], check=True)
    if not PYTHON.exists():
        sys.exit(f"The listener is not installed: run with --install, or put {WANTED} into an environment at {PLACE}.")
    print(f"{'voice':20} {'CER':>6} {'toneless':>8} {'syll/s':>7} {'RTF':>5} {'MB':>5}  tones: like / right")  # noqa: T201
    for voice in args.voices:
        row(voice, args.set, args.threads, show=args.show)


def row(voice: str, which: str, threads: str, *, show: bool) -> None:
    """One voice, spoken, heard and measured."""
    said = sentences(which)
    with tempfile.TemporaryDirectory(prefix="loa-hearing-") as place:
        command = [sys.executable, "-m", "tests.bench.hearing.speaking", voice, which, place]
        spoken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)
        heard = listen([Path(place) / f"{index:02}.wav" for index in range(len(said))], threads)
        tones = contours.judge(
            {(s, t): contour(Path(place) / f"{s}-{t}.wav") for s in contours.SYLLABLES for t in contours.NAMES}
        )
    whole, toneless = error(said, heard), error(said, heard, tones=False)
    figures = f"{spoken['pace']:7.2f} {spoken['rtf']:5.2f} {spoken['memory']:5.0f}"
    told = " ".join(f"{tone} {like:.2f}/{right:.2f}" for tone, (like, right) in tones.items())
    print(f"{voice:20} {whole:6.3f} {toneless:8.3f} {figures}  {told}", flush=True)  # noqa: T201
    for one, other in zip(said, heard, strict=True) if show else ():
        print(f"  {error([one], [other]):.2f} {one}\n       {other}")  # noqa: T201


def listen(files: list[Path], threads: str) -> list[str]:
    """What the listener heard in each file."""
    command = [str(PYTHON), str(HERE / "listener.py"), str(PLACE / "whisper"), threads]
    told = subprocess.run(command, check=True, input="\n".join(map(str, files)), capture_output=True, text=True).stdout
    return [json.loads(line) for line in told.splitlines()]


def contour(file: Path) -> Any:
    """The pitch contour of a spoken syllable."""
    with wave.open(str(file)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return contours.contour(samples, sound.getframerate())


if __name__ == "__main__":
    main()
