"""Two steps of signing in: set up, asked for, never twice, slowed down, got back without the phone, required."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pyotp
import pytest
import segno
from sqlalchemy import update

from config.words import Conflict
from desk import store as people
from desk.doors import DOORS
from desk.second_step import store
from desk.second_step.codes import new_recovery_codes, period_of, recovery_mark
from desk.second_step.keeping import SecondSteps, Standing, Whose, standing_of
from desk.web import BEFORE_SECOND_STEP

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The 20 bytes of RFC 6238, appendix B, in base32."""


def code_at(desk: Any, secret: str, away: int = 0) -> str:
    """What the phone shows now, or some periods away."""
    return pyotp.TOTP(secret).at(desk.clock.now(), counter_offset=away)


def secret_on(html: str) -> str:
    """The secret as the page spells it."""
    found = re.search(r'<code class="spelled">([A-Z2-7 ]+)</code>', html)
    assert found
    return found[1].replace(" ", "")


async def set_up(desk: Any, login: str, password: str) -> tuple[Any, str, list[str]]:
    """Somebody with a second step that counts: the browser, the secret, the recovery codes. The next code is a new one."""
    browser = await desk.browser(login)
    secret = secret_on(await browser.page("/second-step"))
    answer = await browser.post("/second-step", {"fresh": code_at(desk, secret), "password": password})
    html = await answer.text()
    assert answer.status == 200, html
    desk.clock.advance(30)
    return browser, secret, re.findall(r"<li><code>([\d-]{14})</code></li>", html)


async def halfway(desk: Any, login: str, password: str, next: str = "/") -> Any:
    """A browser in which the password was right and the code is owed."""
    browser = await desk.browser()
    answer = await browser.post("/sign-in", {"login": login, "password": password, "next": next})
    assert (answer.status, answer.headers["Location"]) == (303, f"/sign-in/code?next={next}")
    [cookie] = answer.headers.getall("Set-Cookie")
    assert cookie.startswith("loa-halfway=") and "HttpOnly" in cookie and "Path=/sign-in" in cookie
    browser.owed = {"Cookie": cookie.split(";")[0]}
    return browser


async def give(browser: Any, code: str, **more: str) -> Any:
    """Hand in a code."""
    return await browser.post("/sign-in/code", {"code": code, **more}, headers=browser.owed)


def cookies_of(answer: Any) -> dict[str, str]:
    """The cookies an answer sets."""
    return dict(one.split(";")[0].split("=", 1) for one in answer.headers.getall("Set-Cookie", []))


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    """The test values of RFC 6238, their last six digits; typed with a space too."""
    now = datetime.fromtimestamp(second, UTC)
    assert second // 30 == period_of(RFC_SECRET, code, now)
    assert second // 30 == period_of(RFC_SECRET, f"{code[:3]} {code[3:]}", now)
    assert period_of(RFC_SECRET, code[:5], now) is None


def test_recovery_codes_differ_and_are_worth_nothing_to_others() -> None:
    """Ten of twelve digits; stored by person and key."""
    codes = new_recovery_codes()
    assert len(set(codes)) == 10 and all(re.fullmatch(r"\d{4}-\d{4}-\d{4}", code) for code in codes)
    marks = {recovery_mark(key, person, codes[0]) for key in (b"k", b"l") for person in ("a", "b")}
    assert len(marks) == 4
    assert recovery_mark(b"k", "a", codes[0]) == recovery_mark(b"k", "a", codes[0].replace("-", " "))


@pytest.mark.parametrize(
    ("asked", "roles", "standing"),
    [
        ("advised", {"author"}, Standing.OPTIONAL),
        ("advised", {"approver"}, Standing.ADVISED),
        ("advised", {"administrator", "author"}, Standing.ADVISED),
        ("approvers", {"author", "viewer", "station"}, Standing.OPTIONAL),
        ("approvers", {"author", "approver"}, Standing.REQUIRED),
        ("approvers", {"administrator"}, Standing.REQUIRED),
        ("everybody", {"station"}, Standing.REQUIRED),
    ],
)
def test_of_whom_it_is_asked(asked: str, roles: set[str], standing: Standing) -> None:
    """By the settings and the roles; whoever has it has it."""
    assert standing is standing_of(asked, roles, None)
    assert standing_of(asked, roles, datetime.now(UTC)) is Standing.ON


