"""Stations and gateways at the door, over real sockets: shelves, ranges, proofs of pulls, airings and callbacks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import ClientSession, web

from channels import store as channels_store
from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.pulls import store as pull_store
from channels.shelf import store as shelf_store
from channels.shelf.fetched import Fetch
from config.clock import FakeClock
from config.settings import Settings
from config.words import BadInput, NotFound, Said
from content import store as content_store
from content.item import Draft
from content.recordings import store as recording_store
from db.types import new_id
from desk import partners
from desk.app import House, opened
from desk.shelves import Seen, Shelves
from scheduler.delivery import Attempt, Delivery, State, parse_delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from scheduler.scheduling import Wish

TOKEN = "khoa-cua-tram-xa"
SECRET = "khoa-phan-hoi-123"
SIZE = 200_003
HUGE = 24 * 2**20
AUDIO = "audio/mpeg"


@web.middleware
async def said_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What the desk does with errors that speak to people."""
    try:
        return await handler(request)
    except Said as error:
        status = {BadInput: 400, NotFound: 404}.get(type(error), 409)
        return web.json_response({"detail": error.vi}, status=status)


@dataclass
class Door:
    """A house with its door open, and a caller in front of it."""

    house: House
    clock: FakeClock
    port: int
    caller: ClientSession

    async def call(
        self, path: str, method: str = "GET", token: str | None = TOKEN, **more: Any
    ) -> tuple[int, Any, bytes]:
        """Status, headers and body of an answer."""
        query = f"?token={token}" if token else ""
        async with self.caller.request(method, f"http://127.0.0.1:{self.port}{path}{query}", **more) as answer:
            return answer.status, answer.headers, await answer.read()

    async def pull(self, path: str, **more: Any) -> tuple[int, Any, bytes]:
        """A call that proves something: the answer, once what was sent has been noted."""
        async with self.house.notifier.waiting("delivery") as noted, asyncio.timeout(20):
            answer = await self.call(path, **more)
            await noted.wait()
        return answer

    async def publish(self, size: int = SIZE, title: str = "Tin phát thanh", **draft: Any) -> tuple[str, bytes]:
        """An approved item with a recording of so many bytes on the station's shelf: path of the recording, and it."""
        self.clock.advance(2)
        sound = random.Random(size).randbytes(size)
        house, now, sha256 = self.house, self.clock.now(), hashlib.sha256(sound).hexdigest()
        async with house.database.write() as tx:
            item = await house.editing.write(tx, Draft(title, "Nội dung của tin.", **draft), "Mai")
            await house.editing.submit(tx, item.id, "Mai")
            item = await house.editing.approve(tx, item.id, "Hùng")
            key = house.press.key_of(await content_store.find_revision(tx, item.revision))
            lease = now + timedelta(minutes=1)
            await recording_store.claim_recording(house.database, tx, key, owner="me", now=now, lease_until=lease)
            made = {"name": f"{sha256}.mp3", "bytes": size, "seconds": 12.5, "sha256": sha256}
            await recording_store.save_recording(tx, key, "me", state="made", made_at=now, tries=1, **made)
            wish = Wish((item.id,), ("tram",), Rule(once=now))
            await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
        house.recordings.mkdir(parents=True, exist_ok=True)
        (house.recordings / f"{sha256}.mp3").write_bytes(sound)
        await house.runner.drain()
        self.item = item.id
        return (await self.listed())[-1], sound

    async def listed(self) -> list[str]:
        """Paths of the recordings in the station's playlist."""
        status, _, body = await self.call("/radio/tram/playlist.m3u")
        assert 200 == status
        lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
        return ["/radio/tram/" + line.split("/radio/tram/")[1].split("?")[0] for line in lines]

    async def deliveries(self, outlet: str = "tram") -> list[Delivery]:
        """What the log says of an outlet."""
        async with self.house.database.read() as connection:
            wanted = log_store.Filter()
            return [one async for one in log_store.walk(connection, wanted) if one.outlet == outlet]

    async def state(self, outlet: str = "tram") -> State:
        """The state of the one delivery."""
        (delivery,) = await self.deliveries(outlet)
        return delivery.state

    async def pulled(self) -> Any:
        """The pull noted of the one delivery, if any."""
        (delivery,) = await self.deliveries()
        async with self.house.database.read() as connection:
            pulls = (await pull_store.pulls_of(connection, [delivery.id])).get(delivery.id, [])
        return next((pull for pull in pulls if pull.requests), None)

    async def raw(self, text: str) -> tuple[str, bytes]:
        """Head and body of an answer to bytes on a bare socket, read until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.encode())
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.decode(), body


@pytest.fixture
async def door(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[Door]:
    """Two stations, a portal, and an SMS gateway that reports back with a secret in a header."""
    receipts = {
        "reference": "SMSID",
        "delivery": "RequestId",
        "status": "Status",
        "delivered": ["ok"],
        "failed": ["no"],
    }
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        plain_settings["outlets"] |= {
            "xa": {"kind": "radio", "token": "khoa-cua-dai-khac"},
            "sms": {
                "kind": "sms_http",
                "url": f"http://127.0.0.1:{taken.getsockname()[1]}/",
                "body_template": '{"to": "{phone}", "text": "{text}"}',
                "receipts": {**receipts, "proof": "header", "name": "X-Key", "secret": SECRET},
            },
        }
        async with opened(Settings.model_validate(plain_settings), clock) as house:
            app = web.Application(middlewares=[said_as_json])
            app.add_routes(partners.routes(house))
            server = web.AppRunner(app)  # as it is served: a handler goes on when its caller has hung up
            await server.setup()
            await web.TCPSite(server, "127.0.0.1", 0).start()
            async with ClientSession() as caller:
                yield Door(house, clock, server.addresses[0][1], caller)
            await server.cleanup()


async def test_a_recording_is_sent_whole(door: Door) -> None:
    """Type, length, tag, date; the bytes are those of the file; the delivery is confirmed and the pull noted."""
    path, sound = await door.publish()
    assert State.SENT == await door.state()
    status, headers, body = await door.pull(path, headers={"User-Agent": "Liquidsoap/2.1.3"})
    assert (200, sound) == (status, body)
    assert (AUDIO, str(SIZE), "bytes") == tuple(
        headers[name] for name in ("Content-Type", "Content-Length", "Accept-Ranges")
    )
    assert f'"{hashlib.sha256(sound).hexdigest()[:32]}"' == headers["ETag"]
    assert "Mon, 23 Nov 2026 01:00:02 GMT" == headers["Last-Modified"]
    assert State.CONFIRMED == await door.state()
    pulled = await door.pulled()
    assert (1, SIZE, "Liquidsoap/2.1.3") == (pulled.requests, pulled.bytes, pulled.agent)
    assert path.endswith(".mp3")


async def test_head_is_get_without_a_body_and_proves_nothing(door: Door) -> None:
    """For recording, list and feed; ranges are for GET alone."""
    path, _ = await door.publish()
    for one in (path, "/radio/tram/feed.xml", "/radio/tram/playlist.m3u"):
        _, head, nothing = await door.call(one, "HEAD")
        status, ranged, _ = await door.call(one, "HEAD", headers={"Range": "bytes=0-0"})
        if one == path:
            assert (State.SENT, None) == (await door.state(), await door.pulled())
        _, got, body = await door.call(one)
        for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified"):
            assert got[name] == head[name]
        assert (b"", str(len(body))) == (nothing, head["Content-Length"])
        assert (200, head["Content-Length"]) == (status, ranged["Content-Length"])


async def test_a_range_is_sent_as_206(door: Door) -> None:
    """With its place in the whole and its own length; each one is counted by its bytes."""
    path, sound = await door.publish()
    spans = {"5-5": (5, 6), "100000-": (100_000, SIZE), "-500": (SIZE - 500, SIZE), "65530-65550": (65530, 65551)}
    counted = 0
    for asked, (begin, end) in spans.items():
        status, headers, body = await door.pull(path, headers={"Range": f"bytes={asked}"})
        assert (206, sound[begin:end]) == (status, body)
        assert f"bytes {begin}-{end - 1}/{SIZE}" == headers["Content-Range"]
        assert str(end - begin) == headers["Content-Length"]
        counted += end - begin
        assert counted == (await door.pulled()).bytes
    assert State.SENT == await door.state()
    status, headers, body = await door.pull(path, headers={"Range": "bytes=0-"})
    assert (206, sound, f"bytes 0-{SIZE - 1}/{SIZE}") == (status, body, headers["Content-Range"])
    assert State.CONFIRMED == await door.state()


async def test_faults_in_ranges(door: Door) -> None:
    """Beyond the end is 416 with the size; another unit, backwards and endless digits are passed over."""
    path, sound = await door.publish()
    for asked in (f"bytes={SIZE}-", "bytes=-0"):
        status, headers, body = await door.call(path, headers={"Range": asked})
        assert (416, f"bytes */{SIZE}", b"", "0") == (status, headers["Content-Range"], body, headers["Content-Length"])
    assert State.SENT == await door.state()
    for asked in ("items=0-1", "bytes=9-1", "bytes=0-1,4-5", "bytes=0-" + "9" * 5000):
        status, _, body = await door.call(path, headers={"Range": asked})
        assert (200, sound) == (status, body)


async def test_if_range_joins_no_two_files(door: Door) -> None:
    """The right tag or date continues; any other gets everything from the beginning."""
    path, sound = await door.publish()
    _, head, _ = await door.call(path, "HEAD")
    statuses = []
    for condition in (
        head["ETag"],
        head["Last-Modified"],
        '"old"',
        "W/" + head["ETag"],
        "Mon, 23 Nov 2026 00:00:00 GMT",
    ):
        status, _, body = await door.call(path, headers={"Range": "bytes=100-", "If-Range": condition})
        statuses.append(status)
        assert (sound[100:] if status == 206 else sound) == body
    assert [206, 206, 200, 200, 200] == statuses


async def test_an_asker_whose_copy_is_right_gets_304(door: Door) -> None:
    """By tag in a list, weak or starred, before any date; by date; and it proves nothing. A wrong date is no fault."""
    path, _ = await door.publish()
    for one in (path, "/radio/tram/feed.xml"):
        _, head, _ = await door.call(one, "HEAD")
        tag, date = head["ETag"], head["Last-Modified"]
        late = "Tue, 24 Nov 2026 00:00:00 GMT"
        for headers in (
            {"If-None-Match": tag},
            {"If-None-Match": f'"x", W/{tag}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": date},
            {"If-Modified-Since": late},
            {"If-None-Match": tag, "If-Modified-Since": "Mon, 23 Nov 2020 00:00:00 GMT"},
            {"If-None-Match": tag, "Range": "bytes=0-1"},
        ):
            status, told, body = await door.call(one, headers=headers)
            assert (304, tag, b"") == (status, told["ETag"], body)
        assert (State.SENT, None) == (await door.state(), await door.pulled())
        for headers in (
            {"If-None-Match": '"x"', "If-Modified-Since": late},
            {"If-Modified-Since": "Mon, 23 Nov 2026 00:59:59 GMT"},
            {"If-Modified-Since": "hôm qua"},
            {"If-Modified-Since": "Mon, 23 Nov 2026 01:00:00 +99999999999999999999"},
        ):
            assert 200 == (await door.call(one, "HEAD", headers=headers))[0]


async def test_the_feed_stays_the_same_until_the_shelf_changes(door: Door) -> None:
    """Byte for byte, an hour later; a new bulletin makes another one."""
    await door.publish()
    first = await door.call("/radio/tram/feed.xml")
    door.clock.advance(3600)
    assert first[2] == (await door.call("/radio/tram/feed.xml"))[2]
    await door.publish(1000, "Tin thứ hai")
    status, _, second = await door.call("/radio/tram/feed.xml", headers={"If-None-Match": first[1]["ETag"]})
    assert 200 == status
    items = ElementTree.fromstring(second).findall("./channel/item")
    assert ["Tin thứ hai", "Tin phát thanh"] == [item.findtext("title") for item in items]
    assert (1, 2) == (ElementTree.fromstring(first[2]).findall("./channel/item").__len__(), len(await door.listed()))


async def test_http_1_0_gets_its_length_and_no_chunks(door: Door) -> None:
    """mpg123 boxes speak it: playlist and recording come plain, and the pull is a proof."""
    path, sound = await door.publish()
    for one in ("/radio/tram/playlist.m3u", "/radio/tram/feed.xml", path):
        head, body = await door.raw(f"GET {one}?token={TOKEN} HTTP/1.0\r\n\r\n")
        assert " 200 " in head.split("\r\n")[0]
        assert "chunked" not in head.lower()
        assert f"Content-Length: {len(body)}" in head
    assert sound == body
    assert State.CONFIRMED == await door.state()  # the server closes when all is noted
    head, body = await door.raw(f"HEAD {path}?token={TOKEN} HTTP/1.0\r\n\r\n")
    assert (f"Content-Length: {SIZE}" in head, b"") == (True, body)
    head, body = await door.raw(f"GET {path}?token={TOKEN} HTTP/1.0\r\nRange: bytes=5-9\r\n\r\n")
    assert (" 206 " in head, sound[5:10]) == (True, body)


def basic(text: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def test_a_station_needs_its_own_token(door: Door) -> None:
    """In the address or as a password under any name; another station's opens nothing; a portal needs none."""
    path, _ = await door.publish()
    for one in (path, "/radio/tram/feed.xml", "/radio/tram/x"):
        for token in (None, "sai", "khoa-cua-dai-khac", TOKEN.upper(), TOKEN + "x", "%FF", "ự"):
            status, headers, body = await door.call(one, token=token)
            assert (401, 'Basic realm="Loa"') == (status, headers["WWW-Authenticate"])
            assert TOKEN.encode() not in body
    assert 401 == (await door.call(path.replace("tram", "xa"), token=TOKEN))[0]
    assert 404 == (await door.call(path.replace("tram", "xa"), token="khoa-cua-dai-khac"))[0]
    for user in ("", "tram", "ai:đó"):
        assert (401 if ":" in user else 200) == (await door.call(path, token=None, headers=basic(f"{user}:{TOKEN}")))[0]
    assert 200 == (await door.call("/portal/", token=None))[0]


