"""Everybody's own page of the second step: switched on, renewed, its recovery codes made anew, switched off."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import BadInput, NotAllowed, Word
from desk import store as people
from desk.answer import Answer, Done, Shown, Visit
from desk.drawing import qr_code
from desk.second_step import store
from desk.second_step.codes import setup_address
from desk.second_step.door import count_try
from desk.second_step.keeping import Standing, Whose, standing_of

HERE = "/second-step"


async def show(visit: Visit) -> Answer:
    """GET /second-step: how it stands, or how to switch it on."""
    async with visit.house.database.read() as connection:
        return await _own(visit, connection) if visit.second_step is Standing.ON else await _offered(visit, connection)


async def show_new(visit: Visit) -> Answer:
    """GET /second-step/new: another phone, or another secret, instead of what there is."""
    if visit.second_step is not Standing.ON:
        return Done(HERE)
    async with visit.house.database.read() as connection:
        return await _offered(visit, connection)


async def turn_on(visit: Visit) -> Answer:
    """POST /second-step: the offered secret counts from its first right code on; the recovery codes are shown once."""
    async with visit.house.database.read() as connection:
        page = await _offered(visit, connection)
    try:
        keys = await _check_password(visit)
        async with visit.house.database.write() as tx:
            given = (visit.text("fresh"), visit.text("code"))
            codes = await visit.keeper.steps.turn_on(tx, _whose(visit), visit.session, *given)
    except BadInput as fault:
        return page.with_fault(fault)
    visit.keeper.code_tries.forget(keys)
    renewed, visit.second_step = visit.second_step is Standing.ON, Standing.ON
    title = Word("Đã đổi", "Changed") if renewed else Word("Đã bật", "Switched on")
    return Shown("second_step/codes.html", {"codes": codes, "title": title})


async def renew_codes(visit: Visit) -> Answer:
    """POST /second-step/codes: ten other recovery codes, shown once."""
    if visit.second_step is not Standing.ON:
        return Done(HERE)
    async with visit.house.database.read() as connection:
        page = await _own(visit, connection, "codes")
    try:
        keys = await _check_password(visit)
        async with visit.house.database.write() as tx:
            codes = await visit.keeper.steps.renew_codes(tx, _whose(visit), visit.text("code"))
    except BadInput as fault:
        return page.with_fault(fault)
    visit.keeper.code_tries.forget(keys)
    return Shown("second_step/codes.html", {"codes": codes, "title": Word("Bộ mã mới", "New codes")})


async def turn_off(visit: Visit) -> Answer:
    """POST /second-step/off: on with the password alone, where the office allows it."""
    if visit.second_step is not Standing.ON:
        return Done(HERE)
    if _after_off(visit) is Standing.REQUIRED:
        raise NotAllowed("Cơ quan yêu cầu vai trò của bạn đăng nhập hai bước", "The office requires it of your role")
    async with visit.house.database.read() as connection:
        page = await _own(visit, connection, "off")
    try:
        keys = await _check_password(visit)
        async with visit.house.database.write() as tx:
            await visit.keeper.steps.turn_off(tx, _whose(visit), visit.text("code"))
    except BadInput as fault:
        return page.with_fault(fault)
    visit.keeper.code_tries.forget(keys)
    return Done(HERE, Word("Đã tắt đăng nhập hai bước.", "Two-step sign-in is off."))


async def _check_password(visit: Visit) -> list[str]:
    """A page left open is not enough. The keys under which the try was counted. Raises BadInput, Trouble 429."""
    keys = count_try(visit, visit.login)
    async with visit.house.database.read() as connection:
        row = await people.person_by_login(connection, visit.login)
    if not await visit.keeper.passwords.fits(row.password if row else None, visit.text("password")):
        raise BadInput("Mật khẩu không đúng", "Wrong password", field="password")
    return keys


async def _own(visit: Visit, connection: AsyncConnection, tried: str = "") -> Shown:
    row = await store.find(connection, visit.person)
    left = await store.count_recovery_codes(connection, visit.person)
    may_end = _after_off(visit) is not Standing.REQUIRED
    return Shown("second_step/own.html", {"since": row.since, "left": left, "may_end": may_end, "tried": tried})


async def _offered(visit: Visit, connection: AsyncConnection) -> Shown:
    secret = await visit.keeper.steps.offer(connection, visit.person, visit.session)
    address = setup_address(secret, f"{visit.login}@{visit.request.host}")
    spelled = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    values = {"qr": qr_code(address), "address": address, "secret": spelled, "renew": visit.second_step is Standing.ON}
    return Shown("second_step/set_up.html", values)


def _after_off(visit: Visit) -> Standing:
    return standing_of(visit.house.settings.sign_in.second_step, visit.roles, None)


def _whose(visit: Visit) -> Whose:
    return Whose(visit.person, visit.login, visit.name)
