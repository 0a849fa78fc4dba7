"""The rules messages are held to: what they say before approval, and that they hold again when something is sent."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.channel import find_channels
from channels.outlet import Fittings, InService, set_up_outlets
from config.loading import BadSettings
from config.settings import PolicySettings, Settings
from config.words import BadInput, in_english
from content.bulletin import Purpose
from desk.app import opened
from scheduler import store as scheduler_store
from scheduler.delivery import State
from scheduler.log import store as log_store
from scheduler.policy import BrokenRule, People, Policy, Standing
from scheduler.rules import load_rules
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import URGENT, Office
from tests.scheduler.partner import SlowGateway

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
OUTREACH, ADVERTISING = frozenset({Purpose.OUTREACH}), frozenset({Purpose.ADVERTISING})
ADVERT = {
    "purpose": Purpose.ADVERTISING,
    "short": "[QC] Hoi cho nong san xa ngay 28/11. Tu choi: soan TC gui 1234",
}
SMS = {"kind": "sms_http", "url": "https://sms.vn/", "body_template": "{phone} {text}"}
KINDS: dict[str, dict[str, Any]] = {
    "sms": {**SMS, "body_template": '{"p": "{phone}", "t": "{text}"}', "sender": "UBNDXA"},
    "long": {**SMS, "body_template": '{"p": "{phone}", "t": "{text}"}', "sender": "UBND-XA-SOPCOP"},
    "modem": {"kind": "sms_gammu", "database": "sqlite:////tmp/smsd.db"},
    "portal": {"kind": "portal"},
    "tram": {"kind": "radio", "token": "khoa-cua-tram-xa"},
}


@pytest.fixture(scope="module")
def outlets() -> dict[str, InService]:
    """Outlets of several kinds."""
    nothing: Any = None
    fittings = Fittings(find_channels(), "https://loa.vn", lambda name: nothing)
    return {at.name: at for at in set_up_outlets(KINDS, fittings)}


def policy(level: Any = "", **settings: Any) -> Policy:
    """The rules of an office of this level."""
    given = PolicySettings.model_validate(settings)
    return Policy(load_rules(given), level, HANOI, given.person_day, given.person_week)


def said(found: Any) -> dict[str, Standing]:
    """Standing by rule."""
    return {one.rule: one.standing for one in found}


def local(hour: int, minute: int = 0) -> datetime:
    """A moment of that day in Hanoi."""
    return datetime(2026, 11, 23, hour, minute, tzinfo=HANOI)


# --- the rules themselves ---------------------------------------------------------------------------------------------


def test_every_rule_of_the_house_names_its_source_and_what_it_forbids_what_to_do_instead() -> None:
    """Nobody is refused without being told by which law, in both languages, and what they may do."""
    rules = load_rules(PolicySettings())
    for name, rule in rules.items():
        assert len(rule.source) > 10 and in_english(rule.source) != rule.source, name
        assert bool(rule.instead_vi) is bool(rule.instead_en), name
    dead_ends = {name for name, one in rules.items() if one.effect == "forbid" and not one.instead_vi}
    assert {
        "zalo-level",
        "portal-level",
        "advert-hours",
        "advert-most",
    } == dead_ends  # open to all, or a matter of time


@pytest.mark.parametrize(
    ("level", "standing"),
    [("centre", "kept"), ("province", "kept"), ("commune", "broken"), ("", "advice")],
)
def test_outreach_by_sms_is_for_centre_and_province(outlets: dict[str, InService], level: str, standing: str) -> None:
    """Decree 49/2024, Article 32: a commune's outlet refuses and offers portal, loudspeaker, Zalo; unsaid, it is told to say."""
    verdicts = policy(level).check(outlets["sms"], OUTREACH)
    (one,) = [one for one in verdicts if one.rule == "sms-level"]
    assert (standing, "Nghị định 49/2024/NĐ-CP, Điều 32") == (one.standing, one.source)
    if standing != "kept":
        assert all(word in one.instead_vi for word in ("cổng thông tin", "truyền thanh", "Zalo"))
        assert all(word in one.instead_en for word in ("portal", "loudspeakers", "Zalo"))
    assert (standing == "broken") is (policy(level).refusal(outlets["sms"], OUTREACH) is not None)


@pytest.mark.parametrize("purpose", [Purpose.CARE, Purpose.INTERNAL, Purpose.EMERGENCY])
def test_what_is_not_outreach_a_commune_may_send(outlets: dict[str, InService], purpose: Purpose) -> None:
    """A person's own dossier, a notice to staff; a warning with the advice to ask the province."""
    found = policy("commune")
    assert found.refusal(outlets["sms"], frozenset({purpose})) is None
    advised = Standing.ADVICE in said(found.check(outlets["sms"], {purpose})).values()
    assert (purpose is Purpose.EMERGENCY) is advised


