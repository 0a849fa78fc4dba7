"""Kind `sms_gammu`: text messages through a GSM modem on the office's desk, by the database of gammu-smsd.

Tables: Gammu's manual, "SMSD Database Structure". smsd writes each part it has sent into `sentitems` and takes the message
out of `outbox` only after that, each a transaction of its own (smsd/core.c, smsd/services/sql.c): one statement that
looks at both finds it in at least one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

from pydantic import Field, SecretStr, field_validator

from channels.answer import Refused, Unavailable, Unsure
from channels.channel import (
    Asked,
    Channel,
    Confirmation,
    Form,
    Heard,
    Outlet,
    Pace,
    Polling,
    Receipt,
    To,
    Word,
    Wrote,
)
from channels.http import Http
from channels.options import Answering
from channels.reasons import Reason
from channels.sms import MOST_CHARACTERS, SmsOptions, heard, plain_text
from content.bulletin import Bulletin, BulletinClass
from content.short import sms_length, sms_parts

# smsd does not wait for a locked file, it tries ten times: what we do there must be short.
BUSY_SECONDS, SERVER_SECONDS = 5.0, 10.0
AT_ONCE = 100
_FILE = "sqlite:///"
# The same words for SQLite and PostgreSQL. The number is asked for because sentitems has an index on it alone.
_OURS = 'WHERE "CreatorID" = $1 AND "DestinationNumber" = $2'
_FIND = f'SELECT "ID" FROM outbox {_OURS} UNION ALL SELECT "ID" FROM sentitems {_OURS}'  # noqa: S608 (constants)
_FATE = (
    f"SELECT 'waiting', -1, -1, '' FROM outbox {_OURS} UNION ALL "  # noqa: S608 (constants)
    f'SELECT "Status", "StatusCode", "StatusError", "UDH" FROM sentitems {_OURS}'
)
_ALONE = (
    'INSERT INTO outbox ("CreatorID", "DestinationNumber", "SenderID", "Priority", "Coding", "UDH", "Text", "TextDecoded", '
    '"DeliveryReport", "MultiPart") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \'yes\', \'false\') RETURNING "ID"'
)
_FIRST = _ALONE.replace("'false'", "'true'")
_FURTHER = (
    'INSERT INTO outbox_multipart ("ID", "SequencePosition", "Coding", "UDH", "Text", "TextDecoded") '
    "VALUES ($1, $2, $3, $4, $5, $6)"
)
# Of two tries at once on PostgreSQL both would find nothing; SQLite has one writer.
_ALONE_NOW = "SELECT pg_advisory_xact_lock(hashtext($1))"
_LAST = 'SELECT max("ID") FROM inbox'
_CAME = 'SELECT "ID", "SenderNumber", "TextDecoded" FROM inbox WHERE "ID" > $1 ORDER BY "ID" LIMIT 200'
_FAILED = {"SendingError": Reason.OTHER, "Error": Reason.OTHER, "DeliveryFailed": Reason.UNREACHABLE}

_LOCKED = (
    Reason.BUSY,
    "cơ sở dữ liệu của gammu-smsd đang bị khóa; nếu kéo dài, xem chương trình nào giữ tệp",
    "gammu-smsd's database is locked; if that lasts, see which program holds the file",
)
_RIGHTS = (
    "database_rights",
    "cơ sở dữ liệu của gammu-smsd không cho Loa ghi: xem tài khoản và quyền ghi",
    "gammu-smsd's database lets nothing be written: see the account and its rights",
)
_TABLES = (
    "database_tables",
    "database không có các bảng của gammu-smsd 1.38.5 trở lên: xem địa chỉ và phiên bản",
    "these are not the tables of gammu-smsd 1.38.5 or later: see the address and the version",
)
_UNUSABLE = (
    "database",
    "không mở được cơ sở dữ liệu của gammu-smsd: xem đường dẫn, quyền ghi tệp và thư mục, ổ đĩa, máy chủ",
    "gammu-smsd's database cannot be used: see its path, the right to write file and folder, the disk, the server",
)
# By the beginning of SQLite's result code or of PostgreSQL's SQLSTATE (appendix A of its manual); the first that fits.
_TROUBLES = {
    **dict.fromkeys(("SQLITE_BUSY", "SQLITE_LOCKED"), _LOCKED),
    **dict.fromkeys(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "28", "3D", "42501"), _RIGHTS),
    **dict.fromkeys(("SQLITE_ERROR", "SQLITE_NOTADB", "SQLITE_CONSTRAINT", "22", "23", "42"), _TABLES),
}

T = TypeVar("T")
Talk: TypeAlias = Generator[tuple[str, Sequence[Any]], list[Any], T]
"""The statements of one transaction with their values; the rows of each come back. Knows no database."""


class SmsGammuOptions(SmsOptions, Answering):
    """Options of a modem."""

    database: SecretStr = Field(
        description=Word(
            "Cơ sở dữ liệu của gammu-smsd: sqlite:////var/lib/gammu/smsd.db (đường dẫn đầy đủ) hay "
            "postgresql://tài-khoản:mật-khẩu@máy/tên; mạng của máy ấy phải có trong [http] allow.",
            "Database of gammu-smsd: sqlite:////var/lib/gammu/smsd.db (the full path) or "
            "postgresql://account:password@machine/name; that machine's network must be in "
            "[http] allow.",
        )
    )
    sender: Annotated[str, Field(max_length=255)] = Field(
        default="",
        description=Word(
            "PhoneID của modem được gửi, khi nhiều modem chung cơ sở dữ liệu; để trống: modem nào cũng được.",
            "PhoneID of the modem to send with, when several modems share the database; if empty: any modem.",
        ),
    )
    per_second: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        default=0.2,
        description=Word(
            "Số tin nhiều nhất mỗi giây; một modem gửi khoảng 10 đến 15 tin mỗi phút.",
            "Maximum messages a second; a modem sends about 10 to 15 messages a minute.",
        ),
    )
    at_once: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1, description=Word("Số tin nhiều nhất ghi cùng lúc.", "Maximum messages written at once.")
    )

    @field_validator("database")
    @classmethod
    def _known(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url.startswith(_FILE) and Path(url.removeprefix(_FILE)).is_absolute():
            return value
        parts = urlsplit(url)
        socket = parse_qs(parts.query).get("host", [""])[0]
        if parts.scheme != "postgresql" or not (parts.hostname or socket.startswith("/")):
            raise ValueError("cần sqlite:////đường/dẫn/đầy/đủ hay postgresql://máy/tên (one of these addresses)")
        return value


class SmsGammu(Channel[SmsGammuOptions]):
    """One message to one number. CreatorID, our delivery, lets a repeat find what an earlier try wrote."""

    kind = "sms_gammu"
    title_vi = "Tin nhắn SMS qua modem GSM (gammu-smsd)"
    title_en = "SMS through a GSM modem (gammu-smsd)"
    form = Form.SHORT
    carries = True
    options = SmsGammuOptions
    limit = MOST_CHARACTERS
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=0.2, at_once=1)

    async def send(self, bulletin: Bulletin, outlet: Outlet[SmsGammuOptions], to: To, http: Http) -> Receipt:
        """Write the message (+84...) into `outbox`, whole or not at all; what is there, or was, is not written again."""
        text = plain_text(bulletin.short, unaccented=outlet.options.unaccented)
        if not text:
            raise Refused(Reason.TEXT, "bản tin không có nội dung SMS", "the bulletin has no SMS text")
        urgent = bulletin.klass is BulletinClass.URGENT
        return await _transacted(
            outlet.options, to.delivery, http, _written(to, text, outlet.options.sender, urgent=urgent)
        )

    async def ask(self, to: To, reference: str, outlet: Outlet[SmsGammuOptions], http: Http) -> Confirmation | None:
        """What became of all parts; None while any waits, and as long as the network reports nothing."""
        return await _transacted(outlet.options, to.delivery, http, _fate(to))

    def polling(self, outlet: Outlet[SmsGammuOptions]) -> Polling:
        """Gammu-smsd has no other way to tell. The modem is not asked, its tables are: that is not paced."""
        return Polling(timedelta(minutes=1), timedelta(days=3), at_once=AT_ONCE, paced=False)

    async def listen(
        self, after: str, outlet: Outlet[SmsGammuOptions], http: Http
    ) -> tuple[Sequence[Heard | Wrote], str]:
        """Answers in `inbox`; its rows are left as they are, for whatever else reads them."""
        return await _transacted(outlet.options, outlet.name, http, _inbox(after))

    async def ask_all(
        self, asked: Sequence[Asked], outlet: Outlet[SmsGammuOptions], http: Http
    ) -> Sequence[Confirmation]:
        """What became of several, in one transaction."""
        return await _transacted(outlet.options, asked[0].to.delivery, http, _fates([one.to for one in asked]))


def _inbox(after: str) -> Talk[tuple[list[Heard | Wrote], str]]:
    """What came behind a message's ID, in order; the first time only how far that is: old answers are not dug out."""
    if not after:
        ((last,),) = yield _LAST, ()
        return [], str(last or 0)
    rows = yield _CAME, (int(after),)
    said = [one for _, number, text in rows for one in heard(number, text)]
    return said, str(rows[-1][0]) if rows else after


