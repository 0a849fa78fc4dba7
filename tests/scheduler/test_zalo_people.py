"""What Zalo tells of people: who comes and goes, receipts at one address for all outlets of an app, and an administrator's consent."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from channels import store as channels_store
from channels.audiences import store as audience_store
from channels.zalo.consent import code_in
from config.loading import BadSettings
from config.settings import Settings
from config.words import BadInput, Conflict
from desk.app import build, opened
from desk.commands.authorize import authorize_outlet
from desk.commands.output import out
from scheduler.delivery import State
from scheduler.schedule import Rule
from tests.channels.partners.zalo import Zalo
from tests.conftest import both
from tests.scheduler.conftest import Office

USER = "710000000000000000001"


@pytest.fixture
async def account(clock: Any) -> AsyncIterator[Zalo]:
    """A Zalo app."""
    async with Zalo(clock) as account:
        yield account


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], account: Zalo) -> dict[str, Any]:
    """Three outlets of one app."""

    def own() -> str:
        return account._pair()[1]

    plain_settings["outlets"] = {
        "oa": {"kind": "zalo_oa", **account.options()},
        "mau": {"kind": "zalo_template", **account.template_options(refresh_token=own())},
        "bai": {"kind": "zalo_article", **account.article_options(refresh_token=own())},
    }
    return plain_settings


@pytest.fixture
async def door(door: str) -> str:
    """The address Zalo calls."""
    return f"{door}/hooks/oa"


async def call(office: Office, door: str, body: bytes, headers: dict[str, str]) -> int:
    """One webhook, applied."""
    async with ClientSession() as client, client.post(door, data=body, headers=headers) as answer:
        await answer.read()
    await office.house.receiver.receive()
    return answer.status


async def tell(office: Office, door: str, account: Zalo, name: str, user: str = USER) -> int:
    """Somebody comes or goes."""
    event = {"event_name": name, "oa_id": account.oa_id, "follower": {"id": user}, "source": "oa_profile"}
    return await call(office, door, *account.signed(event))


async def reachable(office: Office) -> int:
    """How many of the list can be reached."""
    async with office.house.database.read() as connection:
        return (await audience_store.audiences(connection))[0].size


@both
async def test_who_leaves_is_reached_no_more_until_they_come_back(office: Office, door: str, account: Zalo) -> None:
    """Also what waits is cancelled; twice told changes nothing; a forged word is refused."""
    people = await office.audience(3, scheme="zalo")
    await office.schedule(await office.item(), "oa", audience="Bản A", rule=Rule(once=office.in_(minutes=10)))
    assert 200 == await tell(office, door, account, "unfollow", people[1])
    assert 200 == await tell(office, door, account, "unfollow", people[1])
    assert 2 == await reachable(office)
    body, headers = account.signed({"event_name": "unfollow", "follower": {"id": people[0]}})
    assert 403 == await call(office, door, body.replace(people[0].encode(), people[2].encode()), headers)
    assert 2 == await reachable(office)
    assert 200 == await tell(office, door, account, "follow", people[1])
    assert 3 == await reachable(office)
    assert ["opt_out", "opt_in"] == await office.journal(f"recipient/…{people[1][-3:]}")


@both
async def test_what_waits_for_who_leaves_is_cancelled(office: Office, door: str, account: Zalo) -> None:
    """The day's quota is used up: those who leave meanwhile get nothing the next day."""
    people = await office.audience(2, scheme="zalo")
    for one in people:
        account.follow(one)
    account.per_minute = 0
    await office.schedule(await office.item(), "oa", audience="Bản A")
    await office.drain()
    assert {State.PENDING: 2} == await office.states()
    await tell(office, door, account, "unfollow", people[0])
    account.per_minute = 1000
    office.clock.advance(120)
    await office.drain()
    assert {State.CANCELLED: 1, State.SENT: 1} == await office.states()
    assert [people[1]] == [said.user_id for said in account.ledger.taken]


async def test_following_again_does_not_undo_what_was_said_elsewhere(office: Office, door: str, account: Zalo) -> None:
    """Who told the office that they want nothing has to tell the office."""
    people = await office.audience(2, scheme="zalo")
    async with office.house.database.write() as tx:
        await office.house.handling.opt_out(tx, "zalo", people[0], "Mai", "đến tận nơi nói")
    await tell(office, door, account, "unfollow", people[0])
    await tell(office, door, account, "follow", people[0])
    assert 1 == await reachable(office)


@both
async def test_one_address_for_all_outlets_of_an_app(office: Office, door: str, account: Zalo) -> None:
    """Zalo calls one outlet about the messages of both, and each meaning finds its own."""
    phones = await office.audience(1)
    (user,) = await office.audience(1, name="Bản Z", scheme="zalo")
    account.follow(user)
    account.callback_url = "held"
    await office.schedule(await office.item(), "mau", audience="Bản A")
    await office.schedule(await office.item("Tin hai"), "oa", audience="Bản Z")
    await office.drain()
    assert {State.SENT: 2} == await office.states()
    (sent,), (said,) = account.templates.sent, account.ledger.taken
    assert 200 == await call(office, door, *account.arrive(sent))
    assert {State.CONFIRMED: 1} == await office.states(outlets=("mau",))
    assert {State.SENT: 1} == await office.states(outlets=("oa",))
    assert 200 == await call(office, door, *account.webhook(said))
    assert {State.CONFIRMED: 1} == await office.states(outlets=("oa",))
    assert phones


