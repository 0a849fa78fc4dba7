"""gammu-smsd as its manual and its source have it: its tables, and the way a message takes through them.

Each statement is a transaction of its own, as in smsd: between a part's row in sentitems and the message's leaving outbox
there are moments, and a test may stop in any of them.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from content.short import GSM, GSM_EXTENDED

EXAMPLES = Path("/usr/share/doc/gammu-smsd/examples")
_CODINGS = "'Default_No_Compression', 'Unicode_No_Compression', '8bit', 'Default_Compression', 'Unicode_Compression'"
_STATES = (
    "'SendingOK', 'SendingOKNoReport', 'SendingError', 'DeliveryOK', 'DeliveryFailed', 'DeliveryPending', "
    "'DeliveryUnknown', 'Error'"
)
# By the manual's chapter "SMSD Database Structure", for machines without the package's examples.
_TABLES = f"""
CREATE TABLE gammu ("Version" integer NOT NULL PRIMARY KEY);
INSERT INTO gammu VALUES (17);
CREATE TABLE inbox (
  "UpdatedInDB" @time, "ReceivingDateTime" @time, "Text" text NOT NULL, "SenderNumber" varchar(20) NOT NULL DEFAULT '',
  "Coding" varchar(255) NOT NULL, "UDH" text NOT NULL, "SMSCNumber" varchar(20) NOT NULL DEFAULT '',
  "Class" integer NOT NULL DEFAULT -1, "TextDecoded" text NOT NULL DEFAULT '', "ID" @serial,
  "RecipientID" text NOT NULL, "Processed" @boolean, "Status" integer NOT NULL DEFAULT -1);
CREATE TABLE outbox (
  "UpdatedInDB" @time, "InsertIntoDB" @time, "SendingDateTime" @time, "SendBefore" time NOT NULL DEFAULT '23:59:59',
  "SendAfter" time NOT NULL DEFAULT '00:00:00', "Text" text, "DestinationNumber" varchar(20) NOT NULL DEFAULT '',
  "Coding" varchar(255) NOT NULL DEFAULT 'Default_No_Compression' CHECK ("Coding" IN ({_CODINGS})), "UDH" text,
  "Class" integer DEFAULT -1, "TextDecoded" text NOT NULL DEFAULT '', "ID" @serial, "MultiPart" @boolean,
  "RelativeValidity" integer DEFAULT -1, "SenderID" varchar(255), "SendingTimeOut" @time,
  "DeliveryReport" varchar(10) DEFAULT 'default' CHECK ("DeliveryReport" IN ('default', 'yes', 'no')),
  "CreatorID" text NOT NULL, "Retries" integer DEFAULT 0, "Priority" integer DEFAULT 0,
  "Status" varchar(255) NOT NULL DEFAULT 'Reserved', "StatusCode" integer NOT NULL DEFAULT -1);
CREATE TABLE outbox_multipart (
  "Text" text, "Coding" varchar(255) NOT NULL DEFAULT 'Default_No_Compression' CHECK ("Coding" IN ({_CODINGS})),
  "UDH" text, "Class" integer DEFAULT -1, "TextDecoded" text, "ID" integer, "SequencePosition" integer NOT NULL DEFAULT 1,
  "Status" varchar(255) NOT NULL DEFAULT 'Reserved', "StatusCode" integer NOT NULL DEFAULT -1,
  PRIMARY KEY ("ID", "SequencePosition"));
CREATE TABLE phones (
  "ID" text NOT NULL, "UpdatedInDB" @time, "InsertIntoDB" @time, "TimeOut" @time, "Send" @boolean, "Receive" @boolean,
  "IMEI" varchar(35) NOT NULL PRIMARY KEY, "IMSI" varchar(35) NOT NULL, "NetCode" varchar(10), "NetName" varchar(35),
  "Client" text NOT NULL, "Battery" integer NOT NULL DEFAULT -1, "Signal" integer NOT NULL DEFAULT -1,
  "Sent" integer NOT NULL DEFAULT 0, "Received" integer NOT NULL DEFAULT 0);
