"""The wire: answers well and badly formed, connections kept, shared, lost and refused; on real sockets, on both loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from channels import wire
from channels.answer import Refused, Unavailable, Unsure
from channels.guard import PrivateAddress
from channels.http import Http
from channels.pool import NotSent, Place

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"


def says(*pieces: bytes, close: bool = False) -> Any:
    """A peer that says exactly these bytes, each in a segment of its own, and may close then."""

    async def react(_: Any, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            for _ in range(4):
                await asyncio.sleep(0)
        if close:
            raise ConnectionResetError

    return react


async def echo(asked: Any, writer: asyncio.StreamWriter) -> None:
    """Says what it was told."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(asked.body), asked.body))


def resets(*pieces: bytes) -> Any:
    """Says these bytes, then resets the connection as soon as the other side has read them."""

    async def react(_: Any, writer: asyncio.StreamWriter) -> None:
        await says(*pieces)(_, writer)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionResetError

    return react


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GOOD = {
    "length": HEAD + b"\r\nok",
    "chunks": CHUNKED + b"1\r\no\r\n1;x=y\r\nk\r\n0\r\n\r\n",
    "trailers": CHUNKED + b"2\r\nok\r\n0\r\nx-late: 1\r\nretry-after: 9\r\n\r\n",
    "continue": b"HTTP/1.1 100 Continue\r\nx-early: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n"
    + HEAD
    + b"\r\nok",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "small names": b"HTTP/1.1 200 ok\r\ncontent-length:2\r\nx-odd:1\r\n\r\nok",
    "empty value": HEAD + b"X-Empty:\r\nX-Next: 1\r\n\r\nok",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
}


@pytest.mark.parametrize("answer", GOOD.values(), ids=GOOD)
async def test_an_answer_comes_a_byte_at_a_time(world: Any, http: Http, answer: bytes) -> None:
    """Wherever it is split, it is read the same, its connection is used again, and only its own headers are seen."""
    world.will(says(answer), says(*(bytes([byte]) for byte in answer)))
    whole, split = [await http.request("POST", world.url) for _ in range(2)]
    assert whole == split and (whole.status, whole.body) == (200, b"ok") and world.connections == 1
    assert not {"x-late", "x-early", "retry-after"} & set(whole.headers)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("status", [204, 304, 200])
