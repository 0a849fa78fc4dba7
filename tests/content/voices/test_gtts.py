"""The online voice against a strict stand-in for Google on a real socket."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from content.voice import VoiceRefused, VoiceUnavailable, speak
from content.voice_online import pack
from content.voices.espeak import EspeakVoice
from content.voices.gtts import GttsVoice
from content.voices.gtts.sending import Pace

SHORT = "ủy ban nhân dân xã thông báo."
LONG = (
    "ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn gia súc, thời gian từ bảy giờ sáng thứ hai, "
    "địa điểm tại nhà văn hóa các bản, đề nghị bà con đưa trâu bò đến đúng giờ, và mang theo sổ theo dõi, "
    "mọi thắc mắc xin liên hệ cán bộ thú y của xã."
)
Wrong = dict[str, Callable[..., Any]]


@asynccontextmanager
async def quick(url: str, **options: Any) -> AsyncIterator[GttsVoice]:
    """A voice that does not wait between requests, and whose threads are gone afterwards."""
    voice = GttsVoice(base_url=url, **({"every": 0.0, "backoff": 0.0} | options))
    try:
        yield voice
    finally:
        await voice.aclose()
        assert [one.name for one in threading.enumerate() if one.name.startswith("loa-gtts")] == []


async def test_several_parts_become_one_speech(google: Any) -> None:
    """A long sentence goes in parts of whole clauses up to 100 characters and comes back as one speech at 24 kHz."""
    async with quick(google.url) as voice:
        speech = await voice.synth(LONG)
    assert google.texts == pack(LONG, 100)
    assert len(google.texts) == 3
    assert speech.rate == 24000
    letters = sum(map(str.isalpha, LONG))
    assert letters / 14 < speech.seconds < letters / 14 + 1


async def test_429_then_success(google: Any, answers: Wrong) -> None:
    """A rate limit with a short hint and a server error are asked again."""
    google.script = [answers["status"](429, Retry_After="0"), answers["status"](503)]
    async with quick(google.url) as voice:
        assert (await voice.synth(SHORT)).seconds > 1
    assert google.texts == [SHORT] * 3


async def test_long_retry_after_is_not_waited_for(google: Any, answers: Wrong) -> None:
    """A hint beyond half a minute ends the try at once and is handed on."""
    google.script = [answers["status"](429, Retry_After="3600")]
    async with quick(google.url) as voice:
        with pytest.raises(VoiceUnavailable) as failed:
            await voice.synth(SHORT)
    assert failed.value.retry_after == 3600
    assert "429" in failed.value.reason_vi and "429" in failed.value.reason_en
    assert len(google.texts) == 1


async def test_403_is_refused(google: Any, answers: Wrong) -> None:
    """Google's refusal is not asked again."""
    google.script = [answers["status"](403)]
    async with quick(google.url) as voice:
        with pytest.raises(VoiceRefused, match="403"):
            await voice.synth(SHORT)
    assert len(google.texts) == 1


async def test_500_for_ever(google: Any, answers: Wrong) -> None:
    """After the last try a failing server is Unavailable."""
    google.script = [answers["status"](500)] * 9
    async with quick(google.url, tries=3) as voice:
        with pytest.raises(VoiceUnavailable, match="500"):
            await voice.synth(SHORT)
    assert len(google.texts) == 3


async def test_rests_after_failing(google: Any, answers: Wrong) -> None:
    """After the last try Google is left alone for a minute, or as long as it asks for, and then asked again."""
    now = [1000.0]
    google.script = [answers["status"](500), answers["status"](429, Retry_After="600")]
    async with quick(google.url, tries=1, clock=lambda: now[0]) as voice:
        for wait in (60.0, 600.0):
            with pytest.raises(VoiceUnavailable):
                await voice.synth(SHORT)
            now[0] += wait - 1
            with pytest.raises(VoiceUnavailable, match="left alone") as resting:
                await voice.synth(SHORT)
            assert resting.value.retry_after == 1.0
            now[0] += 1
        assert (await voice.synth(SHORT)).seconds > 1
    assert len(google.texts) == 3


async def test_redirect_is_not_followed(google: Any, answers: Wrong) -> None:
    """A redirect leads to a consent page and is not followed."""
    google.script = [answers["status"](302, Location="/sorry")]
    async with quick(google.url) as voice:
        with pytest.raises(VoiceUnavailable, match="302"):
            await voice.synth(SHORT)


