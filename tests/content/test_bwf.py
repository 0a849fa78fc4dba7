"""Broadcast Wave read back by a reader of our own, by Python's `wave` and by ffprobe."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import wave
from pathlib import Path
from xml.etree import ElementTree

import pytest

from content.mastering import Mastered, Mastering, Tags, master
from tests.content.speechlike import speechlike

TAGS = Tags(
    title="Thông báo: đường “Tỉnh lộ 105” sạt lở — cấm xe tải từ bản Lạnh đến trung tâm xã, kéo dài nhiều ngày",
    office="UBND xã Mường Hum",
    series="Bản tin sáng",
    voice="synthetic voice, giọng đọc máy: espeak",
    valid_from="2026-11-23 05:00:00",
    valid_until="2026-11-25 18:30:00",
)


@pytest.fixture(scope="module")
def made() -> Mastered:
    """A finished WAV."""
    return master(speechlike(2), Mastering(format="wav", lufs=-23.0), TAGS)


def chunks(data: bytes) -> dict[str, bytes]:
    """The chunks of a RIFF file; every length must be right."""
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WAVE"
    assert struct.unpack("<I", data[4:8])[0] == len(data) - 8
    found, at = {}, 12
    while at < len(data):
        size = struct.unpack("<I", data[at + 4 : at + 8])[0]
        found[data[at : at + 4].decode()] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    assert at == len(data)
    return found


def text(field: bytes) -> str:
    """A filled field: ASCII to the first NUL, and nothing after it."""
    said, _, rest = field.partition(b"\0")
    assert not rest.strip(b"\0")
    return said.decode("ascii")


def test_cart(made: Mastered) -> None:
    """AES46: title and artist without marks and cut to 64, dates of the validity, level reference; 2,048 bytes."""
    cart = chunks(made.data)["cart"]
    assert len(cart) == 2048
    assert cart[:4] == b"0101"
    names = ("title", "artist", "cut", "client", "category", "class", "outcue")
    fields = {name: text(cart[4 + 64 * at : 68 + 64 * at]) for at, name in enumerate(names)}
    assert fields["title"] == 'Thong bao: duong "Tinh lo 105" sat lo - cam xe tai tu ban Lanh de'[:64]
    assert fields["artist"] == "UBND xa Muong Hum"
    assert len(fields["cut"]) == 8
    dates = [text(cart[452 + begin : 452 + end]) for begin, end in ((0, 10), (10, 18), (18, 28), (28, 36))]
    assert dates == ["2026-11-23", "05:00:00", "2026-11-25", "18:30:00"]
    assert text(cart[488:552]) == "Loa"
    assert struct.unpack("<i", cart[680:684])[0] == 32768


def test_bext_and_ixml(made: Mastered) -> None:
    """EBU Tech 3285 version 2 with the measured figures; the real title is in iXML."""
    parts = chunks(made.data)
    bext = parts["bext"]
    assert text(bext[:256]).startswith("Thong bao: duong")
    assert (text(bext[320:330]), text(bext[330:338])) == ("2026-11-23", "05:00:00")
    assert struct.unpack("<H", bext[346:348])[0] == 2
    loudness, _, peak, _, _ = struct.unpack("<5h", bext[412:422])
    assert (loudness / 100, peak / 100) == pytest.approx((made.lufs, made.true_peak_db), abs=0.006)
    assert bext[602:].startswith(b"A=PCM,F=48000,W=16,M=mono")
    root = ElementTree.fromstring(parts["iXML"].decode())
    assert root.findtext("USER/TITLE") == TAGS.title
    assert TAGS.voice in (root.findtext("NOTE") or "")


def test_other_readers(made: Mastered, tmp_path: Path) -> None:
    """Python and ffprobe read 48 kHz, 16 bit, mono of the right length."""
    with wave.open(io.BytesIO(made.data)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (48000, 2, 1)
        assert file.getnframes() / 48000 == pytest.approx(made.seconds, abs=0.001)
    if not shutil.which("ffprobe"):
        pytest.skip("no ffprobe on PATH: its reading of BWF is not looked at")
    (tmp_path / "a.wav").write_bytes(made.data)
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", str(tmp_path / "a.wav")]
    tags = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["format"]["tags"]
    assert tags["comment"].startswith("Thong bao")
    assert tags["date"] == "2026-11-23"


def test_without_validity() -> None:
    """No dates are made up; the same input gives the same bytes."""
    speech = speechlike(1)
    one, again = (master(speech, Mastering(format="wav"), Tags(title="Tin")) for _ in range(2))
    assert one == again
    assert chunks(one.data)["cart"][452:488] == bytes(36)