async def test_answers_without_a_body(world: Any, http: Http, method: str, status: int) -> None:
    """HEAD, 204 and 304 end with their head, whatever length it tells."""
    body = b"ok" if (method, status) == ("GET", 200) else b""
    world.will(says(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n" % status + body))
    assert (await http.request(method, world.url, accept=[304])).body == body
    assert (await http.request(method, world.url, accept=[304])).body == body


@pytest.mark.parametrize(
    "head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n"]
)
async def test_without_a_length_the_farewell_ends_the_body(world: Any, http: Http, head: bytes) -> None:
    """A proper farewell, that is; a reset is an answer broken off."""
    world.will(says(head, b"o", b"k", close=True), resets(head, b"ok"))
    assert (await http.request("POST", world.url)).body == b"ok"
    with pytest.raises(Unsure) as caught:
        await http.request("POST", world.url)
    assert caught.value.reason == "cut_off"


BAD = {
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "bad chunk": CHUNKED + b"zz\r\nok\r\n",
    "nul": HEAD + b"X: a\0b\r\n\r\nok",
    "not http": b"220 mail.example ESMTP\r\n",
    "other protocol": b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "nothing": b"",
    "half a head": HEAD,
    "half a body": HEAD + b"\r\no",
    "half a chunk": CHUNKED + b"2\r\no",
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
async def test_a_broken_answer_is_unsure(world: Any, http: Http, answer: bytes) -> None:
    """What is no answer by the rules tells nothing of what became of the request; the connection is not used again."""
    world.will(says(answer, close=True), echo)
    with pytest.raises(Unsure) as caught:
        await http.request("POST", world.url)
    assert caught.value.reason == "cut_off"
    await http.request("POST", world.url)
    assert world.connections == 2


ENDLESS = {
    "one header": HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\nok",
    "many headers": HEAD + b"".join(b"X-%d: x\r\n" % number for number in range(9000)) + b"\r\nok",
    "a header without end": HEAD + b"X: " + b"x" * 300_000,
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
    "chunk extensions": CHUNKED + b"1;x=" + b"x" * 1_000_000,
    "trailers": CHUNKED + b"0\r\nX: " + b"x" * 1_000_000,
}


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
async def test_what_surrounds_a_body_is_bounded_too(world: Any, http: Http, answer: bytes) -> None:
    """A head, trailers or chunk marks that do not end are cut off like a body."""
    world.will(says(answer))
    with pytest.raises(Unsure) as caught:
        await http.request("POST", world.url)
    assert caught.value.reason == "answer_size"


@pytest.mark.parametrize(
    "rubbish", [b"rubbish", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", b"HT", b"\x16\x03"]
)
@pytest.mark.parametrize("apart", [False, True])
async def test_what_follows_an_answer_is_not_the_next_one(world: Any, http: Http, rubbish: bytes, apart: bool) -> None:
    """With the answer or after it: the answer counts, the connection goes."""
    answer = HEAD + b"\r\nok"
    world.will(says(answer, rubbish) if apart else says(answer + rubbish), echo)
    assert (await http.request("POST", world.url)).body == b"ok"
    await world.left.wait()
    assert (await http.request("POST", world.url, body=b"mine")).body == b"mine"
    assert world.connections == 2


@pytest.mark.parametrize(
    ("line", "connections"),
    [
        (b"Connection: close", 2),
        (b"Keep-Alive: timeout=1", 2),
        (b"keep-alive: max=9, Timeout=0", 2),
        (b"Keep-Alive: timeout=100", 1),
        (b"Keep-Alive: soon", 1),
    ],
)
async def test_the_peer_says_how_long_it_keeps_a_connection(
    world: Any, http: Http, line: bytes, connections: int
) -> None:
    """One that it is about to close is not used again."""
    world.will(says(HEAD + line + b"\r\n\r\nok"))
    for _ in range(2):
        await http.request("POST", world.url)
    assert world.connections == connections


async def test_the_peer_closes_between_requests(world: Any, http: Http) -> None:
    """The next request goes out on a fresh connection, once."""
    world.will(says(HEAD + b"\r\nok", close=True), echo)
    await http.request("POST", world.url)
    while next(iter(http._pools.values()))._open:  # until the farewell has come
        await asyncio.sleep(0)
    await http.request("POST", world.url)
    assert world.connections == len(world.asked) == 2


async def test_half_open(world: Any, clock: Any) -> None:
    """A kept connection on which nobody answers any more ends with the total, is Unsure, and is closed."""
    http = Http(clock, ["127.0.0.0/8"], total_seconds=0.15)
    world.will(echo, world.hang, echo)
    await http.request("POST", world.url)
    with pytest.raises(Unsure) as caught:
        await http.request("POST", world.url)
    assert caught.value.reason == "timeout"
    await world.left.wait()
    assert (await http.request("POST", world.url, body=b"x")).body == b"x" and world.connections == 2
    await http.close()


async def test_idle_connections_close_and_old_ones_retire(world: Any, http: Http, monkeypatch: Any) -> None:
    """A connection nobody uses is closed by itself; one that is used all day is not used for ever."""
    world.will(echo)
    monkeypatch.setattr(wire, "KEEP_ALIVE_SECONDS", 0.02)
    await http.request("POST", world.url)
    await world.left.wait()
    monkeypatch.undo()
    monkeypatch.setattr(wire, "LIFE_SECONDS", 0.0)
    for _ in range(2):
        await http.request("POST", world.url)
    assert world.connections == 3


async def test_an_answer_before_the_request_is_whole(http: Http) -> None:
    """It counts; the rest of the request would be taken for the next one, so the connection goes."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        while await reader.read(1 << 20):
            if connections == 2:
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    for _ in range(2):
        with pytest.raises(Refused):
            await http.request("POST", url, body=bytes(32 << 20))
    assert connections == 2
    server.close()
    await server.wait_closed()


async def test_a_thousand_at_once(world: Any, clock: Any) -> None:
    """All are answered, each with its own answer, over no more connections than allowed."""
    http = Http(clock, ["127.0.0.0/8"], connections=16)
    world.will(echo)
    told = [b"%d" % number * (number % 50 + 1) for number in range(1000)]
    answers = await asyncio.gather(*(http.request("POST", world.url, body=body) for body in told))
    assert told == [answer.body for answer in answers] and 1 <= world.connections <= 16
    await http.close()


async def test_a_thousand_at_once_in_a_bad_world(world: Any, clock: Any) -> None:
    """Answers that break off, connections that close and requests that are given up never mix up the others."""
    http = Http(clock, ["127.0.0.0/8"], connections=16)

    async def whimsical(asked: Any, writer: asyncio.StreamWriter) -> None:
        number = int(asked.body)
        if number % 7 == 0:
            await says(HEAD + b"\r\no", close=True)(asked, writer)
        elif number % 11 == 0:
            await says(HEAD + b"Connection: close\r\n\r\nok", close=True)(asked, writer)
        else:
            await echo(asked, writer)

    world.will(whimsical)
    tasks = [asyncio.create_task(http.request("POST", world.url, body=b"%d" % number)) for number in range(1000)]
    await world.came.wait()
    for task in tasks[::13]:
        task.cancel()
    for number, answer in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
        if isinstance(answer, asyncio.CancelledError):
            assert number % 13 == 0
        elif number % 7 == 0:
            assert isinstance(answer, Unsure)
        else:
            assert not isinstance(answer, BaseException)
            assert answer.body == (b"ok" if number % 11 == 0 else b"%d" % number)
    assert len({asked.body for asked in world.asked}) == len(world.asked)
    await http.close()


async def test_cancel_of_one_leaves_the_others(world: Any, clock: Any) -> None:
    """Whether it is being answered or stands in line; its place is the next one's."""
    http = Http(clock, ["127.0.0.0/8"], connections=1)
    world.will(world.hang, echo)
    first, second, third = [asyncio.create_task(http.request("POST", world.url, body=b"%d" % n)) for n in range(3)]
    await world.came.wait()
    second.cancel()
    first.cancel()
    assert (await third).body == b"2"
    assert first.cancelled() and second.cancelled() and [asked.body for asked in world.asked] == [b"0", b"2"]
    await http.close()


async def test_who_stands_in_line_stands_there_on_its_own_time(world: Any, clock: Any) -> None:
    """Nothing has left by then; closing ends both those in line and those under way."""
    http = Http(clock, ["127.0.0.0/8"], connections=1)
    world.will(world.hang)
    hanging, waiting = [asyncio.create_task(http.request("POST", world.url)) for _ in range(2)]
    await world.came.wait()
    pool = next(iter(http._pools.values()))
    with pytest.raises(NotSent) as caught:
        await pool.ask(b"", asyncio.get_running_loop().time() + 0.02)
    assert isinstance(caught.value.cause, TimeoutError)
    await http.close()
    with pytest.raises(Unsure):
        await hanging
    with pytest.raises(Unavailable):
        await waiting
    assert len(world.asked) == 1


def leads_to(*hosts: str) -> tuple[Callable[..., Any], list[str]]:
    """A name's addresses, and the list of what was looked up."""
    looked: list[str] = []

    async def look_up(host: str, port: int) -> list[Place]:
        looked.append(host)
        await asyncio.sleep(0)
        return [Place(socket.AF_INET, (address, port)) for address in hosts]

    return look_up, looked


async def test_a_name_is_looked_up_once_for_all(world: Any, clock: Any) -> None:
    """Twenty at once ask the resolver once, and call the address it gave: Host says the name."""
    look_up, looked = leads_to("127.0.0.1")
    http = Http(clock, ["127.0.0.0/8"], look_up=look_up)
    port = world.url.rpartition(":")[2]
    await asyncio.gather(*(http.request("POST", f"http://partner.example:{port}/") for _ in range(20)))
    assert looked == ["partner.example"]
    assert {asked.headers["host"] for asked in world.asked} == {f"partner.example:{port}"}
    await http.close()


async def test_a_name_that_moves_inside_is_not_followed(world: Any, clock: Any) -> None:
    """All who wait for the look-up learn it."""
    look_up, looked = leads_to("10.0.0.1", "192.168.1.1")
    http = Http(clock, ["127.0.0.0/8"], look_up=look_up)
    asked = (http.request("POST", "http://partner.example/") for _ in range(3))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [PrivateAddress] * 3 == [type(answer) for answer in answers] and len(looked) == 1
    await http.close()


async def test_the_next_address_is_tried(world: Any, clock: Any) -> None:
    """One address refuses, one does not answer: the third takes the request, once."""
    port = int(world.url.rpartition(":")[2])
    with socket.socket() as deaf, ExitStack() as callers:
        deaf.bind(("127.0.0.3", port))
        deaf.listen(0)
        for _ in range(3):  # its queue is full then: further calls are left without a word
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.3", port))
        look_up, _ = leads_to("127.0.0.2", "127.0.0.3", "127.0.0.1")
        http = Http(clock, ["127.0.0.0/8"], look_up=look_up)
        assert (await http.request("POST", f"http://partner.example:{port}/")).good
    assert world.connections == len(world.asked) == 1
    await http.close()


@asynccontextmanager
async def secure(folder: Path, name: str) -> AsyncIterator[tuple[int, ssl.SSLContext, list[str]]]:
    """A TLS server with a certificate for a name: its port, who vouches for it, and the names it was asked for."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, datetime(2020, 1, 1), datetime(2099, 1, 1))
    signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
    certificate = signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "both.pem").write_bytes(certificate + key.private_bytes(serialization.Encoding.PEM, kind, plain))
    context, named = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(folder / "both.pem")
    context.sni_callback = lambda _, said, __: named.append(said)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(HEAD + b"\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], ssl.create_default_context(cadata=certificate.decode()), named
    server.close()
    await server.wait_closed()


async def test_the_certificate_must_be_the_names(tmp_path: Path, clock: Any) -> None:
    """The checked address is called, the certificate is held against the name; a kept connection serves the next."""
    look_up, looked = leads_to("127.0.0.1")
    async with secure(tmp_path, "partner.example") as (port, tls, named):
        http = Http(clock, ["127.0.0.0/8"], look_up=look_up, tls=tls)
        for _ in range(3):
            assert (await http.request("POST", f"https://partner.example:{port}/")).body == b"ok"
        with pytest.raises(Unavailable) as caught:
            await http.request("POST", f"https://other.example:{port}/")
        assert caught.value.reason == "certificate"
        assert looked == named == ["partner.example", "other.example"]
        await http.close()


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Expect", "UPGRADE"])
async def test_only_we_say_where_a_request_ends(world: Any, http: Http, name: str) -> None:
    """Two voices on that are how requests are smuggled."""
    with pytest.raises(Refused):
        await http.request("POST", world.url, headers={name: "1"}, body=b"x")
    assert world.connections == 0


async def test_what_goes_out(world: Any, http: Http) -> None:
    """A kind may replace our headers, not repeat them; the same address serves bodies and none; keys of the address."""
    await http.request("POST", world.url + "/a b?x=ă", headers={"USER-AGENT": "Kind", "Host": "h"}, body=b"xy")
    await http.request("POST", world.url + "/a b?x=ă", headers={"USER-AGENT": "Kind", "Host": "h"})
    await http.request("GET", world.url.replace("//", "//me:pass%40@"))
    first, second, third = world.asked
    assert first.target == "/a%20b?x=%C4%83" and first.headers["user-agent"] == "Kind" and first.headers["host"] == "h"
    assert first.headers["content-type"] == "application/octet-stream" and first.headers["content-length"] == "2"
    assert "content-type" not in second.headers and second.headers["content-length"] == "0"
    assert third.headers["authorization"] == "Basic bWU6cGFzc0A=" and "content-length" not in third.headers
