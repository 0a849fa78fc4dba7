"""Kinds that push recordings, against strict partners on real sockets: each file once, whole, and read back."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from channels.answer import SendError
from channels.channel import Form, Outlet, Refused, To, Unavailable, Unsure, find_channels
from channels.guard import PrivateAddress
from channels.http import Http
from channels.kinds import libretime
from channels.recordings import loader
from config.clock import FakeClock
from content.bulletin import Audio, Sound, Variant

KEY = "khoa-api-cua-dai"
KINDS = ("azuracast", "libretime", "sftp")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The partners of the tests need no time."""
    monkeypatch.setattr(libretime, "LOOK_SECONDS", 0)


class Recordings:
    """Files as the studio keeps them, and the Audio that names each."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def keep(self, data: bytes, seconds: float = 12.0, ending: str = ".mp3") -> Audio:
        """A file of the studio."""
        sha256 = hashlib.sha256(data).hexdigest()
        (self.directory / f"{sha256}{ending}").write_bytes(data)
        return Audio(f"{sha256}{ending}", len(data), seconds, sha256)


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    """An empty studio."""
    (tmp_path / "recordings").mkdir()
    return Recordings(tmp_path / "recordings")


class FakeLibreTime:
    """A library that takes files with their MD5; `pending` looks pass before one is analysed."""

    def __init__(self) -> None:
        self.files: dict[int, dict[str, Any]] = {}
        self.pending = 1
        self.failing = False
        self.posts = 0
        self.app = web.Application(client_max_size=64 * 2**20)
        self.app.router.add_post("/rest/media", self.take)
        self.app.router.add_get("/api/v2/files", self.find)
        self.app.router.add_get("/api/v2/files/{id}", self.show)

    async def take(self, request: web.Request) -> web.Response:
        """Basic, the key as user, an empty password; one field called file with a name that has an extension."""
        signed = BasicAuth.decode(request.headers["Authorization"])
        if (signed.login, signed.password) != (KEY, ""):
            raise web.HTTPUnauthorized
        form = await request.post()
        file = form["file"]
        assert list(form) == ["file"] and isinstance(file, web.FileField) and "." in file.filename
        self.posts += 1
        data, id = file.file.read(), len(self.files) + 1
        status = 2 if self.failing else 1 if self.pending else 0
        self.files[id] = {
            "id": id,
            "md5": hashlib.md5(data).hexdigest(),
            "import_status": status,
            "name": file.filename,
        }
        return web.json_response({"id": id}, status=201)

    def _check(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Api-Key {KEY}":
            raise web.HTTPForbidden

    async def find(self, request: web.Request) -> web.Response:
        """By MD5."""
        self._check(request)
        return web.json_response([file for file in self.files.values() if file["md5"] == request.query["md5"]])

    async def show(self, request: web.Request) -> web.Response:
        """One file; looking brings its analysis forward."""
        self._check(request)
        file = self.files[int(request.match_info["id"])]
        self.pending -= file["import_status"] == 1
        if file["import_status"] == 1 and self.pending < 0:
            file["import_status"] = 0
        return web.json_response(file)


class FakeAzuraCast:
    """A station's files by path, all of one length."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.length = 12.0
        self.app = web.Application(client_max_size=64 * 2**20)
        self.app.router.add_post("/api/station/xa/files", self.take)
        self.app.router.add_get("/api/station/xa/file/{id}", self.show)

    async def take(self, request: web.Request) -> web.Response:
        """JSON with path and file, nothing else."""
        self._check(request)
        told = await request.json()
        assert request.content_type == "application/json" and set(told) == {"path", "file"}
        self.files[told["path"]] = base64.b64decode(told["file"], validate=True)
        return web.json_response(self._record(told["path"]))

    async def show(self, request: web.Request) -> web.Response:
        """The record of one file."""
        self._check(request)
        path = next(path for path in self.files if self._id(path) == request.match_info["id"])
        return web.json_response(self._record(path))

    def _check(self, request: web.Request) -> None:
        if request.headers.get("X-API-Key") != KEY:
            raise web.HTTPForbidden

    def _id(self, path: str) -> str:
        return str(list(self.files).index(path) + 1)

    def _record(self, path: str) -> dict[str, Any]:
        return {"id": int(self._id(path)), "path": path, "length": self.length, "unique_id": "a1b2"}


