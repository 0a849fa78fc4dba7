"""The first page: what the house itself needs of a person, told to who can do something about it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from content.recordings.store import recording
from desk import needs


async def test_nothing_is_needed(desk: Any) -> None:
    """Of a house that is well there is no such list."""
    await desk.approved()
    assert "Cần xử lý" not in await (await desk.browser("lan")).page("/")


async def test_words_that_nobody_knew(desk: Any) -> None:
    """Of texts under way, until somebody lays down how they are read."""
    await desk.draft(body="Họp tại HTCX và HTCY.")
    lan = await desk.browser("lan")
    assert "HTCX, HTCY: trên đài sẽ đánh vần" in await lan.page("/")
    assert "HTCX" not in await (await desk.browser("dai")).page("/")
    for abbr in ("HTCX", "HTCY"):
        await lan.post("/glossary", {"abbr": abbr, "spoken": "hội trường"})
    assert "Cần xử lý" not in await lan.page("/")


async def test_a_voice_that_does_not_work(desk: Any) -> None:
    """With what it said last."""
    now = desk.clock.now()
    row = {"key": "k", "state": "wanted", "note": "gTTS không trả lời", "tries": 2, "next_try_at": now}
    async with desk.house.database.write() as tx:
        await tx.execute(insert(recording).values(**row))
    page = await (await desk.browser("hung")).page("/")
    assert "1 bản ghi âm chưa thu được: gTTS không trả lời. Loa tự thử lại." in page


async def test_a_disk_that_is_nearly_full(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to everybody: nothing goes out any more once it is full."""
    monkeypatch.setattr(needs, "LITTLE_ROOM", 2**60)
    assert "Ổ đĩa dữ liệu sắp đầy" in await (await desk.browser("xem")).page("/")
