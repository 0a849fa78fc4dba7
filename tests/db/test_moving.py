"""Moving between databases, and archives of more than fits into memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from config.settings import Settings
from content.item import Draft
from db import archive
from db.database import Database, DatabaseTrouble
from db.migrate import migrate
from db.moving import compare, move
from db.types import new_id
from desk.app import opened
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.conftest import both


async def _lived_in(settings: dict[str, Any]) -> None:
    """A house with an item, people, a dispatch and its log."""
    async with opened(Settings.model_validate(settings)) as house:
        now = house.clock.now()
        people = [Recipient("phone", f"+8498{number:07d}", f"Người {number}") for number in range(1200)]
        async with house.database.write() as tx:
            await audience_store.save_audience(house.database, tx, house.seal, new_id(now), "Bản A", people, now)
            item = await house.editing.write(tx, Draft("Tin thử", "Nội dung “có dấu”."), "Mai")
            await house.editing.submit(tx, item.id, "Mai")
            await house.editing.approve(tx, item.id, "Hùng")
            wish = Wish((item.id,), ("portal",), Rule(once=now), "Bản A")
            await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
        await house.runner.drain()


@both
async def test_everything_moves_and_can_be_proved(
    plain_settings: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    """Into either database; every table is the same, a second time is refused, and a change is found."""
    old = f"sqlite:///{tmp_path / 'old.db'}"
    await _lived_in(plain_settings | {"database": {"url": old}})
    source = Database(old)
    rows = await move(source, database)
    found = await compare(source, database)
    assert all(one.same for one in found) and rows == sum(one.rows for one in found) > 1200
    with pytest.raises(DatabaseTrouble, match="not empty"):
        await move(source, database)
    async with database.write() as tx:
        await tx.execute(text("UPDATE recipient SET name = 'x' WHERE name = 'Người 7'"))
    assert ["recipient"] == [one.table for one in await compare(source, database) if not one.same]
    await source.close()


@both
async def test_a_move_that_fails_leaves_the_target_empty(
    plain_settings: dict[str, Any], database: Database, tmp_path: Path
) -> None:
    """All or nothing: a row the target will not take undoes all before it."""
    old = f"sqlite:///{tmp_path / 'old.db'}"
    await _lived_in(plain_settings | {"database": {"url": old}})
    source = Database(old)
    async with database.write() as tx:
        await tx.execute(text("CREATE UNIQUE INDEX one_name ON recipient (audience)"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await move(source, database)
    async with database.read() as connection:
        assert 0 == (await connection.execute(text("SELECT count(*) FROM item"))).scalar_one()
    await source.close()


@both
async def test_a_backup_needs_no_more_memory_than_a_few_rows(database: Database, tmp_path: Path) -> None:
    """A log of 60,000 tries goes through a few megabytes both ways."""
    plain = {"at": 0, "ms": 1, "outcome": "sent", "reason": "", "reference": "", "detail": "x" * 80}
    table = {column: value for column, value in plain.items() if column != "at"}
    async with database.write() as tx:
        for parcel in range(60):
            rows = [{"parcel": parcel, "seq": seq, "n": 1, **table} for seq in range(1000)]
            fill = text(
                "INSERT INTO attempt (parcel, seq, n, at, ms, outcome, reason, reference, detail)"
                " VALUES (:parcel, :seq, :n, 0, :ms, :outcome, :reason, :reference, :detail)"
            )
            await tx.execute(fill, rows)
    tracemalloc.start()
    count = await archive.backup(database, tmp_path / "recordings", tmp_path / "all.loa")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count >= 60_000
    assert peak < 8_000_000, "60,000 rows are 12 MB as JSON lines"
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    await migrate(other)
    assert count == await archive.restore(other, tmp_path / "recordings", tmp_path / "all.loa")
    await other.close()
