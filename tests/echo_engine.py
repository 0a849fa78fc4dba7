"""A voice engine for tests of the protocol: `python -m tests.echo_engine AT_ONCE IDLE`; its samples are the text itself.

"wait" is answered when another sentence has been; "fail" is an error; "die" ends the process.
"""

from __future__ import annotations

import os
import sys
import threading

from content.voice_process import Say, serve


def _load() -> tuple[int, Say]:
    another = threading.Event()

    def say(text: str) -> bytes:
        if text == "wait":
            another.wait()
        elif text == "fail":
            raise RuntimeError("told to fail")
        elif text == "die":
            os._exit(3)
        else:
            another.set()
        return text.encode("utf-16-le")

    return 8000, say


if __name__ == "__main__":
    sys.exit(serve(_load, at_once=int(sys.argv[1]), idle=float(sys.argv[2])))
