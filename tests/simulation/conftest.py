"""What every simulated world begins with, made once a test process by the product itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from config.clock import FakeClock
from config.settings import Settings
from content.bulletin import BulletinClass
from content.item import Draft
from db.types import new_id
from desk.app import opened
from tests.simulation.ground import START, Ground

AUDIENCES = {"Bản A": 1, "Bản B": 3, "Bản C": 8}


async def _make(directory: Path) -> Ground:
    sms = {
        "body_template": '{"id": "{id}", "to": "{phone}", "text": "{text}"}',
        "number": "+84",
        "id_path": "reference",
    }
    plain = {
        "database": {"url": f"sqlite:///{directory / 'ground.db'}"},
        "files": {"dir": str(directory / "files")},
        "voice": {"engines": ["espeak"]},
        "people": {"key": "the same in every run, as sealed addresses are sorted"},
        "outlets": {
            "knows": {
                "kind": "json_post",
                "url": "http://knows.test/send",
                "reference": "reference",
                "per_second": 100,
                "at_once": 6,
            },
            "once": {"kind": "sms_http", "url": "http://once.test/send", "per_second": 40, "at_once": 8, **sms},
            "asks": {"kind": "sms_http", "url": "http://asks.test/send", "per_second": 4, "at_once": 3, **sms},
        },
    }
    clock = FakeClock(START)
    async with opened(Settings.model_validate(plain), clock) as house:
        items, now = {}, clock.now()
        async with house.database.write() as tx:
            for klass in BulletinClass:
                draft = Draft(
                    title=f"Tin {klass.value}", body="Từ tháng này bà con nộp hồ sơ được cả sáng thứ bảy.", klass=klass
                )
                item = await house.editing.write(tx, draft, "Mai")
                await house.editing.submit(tx, item.id, "Mai")
                await house.editing.approve(tx, item.id, "Hùng")
                items[klass.value] = item.id
            for name, size in AUDIENCES.items():
                people = [Recipient("phone", f"+8498{number:07d}", f"Người {number}") for number in range(size)]
                await audience_store.save_audience(house.database, tx, house.seal, new_id(now), name, people, now)
    return Ground(directory / "ground.db", house, items, AUDIENCES)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Items that are approved and audiences of 1, 3 and 8."""
    with asyncio.Runner() as runner:
        return runner.run(_make(tmp_path_factory.mktemp("ground")))
