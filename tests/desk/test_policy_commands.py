"""`loa policy`, and what other commands say of rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from channels.no_adverts import store
from config.words import BadInput
from desk.app import House
from scheduler.delivery import parse_delivery_id
from scheduler.dispatch import holds
from scheduler.policy import BrokenRule
from tests.desk.test_commands import Run, approved, rows, run  # noqa: F401 (a fixture)

SMS = {"kind": "sms_http", "url": "https://sms.vn/", "body_template": '{"p": "{phone}", "t": "{text}"}'}


@pytest.fixture
def plain_settings(plain_settings: dict[str, Any]) -> dict[str, Any]:
    """The office of a commune that has an account for SMS."""
    plain_settings["office"] = {"level": "commune"}
    plain_settings["outlets"]["sms"] = SMS
    return plain_settings


async def test_the_rules_are_listed_with_their_sources(run: Run, house: House) -> None:  # noqa: F811
    """One a line, for people and for machines."""
    listed = await rows(run, "policy", "list")
    assert list(house.policy.rules) == [one["rule"] for one in listed]
    assert all(one["source"] and one["vi"] and one["en"] for one in listed)
    said = await run("policy", "list")
    assert "cấp: cấp xã" in said and "sms-level" in said


async def test_numbers_for_the_list_come_from_a_file(run: Run, house: House, tmp_path: Path) -> None:  # noqa: F811
    """All of it or nothing; the journal notes how many there are."""
    (tmp_path / "dnc.csv").write_text("phone\n0912345678\n0912345679\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("phone\n0912345670\n123\n", encoding="utf-8")
    assert "2 số" in await run("policy", "no-adverts", "dnc.csv")
    with pytest.raises(BadInput, match="line 3"):
        await run("policy", "no-adverts", "bad.csv", "--whole")
    with pytest.raises(BadInput, match="cannot be read"):
        await run("policy", "no-adverts", "none.csv")
    async with house.database.read() as connection:
        assert 2 == await store.count_no_adverts(connection)
        (deed,) = await house.journal.of(connection, "policy/no-adverts")
    assert ("import_no_adverts", 2) == (deed.verb, deed.detail["size"])


async def test_a_dry_run_tells_what_the_rules_say(run: Run, tmp_path: Path) -> None:  # noqa: F811
    """Before anything is stored; stored it is not, and the error says what to do instead."""
    (tmp_path / "a.csv").write_text("phone\n0912345678\n", encoding="utf-8")
    item = await approved(run)
    await run("audience", "import", "A", "a.csv")
    asked = ["schedule", "add", "--item", item, "--outlet", "sms", "--audience", "A", "--at", "now"]
    told = json.loads(await run(*asked, "--dry-run", "--json"))
    assert ("sms-level", "broken") == (told["policy"][0]["rule"], told["policy"][0]["standing"])
    assert "✗ sms: Tin nhắn SMS" in " ".join((await run(*asked, "--dry-run")).split())
    with pytest.raises(BrokenRule, match=r"Article 32.*portal"):
        await run(*asked)
    assert [] == await rows(run, "schedule", "list")


async def test_what_was_held_back_is_counted(run: Run, house: House) -> None:  # noqa: F811
    """In the statistics, by rule, and in the log of the delivery, in words."""
    item = await approved(run)
    await run("schedule", "add", "--item", item, "--outlet", "portal,tram", "--at", "now")
    await house.runner._planner.plan()
    (portal,) = await rows(run, "delivery", "list", "--outlet", "portal")
    await run("delivery", "cancel", portal["id"])
    async with house.database.write() as tx:
        parcel, seq = parse_delivery_id(portal["id"])
        await holds.hold(house.database, tx, parcel, {seq: 1}, "person-day", "đã đủ hôm nay", house.clock.now())
    stats = {one["outlet"]: one for one in await rows(run, "delivery", "stats")}
    assert {"person-day": 1} == stats["portal"]["held"] and "held" not in stats["tram"]
    assert "portal: 1 lượt giữ lại theo quy định person-day" in await run("delivery", "stats")
    assert "đã đủ hôm nay" in await run("delivery", "show", portal["id"])