async def test_connection_refused() -> None:
    """Nobody listening is Unavailable with a reason for people."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with quick(f"http://127.0.0.1:{taken.getsockname()[1]}") as voice:
            with pytest.raises(VoiceUnavailable) as failed:
                await voice.synth(SHORT)
    assert failed.value.reason_vi == "không kết nối được tới Google"


@pytest.mark.parametrize(
    "page",
    [
        "<html>Before you continue to Google</html>",
        "",
        ')]}\'\n\n[["wrb.fr","jQ1olc",null,null]]\n',
        ')]}\'\n\n[["wrb.fr","jQ1olc","[\\"\\"]",null]]\n',
        ')]}\'\n\n[["wrb.fr","jQ1olc","[\\"%%%\\"]",null]]\n',
        ')]}\'\n\n[["wrb.fr","jQ1olc","[\\"bm8gbXAz\\"]",null]]\n',
    ],
)
async def test_200_without_audio(google: Any, answers: Wrong, page: str) -> None:
    """A page instead of sound, empty sound, damaged base64 and bytes that are no MP3 are errors, never silence."""
    google.script = [answers["body"](page)]
    async with quick(google.url) as voice:
        with pytest.raises(VoiceUnavailable):
            await voice.synth(SHORT)


async def test_endless_answer_is_cut(google: Any, answers: Wrong) -> None:
    """An answer over four megabytes is not read to its end."""
    google.script = [answers["body"]("x" * (5 * 1024 * 1024))]
    async with quick(google.url) as voice:
        with pytest.raises(VoiceUnavailable, match="too long"):
            await voice.synth(SHORT)


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"], ids=["head", "body"])
async def test_drip_ends_at_the_deadline(head: bytes) -> None:
    """A peer that sends a byte now and then, in head or body, never trips a read time-out; the deadline cuts it."""
    gone = asyncio.Event()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not gone.is_set() and not writer.is_closing():
            writer.write(b"H")
            await asyncio.wait([waiting], timeout=0.02)
        writer.close()

    waiting = asyncio.ensure_future(gone.wait())
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with quick(f"http://127.0.0.1:{port}", tries=1, deadline=0.3) as voice:
            with pytest.raises(VoiceUnavailable, match="in time"):
                await asyncio.wait_for(voice.synth(SHORT), 5)
        gone.set()
        await waiting


async def test_silent_peer_ends_at_the_read_timeout(google: Any) -> None:
    """A server that accepts and says nothing is Unavailable after the read time-out."""
    google.script = [google.hang]
    async with quick(google.url, tries=1, timeout=(1.0, 0.1)) as voice:
        with pytest.raises(VoiceUnavailable, match="in time"):
            await asyncio.wait_for(voice.synth(SHORT), 5)


async def test_cancel_cuts_the_connection(google: Any) -> None:
    """Cancelling while Google is silent ends the thread's work at once, long before any time-out."""
    google.script = [google.hang]
    async with quick(google.url) as voice:
        task = asyncio.ensure_future(voice.synth(SHORT))
        await google.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        google.script = []
        assert (await voice.synth(SHORT)).seconds > 1


async def test_closing_ends_what_is_under_way(google: Any) -> None:
    """Closing during a request ends it as Unavailable."""
    google.script = [google.hang]
    async with quick(google.url) as voice:
        task = asyncio.ensure_future(voice.synth(SHORT))
        await google.asked.wait()
        await voice.aclose()
        with pytest.raises(VoiceUnavailable, match="stopped"):
            await task


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for 127.0.0.1 that no authority vouches for, and the file of its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(address, critical=False).sign(key, hashes.SHA256())
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem


async def test_certificate_verification_stays_on(google: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to a server that no authority vouches for, unless the office names that authority."""
    context, pem = certificate(tmp_path)
    server = TestServer(google.app, scheme="https", host="127.0.0.1")
    await server.start_server(ssl=context)
    try:
        async with quick(str(server.make_url("/"))) as voice:
            with pytest.raises(VoiceRefused, match="certificate"):
                await voice.synth(SHORT)
            assert google.texts == []
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
            assert (await voice.synth(SHORT)).seconds > 1
    finally:
        await server.close()


async def test_failing_google_falls_back_to_espeak(google: Any, answers: Wrong) -> None:
    """When Google fails in the middle, espeak speaks the whole script, and who failed and why is said."""
    sentences = "một hai ba bốn năm. sáu bảy tám chín mười. mười một mười hai."

    async def good(request: Any) -> Any:
        return await type(google)().answer(request)

    google.script = [good, answers["status"](403), answers["status"](403)]
    heard = []
    espeak = EspeakVoice()
    try:
        async with quick(google.url) as voice:
            spoken = await speak(sentences, [voice, espeak], on_fallback=heard.append, at_once=1)
    finally:
        await espeak.aclose()
    assert spoken.voice == espeak.mark
    assert spoken.speech.rate == 22050
    assert [(one.voice, "403" in one.reason_vi) for one in spoken.fallbacks] == [("gtts", True)]
    assert heard == list(spoken.fallbacks)


async def test_nothing_but_marks_is_refused() -> None:
    """A sentence without anything to say never leaves the house."""
    async with quick("http://127.0.0.1:9") as voice:
        with pytest.raises(VoiceRefused, match="nothing to say"):
            await voice.synth(" ... ")


@pytest.mark.parametrize("url", ["ftp://x", "translate.google.com", "https://"])
def test_bad_base_url(url: str) -> None:
    """An address that is no http address is an error when the voice is made."""
    with pytest.raises(ValueError, match="base_url"):
        GttsVoice(base_url=url)


def test_pace_gives_one_start_a_second() -> None:
    """Starts are a second apart whoever asks, and a long idle time is not saved up."""
    now = [100.0]
    pace = Pace(1.0, lambda: now[0])
    assert [pace.take() for _ in range(3)] == [0.0, 1.0, 2.0]
    now[0] = 110.0
    assert [pace.take(), pace.take()] == [0.0, 1.0]


@given(st.text(alphabet="aăâ bc,.;?! đéệ…", max_size=600))
def test_pack_keeps_every_word(text: str) -> None:
    """No part is over 100 characters and none is lost; only words longer than a part are cut."""
    parts = pack(text, 100)
    assert all(0 < len(part) <= 100 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