def _written(to: To, text: str, sender: str, *, urgent: bool) -> Talk[Receipt]:
    found = yield _FIND, (to.delivery, to.address)
    if found:
        return Receipt(str(found[0][0]), Word("đã ghi từ lần trước", "written before"))
    first, *further = rows_of(text, crc32(to.delivery.encode()) & 0xFF)
    values = (to.delivery, to.address, sender or None, int(urgent), *first)
    ((id,),) = yield _FIRST if further else _ALONE, values
    for number, row in enumerate(further, 2):
        yield _FURTHER, (id, number, *row)
    return Receipt(str(id), Word(f"{1 + len(further)} phần", f"{1 + len(further)} parts"))


def rows_of(text: str, reference: int) -> list[tuple[str, str, str, str]]:
    """Coding, UDH, Text and TextDecoded of each part; `reference` (one octet) is what a phone joins them by.

    Without Coding smsd sends question marks. Text goes before TextDecoded, from which smsd breaks letters beyond U+FFFF.
    """
    coding = "Unicode_No_Compression" if sms_length(text).unicode else "Default_No_Compression"
    parts = sms_parts(text)
    # 3GPP TS 23.040, 9.2.3.24.1: concatenated short messages, 8-bit reference number.
    start = f"050003{reference:02X}{len(parts):02X}"
    headers = [f"{start}{number:02X}" for number in range(1, len(parts) + 1)] if len(parts) > 1 else [""]
    return [
        (coding, udh, part.encode("utf-16-be").hex().upper(), part) for udh, part in zip(headers, parts, strict=True)
    ]


