"""The outbound client's promises, each against a real socket."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import channels.http as outbound
from channels.answer import Refused, Unavailable, Unsure
from channels.http import Http

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


async def test_an_answer_is_read_whole(world: Any, http: Http, does: Any) -> None:
    """Status, lower-case headers, body; our own headers are plain and ask for no compression."""
    world.will(does.reply(200, "chào".encode(), X_Odd="1"))
    answer = await http.request("POST", world.url + "/a?b=1", headers={"x-our": "2"}, body=b"abc")
    assert (answer.status, answer.text(), answer.headers["x-odd"]) == (200, "chào", "1")
    asked = world.asked[0]
    assert (asked.method, asked.target, asked.body) == ("POST", "/a?b=1", b"abc")
    assert asked.headers["user-agent"] == "Loa" and asked.headers["accept-encoding"] == "identity"
    assert asked.headers["x-our"] == "2" and "cookie" not in asked.headers


async def test_a_connection_is_used_again_and_cookies_are_not_kept(world: Any, http: Http, does: Any) -> None:
    """Keep-alive works; a partner cannot plant a cookie."""
    world.will(does.reply(200, b"1", Set_Cookie="a=b"))
    for _ in range(3):
        await http.request("POST", world.url, body=b"x")
    assert world.connections == 1
    assert all("cookie" not in asked.headers for asked in world.asked)


async def test_a_drip_ends(world: Any, clock: Any) -> None:
    """An answer that comes a byte at a time ends with the total."""
    http = Http(clock, ["127.0.0.0/8"], total_seconds=0.5)
    world.will(world.drip)
    with pytest.raises(Unsure) as caught:
        await http.request("POST", world.url, body=b"x")
    assert caught.value.reason == "timeout"
    await http.close()


def test_the_totals_are_what_the_papers_say() -> None:
    """Connect 5 s, total 15 s, answers cut at 64 KB."""
    assert (outbound.CONNECT_SECONDS, outbound.TOTAL_SECONDS, outbound.ANSWER_BYTES) == (5.0, 15.0, 65536)


async def test_a_slow_connection_is_unavailable(clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up and connecting have their own limit; nothing has left by then."""
    monkeypatch.setattr(outbound, "CONNECT_SECONDS", 0.05)

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    http = Http(clock, look_up=never)
    with pytest.raises(Unavailable) as caught:
        await http.request("POST", "http://partner.example/?key=secret", body=b"x")
    assert caught.value.reason == "connection" and "secret" not in caught.value.vi
    await http.close()


async def test_a_gzip_bomb_is_not_inflated(world: Any, http: Http, does: Any) -> None:
    """The bytes are taken as they come: 30 MB of nothing stay 30 KB."""
    bomb = gzip.compress(bytes(30 << 20))
    world.will(does.reply(200, bomb, Content_Encoding="gzip"))
    answer = await http.request("POST", world.url)
    assert answer.body == bomb
    with pytest.raises(Unsure):
        answer.json()


async def test_answers_are_cut_at_64_kb(world: Any, http: Http, does: Any) -> None:
    """Exactly 64 KB pass, one byte more does not; of an error the status counts whatever its length."""
    world.will(
        does.reply(200, bytes(65536)), does.reply(200, bytes(65537)), does.reply(503, bytes(300000), Retry_After="9")
    )
    assert len((await http.request("POST", world.url)).body) == 65536
    with pytest.raises(Unsure):
        await http.request("POST", world.url)
    with pytest.raises(Unavailable) as caught:
        await http.request("POST", world.url)
    assert caught.value.retry_after == 9


async def test_redirects_are_not_followed(world: Any, http: Http, does: Any) -> None:
    """A redirect is a wrong address: nothing was taken, a person must correct it."""
    world.will(does.reply(302, b"", Location=world.url + "/inside"))
    with pytest.raises(Unavailable) as caught:
        await http.request("GET", world.url)
    assert caught.value.reason == "wrong_address" and caught.value.person and len(world.asked) == 1


