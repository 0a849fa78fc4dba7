"""Piper voice files: what is read of them, what is refused, and how one comes among the office's own.

Beside NAME.onnx stands NAME.onnx.json (or NAME.json) with audio.sample_rate, espeak.voice, phoneme_type, phoneme_id_map,
num_speakers and inference (https://github.com/OHF-Voice/piper1-gpl, docs/TRAINING.md and the published voices).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.words import BadInput

MOST_BYTES = 500 * 1024 * 1024
MOST_CONFIG_BYTES = 1024 * 1024
PAD, BEGIN, END = "_", "^", "$"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class BadVoiceFile(BadInput):
    """A file that is no Piper voice, or one that cannot be used here."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """What must be known of a voice: rate in Hz, espeak-ng's name of its language, ids of phonemes, scales, speakers."""

    rate: int
    espeak: str
    ids: dict[str, list[int]]
    scales: tuple[float, float, float]
    speakers: int
    size: int
    sha256: str


def voice_files(directory: Path) -> list[Path]:
    """The voices in a directory, the latest added first."""
    return sorted(directory.glob("*.onnx"), key=lambda file: (-file.stat().st_mtime_ns, file.name))


def read_voice(file: Path) -> VoiceFile:
    """The voice in `file`, from its configuration. Raises BadVoiceFile naming what is wrong."""
    try:
        size = file.stat().st_size
        config_file = config_of(file)
        config = _config(config_file)
    except OSError as error:
        raise _bad(file, f"không đọc được ({error.strerror})", f"cannot be read ({error.strerror})") from None
    if not 0 < size <= MOST_BYTES:
        raise _bad(file, f"dung lượng {size} byte không hợp lệ", f"a size of {size} bytes is not possible")
    rate = _at(config, "audio", "sample_rate")
    if not isinstance(rate, int) or not 8000 <= rate <= 48000:
        raise _bad(config_file, "audio.sample_rate phải từ 8000 đến 48000", "audio.sample_rate: 8000 to 48000")
    if config.get("phoneme_type", "espeak") != "espeak":
        raise _bad(config_file, "phoneme_type phải là espeak", "phoneme_type: only espeak can be used")
    espeak = _at(config, "espeak", "voice")
    if not isinstance(espeak, str) or not re.fullmatch(r"[a-z][a-z0-9-]{1,30}", espeak):
        raise _bad(config_file, "thiếu espeak.voice", "espeak.voice is missing")
    return VoiceFile(
        rate,
        espeak,
        _ids(config, config_file),
        _scales(config),
        _speakers(config),
        size,
        _sum(file, size, file.stat().st_mtime_ns),
    )


def config_of(file: Path) -> Path:
    """Where the configuration of a voice stands."""
    beside = file.with_name(f"{file.name}.json")
    return beside if beside.exists() else file.with_suffix(".json")


def keep(file: Path, directory: Path) -> Path:
    """Copy a voice and its configuration into `directory`, whole or not at all; gives the new file's path."""
    if file.suffix != ".onnx" or not _NAME.fullmatch(file.name):
        raise _bad(file, "tên tệp phải dạng ten-giong.onnx", "the file's name must be like some-voice.onnx")
    read_voice(file)
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / file.name
    pairs = [(config_of(file), directory / f"{file.name}.json"), (file, target)]
    parts = [(new.with_name(f".{new.name}.part"), new) for _, new in pairs]
    try:
        for (source, _), (part, _) in zip(pairs, parts, strict=True):
            shutil.copyfile(source, part)
        for part, new in parts:
            part.replace(new)
        os.utime(target)
    except OSError as error:
        for part, _ in parts:
            part.unlink(missing_ok=True)
        raise _bad(target, f"không ghi được ({error.strerror})", f"cannot be written ({error.strerror})") from None
    return target


def _config(file: Path) -> dict[str, Any]:
    if file.stat().st_size > MOST_CONFIG_BYTES:
        raise _bad(file, "tệp cấu hình quá lớn", "the configuration is too large")
    try:
        read = json.loads(file.read_bytes())
    except ValueError:
        raise _bad(file, "không phải JSON", "not JSON") from None
    if not isinstance(read, dict):
        raise _bad(file, "không phải cấu hình của giọng Piper", "not the configuration of a Piper voice")
    return read


def _ids(config: dict[str, Any], file: Path) -> dict[str, list[int]]:
    ids = config.get("phoneme_id_map")
    right = isinstance(ids, dict) and all(
        isinstance(one, list) and one and all(isinstance(number, int) for number in one) for one in ids.values()
    )
    if not isinstance(ids, dict) or not right or not {PAD, BEGIN, END} <= ids.keys():
        raise _bad(file, "phoneme_id_map thiếu hoặc sai", "phoneme_id_map is missing or wrong")
    return ids


def _scales(config: dict[str, Any]) -> tuple[float, float, float]:
    """Noise, length and noise of lengths; where the file has none, those of the program that trains them."""
    wanted = (("noise_scale", 0.667), ("length_scale", 1.0), ("noise_w", 0.8))
    told = [_at(config, "inference", name) for name, _ in wanted]
    noise, length, lengths = (
        float(value) if isinstance(value, int | float) else default
        for value, (_, default) in zip(told, wanted, strict=True)
    )
    return noise, length, lengths


def _speakers(config: dict[str, Any]) -> int:
    told = config.get("num_speakers")
    return told if isinstance(told, int) else 1


def _at(config: dict[str, Any], table: str, key: str) -> Any:
    inner = config.get(table)
    return inner.get(key) if isinstance(inner, dict) else None


@lru_cache(maxsize=16)
def _sum(file: Path, size: int, changed: int) -> str:
    """SHA-256 of the file; read anew only when it has changed."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _bad(file: Path, vi: str, en: str) -> BadVoiceFile:
    return BadVoiceFile(f"{file}: {vi}", f"{file}: {en}", field="file")
