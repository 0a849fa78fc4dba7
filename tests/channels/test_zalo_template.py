"""The kind `zalo_template` and a strict Zalo on a real socket: registration, parameters, quota, receipts, questions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from channels.channel import Callback, Confirmation, Receipt, Refused, To, Unavailable, Unsure
from channels.kinds.zalo_template import ZaloTemplate, ZaloTemplateOptions
from channels.reasons import Reason
from tests.channels.partners.house import House
from tests.channels.partners.zalo import HANOI, TEMPLATE, Zalo

PHONE, ANNA = "+84912345678", "Nguyễn Thị Ánh"
KIND = ZaloTemplate()
SENDING, LOOKING = "/message/template", "/template/info/v2"


@pytest.fixture
async def zalo(clock: Any) -> AsyncIterator[Zalo]:
    """An account with Zalo, which has one template."""
    async with Zalo(clock) as zalo:
        yield zalo


@pytest.fixture
def outlet(zalo: Zalo, make: Any) -> Any:
    """The account's outlet."""
    return make.outlet(ZaloTemplateOptions(**zalo.template_options()), name="mau")


@pytest.fixture
def send(outlet: Any, http: Any, make: Any) -> Any:
    """Sends one message; the recipient, the text and the outlet's options can be changed."""

    async def one(
        name: str = "d-1", phone: str = PHONE, text: str = "Mưa lớn.", who: str = ANNA, **more: Any
    ) -> Receipt:
        options = ZaloTemplateOptions(**{**outlet.options.model_dump(), **more})
        at = make.outlet(options, keep=outlet.keep)
        return await KIND.send(make.bulletin(make.part(short=text)), at, To(name, phone, who), http)

    return one


# --- sending ---


async def test_the_message_is_golden(world: Any, http: Any, make: Any, does: Any) -> None:
    """Look-up and message as Zalo's papers have them: the number as 84..., our delivery as tracking_id, token in its header."""
    told = {"access_token": "access-3", "refresh_token": "refresh-2", "app_secret": "app-1", "app_id": "4"}
    params = {"ten": "Kính gửi {name}", "tin": "{title}: {short}", "luc": "{date}", "noi": "{office}"}
    options = ZaloTemplateOptions(
        **told, template_id="601036", params=params, development=True, business_url=f"{world.url}/"
    )
    found = [{"name": name, "require": True, "type": "STRING", "maxLength": 90} for name in params]
    details = json.dumps({"error": 0, "data": {"status": "ENABLE", "listParams": found}}).encode()
    world.will(does.reply(200, details), does.reply(200, b'{"error": 0, "data": {"msg_id": "m-1"}}'))
    receipt = await KIND.send(make.bulletin(), make.outlet(options), To("d-1", PHONE, ANNA), http)
    looked, asked = world.asked
    assert receipt == Receipt("m-1")
    assert (looked.method, looked.target) == ("GET", f"{LOOKING}?template_id=601036")
    assert (asked.method, asked.target) == ("POST", SENDING)
    assert {one.headers["access_token"] for one in (looked, asked)} == {"access-3"}
    assert "authorization" not in asked.headers
    assert json.loads(asked.body) == {
        "phone": "84912345678",
        "template_id": "601036",
        "template_data": {
            "ten": "Kính gửi Nguyễn Thị Ánh",
            "tin": "Mưa lớn ở Mộc Châu: Mưa lớn từ đêm nay.",
            "luc": "23/11/2026",
            "noi": "UBND xã Mộc Châu",
        },
        "tracking_id": "d-1",
        "mode": "development",
    }


async def test_a_message_is_taken(zalo: Zalo, send: Any) -> None:
    """With Zalo's own id; filled in for each recipient; the first pair of tokens is renewed once."""
    receipts = [await send(), await send("d-2", "+84987654321", who="Lò Văn Pó", development=True)]
    sent = zalo.templates.sent
    assert [one.msg_id for one in sent] == [receipt.reference for receipt in receipts]
    assert sent[0].data == {"ho_ten": ANNA, "noi_dung": "Mưa lớn.", "ngay": "23/11/2026"}
    assert [(one.phone, one.tracking_id) for one in sent] == [("84912345678", "d-1"), ("84987654321", "d-2")]
    assert [one.development for one in sent] == [False, True]
    assert zalo.ledger.pairs == 1 and zalo.ledger.bad_refreshes == 0