def _fates(asked: Sequence[To]) -> Talk[list[Confirmation]]:
    said: list[Confirmation] = []
    for to in asked:
        fate = yield from _fate(to)
        said += [fate] if fate is not None else []
    return said


def _fate(to: To) -> Talk[Confirmation | None]:
    rows = yield _FATE, (to.delivery, to.address)
    states = {status for status, *_ in rows}
    if not rows or "waiting" in states:
        return None
    for status, code, error, _ in rows:
        if status in _FAILED:
            own = f"{status}, StatusCode {code}, StatusError {error}"
            return Confirmation(False, to.delivery, reason=_FAILED[status], detail=own)
    udh = rows[0][3]
    whole = len(rows) == (int(udh[8:10], 16) if udh else 1)
    return Confirmation(True, to.delivery, detail="DeliveryOK") if whole and states == {"DeliveryOK"} else None


async def _transacted(options: SmsGammuOptions, delivery: str, http: Http, talk: Talk[T]) -> T:
    """One transaction. Raises Unavailable, PrivateAddress and, when a server is lost in the middle, Unsure."""
    url = options.database.get_secret_value()
    if not url.startswith(_FILE):
        return await _on_server(url, delivery, http, talk)
    try:
        return await asyncio.to_thread(_in_file, Path(url.removeprefix(_FILE)), talk)
    except sqlite3.Error as error:
        raise _trouble(getattr(error, "sqlite_errorname", "SQLite")) from None


def _in_file(path: Path, talk: Talk[T]) -> T:
    """In a thread, where it may wait for the lock. What is cancelled meanwhile may still be written; the next try finds it."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", BUSY_SECONDS, isolation_level=None, uri=True)) as file:
        file.execute("BEGIN IMMEDIATE")
        statement, values = next(talk)
        try:
            while True:
                named = {str(place): value for place, value in enumerate(values, 1)}
                statement, values = talk.send(file.execute(statement, named).fetchall())
        except StopIteration as end:
            file.execute("COMMIT")
            result: T = end.value
            return result


async def _on_server(url: str, delivery: str, http: Http, talk: Talk[T]) -> T:
    asyncpg = import_module("asyncpg")  # here: a process that uses no modem has no use for it
    parts, where = urlsplit(url), {}
    if parts.hostname:
        port = parts.port or 5432
        where = {"host": await http.reach(parts.hostname, port), "port": port}
    try:
        server = await asyncpg.connect(url, **where, timeout=SERVER_SECONDS, command_timeout=SERVER_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise _trouble(getattr(error, "sqlstate", None) or type(error).__name__) from None
    try:
        async with server.transaction():
            await server.execute(_ALONE_NOW, delivery)
            return await _talked(server, talk)
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
        raise Unsure("cut_off", "mất kết nối giữa chừng với gammu-smsd", "gammu-smsd's server was lost") from None
    except asyncpg.PostgresError as error:
        raise _trouble(error.sqlstate) from None
    finally:
        server.terminate()


async def _talked(server: Any, talk: Talk[T]) -> T:
    statement, values = next(talk)
    try:
        while True:
            statement, values = talk.send(await server.fetch(statement, *values))
    except StopIteration as end:
        result: T = end.value
        return result


def _trouble(code: str) -> Unavailable:
    """By code alone: a database's own words may repeat what was written."""
    reason, vi, en = known = next((what for start, what in _TROUBLES.items() if code.startswith(start)), _UNUSABLE)
    return Unavailable(reason, f"{vi} ({code})", f"{en} ({code})", person=known in {_RIGHTS, _TABLES})
