"""A Piper voice of a few kilobytes: a real ONNX model of the same inputs and output, and its configuration."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

SAMPLES = 400
"""Each phoneme id becomes so many samples of a wave as loud as the id is large."""


def field(number: int, content: bytes | str | int) -> bytes:
    """One field of a protocol buffer."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def varint(value: int) -> bytes:
    """A number, seven bits a byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def node(kind: str, reads: list[str], makes: str, *attributes: bytes) -> bytes:
    """One step of a graph."""
    named = b"".join(field(1, name) for name in reads) + field(2, makes)
    return field(1, named + field(4, kind) + b"".join(field(5, one) for one in attributes))


def tensor(name: str, kind: int, dims: list[int], raw: bytes) -> bytes:
    """Constants of a graph: kind 1 is float, 7 is int64."""
    return field(5, b"".join(field(1, size) for size in dims) + field(2, kind) + field(8, name) + field(9, raw))


def value(name: str, kind: int, dims: list[str | int]) -> bytes:
    """The type of an input or output."""
    shape = b"".join(field(1, field(2, one) if isinstance(one, str) else field(1, one)) for one in dims)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def model() -> bytes:
    """Ids [1, n], their count and three scales to [1, 1, samples]: an ONNX model (ir 8, opset 13)."""
    wave = [math.sin(at * 2 * math.pi / 100) * 0.02 for at in range(SAMPLES)]
    graph = b"".join([
        node("Cast", ["input"], "loud", field(1, "to") + field(3, 1) + field(20, 2)),
        node("Unsqueeze", ["loud", "last"], "column"),
        node("Mul", ["column", "wave"], "waves"),
        node("Reshape", ["waves", "flat"], "row"),
        node("Cast", ["input_lengths"], "count", field(1, "to") + field(3, 1) + field(20, 2)),
        node("ReduceMax", ["scales"], "scale", field(1, "keepdims") + field(3, 0) + field(20, 2)),
        node("Div", ["count", "count"], "one"),
        node("Mul", ["row", "one"], "same"),
        node("Mul", ["same", "scale"], "output"),
        field(2, "tiny"),
        tensor("last", 7, [1], struct.pack("<q", 2)),
        tensor("flat", 7, [3], struct.pack("<3q", 1, 1, -1)),
        tensor("wave", 1, [1, 1, SAMPLES], struct.pack(f"<{SAMPLES}f", *wave)),
        field(11, value("input", 7, [1, "n"])),
        field(11, value("input_lengths", 7, [1])),
        field(11, value("scales", 1, [3])),
        field(12, value("output", 1, [1, 1, "samples"])),
    ])  # fmt: skip
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 13))


CONFIG: dict[str, Any] = {
    "audio": {"sample_rate": 22050, "quality": "medium"},
    "espeak": {"voice": "vi"},
    "phoneme_type": "espeak",
    "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    "num_speakers": 1,
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], ",": [4], ".": [5]}
    | {
        chr(letter): [10 + at]
        for at, letter in enumerate([*range(ord("a"), ord("z") + 1), *map(ord, "ɔəɛɲŋʃˈˌː12345678̪")])
    },
}


def put(place: Path, name: str) -> Path:
    """The voice in a directory, as it is downloaded."""
    file = place / f"{name}.onnx"
    file.write_bytes(model())
    file.with_name(f"{name}.onnx.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    return file