class Server(asyncssh.SSHServer):
    """Lets one account in, by password."""

    def password_auth_supported(self) -> bool:
        """Yes."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """One account."""
        return (username, password) == ("dai", KEY)


class FakeHost:
    """A machine with an SFTP server whose root is a folder of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.host_key = self.key.export_public_key().decode().strip()
        self.port = 0

    def files(self) -> dict[str, bytes]:
        """What stands there."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[FakeHost]:
    """The machine, listening on a random port."""
    (tmp_path / "host").mkdir()
    host = FakeHost(tmp_path / "host")

    def folder(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(host.root))

    server = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=Server, server_host_keys=[host.key], sftp_factory=folder
    )
    host.port = server.sockets[0].getsockname()[1]
    yield host
    server.close()
    await server.wait_closed()


@pytest.fixture
async def libre() -> AsyncIterator[tuple[FakeLibreTime, str]]:
    """A LibreTime with its address."""
    fake = FakeLibreTime()
    async with TestServer(fake.app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


@pytest.fixture
async def azura() -> AsyncIterator[tuple[FakeAzuraCast, str]]:
    """An AzuraCast with its address."""
    fake = FakeAzuraCast()
    async with TestServer(fake.app) as server:
        yield fake, str(server.make_url("")).rstrip("/")


def aimed(make: Any, kind: str, recordings: Recordings, **options: Any) -> tuple[Any, Outlet[Any]]:
    """A kind and an outlet of it."""
    channel = find_channels()[kind]
    return channel, make.outlet(channel.options(**options), load=loader(recordings.directory))


def sftp_options(host: FakeHost, **more: Any) -> dict[str, Any]:
    """Options for the machine."""
    told = {"host": "127.0.0.1", "port": host.port, "user": "dai", "password": KEY, "host_key": host.host_key}
    return {**told, **more}


def two_parts(make: Any, recordings: Recordings) -> Any:
    """A bulletin of two recordings."""
    first, second = recordings.keep(b"mot" * 9000), recordings.keep(b"hai" * 9000)
    return make.bulletin(make.part(audio=first), make.part("it2", slug="lich-tiep-dan", audio=second))


def test_every_kind_that_pushes_recordings_is_here() -> None:
    """A new one cannot come in untested."""
    pushing = (kind for kind, one in find_channels().items() if one.form is Form.AUDIO and not one.shelf)
    assert tuple(sorted(pushing)) == KINDS


async def test_libretime_takes_each_part_once(libre: Any, make: Any, recordings: Recordings, http: Http) -> None:
    """A repeat of the same delivery finds its files by their MD5 and posts nothing."""
    fake, url = libre
    channel, outlet = aimed(make, "libretime", recordings, url=url, api_key=KEY)
    bulletin = two_parts(make, recordings)
    receipts = [await channel.send(bulletin, outlet, To("d-1", ""), http) for _ in range(2)]
    assert [one.reference for one in receipts] == ["1,2", "1,2"] and fake.posts == 2
    names = [file["name"] for file in fake.files.values()]
    assert names[0].startswith("mua-lon-20261123-") and names[1].startswith("lich-tiep-dan-20261123-")


async def test_libretime_that_cannot_import_is_told(libre: Any, make: Any, recordings: Recordings, http: Http) -> None:
    """What it took but failed to analyse cannot be played."""
    fake, url = libre
    channel, outlet = aimed(make, "libretime", recordings, url=url, api_key=KEY)
    fake.failing = True
    with pytest.raises(Refused) as caught:
        await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
    assert caught.value.reason == "import"
    fake.failing, fake.pending = False, 10_000
    with pytest.raises(Unsure):
        await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)


async def test_azuracast_keeps_paths(azura: Any, make: Any, recordings: Recordings, http: Http) -> None:
    """The same delivery is the same path; the bytes are those of the recording."""
    fake, url = azura
    channel, outlet = aimed(make, "azuracast", recordings, url=url, station="xa", api_key=KEY, folder="loa/ban-tin")
    bulletin = two_parts(make, recordings)
    for _ in range(2):
        receipt = await channel.send(bulletin, outlet, To("d-1", ""), http)
    assert receipt.reference == "1,2"
    assert sorted(fake.files.values()) == sorted([b"mot" * 9000, b"hai" * 9000])
    assert all(path.startswith("loa/ban-tin/") and path.endswith(".mp3") for path in fake.files)


async def test_azuracast_with_another_file_is_told(azura: Any, make: Any, recordings: Recordings, http: Http) -> None:
    """Read back with another length: something else is there than was sent."""
    fake, url = azura
    fake.length = 3.0
    channel, outlet = aimed(make, "azuracast", recordings, url=url, station="xa", api_key=KEY)
    with pytest.raises(Refused) as caught:
        await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
    assert caught.value.reason == "read_back" and "3.0 giây" in caught.value.vi


async def test_sftp_puts_whole_files(host: FakeHost, make: Any, recordings: Recordings, http: Http) -> None:
    """Under a folder of the day, nothing left aside; a repeat changes nothing."""
    channel, outlet = aimed(make, "sftp", recordings, **sftp_options(host))
    bulletin = two_parts(make, recordings)
    receipt = await channel.send(bulletin, outlet, To("d-1", ""), http)
    kept = host.files()
    assert sorted(kept.values()) == sorted([b"mot" * 9000, b"hai" * 9000]) and receipt.reference in kept
    assert all(path.startswith("2026-11-23/") and path.endswith(".mp3") for path in kept)
    before = {path: (host.root / path).stat().st_mtime_ns for path in kept}
    await channel.send(bulletin, outlet, To("d-1", ""), http)
    assert before == {path: (host.root / path).stat().st_mtime_ns for path in host.files()}


async def test_sftp_by_the_clock_replaces_what_was_cut(
    host: FakeHost, make: Any, recordings: Recordings, http: Http
) -> None:
    """A name by day and time, for software that knows only a clock; parts after the first have a number."""
    channel, outlet = aimed(make, "sftp", recordings, **sftp_options(host, path="drop/{date}-{time}{ending}"))
    (host.root / "drop").mkdir()
    (host.root / "drop/2026-11-23-0800.mp3").write_bytes(b"mot" * 10)
    await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
    assert host.files() == {"drop/2026-11-23-0800.mp3": b"mot" * 9000, "drop/2026-11-23-0800-2.mp3": b"hai" * 9000}


async def test_sftp_speaks_only_to_the_machine_it_knows(
    host: FakeHost, make: Any, recordings: Recordings, http: Http
) -> None:
    """Another key, a wrong password, a folder that may not be written: a person must act, nothing was sent."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    for more, reason in (({"host_key": other}, "host_key"), ({"password": "sai-mat-khau"}, "sign_in")):
        channel, outlet = aimed(make, "sftp", recordings, **sftp_options(host, **more))
        with pytest.raises(Unavailable) as caught:
            await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
        assert (caught.value.reason, caught.value.person) == (reason, True)
    assert host.files() == {}


