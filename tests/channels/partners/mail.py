"""A mail server: aiosmtpd on a real socket, with a certificate of its own, that does as it is told at each step."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

USER, PASSWORD = "ubnd", "mat-khau-rat-kin"


class MailServer:
    """Takes letters. `says` are answers by verb (EHLO, MAIL, RCPT, DATA) in place of yes; None hangs up, `...` is silence."""

    def __init__(self, folder: Path, *, tls: bool = True, wrapped: bool = False) -> None:
        self.certificate, self._context = _certificate(folder)
        self._tls, self._wrapped = tls, wrapped
        self.says: dict[str, Any] = {}
        self.taken: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.signed_in: list[str] = []
        self.port = self.open = 0
        self.came, self.left = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[MailServer]:
        """On a random port of 127.0.0.1."""
        loop = asyncio.get_running_loop()
        context = self._context if self._wrapped else None
        server = await loop.create_server(self._protocol, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        await server.wait_closed()
        while self.open:
            self.left.clear()
            await self.left.wait()
        await asyncio.sleep(0)  # what is aborted is closed one turn later

    def _protocol(self) -> SMTP:
        return _Protocol(
            self,
            enable_SMTPUTF8=True,
            hostname="mail.example",
            tls_context=self._context if self._tls and not self._wrapped else None,
            require_starttls=self._tls and not self._wrapped,
            auth_require_tls=not self._wrapped,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.signed_in.append(mechanism)
        return AuthResult(success=good, handled=False)

    async def _said(self, verb: str, server: SMTP, yes: str) -> str:
        answer = self.says.get(verb, yes)
        if answer is ...:
            self.came.set()
            while server.transport is not None and not server.transport.is_closing():
                await asyncio.sleep(0.005)  # the other side goes; there is nothing else to wait for
            raise ConnectionResetError
        if answer is None:
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
            raise ConnectionResetError
        return str(answer)

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """MAIL FROM."""
        envelope.mail_from = address
        return await self._said("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """RCPT TO."""
        envelope.rcpt_tos.append(address)
        return await self._said("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The text is there, to its dot."""
        assert isinstance(envelope.content, bytes)
        answer = await self._said("DATA", server, "250 OK: queued as 4F2A")
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return answer


class _Protocol(SMTP):
    """Counts what is open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.session is None:
            self.event_handler.open += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.open -= 1
        self.event_handler.left.set()


def _certificate(folder: Path) -> tuple[str, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2020, 1, 1), datetime(2099, 1, 1))
    whose = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = made.add_extension(whose, critical=False)
    signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(key, hashes.SHA256())
    plain, kind = serialization.NoEncryption(), serialization.PrivateFormat.PKCS8
    pem = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
    (folder / "cert.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return pem.decode(), context
