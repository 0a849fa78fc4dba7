"""Which of two voices is better: asked without names, answered once, counted for everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from content.mastering import measure
from content.voices.espeak import EspeakFemaleVoice
from desk.listening import store


@pytest.fixture
async def two(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The desk of a house with two voices."""
    female = EspeakFemaleVoice()
    whole = replace(desk.house, voices=(*desk.house.voices, female))
    monkeypatch.setattr("desk.answer.Visit.house", property(lambda _: whole, lambda *_: None), raising=False)
    yield desk
    await female.aclose()


def asked(page: str) -> str:
    """The address of the open question."""
    found = re.search(r'action="(/voices/[^"]+)"', page)
    assert found
    return found[1]


async def test_with_one_voice_there_is_nothing_to_choose(desk: Any) -> None:
    """The page says what is missing."""
    assert "Chỉ có một giọng đọc" in await (await desk.browser("xem")).page("/voices")


async def test_the_page_names_no_voice(two: Any) -> None:
    """Neither does the address of a sound; the question stays until it is answered."""
    lan = await two.browser("lan")
    page = await lan.page("/voices")
    assert "Giọng A" in page and "espeak" not in page and "eSpeak" not in page
    assert asked(page) == asked(await lan.page("/voices"))
    assert asked(page) != asked(await (await two.browser("hung")).page("/voices"))


async def test_both_sound_equally_loud(two: Any) -> None:
    """So that nobody prefers the louder one."""
    lan = await two.browser("lan")
    place = asked(await lan.page("/voices"))
    heard = []
    for side in "ab":
        answer = await lan.get(f"{place}/{side}")
        assert (answer.status, answer.content_type) == (200, "audio/mpeg")
        heard.append(measure(await answer.read()).lufs)
    assert abs(heard[0] - heard[1]) < 0.7
    assert (await (await two.browser("hung")).get(f"{place}/a")).status == 404


async def test_an_answer_counts_once(two: Any) -> None:
    """For the voice that stood on that side, whichever it was; then comes another question."""
    lan = await two.browser("lan")
    place = asked(await lan.page("/voices"))
    async with two.house.database.read() as connection:
        pair = await store.open_pair(connection, "lan")
    assert pair is not None
    assert (await lan.post(place, {"better": "second"})).status == 303
    assert (await lan.post(place, {"better": "first"})).status == 404
    page = await lan.page("/voices")
    assert asked(page) != place and "Mọi người đã chọn" in page
    async with two.house.database.read() as connection:
        assert [(row.better, row.times) for row in await store.answers(connection)] == [(pair.second, 1)]


async def test_skipping_counts_nothing(two: Any) -> None:
    """Who cannot hear it gets another one; nonsense is refused."""
    lan = await two.browser("lan")
    place = asked(await lan.page("/voices"))
    assert (await lan.post(place, {"better": "espeak"})).status == 400
    await lan.post(place, {"better": "skip"})
    page = await lan.page("/voices")
    assert asked(page) != place and "Mọi người đã chọn" not in page