async def test_many_senders_look_the_template_up_once(zalo: Zalo, send: Any) -> None:
    """Twenty at once: one renewal, one look-up, twenty messages; and the same when all hear that the token is dead."""
    await asyncio.gather(*(send(f"d-{number}") for number in range(20)))
    assert (zalo.ledger.pairs, zalo.templates.looked_up, len(zalo.templates.sent)) == (1, 1, 20)
    zalo.revoke()
    await asyncio.gather(*(send(f"e-{number}") for number in range(20)))
    assert (zalo.ledger.pairs, zalo.templates.looked_up, len(zalo.templates.sent)) == (2, 1, 40)
    assert zalo.ledger.bad_refreshes == 0


async def test_the_template_is_looked_up_once_an_hour(zalo: Zalo, send: Any, clock: Any) -> None:
    """What Zalo changes is known an hour later; another template is looked up at once."""
    await send()
    zalo.templates.params[0]["maxLength"] = 5
    clock.advance(3599)
    with pytest.raises(Refused):
        await send()
    assert zalo.templates.looked_up == 1 and zalo.calls.count(SENDING) == 2
    clock.advance(1)
    with pytest.raises(Refused, match="ho_ten"):
        await send()
    assert zalo.templates.looked_up == 2 and zalo.calls.count(SENDING) == 2
    zalo.templates.status["9"] = "ENABLE"
    with pytest.raises(Refused):
        await send(template_id="9")
    assert zalo.templates.looked_up == 3


@pytest.mark.parametrize("status", ["PENDING_REVIEW", "REJECT", "DISABLE", ""])
async def test_a_template_that_is_not_enabled_stops_the_outlet(zalo: Zalo, send: Any, status: str) -> None:
    """A person must act; nothing has left, and as soon as Zalo has enabled it the same message goes."""
    zalo.templates.status[TEMPLATE] = status
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.person and caught.value.reason is Reason.TEMPLATE and TEMPLATE in caught.value.vi
    assert SENDING not in zalo.calls
    zalo.templates.status[TEMPLATE] = "ENABLE"
    assert (await send()).reference


async def test_an_unknown_template_stops_the_outlet(zalo: Zalo, send: Any) -> None:
    """It is not the recipients' fault: no delivery is refused for it."""
    with pytest.raises(Unavailable) as caught:
        await send(template_id="404")
    assert caught.value.person and caught.value.reason is Reason.TEMPLATE and "-109" in caught.value.en
    assert SENDING not in zalo.calls


@pytest.mark.parametrize("code", [-109, -117, -131, -145, -146])
async def test_a_template_that_is_stopped_meanwhile_stops_the_outlet(zalo: Zalo, send: Any, code: int) -> None:
    """Within the hour it is known for: thousands of deliveries wait instead of being refused."""
    await send()
    zalo.forced[SENDING] = code
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.person and caught.value.reason is Reason.TEMPLATE


@pytest.mark.parametrize(
    ("more", "name", "words"),
    [
        ({"params": {"ho_ten": "{name}", "ngay": "{date}"}}, "noi_dung", "chưa được khai"),
        ({"text": "ở" * 201}, "noi_dung", "201/200"),
        ({"text": ""}, "noi_dung", "trống"),
        ({"who": ""}, "ho_ten", "trống"),
        ({"who": "Ánh" * 11}, "ho_ten", "33/30"),
        ({"params": {"ho_ten": "{name}", "noi_dung": "{short}", "ngay": "hôm nay"}}, "ngay", "ngày dd/mm/yyyy"),
        (
            {"params": {"ho_ten": "a", "noi_dung": "b", "ngay": "{date}", "so_ho_so": "c"}},
            "so_ho_so",
            "không có trong mẫu",
        ),
    ],
)
async def test_what_does_not_fit_does_not_leave(zalo: Zalo, send: Any, more: Any, name: str, words: str) -> None:
    """Missing, too long, empty, of the wrong type, unknown: refused in words that name the parameter, Zalo is not asked."""
    with pytest.raises(Refused) as caught:
        await send(**more)
    assert caught.value.reason is Reason.TEMPLATE
    assert f"tham số {name} " in caught.value.vi and words in caught.value.vi and name in caught.value.en
    assert SENDING not in zalo.calls


