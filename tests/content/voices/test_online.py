"""Paid voices against strict partners on real sockets: what they are asked, and every way they can fail."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from config.loading import BadSettings
from config.settings import Settings
from content.voice import VoiceError, VoiceRefused, VoiceUnavailable
from content.voice_online import OnlineOptions, OnlineVoice, decode, pack
from content.voices.edge import EdgeOptions, EdgeVoice
from content.voices.fpt_ai import FptOptions, FptVoice
from content.voices.google_cloud import GoogleCloudOptions, GoogleCloudVoice
from content.voices.viettel_ai import ViettelOptions, ViettelVoice
from content.voices.zalo_ai import ZaloOptions, ZaloVoice
from desk.app import choose_voices

KEY = "khoa-bi-mat-cua-co-quan"
SENTENCE = "Ủy ban nhân dân xã kính mời bà con dự họp lúc bảy giờ ba mươi phút."
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def beep(seconds: float = 1.0) -> bytes:
    """A WAV with a tone in it."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(
            b"".join(
                (9000 if at // 20 % 2 else -9000).to_bytes(2, "little", signed=True)
                for at in range(int(16000 * seconds))
            )
        )
    return out.getvalue()


class Partner:
    """Four providers on one port, each as strict as its public clients let one guess; `script` answers go first."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_post("/hmi/tts/v5", self.fpt)
        self.app.router.add_post("/v1/tts/synthesize", self.zalo)
        self.app.router.add_post("/tts/speech_synthesis", self.viettel)
        self.app.router.add_post("/v1/text:synthesize", self.google)
        self.app.router.add_get("/sound/{name}", self.sound)
        self.url, self.texts = "", list[str]()
        self.script: list[Answer] = []
        self.not_ready = 2
        self.elsewhere = ""

    async def _taken(self, request: web.Request, text: str, most: int, *, key: bool) -> web.StreamResponse | None:
        assert request.headers["Host"] and text == text.strip()
        if self.script:
            return await self.script.pop(0)(request)
        if not key:
            return web.json_response({"error": 401, "error_code": 401, "code": 401, "data": None}, status=401)
        if not 0 < len(text) <= most:
            return web.json_response({"error": 2, "error_code": 2, "code": 2, "data": None})
        self.texts.append(text)
        return None

    async def fpt(self, request: web.Request) -> web.StreamResponse:
        """The text as the body, everything else in headers; the sound stands under an address."""
        text = (await request.read()).decode()
        assert (
            request.headers["voice"] == "banmai"
            and request.headers["speed"] == ""
            and request.headers["format"] == "mp3"
        )
        taken = await self._taken(request, text, 5000, key=request.headers["api-key"] == KEY)
        return taken or web.json_response(
            {"async": self.elsewhere or f"{self.url}/sound/a.mp3", "error": 0, "message": "", "request_id": "1"}
        )

    async def zalo(self, request: web.Request) -> web.StreamResponse:
        """A form; the sound stands under an address."""
        form = await request.post()
        assert (form["speaker_id"], form["speed"], form["encode_type"]) == ("2", "1", "1")
        taken = await self._taken(request, str(form["input"]), 2000, key=request.headers["apikey"] == KEY)
        return taken or web.json_response(
            {"error_code": 0, "error_message": "ok", "data": {"url": self.elsewhere or f"{self.url}/sound/a.wav"}}
        )

    async def viettel(self, request: web.Request) -> web.StreamResponse:
        """JSON; the sound itself comes back."""
        asked = await request.json()
        assert (asked["voice"], asked["speed"], asked["tts_return_option"], asked["without_filter"]) == (
            "hn-quynhanh",
            1.0,
            3,
            False,
        )
        taken = await self._taken(request, asked["text"], 1000, key=asked["token"] == KEY)
        return taken or web.Response(body=beep(), content_type="audio/mpeg")

    async def google(self, request: web.Request) -> web.StreamResponse:
        """JSON; the sound comes back as base64."""
        asked = await request.json()
        assert asked["voice"] == {"languageCode": "vi-VN", "name": "vi-VN-Wavenet-A"}
        assert asked["audioConfig"] == {"audioEncoding": "LINEAR16", "speakingRate": 1.0}
        assert len(asked["input"]["text"].encode()) <= 5000
        taken = await self._taken(request, asked["input"]["text"], 5000, key=request.headers["X-Goog-Api-Key"] == KEY)
        return taken or web.json_response({"audioContent": base64.b64encode(beep()).decode()})

    async def sound(self, request: web.Request) -> web.StreamResponse:
        """The sound, not ready at first."""
        self.not_ready -= 1
        return web.Response(status=404) if self.not_ready >= 0 else web.Response(body=beep())


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    """The providers, listening."""
    partner = Partner()
    async with TestServer(partner.app) as server:
        partner.url = str(server.make_url("")).rstrip("/")
        yield partner


MADE: dict[str, tuple[type[OnlineVoice], type[OnlineOptions]]] = {
    "fpt": (FptVoice, FptOptions),
    "zalo": (ZaloVoice, ZaloOptions),
    "viettel": (ViettelVoice, ViettelOptions),
    "google": (GoogleCloudVoice, GoogleCloudOptions),
}


def made(name: str, url: str, key: str = KEY) -> OnlineVoice:
    """One of the voices, in a hurry."""
    voice, options = MADE[name]
    return voice(options.model_validate({"api_key": key}), base_url=url, every=0, pause=0)


ALL = tuple(MADE)


async def failing(voice: OnlineVoice, sentence: str = SENTENCE) -> VoiceError:
    """The error of a sentence that cannot be spoken."""
    try:
        with pytest.raises(VoiceError) as caught:
            await voice.synth(sentence)
    finally:
        await voice.aclose()
    assert KEY not in str(caught.value) + caught.value.reason_vi
    return caught.value


def give(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """An answer with this status and body."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers=named)

    return answer