async def test_it_counts_from_the_first_right_code(desk: Any, password: str) -> None:
    """The secret stays the same over reloads; a wrong code or password changes nothing; then other sessions end."""
    browser, other = await desk.browser("hung"), await desk.browser("hung")
    html = await browser.page("/second-step")
    secret = secret_on(html)
    assert secret == secret_on(await browser.page("/second-step"))
    assert secret != secret_on(await other.page("/second-step"))
    [address] = [unescape(found) for found in re.findall(r'href="(otpauth:[^"]+)"', html)]
    assert address.startswith("otpauth://totp/Loa:hung%40") and f"?secret={secret}&issuer=Loa" in address
    drawn = segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2, omitsize=True, svgclass=None)
    assert drawn in html
    right = {"fresh": code_at(desk, secret), "password": password}
    for wrong, field in (({"fresh": "000000"}, "fresh"), ({"password": "sai rồi sai nữa"}, "password")):
        answer = await browser.post("/second-step", right | wrong)
        assert answer.status == 422 and f'id="e-{field}"' in await answer.text()
    assert (await other.get("/")).status == 200
    answer = await browser.post("/second-step", right)
    html = await answer.text()
    codes = re.findall(r"<li><code>([\d-]{14})</code></li>", html)
    assert answer.status == 200 and len(codes) == 10
    assert (await other.get("/")).status == 303
    own = await browser.page("/second-step")
    assert "còn 10 mã chưa dùng" in own and codes[0] not in own and secret not in own
    async with desk.house.database.read() as connection:
        assert "turn_on_second_step" == (await desk.house.journal.last(connection, "person/hung")).verb


async def test_nothing_lies_open_in_the_database(desk: Any, password: str) -> None:
    """Neither the secret nor a recovery code, with or without its dashes, stands in any table."""
    _, secret, codes = await set_up(desk, "hung", password)
    async with desk.house.database.read() as connection:
        row = await people.person_by_login(connection, "hung")
        kept = [*await store.find(connection, row.id)]
        kept += [
            one for table in (store.used_code, store.recovery_code) for one in await connection.execute(table.select())
        ]
    written = repr(kept)
    assert len(kept) == 5 + 1 + 10
    for secret_word in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert secret_word not in written


async def test_the_code_is_asked_for_after_the_password(desk: Any, password: str) -> None:
    """Then one is led to where one wanted to go, by a session of one's own."""
    _, secret, _ = await set_up(desk, "hung", password)
    browser = await halfway(desk, "hung", password, "/items")
    html = await (await browser.get("/sign-in/code?next=/items", headers=browser.owed)).text()
    assert "autocomplete=one-time-code" in html and "inputmode=numeric" in html and "<script" not in html
    assert 'name="next" value="/items"' in html
    answer = await give(browser, code_at(desk, secret), next="/items")
    assert (answer.status, answer.headers["Location"]) == (303, "/items")
    cookies = cookies_of(answer)
    assert "" == cookies["loa-halfway"].strip('"') and "loa-mark" in cookies
    browser.cookie = cookies["loa"]
    assert "Trần Văn Hùng" in await browser.page("/items")


async def test_halfway_opens_no_door(desk: Any, password: str) -> None:
    """What is held between password and code is no session, as whatever cookie it is given in."""
    await set_up(desk, "hung", password)
    browser = await halfway(desk, "hung", password)
    word = browser.owed["Cookie"].split("=", 1)[1]
    headers = {"Cookie": f"loa-halfway={word}; loa={word}"}
    for door in DOORS:
        path = door.path.replace("{id}", "0000000000000").replace("{name}", "khong-co").replace("{side}", "a")
        answer = await browser.ask(door.method, path, headers=headers)
        assert (answer.status, answer.headers["Location"][:8]) == (303, "/sign-in"), door.name


async def test_halfway_is_over_after_five_minutes_or_with_another_password(desk: Any, password: str) -> None:
    """Then the right code opens nothing, and the password is asked for again."""
    _, secret, _ = await set_up(desk, "hung", password)
    late, forged = [await halfway(desk, "hung", password) for _ in range(2)]
    forged.owed = {"Cookie": f"{late.owed['Cookie'][:-8]}AAAAAAA="}
    assert (await give(forged, code_at(desk, secret))).headers["Location"] == "/sign-in"
    desk.clock.advance(301)
    answer = await give(late, code_at(desk, secret))
    assert answer.headers["Location"] == "/sign-in" and "loa" not in cookies_of(answer)
    assert (await late.get("/sign-in/code", headers=late.owed)).headers["Location"] == "/sign-in"
    changed = await halfway(desk, "hung", password)
    assert (await changed.get("/sign-in/code", headers=changed.owed)).status == 200
    async with desk.house.database.write() as tx:
        await tx.execute(update(people.person).where(people.person.c.login == "hung").values(password="x"))
    assert (await give(changed, code_at(desk, secret))).headers["Location"] == "/sign-in"


