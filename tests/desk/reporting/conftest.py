"""A house with a portal, a station and an SMS provider."""

from __future__ import annotations

from typing import Any

import pytest

from desk.app import House
from tests.desk.reporting import books

SMS = {"kind": "sms_http", "title": "SMS", "url": "https://sms.example.vn/send", "body_template": '{"t": "{text}"}'}


@pytest.fixture
def plain_settings(plain_settings: dict[str, Any]) -> dict[str, Any]:
    """Three outlets, one of them to people."""
    sms = SMS | {"body_template": '{"phone": "{phone}", "text": "{text}", "id": "{id}"}'}
    office = {"office": {"name": "UBND xã Sốp Cộp"}}
    return plain_settings | office | {"outlets": plain_settings["outlets"] | {"sms": sms}}


@pytest.fixture
async def known(house: House) -> House:
    """The house with its known figures."""
    await books.fill(house)
    return house