async def test_of_an_error_answer_the_status_counts(world: Any, clock: Any, does: Any) -> None:
    """503 was not taken, 400 is refused, whether the rest of the answer breaks off or never ends."""
    http = Http(clock, ["127.0.0.0/8"], total_seconds=0.15)

    async def half(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 500\r\n\r\n{")
        await writer.drain()
        if asked.target == "/cut":
            raise ConnectionResetError
        await world.hang(asked, writer)

    world.will(half)
    for path in ("/cut", "/endless"):
        with pytest.raises(Unavailable):
            await http.request("POST", world.url + path)
    world.will(does.reply(400, bytes(70_000)))
    assert len((await http.request("POST", world.url, accept=[400])).body) == 65536
    await http.close()


def _own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2020, 1, 1), datetime(2099, 1, 1))
    signed = made.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_tls_is_verified(tmp_path: Path, http: Http) -> None:
    """A certificate nobody vouches for ends the call before the request leaves."""
    seen = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=_own_certificate(tmp_path))
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unavailable) as caught:
        await http.request("POST", f"https://127.0.0.1:{port}/?key=secret", body=b"x")
    assert caught.value.reason == "certificate" and not seen
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "1\r\nx-b: 2"),
        ("x-a", "1\n2"),
        ("x-a", "a\0b"),
        ("x a", "1"),
        ("x-a\r\n", "1"),
        ("", "1"),
        ("x", "\ud800"),
    ],
)
async def test_header_injection_is_refused(world: Any, http: Http, name: str, value: str) -> None:
    """A value cannot begin a header of its own."""
    with pytest.raises(Refused):
        await http.request("POST", world.url, headers={name: value})
    assert world.connections == 0


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/?k=secret", "secret", "http://:80/secret", "http://a.example:99999/secret", "http://[x/secret"],
)
async def test_what_is_no_web_address_is_refused_unquoted(http: Http, url: str) -> None:
    """The error does not repeat the address, whose query may hold a key."""
    with pytest.raises(Refused) as caught:
        await http.request("POST", url)
    assert "secret" not in f"{caught.value!r} {caught.value.vi} {caught.value.en}"


@pytest.mark.parametrize("method", ["GET / HTTP/1.1\r\nX: 1\r\n\r\n", "", "PO ST"])
async def test_a_method_is_one_word(world: Any, http: Http, method: str) -> None:
    """No second request hides in the method."""
    with pytest.raises(Refused):
        await http.request(method, world.url)
    assert world.connections == 0


async def test_the_query_is_masked_as_it_was_written(world: Any, http: Http, does: Any) -> None:
    """A proxy's page repeats the address as it came over the wire: neither that nor what it stands for is shown."""
    world.will(does.echo_with(404))
    with pytest.raises(Unavailable) as caught:
        await http.request("GET", f"{world.url}/in?key=m%C3%A3%20b%2F1%3A%40%26&n=1")
    (asked,) = world.asked
    raw = asked.target.partition("key=")[2].partition("&n=")[0]
    assert len(raw) > 8 and raw not in caught.value.en and "b/1" not in caught.value.en


async def test_nobody_listens(http: Http) -> None:
    """A closed port took nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable) as caught:
        await http.request("POST", f"http://127.0.0.1:{port}/?key=secret", body=b"x")
    assert caught.value.reason == "connection" and "secret" not in caught.value.en


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_nothing_is_repeated_behind_our_back(world: Any, http: Http, does: Any, method: str) -> None:
    """Some gateways send an SMS on GET: a lost answer on a kept connection is Unsure, not asked again."""
    world.will(does.reply(), does.drop)
    await http.request(method, world.url)
    with pytest.raises(Unsure):
        await http.request(method, world.url)
    assert len(world.asked) == 2


class Closing:
    """A server in a thread: answers one request a connection, then closes it when told, while our loop stands still."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.close, self.closed = threading.Event(), threading.Event()
        self.asked = 0
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        for _ in range(2):
            with self.socket.accept()[0] as one:
                while b"\r\n\r\n" not in one.recv(65536):
                    pass
                self.asked += 1
                one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                self.close.wait(5)
            self.closed.set()
        self.socket.close()


async def test_a_connection_closed_while_it_rested(http: Http) -> None:
    """The peer's farewell lies unread in the socket: the request goes out on a fresh connection, and once."""
    server = Closing()
    url = f"http://127.0.0.1:{server.socket.getsockname()[1]}/"
    await http.request("POST", url)
    server.close.set()
    server.closed.wait(5)
    assert (await http.request("POST", url)).status == 200
    await http.close()
    server.thread.join(5)
    assert server.asked == 2


async def test_cancel_closes_the_connection(world: Any, http: Http) -> None:
    """A cancelled request leaves no connection behind, and the client works on."""
    world.will(world.hang)
    task = asyncio.create_task(http.request("POST", world.url))
    await world.came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await world.left.wait()
    assert world.open == 0
