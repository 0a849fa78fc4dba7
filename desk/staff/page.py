"""The people page: who works here, added, given other roles, let in again; for administrators.

On the API accounts are only listed and closed: a program that could make accounts could be the second person too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound, Said, Word
from content.units import store as unit_store
from content.units.unit import ROOT
from desk import auth, store
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import iso, listed
from desk.second_step import store as second_steps
from desk.second_step.keeping import Whose
from desk.shape import shape
from desk.shapes import staff as shapes
from desk.shapes.schedules import MayNote
from desk.staff import accounts
from desk.store import Person
from desk.units.choosing import unit_choices, unit_of_form

HERE = "/staff"
ROLES = {
    "author": Word("viết và sửa tin, lập lịch", "write and change items, make schedules"),
    "approver": Word("duyệt tin và lịch, báo cáo", "approve items and schedules, reports"),
    "station": Word("chỉ trang của đài", "the station’s page only"),
    "viewer": Word("xem, không đổi được gì", "look, change nothing"),
    "administrator": Word("mọi việc, kể cả tài khoản", "everything, accounts too"),
}
"""What each role is for, in a few words."""


@shape(shapes.StaffTold)
async def list_all(visit: Visit) -> Answer:
    """GET /staff: everybody, those whose account is closed too."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    async with visit.house.database.read() as connection:
        everybody = [one for one in await store.people(connection) if visit.reaches(one.unit)]
        tree = await unit_store.tree(connection)
        steps = await second_steps.everybody(connection)
    open_ones = sorted(everybody, key=lambda one: (one.disabled_at is not None, one.name))
    values: dict[str, Any] = {"everybody": open_ones, "steps": steps, "typed": visit.form, "role_words": ROLES}
    values |= {"tree": tree, "unit_choices": unit_choices(visit, tree)}
    return Shown("staff/list.html", values, listed([plain(one, steps) for one in open_ones], None))


def plain(one: Person, steps: dict[str, Any]) -> dict[str, Any]:
    """An account as JSON."""
    told: dict[str, Any] = {"login": one.login, "name": one.name, "roles": list(one.roles), "unit": one.unit}
    told |= {"closed_at": iso(one.disabled_at)}
    return told | {"second_step_since": iso(steps.get(one.id))}


async def add(visit: Visit) -> Answer:
    """POST /staff: a new account with a password that is shown this once."""
    login, name = visit.text("login").strip().lower(), " ".join(visit.text("name").split())
    try:
        async with visit.house.database.read() as connection:
            unit = await unit_of_form(visit, connection)
        password = await auth.add_person(visit.house, login, name, visit.texts("role"), None, unit=unit, by=visit.name)
    except Said as fault:
        fault.field = {"roles": "role"}.get(fault.field or "", fault.field)
        return (await _page(visit)).with_fault(fault)
    return await _password(visit, login, password)


async def reset(visit: Visit) -> Answer:
    """POST /staff/{id}/password: another password, shown this once; every session of that person ends."""
    login = visit.part("id")
    async with visit.house.database.read() as connection:
        await accounts.find(connection, login)
    return await _password(visit, login, await auth.reset_password(visit.house, login, None, by=visit.name))


async def _password(visit: Visit, login: str, password: str) -> Shown:
    async with visit.house.database.read() as connection:
        one = await accounts.find(connection, login)
    return Shown("staff/password.html", {"one": one, "password": password})


async def change_roles(visit: Visit) -> Answer:
    """POST /staff/{id}/roles."""
    return await _done(
        visit,
        Word("Đã đổi vai trò.", "Roles changed."),
        lambda tx: accounts.change_roles(visit.house, tx, visit.part("id"), visit.texts("role"), visit.name),
    )


async def change_unit(visit: Visit) -> Answer:
    """POST /staff/{id}/unit: whose things this person sees and changes from the next click on."""

    async def deed(tx: AsyncConnection) -> Person:
        unit = await unit_of_form(visit, tx) if visit.text("unit") or visit.units is not None else ROOT
        return await accounts.change_unit(visit.house, tx, visit.part("id"), unit, visit.name)

    return await _done(visit, Word("Đã đổi đơn vị.", "Unit changed."), deed)


@shape(shapes.PersonTold, MayNote)
async def close(visit: Visit) -> Answer:
    """POST /staff/{id}/close."""
    return await _done(
        visit,
        Word(
            "Đã khóa tài khoản; mọi phiên và mã truy cập của người này hết hiệu lực.",
            "Account locked; all sessions and tokens of this person have ended.",
        ),
        lambda tx: accounts.close(visit.house, tx, visit.part("id"), visit.name, visit.text("note")),
    )


async def open_again(visit: Visit) -> Answer:
    """POST /staff/{id}/open."""
    return await _done(
        visit,
        Word("Đã mở lại tài khoản.", "Account opened again."),
        lambda tx: accounts.open_again(visit.house, tx, visit.part("id"), visit.name),
    )


async def drop_second_step(visit: Visit) -> Answer:
    """POST /staff/{id}/second-step/off: for somebody who lost the phone; told to that person at the next sign-in."""

    async def deed(tx: AsyncConnection) -> Person:
        one = await accounts.find(tx, visit.part("id"))
        await visit.keeper.steps.take_off(tx, Whose(one.id, one.login, one.name), visit.name)
        return one

    return await _done(
        visit, Word("Đã gỡ đăng nhập hai bước của người này.", "This person’s second step is removed."), deed
    )


async def _done(visit: Visit, said: Word, deed: Callable[[AsyncConnection], Awaitable[Person]]) -> Answer:
    try:
        async with visit.house.database.write() as tx:
            one = await deed(tx)
            now_is = await accounts.find(tx, one.login)
            steps = await second_steps.everybody(tx)
    except NotFound:
        raise
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    return Done(HERE, f"{one.name}: " + said, plain(now_is, steps))