CREATE TABLE sentitems (
  "UpdatedInDB" @time, "InsertIntoDB" @time, "SendingDateTime" @time, "DeliveryDateTime" timestamp,
  "Text" text NOT NULL, "DestinationNumber" varchar(20) NOT NULL DEFAULT '',
  "Coding" varchar(255) NOT NULL DEFAULT 'Default_No_Compression' CHECK ("Coding" IN ({_CODINGS})),
  "UDH" text NOT NULL, "SMSCNumber" varchar(20) NOT NULL DEFAULT '', "Class" integer NOT NULL DEFAULT -1,
  "TextDecoded" text NOT NULL DEFAULT '', "ID" integer, "SenderID" varchar(255) NOT NULL,
  "SequencePosition" integer NOT NULL DEFAULT 1, "Status" varchar(255) NOT NULL CHECK ("Status" IN ({_STATES})),
  "StatusError" integer NOT NULL DEFAULT -1, "TPMR" integer NOT NULL DEFAULT -1,
  "RelativeValidity" integer NOT NULL DEFAULT -1, "CreatorID" text NOT NULL, "StatusCode" integer NOT NULL DEFAULT -1,
  PRIMARY KEY ("ID", "SequencePosition"));
"""
_SQLITE = {
    "@time": "numeric NOT NULL DEFAULT (datetime('now'))",
    "@serial": "integer PRIMARY KEY AUTOINCREMENT",
    "@boolean": "text NOT NULL DEFAULT 'false'",
}
_POSTGRESQL = {
    "@time": "timestamp(0) NOT NULL DEFAULT LOCALTIMESTAMP(0)",
    "@serial": "serial PRIMARY KEY",
    "@boolean": "boolean NOT NULL DEFAULT 'false'",
}


def tables(dialect: str) -> str:
    """The script that makes the tables in `sqlite` or `pgsql`: the package's own where it is installed."""
    own = EXAMPLES / f"{dialect}.sql"
    if own.is_file():
        return own.read_text(encoding="utf-8").replace("CREATE LANGUAGE plpgsql;", "")  # it is there since 9.0
    script = _TABLES
    for mark, words in (_SQLITE if dialect == "sqlite" else _POSTGRESQL).items():
        script = script.replace(mark, words)
    return script


