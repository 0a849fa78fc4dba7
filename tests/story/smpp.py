"""An operator's centre that speaks SMPP 3.4, strict: what it refuses, a phone never shows, and what it took it reports on."""

from __future__ import annotations

import asyncio
import re
import struct
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

SYSTEM_ID, PASSWORD = "xamocchau", "smpp-01"
# Commands and statuses: SMPP 3.4, sections 5.1.2.1 and 5.1.3; an answer is its command with the highest bit set.
SUBMIT, DELIVER, UNBIND, BIND_TRANSCEIVER, ENQUIRE = 0x04, 0x05, 0x06, 0x09, 0x15
ANSWER, NACK = 0x8000_0000, 0x8000_0000
OK, BAD_LENGTH, BAD_COMMAND, BAD_STATE, BAD_ADDRESS, BAD_PASSWORD = 0, 0x01, 0x03, 0x04, 0x0B, 0x0E
WITH_HEADER, RECEIPT = 0x40, 0x04
# 3GPP TS 23.038, section 6.2.1: the basic table by code, then what an escape (0x1B) makes of a code.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\"}
EXTENDED |= {0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}


def words(octets: bytes, coding: int) -> str:
    """A text of data_coding 8 (two octets a unit), or 0 (a septet an octet)."""
    if coding == 8:
        return octets.decode("utf-16-be")
    codes = iter(octets)
    return "".join(EXTENDED[next(codes)] if code == 0x1B else BASIC[code] for code in codes)