def test_a_commune_may_use_portal_and_loudspeaker(outlets: dict[str, InService]) -> None:
    """The portal by its own section of the decree; nothing is asked of the loudspeaker."""
    assert {"portal-level": Standing.KEPT} == said(policy("commune").check(outlets["portal"], OUTREACH))
    assert {} == said(policy("commune").check(outlets["tram"], OUTREACH))


def test_a_mixed_bulletin_is_held_to_the_rules_of_all_its_parts(outlets: dict[str, InService]) -> None:
    """One item of outreach among dossiers is outreach."""
    refusal = policy("commune").refusal(outlets["sms"], frozenset({Purpose.CARE, Purpose.OUTREACH}))
    assert refusal is not None and "sms-level" == refusal.rule


def test_a_sender_name_has_eleven_letters(outlets: dict[str, InService]) -> None:
    """Too long or with signs is told; for advertising it is forbidden, and so is a SIM's own number."""
    found = policy("province")
    assert Standing.KEPT is said(found.check(outlets["sms"], OUTREACH))["sender-name"]
    assert Standing.ADVICE is said(found.check(outlets["long"], OUTREACH))["sender-name"]
    assert Standing.KEPT is said(found.check(outlets["sms"], ADVERTISING))["advert-sender"]
    assert Standing.BROKEN is said(found.check(outlets["long"], ADVERTISING))["advert-sender"]
    assert Standing.BROKEN is said(found.check(outlets["modem"], ADVERTISING))["advert-modem"]
    assert "advert-modem" not in said(found.check(outlets["modem"], OUTREACH))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (local(6, 59), local(7)),
        (local(7), None),
        (local(21, 59), None),
        (local(22), local(7) + timedelta(days=1)),
        (local(23, 30), local(7) + timedelta(days=1)),
    ],
)
def test_advertising_waits_for_its_hours(outlets: dict[str, InService], now: datetime, opens: datetime | None) -> None:
    """Decree 91/2020, Article 13: seven to ten at night, in the office's zone; nothing else waits by this rule."""
    found = policy("province")
    waits = found.opening(outlets["sms"], ADVERTISING, now.astimezone(UTC))
    assert opens == (waits and waits[0])
    assert found.opening(outlets["sms"], OUTREACH, now) is None
    verdict = said(found.check(outlets["sms"], ADVERTISING, [now]))["advert-hours"]
    assert (Standing.WAITS if opens else Standing.KEPT) is verdict


def test_the_gravest_comes_first_and_people_are_counted(outlets: dict[str, InService]) -> None:
    """Of a list of verdicts nobody reads the end."""
    found = policy("province").check(outlets["long"], ADVERTISING, [local(23)], People(listed=4, unconsented=0))
    assert ["advert-sender", "advert-hours", "advert-list"] == [one.rule for one in found[:3]]
    assert "4 người" in found[2].detail_vi
    assert {Standing.KEPT} == {one.standing for one in found[3:]}


# --- an office's own -------------------------------------------------------------------------------------------------


def test_an_office_switches_rules_off_and_adds_its_own(outlets: dict[str, InService]) -> None:
    """By name; its own has the same keys and is a rule like any other."""
    assert policy("commune", off=["sms-level"]).refusal(outlets["sms"], OUTREACH) is None
    own = {
        "vi": "Trong họp HĐND không phát loa",
        "en": "No loudspeakers while the council sits",
        "source": "Quy chế làm việc của UBND xã, Điều 9",
        "on": ["radio"],
        "hours": ["09:00", "06:00"],
    }
    found = policy("commune", rules={"council": own})
    waits = found.opening(outlets["tram"], OUTREACH, local(7))
    assert waits is not None
    assert (local(9), "Trong họp HĐND không phát loa (Quy chế làm việc của UBND xã, Điều 9)") == (
        waits[0],
        waits[1].reason_vi,
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"off": ["sms-levle"]}, "[policy] off: không có quy định sms-levle"),
        ({"rules": {"a": {"vi": "x", "en": "x", "source": "x"}}}, "[policy.rules.a] rule: "),
        ({"rules": {"a": {"vi": "x", "en": "x", "never": True}}}, "[policy.rules.a] source: bắt buộc"),
        ({"rules": {"a": {"vi": "x", "en": "x", "source": "x", "hour": 1, "never": True}}}, "[policy.rules.a] hour:"),
        ({"rules": {"a": {"vi": "x", "en": "x", "source": "x", "hours": ["7", "8"]}}}, "[policy.rules.a] hours.0:"),
        ({"rules": {"a": {"vi": "x", "en": "x", "source": "x", "most": 3}}}, "advertising"),
        (
            {
                "rules": {
                    "a": {"vi": "x", "en": "x", "source": "x", "most": 3, "within": "9d", "purpose": ["advertising"]}
                }
            },
            "7 ngày",
        ),
    ],
)
def test_a_bad_rule_is_told_by_its_key(given: dict[str, Any], told: str) -> None:
    """At start, with what is wrong with it; nothing runs on half a policy."""
    with pytest.raises(BadSettings) as fault:
        load_rules(PolicySettings.model_validate(given), "loa.toml")
    assert told in fault.value.vi and "loa.toml: " in fault.value.vi