async def test_codes_next_to_now_are_taken_and_none_twice(desk: Any, password: str) -> None:
    """One period before and after, for clocks that differ; what was used, also at setting up, is used up."""
    _, secret, _ = await set_up(desk, "hung", password)
    statuses = []
    for away in (-2, 2, -1, -1, 1, 0, 0, 1):
        browser = await halfway(desk, "hung", password)
        statuses.append((away, (await give(browser, code_at(desk, secret, away))).status))
        desk.clock.advance(0.001)
    # the code of -1 was used at setting up
    assert statuses == [(-2, 422), (2, 422), (-1, 422), (-1, 422), (1, 303), (0, 303), (0, 422), (1, 422)]


async def test_a_clock_that_is_set_back_locks_nobody_out(desk: Any, password: str) -> None:
    """Only codes that were used are refused, not all that are older."""
    _, secret, _ = await set_up(desk, "hung", password)
    desk.clock.step(-3600)
    assert (await give(await halfway(desk, "hung", password), code_at(desk, secret))).status == 303


async def test_wrong_codes_are_slowed_down(desk: Any, password: str) -> None:
    """After five comes 429, whatever the password and the browser; a right one later is taken, and said nothing else."""
    _, secret, _ = await set_up(desk, "hung", password)
    statuses = []
    for _ in range(6):
        browser = await halfway(desk, "hung", password)  # a right password does not buy more tries of the code
        statuses.append((await give(browser, "000000")).status)
    assert statuses == [422] * 5 + [429]
    answer = await give(browser, code_at(desk, secret))
    assert answer.status == 429 and int(answer.headers["Retry-After"]) >= 1
    desk.clock.advance(60)
    assert (await give(browser, code_at(desk, secret))).status == 303