class Reader:
    """The body of a PDU, taken from its beginning."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def text(self) -> str:
        """A C string."""
        taken, _, self._body = self._body.partition(b"\0")
        return taken.decode("ascii")

    def octets(self, count: int) -> bytes:
        """So many octets."""
        taken, self._body = self._body[:count], self._body[count:]
        assert len(taken) == count
        return taken

    def number(self) -> int:
        """One octet."""
        return self.octets(1)[0]


@dataclass(frozen=True)
class Part:
    """One short message as it was submitted; `split` is reference, total and place of a part of a longer one."""

    id: str
    to: str
    sender: str
    octets: bytes
    coding: int
    split: tuple[int, int, int]
    wants_receipt: bool


@dataclass
class Phone:
    """What one number shows: messages put together, each with its data_coding and how many parts it came in."""

    shown: list[tuple[str, int, int]] = field(default_factory=list)
    parts: dict[tuple[int, int], dict[int, bytes]] = field(default_factory=lambda: defaultdict(dict))

    def take(self, part: Part) -> None:
        """One part; the last that was missing makes a message. A letter of two units may stand on both sides of a cut."""
        reference, total, place = part.split
        waiting = self.parts[reference, total]
        assert 1 <= place <= total and place not in waiting
        waiting[place] = part.octets
        if len(waiting) == total:
            del self.parts[reference, total]
            whole = b"".join(waiting[number] for number in range(1, total + 1))
            self.shown.append((words(whole, part.coding), part.coding, total))


class Centre:
    """`async with` it on a port of this machine. It answers a submit by `refused` (number to status), and reports when told."""

    def __init__(self, refused: dict[str, int] | None = None, port: int = 0) -> None:
        self.port = port
        self.refused = refused or {}
        self.phones: dict[str, Phone] = defaultdict(Phone)
        self.submitted: list[Part] = []
        self.turned_away: list[tuple[str, int]] = []
        self.broken: list[str] = []
        self.bound = asyncio.Event()
        self._changed = asyncio.Condition()
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        if self._writer is not None:
            self._writer.transport.abort()
        await self._server.wait_closed()

    async def shows(self, number: str, count: int) -> list[tuple[str, int, int]]:
        """What a phone shows as soon as it shows so many messages. Raises TimeoutError after 20 seconds."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.phones[number].shown) >= count)
        return self.phones[number].shown

    def report(self, part: Part, state: str, error: str) -> None:
        """A receipt for a part, if it wants one: appendix B of SMPP 3.4."""
        if not part.wants_receipt:
            return
        moment = datetime.now(UTC).strftime("%y%m%d%H%M")
        counted = f"id:{part.id} sub:001 dlvrd:{int(state == 'DELIVRD'):03}"
        told = f"{counted} submit date:{moment} done date:{moment} stat:{state} err:{error} text:"
        short = told.encode() + part.octets[:20]
        addresses = b"\x01\x01" + part.to.encode() + b"\0\x05\x00" + part.sender.encode() + b"\0"
        self._numbers += 1
        body = b"\0" + addresses + bytes((RECEIPT, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, len(short))) + short
        self._say(DELIVER, OK, self._numbers, body)

    def _say(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        assert self._writer is not None
        self._writer.write(struct.pack(">4I", 16 + len(body), command, status, sequence) + body)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, state = writer, "open"
        try:
            while state != "over":
                length, command, status, sequence = struct.unpack(">4I", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                state = self._take(state, command, status, sequence, body)
                async with self._changed:
                    self._changed.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except (AssertionError, KeyError, ValueError) as error:  # a PDU that is none: the story looks at it
            self.broken.append(repr(error))
        finally:
            self.bound.clear()
            writer.close()

    def _take(self, state: str, command: int, status: int, sequence: int, body: bytes) -> str:
        """Answer one PDU; the state of the connection after it."""
        if command == BIND_TRANSCEIVER and state == "open":
            fields = Reader(body)
            right = (fields.text(), fields.text()) == (SYSTEM_ID, PASSWORD)
            version = (fields.text(), fields.number())[1]
            right = right and version == 0x34
            self._say(command | ANSWER, OK if right else BAD_PASSWORD, sequence, b"centre\0")
            if right:
                self.bound.set()
            return "bound" if right else "open"
        if command == ENQUIRE:
            self._say(command | ANSWER, OK, sequence)
        elif command == UNBIND:
            self._say(command | ANSWER, OK, sequence)
            return "over"
        elif command == SUBMIT:
            self._submit(state, sequence, body)
        elif command == DELIVER | ANSWER:
            assert status == OK
        else:
            self._say(NACK, BAD_COMMAND, sequence)
        return state

    def _submit(self, state: str, sequence: int, body: bytes) -> None:
        part, status = self._part(Reader(body))
        status = (BAD_STATE if state != "bound" else 0) or status or self.refused.get(part.to, OK)
        self._say(SUBMIT | ANSWER, status, sequence, b"" if status else part.id.encode() + b"\0")
        if status:
            self.turned_away.append((part.to, status))
            return
        self.submitted.append(part)
        self.phones[part.to].take(part)

    def _part(self, fields: Reader) -> tuple[Part, int]:
        """A submitted message and the status it deserves by itself; section 4.4.1."""
        assert fields.text() == ""  # service_type
        fields.octets(2)
        sender, kind, plan, to = fields.text(), fields.number(), fields.number(), fields.text()
        esm_class = fields.number()
        fields.octets(2)
        assert (fields.text(), fields.text()) == ("", "")  # neither deferred nor limited
        registered = fields.number()
        fields.octets(1)
        coding = fields.number()
        fields.octets(1)
        octets = fields.octets(fields.number())
        assert coding in {0, 8}
        split, own = _taken_apart(octets) if esm_class & WITH_HEADER else ((len(self.submitted), 1, 1), octets)
        status = OK
        if len(octets) > (160 if coding == 0 and not esm_class & WITH_HEADER else 159 if coding == 0 else 140):
            status = BAD_LENGTH
        if (kind, plan) != (1, 1) or not re.fullmatch(r"84[35789]\d{8}", to):
            status = BAD_ADDRESS
        name = f"{len(self.submitted) + 1:08x}"
        return Part(name, to, sender, own, coding, split, bool(registered & 1)), status


def _taken_apart(octets: bytes) -> tuple[tuple[int, int, int], bytes]:
    """A part's place in the whole (3GPP TS 23.040, 9.2.3.24.1) and its own octets."""
    assert octets[:3] == b"\x05\x00\x03"
    reference, total, place = octets[3:6]
    return (reference, total, place), octets[6:]
