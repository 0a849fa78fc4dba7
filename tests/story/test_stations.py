"""What stations really run takes everything, whole, also over a line that breaks; and the log knows it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.shelf.fetched import Fetch
from desk.demo.stage import free_port
from tests.story.players import RATE, TITLES, Radio, likeness, needs, on_air, samples

SECONDS = 2.0
STREAMS = ("stdin", "stdout", "stderr")


@pytest.fixture
async def radio(tmp_path: Path) -> AsyncIterator[Radio]:
    """Three bulletins of two seconds each, some 32 kB."""
    async with on_air(tmp_path, SECONDS, rise=300) as radio:
        yield radio


def kept(radio: Radio, folder: str = ".") -> list[bytes]:
    """Every MP3 below a folder, in an order of its own."""
    return sorted(file.read_bytes() for file in (radio.place / folder).rglob("*.mp3") if "files" not in file.parts)


@needs("curl")
async def test_curl_goes_on_where_it_was_cut(radio: Radio) -> None:
    """`curl -C -` in a loop, as a cron job has it: four cuts of each file, no byte twice and none missing."""
    radio.line.carry = 9000
    for number, address in enumerate(await radio.addresses()):
        radio.line.cuts = 4
        code, tries = 1, 0
        while code != 0:
            code, said = await radio.run("curl", "-fsS", "-C", "-", "-o", f"{number}.mp3", address)
            assert code in {0, 18, 56}, said
            tries += 1
        assert tries >= 3
    assert kept(radio) == sorted(radio.sounds.values())
    await radio.all_fetched()


@needs("wget")
async def test_wget_tries_again_by_itself(radio: Radio) -> None:
    """`wget -c -i` of the playlist's addresses; a second run fetches nothing anew."""
    (radio.place / "list").write_text("\n".join(await radio.addresses()), encoding="utf-8")
    radio.line.carry, radio.line.cuts = 12_000, 6
    command = ("wget", "-q", "-c", "-t", "20", "--retry-connrefused", "--waitretry=0", "-P", "got", "-i", "list")
    for _ in range(2):
        code, said = await radio.run(*command)
        assert code == 0, said
        assert kept(radio, "got") == sorted(radio.sounds.values())
    assert radio.line.broken == 6
    await radio.all_fetched()


@needs("ffmpeg")
async def test_ffmpeg_hears_all_of_it(radio: Radio) -> None:
    """It asks for `bytes=0-`, and for the rest when it is told to reconnect."""
    radio.line.carry = 15_000
    for number, address in enumerate(await radio.addresses()):
        radio.line.cuts = 1
        again = ("-reconnect", "1", "-reconnect_on_network_error", "1", "-reconnect_delay_max", "1")
        code, said = await radio.run(
            "ffmpeg", "-nostdin", "-v", "error", *again, "-i", address, "-f", "wav", f"{number}.wav"
        )
        assert code == 0, said
        assert abs(radio.heard(radio.place / f"{number}.wav") - SECONDS) < 0.2
    assert radio.line.broken == 3
    await radio.all_fetched()


@needs("mpg123")
async def test_mpg123_plays_the_playlist(radio: Radio) -> None:
    """HTTP/1.0 boxes: the whole list, in order, to its end."""
    code, said = await radio.run("mpg123", "-q", "-w", "out.wav", "-@", f"{radio.base}playlist.m3u")
    assert code == 0, said
    assert abs(radio.heard(radio.place / "out.wav") - SECONDS * len(TITLES)) < 0.5
    await radio.all_fetched()


@needs("mpg123")
async def test_mpg123_plays_what_is_urgent(radio: Radio) -> None:
    """The tiny list holds one of them."""
    code, said = await radio.run("mpg123", "-q", "-w", "out.wav", "-@", f"{radio.base}khan-cap.m3u")
    assert code == 0, said
    assert abs(radio.heard(radio.place / "out.wav") - SECONDS) < 0.3
    await radio.until_fetched(Fetch.COMPLETE, Fetch.NEVER, Fetch.NEVER)