async def test_a_broken_authorization_is_401(door: Door) -> None:
    """Whatever a device sends, it is no fault of ours; bytes that are no text neither."""
    bytes_of_no_text = base64.b64encode(b"\xff\xfe").decode()
    for header in ("Basic", "Basic ", "Basic ự", "Basic !!!", f"Basic {bytes_of_no_text}", f"Bearer {TOKEN}"):
        assert 401 == (await door.call("/radio/tram/feed.xml", token=None, headers={"Authorization": header}))[0]
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"GET /radio/tram/feed.xml HTTP/1.0\r\nAuthorization: Basic \xff\xfe\r\n\r\n")
    assert (await reader.readline()).split()[1] in {b"400", b"401"}
    writer.close()


async def test_unknown_things_are_404_and_withdrawn_ones_410(door: Door) -> None:
    """Nobody waits for what never was; what was taken back is told as gone and leaves the list at once."""
    path, _ = await door.publish()
    for one in (
        "/radio/tram/audio/x.mp3",
        "/radio/tram/",
        "/radio/tram",
        "/radio/",
        "/radio/khac/feed.xml",
        "/radio//tram/feed.xml",
    ):
        assert 404 == (await door.call(one))[0]
    for one in ("/radio/tram/audio/../../../loa.key", "/radio/tram/audio/%2e%2e%2floa.key"):
        assert 404 == (await door.call(one))[0]
    assert 405 == (await door.call(path, "DELETE"))[0]
    async with door.house.database.write() as tx:
        await door.house.editing.withdraw(tx, door.item, "Hùng", "sai")
        await shelf_store.take_off_shelves(tx, door.item, door.clock.now())
    assert [] == await door.listed()
    for method in ("GET", "HEAD"):
        assert 410 == (await door.call(path, method))[0]
        assert 410 == (await door.call(path, method, headers={"If-None-Match": "*", "Range": "bytes=0-1"}))[0]


