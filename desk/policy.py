"""The policy on the desk: every rule in force with its source, and the do-not-advertise list taken in from files."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.audience import read_audience
from channels.no_adverts import store
from config.words import BadInput, Said, Word
from content.bulletin import Purpose
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import file_of
from desk.shape import shape
from desk.shapes import people as shapes
from scheduler.policy import LEVELS
from scheduler.rules import Effect, PolicyRule


@shape(shapes.PolicyTold)
async def show(visit: Visit) -> Answer:
    """GET /policy."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    house = visit.house
    async with house.database.read() as connection:
        listed = await store.count_no_adverts(connection)
    asked, policy = house.settings.policy, house.policy
    caps = {"person_day": asked.person_day, "person_week": asked.person_week}
    plain = {
        "level": policy.level,
        "off": list(asked.off),
        **caps,
        "do_not_advertise": listed,
        "rules": [plain_rule(name, rule) for name, rule in policy.rules.items()],
    }
    values: dict[str, Any] = {"rules": policy.rules, "level": LEVELS.get(policy.level, ""), "off": asked.off}
    return Shown("policy.html", values | caps | {"listed": listed, "forbids": Effect.FORBID, "titles": Purpose}, plain)


def plain_rule(name: str, rule: PolicyRule) -> dict[str, Any]:
    """A rule as JSON: its words, its source, and what it asks."""
    return {"rule": name, **rule.model_dump(mode="json", exclude_defaults=True)}


@shape(shapes.NoAdvertsTold, shapes.NoAdverts)
async def take_in(visit: Visit) -> Answer:
    """POST /policy/no-adverts: the numbers of `file` join the do-not-advertise list, or with `whole` become all of it."""
    try:
        numbers = await _read(visit)
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    house, whole = visit.house, bool(visit.text("whole"))
    async with house.database.write() as tx:
        now = house.clock.now()
        count = await store.save_no_adverts(house.database, tx, house.seal, numbers, now, whole=whole)
        await house.journal.note(tx, now, visit.name, "import_no_adverts", "policy/no-adverts", size=count, whole=whole)
    return Done(
        "/policy",
        Word(f"Danh sách không quảng cáo có {count} số.", f"Numbers on the do-not-advertise list: {count}."),
        {"do_not_advertise": count},
    )


async def _read(visit: Visit) -> list[str]:
    return numbers_of(await asyncio.to_thread(file_of(visit, "file", "tệp danh sách").file.read))


def numbers_of(data: bytes) -> list[str]:
    """The numbers of a list in a file like an audience's. Raises BadInput when a row is wrong: half a list protects half."""
    found = read_audience(data)
    if found.faults:
        first = found.faults[0]
        raise BadInput(
            f"Danh sách có {len(found.faults)} dòng lỗi nên chưa nhập số nào; dòng {first.line}: {first.vi}",
            f"{len(found.faults)} rows are wrong and nothing was taken in; line {first.line}: {first.en}",
            field="file",
        )
    return [one.address for one in found.people if one.scheme == "phone"]
