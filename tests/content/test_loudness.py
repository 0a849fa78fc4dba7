"""What stations get, heard by another program than the one that made it: loudness, peaks, silences of encoded files."""

from __future__ import annotations

import pytest

from content.mastering import Mastering, finish, shape
from tests.bench.loudness import FFMPEG, Bulletin, heard_by_ffmpeg, quick

pytestmark = pytest.mark.skipif(
    not FFMPEG, reason="no ffmpeg on PATH: the loudness of encoded files is not heard by a second program"
)
BULLETINS = quick()


@pytest.mark.parametrize("bulletin", BULLETINS, ids=lambda one: one.name)
def test_on_target(bulletin: Bulletin) -> None:
    """-16 LUFS within 0.5, no peak over -1 dBTP, no silence over 1.5 s, whatever the raw speech was like."""
    heard = heard_by_ffmpeg(finish(shape(bulletin.speech), Mastering()).data, "mp3")
    assert abs(heard.lufs + 16) <= 0.5
    assert heard.true_peak_db <= -1
    assert heard.seconds <= 1.5


@pytest.mark.parametrize(("format", "lufs"), [("mp3-low", -16.0), ("wav", -23.0), ("opus", -16.0), ("flac", -23.0)])
def test_every_format(format: str, lufs: float) -> None:
    """The same for the variants of a recording with much to limit."""
    clipping = next(one for one in BULLETINS if one.name == "clipping")
    data = finish(shape(clipping.speech), Mastering(format=format, lufs=lufs)).data
    heard = heard_by_ffmpeg(data, format.split("-", maxsplit=1)[0])
    assert abs(heard.lufs - lufs) <= 0.5
    assert heard.true_peak_db <= -1