@pytest.mark.parametrize("name", ALL)
async def test_a_sentence_is_spoken(partner: Partner, name: str) -> None:
    """The partner finds no fault; the sound has the length it was sent with, less its silence."""
    voice = made(name, partner.url)
    speech = await voice.synth(SENTENCE)
    await voice.aclose()
    assert partner.texts == [SENTENCE] and speech.rate == 16000 and 0.9 < speech.seconds < 1.2


@pytest.mark.parametrize("name", ALL)
async def test_a_wrong_key_is_told_without_the_key(partner: Partner, name: str) -> None:
    """Asking again is useless."""
    assert isinstance(await failing(made(name, partner.url, "khoa-sai-hoan-toan")), VoiceRefused)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (give(429, Retry_After="120"), VoiceUnavailable),
        (give(503), VoiceUnavailable),
        (give(302, Location="http://127.0.0.1/"), VoiceUnavailable),
        (give(403), VoiceRefused),
        (give(200, b"<html>captcha</html>"), VoiceUnavailable),
        (give(200, b""), VoiceUnavailable),
        (give(200, bytes(17 * 2**20)), VoiceUnavailable),
    ],
    ids=["429", "503", "302", "403", "captcha", "empty", "bomb"],
)
async def test_what_is_no_sound_is_an_error(
    partner: Partner, name: str, answer: Answer, kind: type[VoiceError]
) -> None:
    """Each failure says whether it is worth asking again."""
    partner.script = [answer]
    assert isinstance(await failing(made(name, partner.url)), kind)


async def test_a_failing_provider_is_left_alone(partner: Partner) -> None:
    """After a failure the next sentence does not wait for it; the partner's own hint counts when it is longer."""
    now = [100.0]
    options = GoogleCloudOptions.model_validate({"api_key": KEY})
    voice = GoogleCloudVoice(options, base_url=partner.url, every=0, clock=lambda: now[0])
    partner.script = [give(429, Retry_After="120")]
    for _ in range(2):
        with pytest.raises(VoiceUnavailable):
            await voice.synth(SENTENCE)
    assert not partner.script and not partner.texts
    now[0] += 121
    await voice.synth(SENTENCE)
    await voice.aclose()
    assert partner.texts == [SENTENCE]


@pytest.mark.parametrize("name", ["fpt", "zalo"])
@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/latest", "https://10.0.0.5/a.mp3", "file:///etc/passwd", "https://localhost/a", ""],
)
async def test_an_address_that_leads_elsewhere_is_not_asked(partner: Partner, name: str, address: str) -> None:
    """What an answer names as the place of the sound must be the provider or a public host."""
    partner.elsewhere = address or "ftp://[::1]/x"
    assert isinstance(await failing(made(name, partner.url)), VoiceRefused)


async def test_a_sound_that_never_comes_is_given_up(partner: Partner) -> None:
    """The address is asked so often, and no more."""
    partner.not_ready = 10_000
    assert isinstance(await failing(made("fpt", partner.url)), VoiceUnavailable)