@needs("podget", "wget")
async def test_podget_keeps_three_files(radio: Radio) -> None:
    """Which it names by the last part of the address; over cuts, and not again the next time."""
    conf = radio.place / "podget"
    for folder in ("podget", "pods", "log"):
        (radio.place / folder).mkdir()
    (conf / "podgetrc").write_text(
        "# Podget configuration file created by version 0.9.0\nCONFIG_SERVERLIST=serverlist\nCONFIG_DIRSESSION="
        + str(conf)
        + "\nDIR_LIBRARY="
        + str(radio.place / "pods")
        + "\n"
        "DIR_LOG=" + str(radio.place / "log") + "\nLOG_FAIL=errors\nLOG_COMPLETE=done\nMOST_RECENT=0\nFORCE=0\n"
        "WGET_BASEOPTS='-c --no-check-certificate --tries=20 --waitretry=0'\nFILENAME_BADCHARS='~#^=+{}*[]:\"|<>?'\n"
        "FILENAME_REPLACECHAR=_\nPLAYLIST_NAMEBASE=New-\nMIN_SPACE=0\nCLEANUP=0\n",
        encoding="utf-8",
    )
    (conf / "serverlist").write_text(f"{radio.base}feed.xml Loa Tram-xa\n", encoding="utf-8")
    for _ in range(2):
        code, said = await radio.run("podget", "-d", str(conf), "-s")
        assert code == 0, said
        assert kept(radio, "pods") == sorted(radio.sounds.values()), said
    await radio.all_fetched()


@needs("gpo")
async def test_gpodder_downloads_new_episodes(radio: Radio) -> None:
    """It knows them by their guids and revalidates the feed."""
    home = {"GPODDER_HOME": str(radio.place / "gpodder"), "GPODDER_DOWNLOAD_DIR": str(radio.place / "gpodder" / "got")}
    for command in (("subscribe", f"{radio.base}feed.xml"), ("update",), ("download",)):
        code, said = await radio.run("gpo", "-q", *command, **home)
        assert code == 0, said
    assert kept(radio, "gpodder") == sorted(radio.sounds.values()), said
    await radio.all_fetched()


async def empties(radio: Radio, queue: Path) -> None:
    """Podboat takes what stands in its queue; it wants a terminal, and somebody who reads what it writes there."""
    screen, theirs = pty.openpty()
    env = os.environ | {"HOME": str(radio.place), "LANG": "C.UTF-8", "TERM": "xterm"}
    command, terminal = ("podboat", "-a", "-C", "config", "-q", str(queue)), dict.fromkeys(STREAMS, theirs)
    podboat = await asyncio.create_subprocess_exec(*command, cwd=radio.place, env=env, **terminal)
    loop = asyncio.get_running_loop()
    loop.add_reader(screen, os.read, screen, 65536)
    try:
        async with asyncio.timeout(20):
            while len(kept(radio, "got")) < len(TITLES):
                await asyncio.sleep(0.1)  # it says nothing to anybody when it has renamed what it got
    finally:
        podboat.kill()
        await podboat.wait()
        loop.remove_reader(screen)
        os.close(screen)
        os.close(theirs)


@needs("newsboat", "podboat")
async def test_newsboat_queues_three_episodes(radio: Radio) -> None:
    """Each under a name of its own in podboat's queue, which podboat then empties."""
    feed = f"{radio.base}feed.xml"
    (radio.place / "urls").write_text(feed + "\n", encoding="utf-8")
    (radio.place / "config").write_text("podcast-auto-enqueue yes\ndownload-path got\n", encoding="utf-8")
    files = ("-u", "urls", "-C", "config", "-c", "cache.db", "-q")
    for _ in range(2):
        code, said = await radio.run("newsboat", *files, "-x", "reload")
        assert code == 0, said
    (queue,) = [file for file in radio.place.rglob("queue") if file.is_file()]
    lines = queue.read_text(encoding="utf-8").splitlines()
    assert sorted(await radio.addresses()) == sorted(line.split()[0] for line in lines)
    assert len({line.split('"')[1] for line in lines}) == len(TITLES)
    await empties(radio, queue)
    await radio.all_fetched()
    assert kept(radio, "got") == sorted(radio.sounds.values())


