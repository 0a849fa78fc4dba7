"""A folder on another machine over SFTP: the machine is known by its key, files appear whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.answer import Unavailable
from channels.http import Http
from config.lazy import lazily

if TYPE_CHECKING:
    import asyncssh
else:
    asyncssh = lazily("asyncssh")

CONNECT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Account:
    """Where to sign in and how; `host_key` is the machine's public key as a line of known_hosts has it, without the name."""

    host: str
    port: int
    user: str
    password: str
    private_key: str
    host_key: str


class Folder:
    """What the account sees there."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def put(self, place: str, data: bytes, sha256: str) -> None:
        """A file under its name: written aside, read back, then given its name. What is there already stays."""
        if await self._read(place) == sha256:
            return  # an earlier try got this far
        folder, _, name = place.rpartition("/")
        if folder:
            await self._client.makedirs(folder, exist_ok=True)
        aside = posixpath.join(folder, f".{name}.part")
        async with self._client.open(aside, "wb") as file:
            await file.write(data)
        if await self._read(aside) != sha256:
            raise Unavailable(
                "read_back", f"{name} đọc lại không khớp", f"{name} reads back otherwise than it was sent"
            )
        await self._client.posix_rename(aside, place)

    async def _read(self, place: str) -> str:
        """The sha256 of a file there; empty when there is none."""
        try:
            async with self._client.open(place, "rb") as file:
                return hashlib.sha256(await file.read()).hexdigest()
        except asyncssh.SFTPNoSuchFile:
            return ""


@asynccontextmanager
async def opened(account: Account, http: Http, seconds: float) -> AsyncIterator[Folder]:
    """The folder of an account for so many seconds. Raises PrivateAddress and Unavailable: every try may be repeated."""
    try:
        async with (
            asyncio.timeout(seconds),
            _signed_in(account, await http.reach(account.host, account.port)) as client,
        ):
            yield Folder(client)
    except TimeoutError:
        raise Unavailable("timeout", "máy nhận không trả lời kịp", "the host did not answer in time") from None
    except (OSError, asyncssh.Error) as error:
        raise _trouble(error) from None


@asynccontextmanager
async def _signed_in(account: Account, address: str) -> AsyncIterator[Any]:
    key = account.private_key
    async with (
        asyncssh.connect(
            address,
            account.port,
            username=account.user,
            password=account.password or None,
            client_keys=[asyncssh.import_private_key(f"{key}\n")] if key else None,
            known_hosts=asyncssh.import_known_hosts(f"{account.host} {account.host_key}\n"),
            host_key_alias=account.host,
            config=None,
            agent_path=None,
            connect_timeout=CONNECT_SECONDS,
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        yield client


def _trouble(error: Exception) -> Unavailable:
    """What a failure means, and whether a person must act first."""
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        vi = "khóa của máy nhận không phải khóa đã khai"
        return Unavailable("host_key", vi, "the host's key is not the configured one", person=True)
    if isinstance(error, asyncssh.PermissionDenied | asyncssh.KeyImportError):
        return Unavailable("sign_in", "máy nhận không cho đăng nhập", "the host refuses the login", person=True)
    if isinstance(error, asyncssh.SFTPPermissionDenied | asyncssh.SFTPFailure):
        return Unavailable(
            "folder", "máy nhận không cho ghi vào thư mục", "the host lets nothing be written", person=True
        )
    kind = type(error).__name__
    return Unavailable("connection", f"không kết nối được tới máy nhận ({kind})", f"no connection to the host ({kind})")