async def test_what_just_fits_goes(zalo: Zalo, send: Any) -> None:
    """As many characters as are registered, marks counted with their letters; a parameter that need not be given is not."""
    zalo.templates.params += [
        {"name": "ghi_chu", "require": False, "type": "STRING", "maxLength": 10},
        {"name": "so", "require": True, "type": "NUMBER", "minLength": 2, "maxLength": 10},
    ]
    params = {"ho_ten": "{name}", "noi_dung": "{short}", "ngay": "{date}"}
    await send(text="o\u031b\u0309" * 200, params=params | {"so": "1.500"})
    assert zalo.templates.sent[0].data["noi_dung"] == "ở" * 200
    for number, words in (("5", "ít nhất 2"), ("năm", "một số")):
        with pytest.raises(Refused, match="so") as caught:
            await send(params=params | {"so": number})
        assert words in caught.value.vi


@pytest.mark.parametrize(
    ("phone", "code", "reason"),
    [("+842123456789", -108, Reason.NUMBER), ("+84900000000", -118, Reason.NUMBER)],
)
async def test_whom_zalo_does_not_reach(zalo: Zalo, send: Any, phone: str, code: int, reason: Reason) -> None:
    """Refused with Zalo's own code; the number stays out of the words."""
    zalo.templates.strangers = {"84900000000"}
    with pytest.raises(Refused) as caught:
        await send(phone=phone)
    assert caught.value.reason is reason and str(code) in caught.value.vi and phone[3:] not in caught.value.vi


async def test_at_night_it_waits_for_the_morning(zalo: Zalo, send: Any, clock: Any) -> None:
    """-133 from 22:00 to 06:00 in Vietnam."""
    clock.advance(15 * 3600)
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.reason is Reason.HOURS and caught.value.retry_after
    clock.advance(caught.value.retry_after)
    assert (await send()).reference and len(zalo.templates.sent) == 1


# --- quota ---


async def test_the_last_of_a_quota_ends_the_day(zalo: Zalo, send: Any, clock: Any) -> None:
    """Told in the answer: nothing is asked until midnight in Vietnam; the next day the same message goes."""
    zalo.templates.quota = 2
    await send()
    await send("d-2")
    asked = zalo.calls.count(SENDING)
    with pytest.raises(Unavailable) as caught:
        await send("d-3")
    assert caught.value.reason is Reason.QUOTA and not caught.value.person and zalo.calls.count(SENDING) == asked
    assert caught.value.retry_after and 16 * 3600 <= caught.value.retry_after < 16.5 * 3600
    zalo.templates.quota = 500
    clock.advance(caught.value.retry_after + 7 * 3600)
    assert clock.now().astimezone(HANOI).day == 24
    assert (await send("d-3")).reference


async def test_a_quota_others_used_up_ends_the_day_too(zalo: Zalo, send: Any) -> None:
    """-144, when somebody else sends through the same account."""
    zalo.templates.quota = 0
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.reason is Reason.QUOTA and caught.value.retry_after and caught.value.retry_after >= 16 * 3600


# --- lost answers and what comes later ---


async def test_a_lost_answer_is_unsure_and_a_receipt_settles_it(zalo: Zalo, send: Any, outlet: Any, clock: Any) -> None:
    """Zalo does not drop repeats: nothing is repeated; the receipt carries our delivery though we never got its id."""
    await send()
    zalo.lose(1)
    with pytest.raises(Unsure):
        await send("d-2")
    assert not KIND.repeatable(outlet) and len(zalo.templates.sent) == 2
    body, headers = zalo.arrive(zalo.templates.sent[1])
    lower = {name.lower(): value for name, value in headers.items()}
    (said,) = KIND.confirm(Callback("POST", {}, lower, body, clock.now()), outlet)
    assert said.delivered and said.delivery == "d-2" and said.reference == zalo.templates.sent[1].msg_id


async def test_a_lost_look_up_is_no_doubt(zalo: Zalo, send: Any) -> None:
    """No message has left by then: it is tried again later."""
    zalo.lose(1)
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.reason == "cut_off" and not caught.value.person
    assert (await send()).reference and len(zalo.templates.sent) == 1


@pytest.mark.parametrize("data", [b'{"status": "ENABLE"}', b'{"status": "ENABLE", "listParams": [7]}'])
async def test_an_unreadable_look_up_is_no_doubt(world: Any, http: Any, make: Any, does: Any, data: bytes) -> None:
    """The same when Zalo's details cannot be read."""
    told = {"access_token": "access-3", "refresh_token": "refresh-2", "app_secret": "app-1", "app_id": "4"}
    options = ZaloTemplateOptions(**told, template_id="6", params={"a": "b"}, business_url=world.url)
    world.will(does.reply(200, b'{"error": 0, "data": ' + data + b"}"))
    with pytest.raises(Unavailable) as caught:
        await KIND.send(make.bulletin(), make.outlet(options), To("d-1", PHONE), http)
    assert caught.value.reason == "answer" and len(world.asked) == 1


