"""What an administrator does to accounts: other roles, closed, opened again. One administrator always stays."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import BadInput, Conflict, NotFound
from content.units.unit import ROOT
from desk import store
from desk.app import House
from desk.auth import ROLES
from desk.store import Person


async def find(connection: AsyncConnection, login: str) -> Person:
    """An account, closed ones too. Raises NotFound."""
    found = await store.account(connection, login)
    if found is None:
        raise NotFound(f"Không có tài khoản {login}", f"There is no account {login}")
    return found


async def change_roles(house: House, tx: AsyncConnection, login: str, roles: Collection[str], by: str) -> Person:
    """Other roles, from the next click on. Raises BadInput, Conflict, NotFound."""
    one = await find(tx, login)
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise BadInput("Chọn ít nhất một vai trò", f"Roles are: {', '.join(ROLES)}", field="role")
    kept = tuple(role for role in ROLES if role in roles)
    if kept == one.roles:
        raise Conflict(f"{one.name} đã có đúng những vai trò này", f"{one.login} has these roles already")
    if "administrator" not in kept:
        await _must_not_be_last(tx, one)
    await store.set_roles(tx, one.id, kept)
    told = {"was": list(one.roles), "roles": list(kept)}
    await house.journal.note(tx, house.clock.now(), by, "change_roles", f"person/{one.login}", **told)
    return one


async def change_unit(house: House, tx: AsyncConnection, login: str, unit: str, by: str) -> Person:
    """Another unit, from the next click on. Raises Conflict, NotFound."""
    one = await find(tx, login)
    if unit == one.unit:
        raise Conflict(f"{one.name} đã thuộc đơn vị này", f"{one.login} belongs to it already")
    if unit != ROOT:
        await _must_not_be_last(tx, one)
    await store.set_unit(tx, one.id, unit)
    told = {"was": one.unit, "unit": unit}
    await house.journal.note(tx, house.clock.now(), by, "change_unit", f"person/{one.login}", **told)
    return one


async def close(house: House, tx: AsyncConnection, login: str, by: str, note: str) -> Person:
    """Nobody comes in by this account or its tokens any more; what it did stays on record. Raises Conflict, NotFound."""
    one = await find(tx, login)
    if one.disabled_at is not None:
        raise Conflict(f"Tài khoản {one.login} đã khóa", f"The account {one.login} is closed already")
    await _must_not_be_last(tx, one)
    now = house.clock.now()
    await store.set_disabled(tx, one.id, now)
    await house.journal.note(tx, now, by, "close_account", f"person/{one.login}", note=note)
    return one


async def open_again(house: House, tx: AsyncConnection, login: str, by: str) -> Person:
    """The account opens again, with its password and roles as they were. Raises Conflict, NotFound."""
    one = await find(tx, login)
    if one.disabled_at is None:
        raise Conflict(f"Tài khoản {one.login} đang mở", f"The account {one.login} is open")
    await store.set_disabled(tx, one.id, None)
    await house.journal.note(tx, house.clock.now(), by, "open_account", f"person/{one.login}")
    return one


async def _must_not_be_last(connection: AsyncConnection, one: Person) -> None:
    """Nobody could let anybody in again, or see to what is the whole office's."""
    everybody = await store.people(connection)
    left = [other for other in everybody if other.id != one.id and _sees_to_all(other)]
    if _sees_to_all(one) and not left:
        vi = "Phải còn ít nhất một quản trị của cả cơ quan"
        raise Conflict(vi, "One administrator of the whole office must be left", field="role")


def _sees_to_all(one: Person) -> bool:
    return "administrator" in one.roles and one.unit == ROOT and one.disabled_at is None