async def test_long_texts_go_in_parts(partner: Partner) -> None:
    """Cut at clauses, all words in order."""
    long = ", ".join(["ủy ban nhân dân xã thông báo"] * 60) + "."
    voice = made("viettel", partner.url)
    await voice.synth(long)
    await voice.aclose()
    assert len(partner.texts) == 2 and " ".join(partner.texts) == long


def test_a_number_is_not_cut() -> None:
    """Number words stay together where a clause must be cut."""
    assert pack("tổng số một trăm hai mươi ba nghìn hộ", 27) == ["tổng số", "một trăm hai mươi ba nghìn", "hộ"]
    assert all(len(part) <= 10 for part in pack("chín trăm chín mươi chín nghìn", 10))


def test_what_is_no_sound_cannot_be_decoded() -> None:
    """Text is no sound, nor is a head without a body."""
    for data in (b"", b"ID3", json.dumps({}).encode(), beep()[:44]):
        with pytest.raises(VoiceUnavailable):
            decode(data, "X")


def test_options_come_from_the_configuration(tmp_path: Any) -> None:
    """A table for each voice; every wrong key is named, and no secret is shown."""
    told = {"voice": {"engines": ["fpt-ai", "espeak"]}, "voices": {"fpt-ai": {"api_key": KEY, "voice": "leminh"}}}
    voices = choose_voices(Settings.model_validate(told))
    assert [voice.name for voice in voices] == ["fpt-ai", "espeak"] and voices[0].version == "v5 leminh 0"
    wrong = {"voice": {"engines": ["fpt-ai"]}, "voices": {"fpt-ai": {"api_key": "x", "giong": 1}, "khong-co": {}}}
    with pytest.raises(BadSettings) as caught:
        choose_voices(Settings.model_validate(wrong))
    text = "\n".join(caught.value.problems)
    assert "[voices.fpt-ai] api_key" in text and "[voices.fpt-ai] giong" in text and "[voices.khong-co]" in text
    with pytest.raises(BadSettings, match="api_key"):
        choose_voices(Settings.model_validate({"voice": {"engines": ["fpt-ai"]}}))


class EdgeServer:
    """The WebSocket of Edge: takes a configuration and one SSML, answers with sound in frames as the real one does."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_get("/edge/v1", self.speak)
        self.heard: list[str] = []
        self.silent = False

    async def speak(self, request: web.Request) -> web.WebSocketResponse:
        """One reading."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        configuration = await socket.receive_str()
        assert "Path:speech.config" in configuration
        ssml = await socket.receive_str()
        head, _, text = ssml.partition("\r\n\r\n")
        assert "Path:ssml" in head and "vi-VN" in text
        self.heard.append(text)
        await socket.send_str("X-RequestId:1\r\nPath:turn.start\r\n\r\n{}")
        if not self.silent:
            header = b"X-RequestId:1\r\nContent-Type:audio/mpeg\r\nPath:audio\r\n"
            await socket.send_bytes(len(header).to_bytes(2, "big") + header + beep())
        await socket.send_str("X-RequestId:1\r\nPath:turn.end\r\n\r\n{}")
        await socket.close()
        return socket


@pytest.fixture
async def edge(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EdgeServer]:
    """Edge on this machine."""
    package = pytest.importorskip("edge_tts.communicate", reason="edge-tts is not installed")
    fake = EdgeServer()
    async with TestServer(fake.app) as server:
        address = str(server.make_url("/edge/v1")).replace("http://", "ws://")
        monkeypatch.setattr(package, "WSS_URL", f"{address}?a=1")
        yield fake


async def test_edge_speaks(edge: EdgeServer) -> None:
    """The sentence goes out as SSML with voice and rate; frames of sound come back as speech."""
    speech = await EdgeVoice(EdgeOptions(rate=-10)).synth(SENTENCE)
    assert 0.9 < speech.seconds < 1.2
    assert SENTENCE in edge.heard[0] and "HoaiMy" in edge.heard[0] and "-10%" in edge.heard[0]


async def test_edge_without_sound_is_unavailable(edge: EdgeServer) -> None:
    """An answer without sound is no empty recording."""
    edge.silent = True
    with pytest.raises(VoiceUnavailable):
        await EdgeVoice().synth(SENTENCE)


async def test_edge_out_of_reach_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another voice speaks then."""
    package = pytest.importorskip("edge_tts.communicate", reason="edge-tts is not installed")
    monkeypatch.setattr(package, "WSS_URL", "ws://127.0.0.1:9/x?a=1")
    with pytest.raises(VoiceUnavailable):
        await EdgeVoice().synth(SENTENCE)