async def test_sftp_to_nobody_is_tried_again(host: FakeHost, make: Any, recordings: Recordings, http: Http) -> None:
    """A closed port."""
    channel, outlet = aimed(make, "sftp", recordings, **sftp_options(host, port=9))
    with pytest.raises(Unavailable) as caught:
        await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
    assert not caught.value.person


def test_sftp_knows_its_time_zone_before_anything_is_sent(host: FakeHost, make: Any, recordings: Recordings) -> None:
    """A place that has none is refused by the name of the field."""
    with pytest.raises(ValidationError) as caught:
        aimed(make, "sftp", recordings, **sftp_options(host, timezone="Asia/Hanoi"))
    assert ("timezone",) == caught.value.errors()[0]["loc"]


def options_of(kind: str, url: str, host: FakeHost, **more: Any) -> dict[str, Any]:
    """Options of a kind aimed at this machine."""
    if kind == "sftp":
        return sftp_options(host, **more)
    return {"url": url, "api_key": KEY, **more} | ({"station": "xa"} if kind == "azuracast" else {})


@pytest.mark.parametrize("kind", KINDS)
async def test_private_addresses_need_leave(
    kind: str, host: FakeHost, make: Any, recordings: Recordings, clock: FakeClock
) -> None:
    """Without leave from the configuration nothing inside is called."""
    http = Http(clock)
    channel, outlet = aimed(make, kind, recordings, **options_of(kind, "http://127.0.0.1:9", host))
    with pytest.raises(PrivateAddress):
        await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
    await http.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_not_there_is_waited_for(
    kind: str, host: FakeHost, make: Any, recordings: Recordings, http: Http
) -> None:
    """No recording, a sound not made yet, a file that is missing or damaged: later, and nothing leaves."""
    audio = recordings.keep(b"am thanh")
    channel, outlet = aimed(make, kind, recordings, **options_of(kind, "http://127.0.0.1:9", host))
    low = aimed(make, kind, recordings, **options_of(kind, "http://127.0.0.1:9", host, sound="low"))[1]
    cases = [(make.part(audio=None), outlet), (make.part(audio=audio), low)]
    for part, where in cases:
        with pytest.raises(Unavailable) as caught:
            await channel.send(make.bulletin(part), where, To("d-1", ""), http)
        assert caught.value.reason == "audio_not_ready"
    (recordings.directory / audio.name).write_bytes(b"am than!")
    with pytest.raises(SendError) as damaged:
        await channel.send(make.bulletin(make.part(audio=audio)), outlet, To("d-1", ""), http)
    assert damaged.value.reason == "audio_missing"
    assert host.files() == {}