async def test_an_expired_recording_leaves_the_list_and_then_is_gone(door: Door) -> None:
    """From the moment it is no longer valid."""
    path, _ = await door.publish(valid_until=door.clock.now() + timedelta(hours=1))
    door.clock.advance(3600)
    assert [] == await door.listed()
    door.clock.advance(3600)
    for headers in ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}):
        assert 410 == (await door.call(path, headers=headers))[0]


async def test_two_half_pulls_confirm_once(door: Door) -> None:
    """A transfer that is resumed proves the delivery when its last byte has gone; later pulls are counted, no more."""
    path, sound = await door.publish()
    _, _, second = await door.pull(path, headers={"Range": "bytes=100000-"})
    assert State.SENT == await door.state()
    _, _, first = await door.pull(path, headers={"Range": "bytes=0-99999"})
    assert sound == first + second
    assert State.CONFIRMED == await door.state()
    complete_at = (await door.pulled()).complete_at
    door.clock.advance(60)
    await door.call(path)
    assert (complete_at, 2) == ((await door.pulled()).complete_at, (await door.pulled()).requests)


async def narrow(door: Door, path: str, count: int) -> bytes:
    """What a station got of a recording that hung up when it had so many bytes, over a line that takes few at a time."""
    bare, loop, got = socket.socket(), asyncio.get_running_loop(), b""
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bare.setblocking(False)
    await loop.sock_connect(bare, ("127.0.0.1", door.port))
    await loop.sock_sendall(bare, f"GET {path}?token={TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    while len(got.partition(b"\r\n\r\n")[2]) < count:
        got += await loop.sock_recv(bare, 1024)
    assert got.startswith(b"HTTP/1.1 200")
    async with door.house.notifier.waiting("delivery") as noted, asyncio.timeout(20):
        bare.close()
        await noted.wait()
    return got.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("size", [SIZE, HUGE])
async def test_an_aborted_pull_confirms_nothing(door: Door, size: int) -> None:
    """A station that hangs up in the middle has not got it, though our system may have taken all of it to send."""
    path, sound = await door.publish(size)
    got = await narrow(door, path, 50_000)
    pulled = await door.pulled()
    assert (State.SENT, None) == (await door.state(), pulled.complete_at)
    (reached,) = [end for _, end in pulled.ranges]
    assert 0 < reached < min(size, len(got) + 100_000)
    _, _, rest = await door.pull(path, headers={"Range": f"bytes={reached}-"})
    assert sound[reached:] == rest
    assert State.CONFIRMED == await door.state()


async def test_who_goes_on_says_what_had_arrived(door: Door) -> None:
    """Between what is known to have arrived and what was sent the station knows better: nothing is missing for ever."""
    path, sound = await door.publish()
    await narrow(door, path, 50_000)
    (reached,) = [end for _, end in (await door.pulled()).ranges]
    _, _, rest = await door.pull(path, headers={"Range": f"bytes={reached + 1000}-"})
    assert (sound[reached + 1000 :], State.CONFIRMED) == (rest, await door.state())


async def test_a_damaged_file_is_not_sent(door: Door) -> None:
    """Longer, shorter or missing: a recording that is not the one that was made is none; the answer comes at once."""
    path, sound = await door.publish()
    (file,) = door.house.recordings.glob("*.mp3")
    for damage in (sound + b"x", sound[:1000], b"", None):
        file.unlink() if damage is None else file.write_bytes(damage)
        async with asyncio.timeout(10):
            assert 404 == (await door.call(path))[0]
    assert (State.SENT, None) == (await door.state(), await door.pulled())


async def test_a_player_that_storms_is_told_to_wait(door: Door) -> None:
    """A minute's worth of asking for one thing in a second; other things, and the same a little later, are there."""
    path, _ = await door.publish()
    statuses = [(await door.call("/radio/tram/audio/x.mp3"))[0] for _ in range(70)]
    assert [404] * 60 + [429] * 10 == statuses
    _, headers, _ = await door.call("/radio/tram/audio/x.mp3")
    wait = int(headers["Retry-After"])
    assert 1 == wait
    assert 200 == (await door.call(path))[0]
    door.clock.advance(wait)
    assert [404, 404, 429] == [(await door.call("/radio/tram/audio/x.mp3"))[0] for _ in range(3)]


async def test_a_station_that_polls_and_fetches_is_never_told_to_wait(door: Door) -> None:
    """Every half minute the urgent list; a file in forty ranges at once, as downloaders do."""
    path, sound = await door.publish()
    for _ in range(100):
        assert 200 == (await door.call("/radio/tram/khan-cap.m3u"))[0]
        door.clock.advance(30)
    step = SIZE // 40 + 1
    asked = [{"Range": f"bytes={at}-{at + step - 1}"} for at in range(0, SIZE, step)]
    pieces = await asyncio.gather(*(door.call(path, headers=headers) for headers in asked))
    assert sound == b"".join(body for _, _, body in pieces)


async def test_a_poll_reads_no_bulletin(door: Door) -> None:
    """The urgent list is asked for all day: the shelf is read when it has turned, and drawn alike in between."""
    shelves = Shelves(door.clock, door.house.press)

    async def look() -> Seen:
        async with door.house.database.read() as connection:
            return await shelves.look(connection, door.house.outlets["tram"])

    await door.publish()
    first = await look()
    _, headers, body = await door.call("/radio/tram/khan-cap.m3u")
    assert b"#EXTM3U\n" == body
    door.clock.advance(3600)
    status, _, _ = await door.call("/radio/tram/khan-cap.m3u", headers={"If-None-Match": headers["ETag"]})
    assert (304, True) == (status, await look() is first)
    await door.publish(1000, "Tin thứ hai")
    assert (1, 2) == (len(first.stock.stands), len((await look()).stock.stands))


async def test_slow_stations_hold_nobody_up(door: Door) -> None:
    """A dozen that read nothing for a while, as on a bad line; another one is served; then they get all of it."""
    path, sound = await door.publish(4 * 2**20)
    slow = []
    for _ in range(12):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=4096)
        writer.write(f"GET {path}?token={TOKEN} HTTP/1.0\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        slow.append((reader, writer))
    async with asyncio.timeout(10):
        assert sound == (await door.call(path, headers={"User-Agent": "nhanh"}))[2]
    door.clock.advance(600)
    for reader, writer in slow:
        await reader.readuntil(b"\r\n\r\n")
        assert sound == await reader.read(-1)
        writer.close()


async def test_a_look_is_noted_as_a_look(door: Door) -> None:
    """HEAD and 304 of a recording are counted apart from fetches."""
    path, _ = await door.publish()
    _, head, _ = await door.call(path, "HEAD")
    assert 304 == (await door.call(path, headers={"If-None-Match": head["ETag"]}))[0]
    (delivery,) = await door.deliveries()
    async with door.house.database.read() as connection:
        (pull,) = (await pull_store.pulls_of(connection, [delivery.id]))[delivery.id]
    assert (Fetch.CHECKED, 0, 2, 0) == (pull.state, pull.requests, pull.checks, pull.bytes)


async def test_a_token_in_the_path_opens_the_shelf(door: Door) -> None:
    """For players that drop what follows a question mark; addresses in the lists carry it."""
    path, sound = await door.publish()
    key = f"/radio/tram/t/{TOKEN}/"
    _, _, listed = await door.call(f"{key}playlist.m3u", token=None)
    address = listed.decode().splitlines()[2]
    assert f"/radio/tram/t/{TOKEN}/audio/" in address and address.endswith(".mp3")
    assert sound == (await door.call(path.replace("/radio/tram/", key), token=None))[2]
    for wrong in ("/radio/tram/t/sai/", "/radio/tram/t//", "/radio/tram/t/", f"/radio/xa/t/{TOKEN}/"):
        assert 401 == (await door.call(f"{wrong}playlist.m3u", token=None))[0]


async def test_a_station_says_what_it_has_aired(door: Door) -> None:
    """As JSON or as a form, with a note; the guid of the feed names it; saying it twice changes nothing."""
    await door.publish()
    _, _, feed = await door.call("/radio/tram/feed.xml")
    guid = ElementTree.fromstring(feed).findtext("./channel/item/guid") or ""
    for sent in ({"json": {"delivery": guid, "note": "5:00\0\ud800"}}, {"data": {"delivery": guid, "note": "lần hai"}}):
        status, _, body = await door.call("/radio/tram/aired", "POST", **sent)
        assert (200, {"aired": True}) == (status, json.loads(body))
    assert State.CONFIRMED == await door.state()
    async with door.house.database.read() as connection:
        story = await log_store.story(connection, guid)
    assert [("aired", "5:00")] == [(row.stage, row.detail) for row in story.receipts]


async def test_an_airing_nobody_may_tell_is_refused(door: Door) -> None:
    """Without the token, of another station, of no delivery, in no form that can be read; nothing is confirmed."""
    await door.publish()
    (delivery,) = await door.deliveries()
    good = {"delivery": delivery.id}
    parcel = delivery.id.split("-")[0]
    assert 401 == (await door.call("/radio/tram/aired", "POST", token="sai", json=good))[0]
    assert 404 == (await door.call("/radio/xa/aired", "POST", token="khoa-cua-dai-khac", json=good))[0]
    assert 404 == (await door.call("/radio/khac/aired", "POST", json=good))[0]
    for wrong in ("", "x", f"{parcel}-1", f"{parcel}-99999999999999999999", f"{parcel}--1", "0000000000000-0", "'; --"):
        assert 404 == (await door.call("/radio/tram/aired", "POST", json={"delivery": wrong}))[0]
    for sent in (
        {"data": b"{", "headers": {"Content-Type": "application/json"}},
        {"data": b"[1]", "headers": {"Content-Type": "application/json"}},
        {"data": b"\xff", "headers": {"Content-Type": "application/json"}},
        {"data": b"{}", "headers": {"Content-Type": "application/json; charset=khong-co"}},
        {"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}},
        {"data": b"a=b", "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=khong-co"}},
        {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
    ):
        assert 400 == (await door.call("/radio/tram/aired", "POST", **sent))[0]
    long = io.BytesIO(b"note=" + b"x" * 2**21)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert 413 == (await door.call("/radio/tram/aired", "POST", data=long, headers=form))[0]
    assert State.SENT == await door.state()


async def test_a_portal_airs_nothing(door: Door) -> None:
    """Anybody may read a public shelf, so nobody's word about it counts."""
    for path in ("/portal/aired", "/portal/portal/aired", "/portal/x/aired"):
        assert (await door.call(path, "POST", token=None, json={"delivery": "x"}))[0] in {404, 405}


async def calls(door: Door) -> list[tuple[str, str]]:
    """Callbacks stored: outlet and state."""
    async with door.house.database.read() as connection:
        rows = await connection.execute(channels_store.callback.select())
        return [(row.outlet, row.state) for row in rows]


async def text_message(door: Door) -> Delivery:
    """A text message that waits because its gateway is down."""
    house, now = door.house, door.clock.now()
    async with house.database.write() as tx:
        people = [Recipient("phone", "+84912345678", "Mai")]
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), "Bản A", people, now)
        item = await house.editing.write(tx, Draft("Tin SMS", "Nội dung của tin."), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
        await house.editing.approve(tx, item.id, "Hùng")
        await house.scheduling.add(
            tx, Wish((item.id,), ("sms",), Rule(once=now), audience="Bản A"), "Hùng", may_approve=True
        )
    await house.runner.drain()
    (delivery,) = await door.deliveries("sms")
    assert State.PENDING == delivery.state
    return delivery


async def test_an_authentic_callback_is_stored_and_applied(door: Door) -> None:
    """Answered at once, applied by the receiver; the second of the same changes nothing."""
    delivery = await text_message(door)
    report = {"RequestId": delivery.id, "Status": "ok"}
    for _ in range(2):
        assert 200 == (await door.call("/hooks/sms", "POST", None, json=report, headers={"X-Key": SECRET}))[0]
    assert ([("sms", "new")] * 2, State.PENDING) == (await calls(door), await door.state("sms"))
    assert 2 == await door.house.receiver.receive()
    assert ([("sms", "applied")] * 2, State.CONFIRMED) == (await calls(door), await door.state("sms"))
    assert 0 == await door.house.receiver.receive()


async def test_a_forged_callback_is_refused_and_not_stored(door: Door) -> None:
    """Without the secret, with another, by another method, at an outlet that takes none, at none."""
    delivery = await text_message(door)
    report = {"RequestId": delivery.id, "Status": "ok"}
    for headers in ({}, {"X-Key": "sai"}, {"X-Key": SECRET + "x"}, {"X-Key": "ự"}):
        status, _, body = await door.call("/hooks/sms", "POST", None, json=report, headers=headers)
        assert 403 == status
        assert SECRET.encode() not in body
    right = {"X-Key": SECRET}
    assert 403 == (await door.call("/hooks/sms", "PUT", None, json=report, headers=right))[0]
    for outlet, status in (("tram", 403), ("portal", 403), ("khac", 404), ("", 404)):
        assert status == (await door.call(f"/hooks/{outlet}", "POST", None, json=report, headers=right))[0]
    assert [] == await calls(door)
    assert 0 == await door.house.receiver.receive()
    assert State.PENDING == await door.state("sms")


async def test_a_callback_has_a_limit(door: Door) -> None:
    """64 KB are taken, a byte more is refused, told or in chunks of unknown length, authentic or not."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b" " * 8192

    right = {"X-Key": SECRET}
    fits = b"{}" + b" " * (64 * 1024 - 2)
    assert 200 == (await door.call("/hooks/sms", "POST", None, data=fits, headers=right))[0]
    assert 413 == (await door.call("/hooks/sms", "POST", None, data=fits + b" ", headers=right))[0]
    assert 413 == (await door.call("/hooks/sms", "POST", None, data=chunks()))[0]
    assert [] == await calls(door)


async def test_a_callback_that_comes_in_pieces_is_read_whole(door: Door) -> None:
    """The second half of its body arrives after the server has looked at the first."""
    delivery = await text_message(door)
    body = json.dumps({"RequestId": delivery.id, "Status": "ok"}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    head = f"POST /hooks/sms HTTP/1.1\r\nHost: x\r\nX-Key: {SECRET}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body[:20])
    await writer.drain()
    for _ in range(3):  # other calls are answered meanwhile, so the first half has been seen
        assert 404 == (await door.call("/hooks/khac", "POST", None))[0]
    writer.write(body[20:])
    assert b" 200 " in await reader.readline()
    writer.close()
    assert 1 == await door.house.receiver.receive()
    assert State.CONFIRMED == await door.state("sms")


async def test_a_callback_that_overtakes_its_answer_is_applied_later(door: Door) -> None:
    """It names the gateway's id before we have heard of it; when we have, it counts; one that nobody knows ends."""
    delivery = await text_message(door)
    right = {"X-Key": SECRET}
    for reference in ("GW-1", "GW-2"):
        report = {"SMSID": reference, "Status": "ok"}
        assert 200 == (await door.call("/hooks/sms", "POST", None, json=report, headers=right))[0]
    await door.house.receiver.receive()
    assert ([("sms", "new")] * 2, State.PENDING) == (await calls(door), await door.state("sms"))
    parcel, seq = parse_delivery_id(delivery.id)
    async with door.house.database.write() as tx:
        answer = Attempt(parcel, seq, 99, door.clock.now(), 5, "sent", reference="GW-1")
        await dispatch.add_attempts(tx, [answer])
    await door.house.receiver.receive()
    assert ([("sms", "applied"), ("sms", "new")], State.CONFIRMED) == (
        sorted(await calls(door)),
        await door.state("sms"),
    )
    door.clock.advance(601)
    await door.house.receiver.receive()
    assert [("sms", "applied"), ("sms", "unknown")] == sorted(await calls(door))
