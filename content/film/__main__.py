"""The process that makes a clip: one job in JSON on its standard input; how far it is, and what was made, in lines on its output.

`python -m content.film`: the job names the master and where clip, SRT and WebVTT are to go; nothing else is read or written.
A line `0.42` says how much is done; the last one is JSON.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
from pathlib import Path

from content.film.cues import Line, cues, srt, vtt
from content.film.look import Words
from content.film.making import NOTHING
from content.film.render import OPENING, clip, heard

NOBODY = 4
CPU_SECONDS = 6 * 3600
NICE = 10


def main() -> int:
    """Make it; NOTHING when there is nothing to be shown."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    os.nice(NICE)
    job = json.load(sys.stdin)
    master = Path(job["master"]).read_bytes()
    voice = heard(master)
    said = [Line(*one) for one in job["said"]]
    found = cues(said, voice.gaps, 0.0, voice.seconds, OPENING)
    if not found:
        return NOTHING
    target = Path(job["target"])
    target.with_suffix(".srt").write_text(srt(found), encoding="utf-8", newline="\r\n")
    target.with_suffix(".vtt").write_text(vtt(found), encoding="utf-8", newline="\n")
    try:
        made = clip(target, master, Words(**job["words"]), found, voice.seconds, _tell)
    except BrokenPipeError:  # whoever asked was killed, and does not clear up
        shutil.rmtree(target.parent, ignore_errors=True)
        os._exit(NOBODY)
    sys.stdout.write(json.dumps(made._asdict()) + "\n")
    return 0


def _tell(done: float) -> None:
    sys.stdout.write(f"{done:.3f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
