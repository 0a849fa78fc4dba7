"""A house with a portal, a station and an SMS provider, and this year's plan."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from db.types import new_id
from desk.app import House
from desk.plan import store
from desk.plan.plan import Plan, Rhythm, Task, Way
from tests.desk.reporting.books import MEANING

SMS = {"kind": "sms_http", "title": "SMS", "url": "https://sms.example.vn/send"}


@pytest.fixture
def plain_settings(plain_settings: dict[str, Any]) -> dict[str, Any]:
    """One outlet of each of three ways."""
    sms = SMS | {"body_template": '{"phone": "{phone}", "text": "{text}", "id": "{id}"}'}
    station = {"kind": "radio", "title": "Đài xã", "token": "t" * 32}
    return plain_settings | {"outlets": plain_settings["outlets"] | {"sms": sms, "dai-xa": station}}


@pytest.fixture
async def planned(house: House) -> House:
    """Three tasks: on the radio on one theme a quarter, anything on the portal a month, anything at all by December."""
    asked = [
        ("Bản tin phát thanh", MEANING, Way.RADIO, "Chị Lan", Rhythm.QUARTER, None, 12),
        ("Bài trên cổng", "", Way.PORTAL, "", Rhythm.MONTH, None, 1),
        ("Đợt cao điểm", "", None, "", Rhythm.ONCE, date(2026, 12, 1), 2),
    ]
    plan = Plan(2026, "36/KH-UBND", date(2026, 1, 23), "Tuyên truyền 2026", "Mục tiêu", "Nhân dân")
    async with house.database.write() as tx:
        await store.save(house.database, tx, plan)
        for one in asked:
            await store.add_task(tx, Task(new_id(house.clock.now()), 2026, *one))
    return house
