"""Recording: a finished file, the key of what was asked for, and which scripts can be recorded; pure.

A recording's key says what was asked for (script, voices, mastering), its name what came out (sha256 of the file). The
row that ties a key to a name is written by whoever asked; the making is the studio's (`content.studio`).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from content.mastering import Mastering
from content.voice import Fallback, letters

LONGEST_SCRIPT = 60_000
"""Characters: a little over an hour of speech."""


class BadScript(ValueError):
    """A script that cannot be recorded; `vi` and `en` say why to people."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished file: `key` of what was asked, `name` below the studio's directory, sha256 in hex, size in bytes.

    Length in seconds, loudness (LUFS) and true peak (dBTP) are as measured on the file; then the mark of the voice that
    spoke, the name of the master, and the preferred voices that failed (an online voice may do better another time).
    """

    key: str
    name: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    true_peak_db: float
    voice: str
    master: str
    fallbacks: tuple[Fallback, ...] = ()


def canonical(script: str) -> str:
    """The script in NFC, lines trimmed, runs of space made one, empty lines left out. Raises BadScript."""
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", script).splitlines())
    text = "\n".join(line for line in lines if line)
    if not text:
        raise BadScript("kịch bản trống", "the script is empty")
    if not letters(text):
        raise BadScript("kịch bản không có chữ nào để đọc", "the script has no letters to read")
    if len(text) > LONGEST_SCRIPT:
        raise BadScript(
            f"kịch bản dài {len(text)} ký tự, nhiều nhất là {LONGEST_SCRIPT}",
            f"the script has {len(text)} characters, the most is {LONGEST_SCRIPT}",
        )
    return text


def recording_key(script: str, voice_names: Sequence[str], mastering: Mastering) -> str:
    """32 hex digits of what is asked for: the canonical script, voices in order (`Voice.mark`), and mastering.

    Tags are not part of it: the same words under another title are the same recording.
    """
    asked = {"mastering": mastering.key, "script": canonical(script), "voices": list(voice_names)}
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def script_digest(script: str) -> str:
    """The sha256 of a script in hex, as sidecars name it. Raises BadScript."""
    return hashlib.sha256(canonical(script).encode()).hexdigest()


def upload_key(sha256: str, mastering: Mastering) -> str:
    """32 hex digits for an uploaded file with this sha256 in this mastering."""
    return hashlib.sha256(f"{sha256} {mastering.key}".encode()).hexdigest()[:32]
