"""A mail server for the demo: STARTTLS before anything else, one letter after the other, each kept as a file; nothing leaves."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
import tempfile
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config.clock import Clock, SystemClock

LONGEST = 1000
"""Of a line, with its end (RFC 5321, 4.5.3.1)."""
MOST_BYTES = 5 * 2**20
_PATH = re.compile(rb"(?i)(?:FROM|TO):<([^<>\s]+@[^<>\s]+)>(?: .*)?")


class MailSandbox:
    """`async with` it: letters lie in `folder`. What is out of order or not encrypted is refused, as a strict server does."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        self.folder, self.port = folder, 0
        self.taken: list[bytes] = []
        now = (clock or SystemClock()).now()
        self.certificate, self._context = _certificate(now - timedelta(days=1), now + timedelta(days=30))

    def options(self) -> dict[str, Any]:
        """Options of the outlet of kind `email` that fits this server."""
        return {"host": "127.0.0.1", "port": self.port, "ca": self.certificate, "sender": "ubnd@sopcop.sonla.gov.vn"}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST * 4)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            await self._talk(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sealed, sender, to = False, b"", b""

        async def say(words: str) -> None:
            writer.write(f"{words}\r\n".encode())
            await writer.drain()

        await say("220 thu.demo ESMTP")
        while True:
            line = (await reader.readuntil(b"\r\n"))[:-2]
            verb, _, rest = line.partition(b" ")
            match verb.upper():
                case b"EHLO":
                    await say(f"250-thu.demo\r\n250-SIZE {MOST_BYTES}\r\n250 {'8BITMIME' if sealed else 'STARTTLS'}")
                case b"STARTTLS" if not sealed:
                    await say("220 go ahead")
                    await writer.start_tls(self._context)
                    sealed = True
                case b"MAIL" | b"RCPT" | b"DATA" if not sealed:
                    await say("530 5.7.0 Must issue a STARTTLS command first")
                case b"MAIL" if (found := _PATH.fullmatch(rest)) and not sender:
                    sender = found[1]
                    await say("250 2.1.0 sender ok")
                case b"RCPT" if (found := _PATH.fullmatch(rest)) and sender:
                    to = found[1]
                    await say("250 2.1.5 recipient ok" if not to.startswith(b"khong-co@") else "550 5.1.1 no such user")
                case b"DATA" if to:
                    await say("354 end with a dot")
                    await say(await self._keep(await _text(reader)))
                    sender = to = b""
                case b"QUIT":
                    await say("221 bye")
                    return
                case _:
                    await say("503 5.5.1 bad sequence of commands")

    async def _keep(self, letter: bytes) -> str:
        """What is said of a letter: kept, or refused where what every letter has is missing."""
        head = letter.partition(b"\r\n\r\n")[0].lower()
        if len(letter) > MOST_BYTES:
            return "552 5.3.4 message too big"
        if any(name not in head for name in (b"from:", b"date:", b"message-id:", b"subject:")):
            return "554 5.6.0 headers are missing"
        self.taken.append(letter)
        file = self.folder / f"{len(self.taken):03d}.eml"
        await asyncio.to_thread(file.write_bytes, letter)
        return f"250 2.0.0 queued as {len(self.taken):03d}"


async def _text(reader: asyncio.StreamReader) -> bytes:
    """Everything to the line of a single dot, dots that were doubled single again."""
    lines = []
    while (line := await reader.readuntil(b"\r\n")) != b".\r\n":
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(lines)


def _certificate(begin: Any, end: Any) -> tuple[str, ssl.SSLContext]:
    """One of its own for this machine: who is to trust it is given it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    whose = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = made.add_extension(whose, critical=False)
    signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    pem = signed.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # the library reads files alone
        file.write(secret + pem)
        file.flush()
        context.load_cert_chain(file.name)
    return pem.decode(), context