async def test_the_page_is_no_way_around_the_throttle(desk: Any, password: str) -> None:
    """Whoever holds a session and guesses the password or the code waits too."""
    browser, _, _ = await set_up(desk, "hung", password)
    fields = {"password": password, "code": "000000"}
    statuses = [(await browser.post("/second-step/off", fields)).status for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert "đang bật" in await browser.page("/second-step")


async def test_a_recovery_code_opens_once(desk: Any, password: str, words: Any) -> None:
    """It says how many are left; used again it opens nothing; the journal knows."""
    _, _, codes = await set_up(desk, "hung", password)
    browser = await halfway(desk, "hung", password)
    answer = await give(browser, codes[3].replace("-", " "))
    assert answer.status == 303
    cookies = cookies_of(answer)
    browser.cookie = f"{cookies['loa']}; loa-said={cookies['loa-said']}"
    assert "còn 9 mã" in words(await browser.page("/"))
    assert (await give(await halfway(desk, "hung", password), codes[3])).status == 422
    assert (await give(await halfway(desk, "hung", password), codes[4])).status == 303
    async with desk.house.database.read() as connection:
        deed = await desk.house.journal.last(connection, "person/hung")
    assert (deed.verb, deed.person, deed.detail["left"]) == ("use_recovery_code", "Trần Văn Hùng", 8)


async def test_recovery_codes_are_made_anew(desk: Any, password: str) -> None:
    """With password and code; the old ones are worth nothing."""
    browser, secret, old = await set_up(desk, "hung", password)
    code = code_at(desk, secret)
    for wrong in ({"password": "sai rồi sai nữa"}, {"code": "000000"}):
        answer = await browser.post("/second-step/codes", {"password": password, "code": code} | wrong)
        assert answer.status == 422 and "<details" in await answer.text()
    answer = await browser.post("/second-step/codes", {"password": password, "code": code})
    new = re.findall(r"<li><code>([\d-]{14})</code></li>", await answer.text())
    assert len(new) == 10 and not set(new) & set(old)
    assert (await give(await halfway(desk, "hung", password), old[0])).status == 422
    assert (await give(await halfway(desk, "hung", password), new[0])).status == 303


async def test_another_phone_takes_over(desk: Any, password: str) -> None:
    """By the old phone's code or a recovery code; the old phone's codes then open nothing."""
    browser, old, codes = await set_up(desk, "hung", password)
    new = secret_on(await browser.page("/second-step/new"))
    assert new != old
    fields = {"fresh": code_at(desk, new), "password": password}
    assert (await browser.post("/second-step", fields)).status == 422
    answer = await browser.post("/second-step", fields | {"fresh": "000000", "code": codes[0]})
    assert answer.status == 422
    assert (await browser.post("/second-step", fields | {"code": codes[0]})).status == 200, "it was not used up"
    desk.clock.advance(30)
    assert (await give(await halfway(desk, "hung", password), code_at(desk, old))).status == 422
    assert (await give(await halfway(desk, "hung", password), code_at(desk, new))).status == 303


async def test_it_can_be_switched_off_where_it_is_not_required(desk: Any, password: str) -> None:
    """With password and code; then the password alone opens."""
    browser, secret, _ = await set_up(desk, "lan", password)
    assert (await browser.post("/second-step/off", {"password": password, "code": ""})).status == 422
    answer = await browser.post("/second-step/off", {"password": password, "code": code_at(desk, secret)})
    assert (answer.status, answer.headers["Location"]) == (303, "/second-step")
    answer = await (await desk.browser()).post("/sign-in", {"login": "lan", "password": password})
    assert answer.headers["Location"] == "/"


async def test_approvers_and_administrators_are_advised(desk: Any, password: str) -> None:
    """On the first page, until they have it; others find it in their menu."""
    for login in ("hung", "quan", "mai"):
        assert "Nên bật đăng nhập hai bước" in await (await desk.browser(login)).page("/")
    for login in ("lan", "xem", "dai"):
        html = await (await desk.browser(login)).page("/")
        assert "Nên bật đăng nhập hai bước" not in html and 'href="/second-step"' in html
    browser, _, _ = await set_up(desk, "hung", password)
    assert "Nên bật đăng nhập hai bước" not in await browser.page("/")


async def test_taken_off_by_an_administrator_it_is_told(desk: Any, password: str, words: Any) -> None:
    """Every session ends; the password opens again, and says once who took it off."""
    browser, _, codes = await set_up(desk, "hung", password)
    owing = await halfway(desk, "hung", password)
    async with desk.house.database.write() as tx:
        row = await people.person_by_login(tx, "hung")
        whose = Whose(row.id, row.login, row.name)
        await SecondSteps(desk.house).take_off(tx, whose, "Quản Trị")
    assert (await browser.get("/")).status == 303
    assert (await give(owing, codes[0])).headers["Location"] == "/sign-in"
    told = []
    for _ in range(2):
        browser = await desk.browser()
        cookies = cookies_of(await browser.post("/sign-in", {"login": "hung", "password": password}))
        browser.cookie = f"{cookies['loa']}; loa-said={cookies.get('loa-said', '')}"
        told.append("Quản Trị đã gỡ đăng nhập hai bước của bạn" in words(await browser.page("/")))
    assert told == [True, False]
    with pytest.raises(Conflict):
        async with desk.house.database.write() as tx:
            await SecondSteps(desk.house).take_off(tx, whose, "Quản Trị")


async def test_a_secret_put_in_anothers_place_fits_nothing(desk: Any, password: str) -> None:
    """Whoever can write the database alone cannot give an administrator their own phone's secret."""
    _, secret, _ = await set_up(desk, "lan", password)
    await set_up(desk, "quan", password)
    async with desk.house.database.write() as tx:
        mine, theirs = [(await people.person_by_login(tx, login)).id for login in ("lan", "quan")]
        sealed = (await store.find(tx, mine)).secret
        await tx.execute(update(store.second_step).where(store.second_step.c.person == theirs).values(secret=sealed))
    assert (await give(await halfway(desk, "quan", password), code_at(desk, secret))).status == 422
    assert (await give(await halfway(desk, "lan", password), code_at(desk, secret))).status == 303


@pytest.mark.parametrize("second_step", ["approvers"])
async def test_where_it_is_required_nothing_else_opens_before(desk: Any, password: str) -> None:
    """An approver without one is led to it by every door; a program is told; tokens and others go on as before."""
    browser = await desk.browser("hung")
    for door in DOORS:
        if door.name in BEFORE_SECOND_STEP:
            continue
        path = door.path.replace("{id}", "0000000000000").replace("{name}", "khong-co").replace("{side}", "a")
        answer = await (browser.post(path) if door.method == "POST" else browser.get(path))
        assert (answer.status, answer.headers["Location"]) == (303, "/second-step"), door.name
    change = {"current": password, "password": "một câu khác hẳn nhé", "again": "một câu khác hẳn nhé"}
    assert (await browser.post("/password", change)).headers["Location"] == "/second-step"
    assert (await browser.get("/items", headers={"Accept": "application/json"})).status == 403
    html = await browser.page("/second-step")
    assert "Cơ quan yêu cầu" in html and "Các mục chính" not in html and "đăng xuất" in html
    assert (await desk.client.get("/api/v1/items", headers=await desk.api("hung", "read"))).status == 200
    assert (await (await desk.browser("lan")).get("/items")).status == 200
    own, secret, _ = await set_up(desk, "hung", password)
    assert (await own.get("/items")).status == 200
    fields = {"password": password, "code": code_at(desk, secret)}
    assert (await own.post("/second-step/off", fields)).status == 403
    assert "không tắt được" in await own.page("/second-step")


@pytest.mark.parametrize("second_step", ["approvers"])
async def test_where_it_is_required_one_may_sign_out_instead(desk: Any) -> None:
    """Nobody is held."""
    assert (await (await desk.browser("quan")).post("/sign-out")).headers["Location"] == "/sign-in"