@needs("mpd", "mpc")
async def test_mpd_plays_the_playlist(radio: Radio) -> None:
    """In each of the three kinds of list; played against no clock."""
    socket = radio.place / "mpd.sock"
    (radio.place / "mpd.conf").write_text(
        f'bind_to_address "{socket}"\nlog_file "{radio.place}/mpd.log"\ninput {{\nplugin "curl"\n}}\n'
        'audio_output {\ntype "null"\nname "nowhere"\nsync "no"\n}\n',
        encoding="utf-8",
    )
    player = await asyncio.create_subprocess_exec(
        *("mpd", "--no-daemon", "mpd.conf"), cwd=radio.place, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        ask = ("mpc", "--host", str(socket))
        async with asyncio.timeout(10):
            while (await radio.run(*ask, "status"))[0]:
                await asyncio.sleep(0.1)  # until it listens: there is nothing to wait for but its socket
        for name in ("playlist.m3u", "playlist.pls", "playlist.xspf"):
            await radio.run(*ask, "clear")
            code, said = await radio.run(*ask, "load", f"{radio.base}{name}")
            assert code == 0, said
            _, listed = await radio.run(*ask, "playlist", "-f", "%file%")
            assert listed.split() == await radio.addresses(), name
        await radio.run(*ask, "play")
        await radio.all_fetched()
    finally:
        player.terminate()
        await player.wait()


@needs("liquidsoap", "icecast2", "ffmpeg")
async def test_a_listener_hears_what_was_sent(radio: Radio) -> None:
    """Liquidsoap, as the station's sheet tells it, into Icecast, and somebody who listens: a bulletin's very sound is there.

    It asks HEAD and then GET, for each file again, and takes all of them.
    """
    port = free_port()
    logs = Path(tempfile.mkdtemp(prefix="loa-icecast-"))
    logs.chmod(0o777)  # Icecast gives up being root, and then opens its logs
    (radio.place / "icecast.xml").write_text(
        "<icecast><limits><clients>9</clients><sources>2</sources></limits><authentication><source-password>nguon"
        "</source-password><admin-user>admin</admin-user><admin-password>quan</admin-password></authentication>"
        f"<hostname>127.0.0.1</hostname><listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address>"
        f"</listen-socket><paths><logdir>{logs}</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>"
        "/usr/share/icecast2/admin</adminroot></paths><security><changeowner><user>nobody</user><group>nogroup</group>"
        "</changeowner></security></icecast>",
        encoding="utf-8",
    )
    (radio.place / "tram.liq").write_text(
        "settings.init.allow_root.set(true)\nsettings.log.file.set(false)\n"
        f'radio = playlist(mode="normal", reload_mode="rounds", reload=1, "{radio.base}playlist.m3u")\n'
        f'output.icecast(%mp3, host="127.0.0.1", port={port}, password="nguon", mount="tram.mp3", mksafe(radio))\n',
        encoding="utf-8",
    )
    quiet = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL, "cwd": radio.place}
    icecast = await asyncio.create_subprocess_exec("icecast2", "-c", "icecast.xml", **quiet)
    player = await asyncio.create_subprocess_exec("liquidsoap", "tram.liq", **quiet)
    try:
        listen = ("-i", f"http://127.0.0.1:{port}/tram.mp3", "-t", "6", "-ac", "1", "-ar", "8000", "heard.wav")
        code = 1
        async with asyncio.timeout(60):
            while code != 0:  # until the mount is there
                code, _ = await radio.run("ffmpeg", "-nostdin", "-y", "-v", "error", *listen)
        await radio.all_fetched()
    finally:
        for process in (player, icecast):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        shutil.rmtree(logs)
    heard = samples(radio.place / "heard.wav")
    assert len(heard) > 5 * RATE
    found = []
    for number, sound in enumerate(radio.sounds.values()):
        file = radio.place / f"sent-{number}.mp3"
        file.write_bytes(sound)
        found.append(likeness(samples(file)[RATE // 4 : -RATE // 4], heard))
    assert max(found) > 0.9, "none of what was sent is in what was heard, whole and in its own time"
