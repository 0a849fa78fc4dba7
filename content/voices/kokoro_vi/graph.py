"""An ONNX model cut into parts at named tensors, on the wire format itself: no library, no second copy of the weights.

Only the few fields of onnx.proto3 that a cut needs are looked at (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3):
ModelProto.graph = 7; GraphProto.node = 1, initializer = 5, input = 11, output = 12, value_info = 13; NodeProto.input = 1,
output = 2; TensorProto.name = 8; ValueInfoProto.name = 1. Everything else is carried over byte by byte.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

GRAPH = 7
NODE, INITIALIZER, INPUT, OUTPUT, VALUE_INFO = 1, 5, 11, 12, 13
NODE_INPUT, NODE_OUTPUT = 1, 2
TENSOR_NAME, VALUE_NAME = 8, 1
_FIXED = {1: 8, 5: 4}


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the graph: names of the tensors it reads and makes, and its bytes."""

    reads: tuple[str, ...]
    makes: tuple[str, ...]
    raw: memoryview


class Graph:
    """A model without sub-graphs, read once; `part` may be called many times. Raises ValueError for other bytes."""

    def __init__(self, model: bytes) -> None:
        self._around: list[memoryview] = []
        self._nodes: list[Node] = []
        self._weights: dict[str, memoryview] = {}
        self._types: dict[str, memoryview] = {}
        try:
            for number, raw, inside in _fields(memoryview(model)):
                if number == GRAPH:
                    self._read(inside)
                else:
                    self._around.append(raw)
        except (IndexError, UnicodeDecodeError) as error:
            raise ValueError("not an ONNX model") from error
        self._maker = {name: node for node in self._nodes for name in node.makes}

    def part(self, inputs: Collection[str], outputs: Collection[str]) -> bytes:
        """A model of its own that makes `outputs` from `inputs`. Raises ValueError when it would need more."""
        nodes, weights = self._needed(inputs, outputs)
        pieces = [_bytes(NODE, node.raw) for node in nodes]
        pieces += [_bytes(INITIALIZER, self._weights[name]) for name in weights]
        pieces += [_bytes(INPUT, self._types[name]) for name in inputs]
        pieces += [_bytes(OUTPUT, self._types[name]) for name in outputs]
        return b"".join([*self._around, _bytes(GRAPH, b"".join([_bytes(2, b"part"), *pieces]))])

    def frontier(self, inputs: Collection[str], cut: Collection[str], outputs: Collection[str]) -> list[str]:
        """What is needed besides `cut` to come to `outputs`: inputs, and tensors made on the way from `inputs` to `cut`."""
        first, _ = self._needed(inputs, cut)
        made = {name for node in first for name in node.makes} | set(inputs)
        second, _ = self._needed(made | set(cut), outputs)
        return sorted(({name for node in second for name in node.reads} | set(outputs)) & made - set(cut))

    def _read(self, graph: memoryview) -> None:
        for number, _, inside in _fields(graph):
            if number == NODE:
                self._nodes.append(Node(_texts(inside, NODE_INPUT), _texts(inside, NODE_OUTPUT), inside))
            elif number == INITIALIZER:
                self._weights[_texts(inside, TENSOR_NAME)[0]] = inside
            elif number in {INPUT, OUTPUT, VALUE_INFO}:
                self._types[_texts(inside, VALUE_NAME)[0]] = inside

    def _needed(self, inputs: Collection[str], outputs: Collection[str]) -> tuple[list[Node], list[str]]:
        """The nodes, in the model's order, and the weights on the way from `inputs` to `outputs`."""
        nodes: set[int] = set()
        weights: dict[str, None] = {}
        seen, todo = set(inputs), list(outputs)
        while todo:
            name = todo.pop()
            if not name or name in seen:
                continue
            seen.add(name)
            if name in self._weights:
                weights[name] = None
            elif name in self._maker:
                nodes.add(id(self._maker[name]))
                todo += self._maker[name].reads
            else:
                raise ValueError(f"no {name} in the model")
        return [node for node in self._nodes if id(node) in nodes], list(weights)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Each field of a message: its number, its bytes with the tag, and its content."""
    at, end = 0, len(message)
    while at < end:
        start = at
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 2:
            length, at = _varint(message, at)
            after = at + length
        elif kind == 0:
            _, after = _varint(message, at)
        else:
            after = at + _FIXED.get(kind, end + 1)
        if after > end:
            raise IndexError("a field runs over the end")
        yield tag >> 3, message[start:after], message[at:after]
        at = after


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _texts(message: memoryview, number: int) -> tuple[str, ...]:
    return tuple(bytes(inside).decode() for found, _, inside in _fields(message) if found == number)


def _bytes(number: int, content: bytes | memoryview) -> bytes:
    """A field of bytes."""
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