async def test_the_chosen_sound_is_sent(host: FakeHost, make: Any, recordings: Recordings, http: Http) -> None:
    """A station on a bad line takes the small file, and the warmer is told to make it."""
    channel, outlet = aimed(make, "sftp", recordings, **sftp_options(host, sound="low", loudness=-23))
    assert channel.sounds(outlet) == (Sound("mp3-low", -23.0),)
    main, low = recordings.keep(b"to" * 100), recordings.keep(b"nho" * 10)
    variant = Variant(Sound("mp3-low", -23.0), low.name, low.bytes, low.sha256)
    audio = Audio(main.name, main.bytes, main.seconds, main.sha256, (variant,))
    receipt = await channel.send(make.bulletin(make.part(audio=audio)), outlet, To("d-1", ""), http)
    assert host.files() == {receipt.reference: b"nho" * 10} and receipt.reference.endswith("-low.mp3")


@pytest.mark.parametrize("kind", ["azuracast", "libretime"])
async def test_no_key_in_any_error(
    kind: str, world: Any, does: Any, host: FakeHost, make: Any, recordings: Recordings, http: Http
) -> None:
    """A partner that repeats all it was told does not bring the key into our log."""
    channel, outlet = aimed(make, kind, recordings, **options_of(kind, world.url, host))
    for status in (200, 302, 400, 401, 404, 429, 500, 503):
        world.will(does.echo_with(status))
        with pytest.raises(SendError) as caught:
            await channel.send(two_parts(make, recordings), outlet, To("d-1", ""), http)
        told = f"{caught.value} {caught.value.vi} {caught.value!r}"
        assert KEY not in told and base64.b64encode(f"{KEY}:".encode()).decode() not in told


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"password": ""}, "password"),
        ({"path": "../{name}"}, "path"),
        ({"path": "{nam}/{name}"}, "path"),
        ({"path": "{date}/"}, "path"),
        ({"host_key": "không phải khóa"}, "host_key"),
    ],
)
def test_bad_options_are_told(host: FakeHost, more: dict[str, str], field: str) -> None:
    """Before anything is sent."""
    with pytest.raises(ValueError, match=field):
        find_channels()["sftp"].options(**sftp_options(host, **more))


async def test_a_cancelled_send_leaves_no_name(host: FakeHost, make: Any, recordings: Recordings, http: Http) -> None:
    """Cut in the middle, there is no file under its name; the next try makes it whole."""
    channel, outlet = aimed(make, "sftp", recordings, **sftp_options(host))
    bulletin = make.bulletin(make.part(audio=recordings.keep(b"x" * 2_000_000)))
    sending = asyncio.ensure_future(channel.send(bulletin, outlet, To("d-1", ""), http))
    while not list(host.root.rglob(".*.part")):
        await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [path for path in host.files() if not Path(path).name.startswith(".")] == []
    receipt = await channel.send(bulletin, outlet, To("d-1", ""), http)
    assert host.files() == {receipt.reference: b"x" * 2_000_000}