async def test_receipts_late_twice_and_forged(zalo: Zalo, send: Any, outlet: Any) -> None:
    """Each authentic receipt says the same; what is not a template's receipt says nothing; what is forged is turned away."""
    await send()
    (one,) = zalo.templates.sent
    receipt = zalo.arrive(one)
    chat = zalo.signed({"event_name": "user_received_message", "message": {"msg_id": one.msg_id}})
    others = [
        zalo.signed({"event_name": name, "template_id": TEMPLATE, "oa_id": zalo.oa_id})
        for name in ("change_template_status", "change_template_quality", "change_oa_daily_quota", "follow")
    ]
    async with House() as house:
        house.open(KIND, outlet)
        forged = (receipt[0] + b" ", receipt[1])
        await zalo.call_back(f"{house.url}/hooks/mau", receipt, receipt, chat, *others, (b"{}", {}), forged)
    assert zalo.answers == [200, 200, 200, *[200] * len(others), 200, 403]
    arrived = zalo.templates.on_the_phone[one.msg_id]
    assert house.said == [Confirmation(True, "d-1", one.msg_id, detail=arrived)] * 2


async def test_what_became_of_a_message_can_be_asked(zalo: Zalo, send: Any, outlet: Any, http: Any) -> None:
    """Unknown and at the server say nothing yet; on the phone confirms; without a reference there is nothing to ask."""
    receipt = await send()
    to = To("d-1", PHONE)
    for reference in ("", "unknown", receipt.reference):
        assert await KIND.ask(to, reference, outlet, http) is None
    assert zalo.calls.count("/message/status") == 2
    zalo.arrive(zalo.templates.sent[0])
    arrived = zalo.templates.on_the_phone[receipt.reference]
    said = await KIND.ask(to, receipt.reference, outlet, http)
    assert said == Confirmation(True, "d-1", receipt.reference, detail=arrived)
    zalo.forced["/message/status"] = -100
    assert await KIND.ask(to, receipt.reference, outlet, http) is None
    zalo.lose(1)
    with pytest.raises(Unavailable):
        await KIND.ask(to, receipt.reference, outlet, http)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"phone": "0912345678"}, -108),
        ({"template_id": "9"}, -109),
        ({"tracking_id": "d" * 49}, -112),
        ({"mode": "live"}, -112),
        ({"template_data": {"ho_ten": "a", "noi_dung": "b", "ngay": "23/11/2026", "khac": "c"}}, -113),
        ({"template_data": {"ho_ten": "a" * 31, "noi_dung": "b", "ngay": "23/11/2026"}}, -1121),
        ({"template_data": {"ho_ten": "a", "ngay": "23/11/2026"}}, -1122),
        ({"template_data": {"ho_ten": "a", "noi_dung": "b", "ngay": "mai"}}, -1124),
        ({}, -216),
    ],
)
async def test_the_simulated_zalo_is_strict(zalo: Zalo, http: Any, wrong: Any, code: int) -> None:
    """What the kind never says is refused when something else says it."""
    data = {"ho_ten": "a", "noi_dung": "b", "ngay": "23/11/2026"}
    told = {"phone": "84912345678", "template_id": TEMPLATE, "template_data": data, "tracking_id": "d-1"} | wrong
    headers = {"access_token": zalo.first[0] if wrong else "stranger"}
    answer = await http.request("POST", f"{zalo.url}{SENDING}", headers=headers, body=json.dumps(told).encode())
    assert answer.json()["error"] == code and not zalo.templates.sent


@pytest.mark.parametrize(
    "wrong", [{"template_id": "ab"}, {"params": {}}, {"params": {"a": "{phone}"}}, {"per_second": 100}, {"app_id": ""}]
)
def test_wrong_options(zalo: Zalo, wrong: dict[str, Any]) -> None:
    """Each is an error that repeats no secret."""
    with pytest.raises(ValidationError) as caught:
        ZaloTemplateOptions(**zalo.template_options(**wrong))
    assert zalo.app_secret not in str(caught.value)


def test_the_pace_is_the_outlets(zalo: Zalo, make: Any) -> None:
    """Messages a second and a day as the options say."""
    pace = KIND.pace_of(make.outlet(ZaloTemplateOptions(**zalo.template_options(per_second=5, per_day=300))))
    assert (pace.per_second, pace.per_day) == (5, 300)