def make_file(path: Path) -> str:
    """A new SQLite file with the tables; its address."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript(tables("sqlite"))
    return f"sqlite:///{path}"


@dataclass(frozen=True)
class Sms:
    """One part as the modem was given it."""

    number: str
    coding: str
    udh: str
    text: str

    @property
    def units(self) -> int:
        """Septets, or units of two octets, beside the header."""
        if self.coding == "Unicode_No_Compression":
            return len(self.text.encode("utf-16-be")) // 2
        return sum(2 if letter in GSM_EXTENDED else 1 for letter in self.text)


def shown(parts: list[Sms]) -> list[tuple[str, str, int]]:
    """Number, text, parts of each message a phone shows, in the order in which the last part of each came."""
    waiting: dict[tuple[str, str], dict[int, str]] = {}
    messages = []
    for part in parts:
        if not part.udh:
            messages.append((part.number, part.text, 1))
            continue
        header = re.fullmatch(r"050003([0-9A-F]{2})([0-9A-F]{2})([0-9A-F]{2})", part.udh)
        assert header, f"no header of a phone's: {part.udh}"
        pieces = waiting.setdefault((part.number, header[1] + header[2]), {})
        pieces[int(header[3], 16)] = part.text
        if len(pieces) == int(header[2], 16):
            messages.append((part.number, "".join(text for _, text in sorted(pieces.items())), len(pieces)))
            del waiting[part.number, header[1] + header[2]]
    assert not waiting, "parts without the rest"
    return messages


class Smsd:
    """A daemon with one modem (`PhoneID` is `name`) on the tables at an address."""

    def __init__(self, database: str, name: str = "") -> None:
        self.database, self.name = database, name
        self.sent: list[Sms] = []

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """One statement, one transaction."""
        if not self.database.startswith("sqlite"):
            server = await asyncpg.connect(self.database)
            try:
                return list(await server.fetch(statement, *values))
            finally:
                await server.close()
        with contextlib.closing(sqlite3.connect(self.database.removeprefix("sqlite:///"))) as file, file:
            return file.execute(statement, {str(place): value for place, value in enumerate(values, 1)}).fetchall()

    async def outbox(self) -> list[Any]:
        """CreatorID, number and SenderID of what waits, in the order of sending."""
        return await self.rows(
            'SELECT "ID", "CreatorID", "DestinationNumber", "SenderID" FROM outbox ORDER BY "Priority" DESC, "InsertIntoDB", "ID"'
        )

    async def send(self, status: str = "SendingOK", *, error: int = -1, later: int = 0) -> None:
        """Send all that waits; each part ends with a status, the last `later` parts of a message are never sent."""
        for id, _, _, sender in await self.outbox():
            if sender in {None, "", self.name}:
                async for _ in self.steps(id, status, error=error, later=later):
                    pass

    async def steps(self, id: int, status: str = "SendingOK", *, error: int = -1, later: int = 0) -> AsyncIterator[str]:
        """Send one message and pause after each transaction."""
        parts = await self._parts(id)
        going = parts[: len(parts) - later]
        for position, part in enumerate(going, 1):
            self.sent.append(part)
            await self._copy(id, position, part, status, error)
            yield f"sent {position}"
        if going != parts:
            return
        await self.rows('DELETE FROM outbox WHERE "ID" = $1', id)
        yield "out of outbox"
        await self.rows('DELETE FROM outbox_multipart WHERE "ID" = $1', id)

    async def report(self, status: str, error: int = 0, *, only: int = 0) -> None:
        """Reports of delivery for all that was sent, or for its parts in one place."""
        where = f' WHERE "SequencePosition" = {only}' if only else ""
        await self.rows(f'UPDATE sentitems SET "Status" = $1, "StatusError" = $2{where}', status, error)

    async def _parts(self, id: int) -> list[Sms]:
        """The parts of a message, each as strict as the network."""
        ((number, many, *first),) = await self.rows(
            'SELECT "DestinationNumber", "MultiPart", "Coding", "UDH", "Text", "TextDecoded" FROM outbox WHERE "ID" = $1',
            id,
        )
        more = await self.rows(
            'SELECT "SequencePosition", "Coding", "UDH", "Text", "TextDecoded" FROM outbox_multipart '
            'WHERE "ID" = $1 ORDER BY 1',
            id,
        )
        assert many in ({True, "true"} if more else {False, "false"}), "MultiPart tells whether there are more"
        assert [row[0] for row in more] == list(range(2, len(more) + 2)), "smsd stops at a gap"
        parts = [self._part(number, *first), *(self._part(number, *row[1:]) for row in more)]
        for place, part in enumerate(parts, 1):
            assert part.udh[8:] == (f"{len(parts):02X}{place:02X}" if more else ""), "the header counts"
        return parts

    def _part(self, number: str, coding: str, udh: str | None, text: str | None, decoded: str) -> Sms:
        assert re.fullmatch(r"\+84[35789]\d{8}", number), "a mobile number as it is dialled from abroad"
        read = bytes.fromhex(text).decode("utf-16-be") if text else decoded
        assert read == decoded and "\0" not in read and read, "people and smsd read the same"
        part = Sms(number, coding, udh or "", read)
        if coding == "Default_No_Compression":
            assert not set(read) - GSM - GSM_EXTENDED, "smsd would send a question mark"
            assert part.units <= (153 if udh else 160)
        else:
            assert coding == "Unicode_No_Compression" and part.units <= (67 if udh else 70)
        return part

    async def _copy(self, id: int, position: int, part: Sms, status: str, error: int) -> None:
        await self.rows(
            'INSERT INTO sentitems ("CreatorID", "ID", "SequencePosition", "Status", "SMSCNumber", "TPMR", "SenderID", '
            '"Text", "DestinationNumber", "Coding", "UDH", "TextDecoded", "StatusCode") '
            'SELECT "CreatorID", $1, $2, $3, \'+84900000023\', 255, $4, $5, "DestinationNumber", $6, $7, $8, $9 '
            'FROM outbox WHERE "ID" = $1',
            id, position, status, self.name, part.text.encode("utf-16-be").hex().upper(), part.coding, part.udh,
            part.text, error,
        )  # fmt: skip