def test_one_token_for_two_outlets_is_refused(office_settings: dict[str, Any]) -> None:
    """It is used up by the first use: the other would wait for a person for ever."""
    office_settings["outlets"]["mau"]["refresh_token"] = office_settings["outlets"]["oa"]["refresh_token"]
    with pytest.raises(BadSettings) as caught:
        build(Settings.model_validate(office_settings))
    assert "[outlets.mau] refresh_token: đã dùng ở [outlets.oa]" in str(caught.value)
    assert office_settings["outlets"]["oa"]["refresh_token"] not in str(caught.value)


async def test_an_administrator_says_yes(
    plain_settings: dict[str, Any], clock: Any, account: Zalo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token nothing is sent and a person is asked for; then the printed address is opened, and what it leads to pasted."""
    options = account.options()
    del options["refresh_token"]
    plain_settings["outlets"] = {"oa": {"kind": "zalo_oa", **options}}
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        office = Office(house, clock)
        (user,) = await office.audience(1, scheme="zalo")
        account.follow(user)
        await office.schedule(await office.item(), "oa", audience="Bản A")
        await office.drain()
        (waits,) = await office.deliveries()
        assert State.PENDING == waits.state and "loa outlet authorize" in waits.detail
        lines: list[str] = []
        monkeypatch.setattr(out, "print", lambda line="": lines.append(str(line)))

        class Browser(io.StringIO):
            """Whoever reads the lines, saves what the console is to know, opens the page and copies where it leads to."""

            def readline(self, size: int = -1) -> str:
                named = {name.strip(): value for name, _, value in (line.partition(": ") for line in lines)}
                callback, challenge = named["Callback Url"].strip(), named["Code Challenge"].strip()
                address = next(line.strip() for line in lines if "/oa/permission?" in line)
                account.console = (callback, challenge) if self.getvalue() else ("", "")
                return account.consent(address) + "\n"

        monkeypatch.setattr("sys.stdin", Browser())
        with pytest.raises(BadInput, match="no code"):
            await authorize_outlet(house, Namespace(name="oa", callback="", by=None))
        lines.clear()
        monkeypatch.setattr("sys.stdin", Browser("saved"))
        assert 0 == await authorize_outlet(house, Namespace(name="oa", callback="https://xa.example/zalo", by=None))
        kept = house.outlets["oa"].outlet.keep
        assert "verifier" not in " ".join(lines) and (await kept.get("verifier") or "?") not in " ".join(lines)
        account.codes.clear()
        with pytest.raises(Conflict):
            monkeypatch.setattr("sys.stdin", io.StringIO("used-before\n"))
            await authorize_outlet(house, Namespace(name="oa", callback="https://xa.example/zalo", by=None))
        clock.advance(60)
        await office.drain()
        clock.advance(600)
        await office.drain()
        assert {State.SENT: 1} == await office.states()
        clock.advance(26 * 3600)  # and from now on the pair is renewed as any other
        account.follow(user)
        await office.schedule(await office.item("Tin hai"), "oa", audience="Bản A")
        await office.drain()
        assert {State.SENT: 2} == await office.states() and 1 == account.ledger.pairs


@pytest.mark.parametrize(
    "pasted", ["", "   ", "https://xa.example/?state=mine", "https://x.example/?code=a&state=other"]
)
def test_what_is_no_code(pasted: str) -> None:
    """Nothing, an address without one, an answer to another request."""
    with pytest.raises(BadInput):
        code_in(pasted, "mine")


async def test_a_months_articles(plain_settings: dict[str, Any], clock: Any, account: Zalo) -> None:
    """Two a month, counted from the 26th: the third, on the 24th, waits for that day and does not fail."""
    options = account.article_options(per_month=2, month_begins=26)
    plain_settings["outlets"] = {"bai": {"kind": "zalo_article", **options}}
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        office, at = Office(house, clock), house.outlets["bai"]
        for hours in (0, 24, 1):
            clock.advance(hours * 3600)
            await office.schedule(await office.item(f"Tin sau {hours} giờ"), "bai")
            await office.drain()
        assert {State.SENT: 2, State.PENDING: 1} == await office.states()
        async with house.database.read() as connection:
            health = (await channels_store.outlet_rows(connection))["bai"]
        assert (0, "", None) == (health.failures, health.trouble, health.paused_at)  # it waits, and is in order
        words = await at.channel.quota(at.outlet, clock.now())
        assert words == "1 trên 1 bài của hôm nay đã phát; 2 trên 2 bài của kỳ này (tính lại từ 26/11/2026)"
        clock.advance(23 * 3600)
        await office.drain()
        assert {State.SENT: 2, State.PENDING: 1} == await office.states()
        clock.advance(24 * 3600)
        await office.drain()
        assert {State.SENT: 3} == await office.states() and 3 == len(account.broadcasts)
        assert "1 trên 2 bài của kỳ này (tính lại từ 26/12/2026)" in await at.channel.quota(at.outlet, clock.now())
