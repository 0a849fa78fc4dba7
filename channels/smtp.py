"""A mail server: one letter handed over on a connection of its own, encrypted and with its certificate verified (RFC 5321, 3207)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import aiosmtplib

from channels.answer import SHOWN_CHARACTERS, Refused, SendError, Unavailable, Unsure, veiled
from channels.http import Http
from channels.reasons import Reason

Security = Literal["starttls", "tls", "none"]

CONNECT_SECONDS, DATA_SECONDS = 15.0, 45.0
_SIGN_IN = frozenset({530, 534, 535, 538})
"""Codes that say whom the server does not know (RFC 4954)."""
_TOO_LARGE = 552


@dataclass(frozen=True, slots=True)
class Account:
    """Where a letter is handed over and how; `ca` is the root its certificate is held against, empty: those the machine trusts."""

    host: str
    port: int
    security: Security
    ca: str
    user: str
    password: str


async def hand_over(account: Account, http: Http, sender: str, address: str, letter: bytes) -> str:
    """The server's last words. Raises PrivateAddress, Refused, Unavailable, and Unsure once the text may have been taken."""
    secrets = (account.password, address)
    place = await http.reach(account.host, account.port)
    line = _line(place)
    client, begun = _client(account, line, sender), False
    try:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(line, (place, account.port))
                begun = True  # from here on the line is the client's
                await client.connect()
                if account.user:
                    await client.login(account.user, account.password)
                await client.mail(sender)
                await client.rcpt(address)
        except (aiosmtplib.SMTPException, OSError) as error:  # a TimeoutError is an OSError
            raise _before(error, account, secrets) from None
        try:
            async with asyncio.timeout(DATA_SECONDS):
                taken = await client.data(letter)
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error, secrets) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            vi, en = "mất kết nối khi máy chủ thư đang nhận thư", "the mail server was lost while it took the letter"
            raise Unsure("cut_off", vi, f"{en}: {type(error).__name__}") from None
        await _leave(client)
        return _shown(taken.message, secrets)
    finally:
        client.close()
        if not begun:
            line.close()


def _line(place: str) -> socket.socket:
    family = socket.AF_INET6 if ipaddress.ip_address(place.partition("%")[0]).version == 6 else socket.AF_INET
    line = socket.socket(family, socket.SOCK_STREAM)
    line.setblocking(False)
    return line


class _Client(aiosmtplib.SMTP):
    """Closes at once: whoever is called off does not wait for the other side's good-bye of TLS."""

    def close(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.abort()
        super().close()


def _client(account: Account, line: socket.socket, sender: str) -> _Client:
    """One that speaks on a line to the very address that was checked; the name is what its certificate is held against."""
    return _Client(
        hostname=account.host,
        local_hostname=sender.rpartition("@")[2],
        timeout=CONNECT_SECONDS,
        use_tls=account.security == "tls",
        start_tls=account.security == "starttls",
        tls_context=trusting(account.ca) if account.security != "none" else None,
        sock=line,
    )


def _before(error: Exception, account: Account, secrets: Sequence[str]) -> SendError:
    """What it means that something failed before the text was begun: surely nothing was taken."""
    certificate = next((one for one in (error, error.__cause__) if isinstance(one, ssl.SSLError)), None)
    if certificate is not None:
        vi, en = f"chứng thư số của {account.host} không hợp lệ", f"the certificate of {account.host} is not valid"
        return Unavailable("certificate", vi, en, person=isinstance(certificate, ssl.SSLCertVerificationError))
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        vi = "máy chủ thư không mã hóa (STARTTLS) hay không cho đăng nhập theo cách Loa biết; xem security và cổng"
        return Unavailable("security", vi, "no STARTTLS, or no way to sign in that Loa knows", person=True)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _judged(error, secrets)
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return Unavailable("timeout", "máy chủ thư không trả lời kịp", "the mail server did not answer in time")
    kind = type(error).__name__
    return Unavailable("connection", f"không kết nối được {account.host}", f"cannot reach {account.host}: {kind}")


def _judged(error: aiosmtplib.SMTPResponseException, secrets: Sequence[str]) -> SendError:
    """4yz: later; 5yz: never (RFC 5321, 4.2.1). What is wrong with the account or the sender is no recipient's fault."""
    said = _shown(error.message, secrets)
    vi, en = f"máy chủ thư trả lời {error.code}: {said}", f"the mail server answered {error.code}: {said}"
    if error.code in _SIGN_IN or isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Unavailable(Reason.ACCOUNT, vi, en, person=error.code >= 500)
    if error.code < 500:
        return Unavailable(Reason.BUSY, vi, en)
    if isinstance(error, aiosmtplib.SMTPSenderRefused) and error.code != _TOO_LARGE:
        return Unavailable(Reason.SENDER, vi, en, person=True)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return Refused(Reason.NUMBER, vi, en)
    if isinstance(error, aiosmtplib.SMTPDataError) or error.code == _TOO_LARGE:
        return Refused(Reason.TEXT, vi, en)
    return Unavailable("connection", vi, en, person=True)  # a greeting or a STARTTLS that says no


async def _leave(client: aiosmtplib.SMTP) -> None:
    """The letter is taken, whatever becomes of the good-bye."""
    try:
        await client.quit(timeout=1.0)
    except (aiosmtplib.SMTPException, OSError):
        return


def _shown(text: Any, secrets: Sequence[str]) -> str:
    """A server's words as the log may have them: one line, neither password nor address in it."""
    line = " ".join(veiled(str(text), secrets).split())
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:SHOWN_CHARACTERS]


@lru_cache(maxsize=8)
def trusting(ca: str) -> ssl.SSLContext:
    """Certificates are verified: by this root (PEM) alone, or by those the machine trusts. Raises SSLError, ValueError."""
    return ssl.create_default_context(cadata=ca.strip() or None)