# --- before approval -------------------------------------------------------------------------------------------------


@pytest.fixture
def office_settings(office_settings: dict[str, Any]) -> dict[str, Any]:
    """The office of a commune."""
    office_settings["office"] = {"level": "commune"}
    return office_settings


@both
async def test_a_commune_cannot_schedule_outreach_by_sms(office: Office) -> None:
    """Neither on its own nor beside other outlets; nothing is stored, and the refusal names the rule."""
    await office.audience(3)
    item = await office.item()
    with pytest.raises(BrokenRule, match=r"Article 32") as refused:
        await office.schedule(item, "portal", "sms", audience="Bản A")
    assert ("outlet", "sms-level") == (refused.value.field, refused.value.told["rule"])
    assert "truyền thanh" in refused.value.vi and "loudspeakers" in refused.value.en
    async with office.house.database.read() as connection:
        assert [] == await scheduler_store.list_schedules(connection)
    await office.schedule(item, "portal")
    await office.drain()
    assert {State.SENT: 1} == await office.states()


@both
async def test_advertising_goes_by_itself(office: Office) -> None:
    """In one SMS its label would not come first; on the portal it may stand beside others."""
    await office.audience(1)
    advert, other = await office.item(**ADVERT), await office.item(purpose=Purpose.CARE)
    async with office.house.database.write() as tx:
        for outlets, audience in ((("sms",), "Bản A"), (("portal",), "")):
            wish = Wish((other.id, advert.id), outlets, Rule(once=office.clock.now()), audience)
            with pytest.raises(BadInput, match="by itself") if audience else nullcontext():
                await office.house.scheduling.draw_up(tx, wish, "Hùng")


@both
async def test_what_was_allowed_when_it_was_scheduled_is_not_sent(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """The office says later that it is a commune: what was planned before does not go, and the log says by which rule."""
    unsaid = Settings.model_validate({**office_settings, "office": {"level": ""}})
    await office.audience(700)
    item = await office.item()
    async with opened(unsaid, office.clock) as before:
        there = Office(before, office.clock)
        await there.schedule(item, "portal", "sms", audience="Bản A")
        await plan(there)
    await office.drain()
    assert [] == sms.came
    assert {State.CANCELLED: 700} == await office.states(outlets=("sms",))
    assert {State.SENT: 1} == await office.states(outlets=("portal",))
    one = (await office.deliveries(outlets=("sms",)))[0]
    assert ("sms-level", True) == (one.rule, "Điều 32" in one.detail)
    assert ("", "") == ((portal := (await office.deliveries(outlets=("portal",)))[0]).rule, portal.note)
    async with office.house.database.read() as connection:
        held = await log_store.held_back(connection, log_store.Filter())
    assert {"sms": {"sms-level": 700}} == held


@both
async def test_a_repeat_is_held_to_the_rules_too(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """What waits for another try goes no more; what may have arrived is unsure, as ever."""
    unsaid = Settings.model_validate({**office_settings, "office": {"level": ""}})
    await office.audience(2)
    item = await office.item()
    async with opened(unsaid, office.clock) as before:
        there = Office(before, office.clock)
        await there.schedule(item, "sms", audience="Bản A")
        sms.lose(1)
        sms.says = lambda name: (503, {}) if name.endswith("-1") else None
        await there.drain()
        assert {State.PENDING: 2} == await there.states()
    sms.says = lambda _: None
    office.clock.advance(3600)
    await office.drain()
    assert 2 == len(sms.came)
    assert {State.UNSURE: 1, State.CANCELLED: 1} == await office.states()
    (one,) = await office.deliveries(states=(State.CANCELLED,))
    assert "sms-level" == one.rule


@both
async def test_an_urgent_advertisement_waits_for_the_morning_too(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """Quiet hours spare what is urgent, the law does not: it stands in the log as waiting, and goes at seven."""
    async with opened(Settings.model_validate(office_settings), office.clock) as house:
        there = Office(house, office.clock)
        await there.audience(1)
        async with house.database.write() as tx:
            await tx.exec_driver_sql("UPDATE recipient SET consent = 'phiếu 12/2025'")
        office.clock.advance(14.5 * 3600)  # half past ten at night
        await there.schedule(await there.item(klass=URGENT, **ADVERT), "sms", audience="Bản A")
        await there.drain()
        (one,) = await there.deliveries()
        assert (State.PENDING, "advert-hours", local(7) + timedelta(days=1)) == (one.state, one.rule, one.due_at)
        assert "Điều 13" in one.detail and [] == sms.came
        office.clock.advance(8.5 * 3600 + 1)
        await there.drain()
        (one,) = await there.deliveries()
        assert (State.SENT, "", 1) == (one.state, one.rule, len(sms.came))
