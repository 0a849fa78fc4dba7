"""What people write: taken in from the portal, from answers to SMS and Zalo, answered by an approved item, forgotten in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.audiences import store as audience_store
from channels.channel import Wrote
from channels.feedback import store
from channels.feedback.feedback import Feedback, Source, Standing
from content.procedures import store as procedure_store
from content.procedures.procedure import Procedure, Status
from scheduler import store as scheduler_store
from scheduler.rights import Rights
from scheduler.schedule import Rule

ASK = {
    "noi-dung": "Làm căn cước cho con 12 tuổi\r\ncần giấy tờ gì?",
    "ten": "Lò Văn An",
    "so-dien-thoai": "0912 345 678",
}
PLAIN = {"headers": {"Accept": "application/json"}}


async def kept(desk: Any) -> list[Feedback]:
    """Everything there is, the last first."""
    async with desk.house.database.read() as connection:
        found: list[Feedback] = await store.listed(connection, desk.house.seal)
        return found


async def ask(desk: Any, fields: dict[str, str] | None = None, **more: Any) -> Any:
    """Send the portal's form as a browser without scripts does, a second after what was before."""
    desk.clock.advance(1)
    return await desk.client.post("/portal/hoi-dap", data=fields or ASK, allow_redirects=False, **more)


async def wrote(desk: Any, text: str, outlet: str = "sms", message: str = "", address: str = "+84912345678") -> bool:
    """What an outlet's partner says that somebody wrote, a second after what was before."""
    desk.clock.advance(1)
    async with desk.house.database.write() as tx:
        said = Wrote("phone", address, text, message)
        return bool(await desk.house.postbox.hear(tx, said, outlet))


async def test_a_question_from_the_portal(desk: Any) -> None:
    """Is kept once, sealed, and stands in the inbox with its sender masked."""
    page = await (await desk.client.get("/portal/hoi-dap")).text()
    assert '<form class="ask" method="post" action="/portal/hoi-dap"' in page
    for _ in range(2):
        answer = await ask(desk)
        assert (answer.status, answer.headers["Location"]) == (303, "/portal/hoi-dap?da-gui=1")
    assert "xin cảm ơn" in await (await desk.client.get("/portal/hoi-dap?da-gui=1")).text()
    [one] = await kept(desk)
    assert (one.source, one.outlet, one.name, one.address) == (Source.PORTAL, "portal", "Lò Văn An", "+84912345678")
    assert one.text == "Làm căn cước cho con 12 tuổi\ncần giấy tờ gì?"
    async with desk.house.database.read() as connection:
        row = (await connection.exec_driver_sql("SELECT address, name, text FROM feedback")).one()
    assert not any("912345678" in value or "Văn" in value or "căn cước" in value for value in row)
    inbox = await (await desk.browser("xem")).page("/feedback")
    assert "cần giấy tờ gì?" in inbox
    assert "912345678" not in inbox
    assert "Người dân hỏi, góp ý" in await (await desk.browser("lan")).page("/")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"noi-dung": " \n "}, "Hãy ghi câu hỏi"),
        ({"noi-dung": "x" * 2001}, "2000 ký tự"),
        ({"ten": "x" * 101}, "100 ký tự"),
        ({"so-dien-thoai": "12"}, "số"),
    ],
)
async def test_a_form_that_is_wrong(desk: Any, wrong: dict[str, str], said: str) -> None:
    """Comes back with what was typed and what is wrong, and nothing is kept."""
    answer = await ask(desk, ASK | wrong)
    page = await answer.text()
    assert answer.status == 422
    assert said in page
    assert ("Lò Văn An" in page) == ("ten" not in wrong)
    assert await kept(desk) == []


async def test_floods_are_kept_out(desk: Any) -> None:
    """Who sends without end has to wait longer and longer; what no person sees is filled in by no person."""
    assert (await ask(desk, ASK | {"website": "http://x.example"})).status == 303
    assert await kept(desk) == []
    at_once = [ASK | {"noi-dung": f"Câu hỏi {number}"} for number in range(8)]
    statuses = [
        (await desk.client.post("/portal/hoi-dap", data=fields, allow_redirects=False)).status for fields in at_once
    ]
    assert statuses.count(429) == 3
    assert len(await kept(desk)) == 5
    assert (await ask(desk, headers={"Content-Type": "text/plain"})).status in {415, 422}


async def test_it_is_about_the_item_it_was_asked_at(desk: Any) -> None:
    """And falls under its theme."""
    item = await desk.approved(theme="mot-cua")
    await desk.schedule(items=(item.id,), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    slug = f"{item.slug}"
    assert f"hoi-dap?tin={slug}" in await (await desk.client.get(f"/portal/{slug}")).text()
    assert item.title in await (await desk.client.get(f"/portal/hoi-dap?tin={slug}")).text()
    await ask(desk, ASK | {"tin": slug})
    [one] = await kept(desk)
    assert (one.about, one.theme) == (item.id, "mot-cua")


async def test_it_is_about_a_procedure(desk: Any) -> None:
    """Asked on the procedure's page, or put under it; what answers it then speaks of that procedure."""
    birth = Procedure(code="1.001193", name="Đăng ký khai sinh", status=Status.NEW)
    async with desk.house.database.write() as tx:
        await desk.house.procedures.take_in(tx, [birth], "Quản Trị", source="thử")
    page = await (await desk.client.get("/portal/hoi-dap?thu-tuc=1.001193")).text()
    assert "Về thủ tục: " in page
    assert "Đăng ký khai sinh" in page
    assert "hoi-dap?thu-tuc=1.001193" in await (await desk.client.get("/portal/thu-tuc/1.001193")).text()
    await ask(desk, ASK | {"thu-tuc": "1.001193"})
    await ask(desk, ASK | {"thu-tuc": "9.999999", "noi-dung": "Hỏi khác"})
    other, one = await kept(desk)
    assert (one.procedure, other.procedure) == ("1.001193", "")
    lan = await desk.browser("lan")
    assert (await lan.post(f"/feedback/{other.id}/theme", {"procedure": "9.999999"})).status == 422
    assert (await lan.post(f"/feedback/{other.id}/theme", {"procedure": "1.001193"})).status == 303
    assert (await lan.post("/items", {"title": "Trả lời", "body": "Mang chứng sinh.", "answers": one.id})).status == 303
    [item] = [each.answer for each in await kept(desk) if each.answer]
    async with desk.house.database.read() as connection:
        assert [cited.code for cited, _ in await procedure_store.cited(connection, item)] == ["1.001193"]


async def test_answers_to_sms_come_in_once(desk: Any) -> None:
    """A partner that calls twice is heard once; a refusal is no question, and an empty answer is none either."""
    assert await wrote(desk, "Nop ho so o dau a?", message="m1")
    assert not await wrote(desk, "Nop ho so o dau a?", message="m1")
    assert await wrote(desk, "Nop ho so o dau a?", message="m2")
    assert not await wrote(desk, " \n")
    [one, _] = await kept(desk)
    assert (one.source, one.outlet, one.standing) == (Source.SMS, "sms", Standing.OPEN)


async def test_it_is_answered_by_an_approved_item(desk: Any) -> None:
    """A draft with the question in it; when a second person approves it, the question is answered, and who asked is sent it once."""
    await ask(desk)
    await wrote(desk, "Cam on xa", address="+84912345679")
    [other, one] = sorted(await kept(desk), key=lambda one: one.source, reverse=True)
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    form = await lan.page(f"/items/new?answers={one.id}")
    assert "Trả lời: Làm căn cước cho con 12 tuổi" in form
    assert "&gt; Làm căn cước cho con 12 tuổi" in form
    assert "Lò Văn An" not in form
    assert f'name="answers" value="{one.id}"' in form
    text = {
        "title": "Làm căn cước cho trẻ",
        "body": "> Hỏi\n\nMang giấy khai sinh.",
        "answers": one.id,
        "act": "submit",
    }
    item = (await lan.post("/items", text)).headers["Location"].rsplit("/", 1)[1]
    assert Standing.ANSWERING in [each.standing for each in await kept(desk)]
    assert (await lan.post("/items", text)).status == 409, "somebody answers it already"
    digest = (await (await hung.get(f"/items/{item}", **PLAIN)).json())["digest"]
    assert (await hung.post(f"/items/{item}/approve", {"digest": digest})).status == 303
    async with desk.house.database.read() as connection:
        [schedule] = await scheduler_store.list_schedules(connection)
        audience = await audience_store.find_audience(connection, schedule.audience)
    assert (schedule.outlets, audience.size) == (("sms",), 1)
    answered = {each.id: each for each in await kept(desk)}[one.id]
    assert (answered.standing, answered.answer, answered.told_at) == (Standing.ANSWERED, item, desk.clock.now())
    assert (await hung.post(f"/feedback/{other.id}/close", {"note": ""})).status == 422
    assert (await hung.post(f"/feedback/{other.id}/close", {"note": "Lời cảm ơn"})).status == 303
    assert "Người dân hỏi, góp ý" not in await lan.page("/")
    assert (await hung.post(f"/feedback/{other.id}/open")).status == 303
    assert (await hung.post(f"/feedback/{other.id}/answer", {"item": item})).status == 303
    async with desk.house.database.read() as connection:
        assert len(await scheduler_store.list_schedules(connection)) == 2
    assert (await (await desk.browser("quan")).post("/outlets/sms/pause")).status == 303
    await desk.schedule(items=(item,), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    assert "Làm căn cước cho trẻ" in await (await desk.client.get("/portal/hoi-dap")).text()
    assert (await hung.post(f"/items/{item}/withdraw", {"note": "Sai"})).status == 303
    assert {each.standing for each in await kept(desk)} == {Standing.OPEN}


@pytest.mark.parametrize("level", ["commune"])
async def test_what_the_rules_forbid_is_not_sent(desk: Any) -> None:
    """A commune sends no outreach by SMS (Decree 49/2024, Article 32): the item is approved, and it is said why nobody is told."""
    await ask(desk)
    [one] = await kept(desk)
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    text = {"title": "Trả lời", "body": "Mang giấy khai sinh.", "answers": one.id, "act": "submit"}
    item = (await lan.post("/items", text)).headers["Location"].rsplit("/", 1)[1]
    digest = (await (await hung.get(f"/items/{item}", **PLAIN)).json())["digest"]
    assert (await hung.post(f"/items/{item}/approve", {"digest": digest})).status == 303
    [one] = await kept(desk)
    assert (one.standing, one.told_at) == (Standing.ANSWERED, None)
    async with desk.house.database.read() as connection:
        assert await scheduler_store.list_schedules(connection) == []


async def test_who_wants_no_messages_gets_none(desk: Any) -> None:
    """The answer is public all the same."""
    await wrote(desk, "Nop ho so o dau?")
    async with desk.house.database.write() as tx:
        await desk.house.handling.opt_out(tx, "phone", "+84912345678", "Lan", "gọi điện")
    [one] = await kept(desk)
    item = await desk.approved()
    hung = await desk.browser("hung")
    assert (await hung.post(f"/feedback/{one.id}/answer", {"item": item.id})).status == 303
    [one] = await kept(desk)
    assert (one.standing, one.told_at) == (Standing.ANSWERED, None)


async def test_a_person_is_told_and_erased(desk: Any) -> None:
    """What they wrote is among what is kept of them, and goes with it; after its time it goes by itself."""
    await ask(desk)
    rights: Rights = desk.house.rights
    told = await rights.tell("phone", "+84912345678", "Quản Trị")
    assert [one["name"] for one in told["written"]] == ["Lò Văn An"]
    await rights.erase("phone", "+84912345678", "Quản Trị", "đơn của người dân")
    [one] = await kept(desk)
    assert (one.text, one.name, one.address) == ("", "", "")
    await wrote(desk, "Hoi lai", address="+84912345670")
    desk.clock.advance(timedelta(days=366).total_seconds())
    await desk.house.runner.drain()
    assert {one.text for one in await kept(desk)} == {""}


async def test_the_report_counts_what_was_asked_and_answered(desk: Any) -> None:
    """By theme and by where it came from; a period without any has no such part, and its digest is as before."""
    quan = await desk.browser("quan")
    where = "/reports?period=2026&basis=calendar"
    before = await (await quan.get(where, **PLAIN)).json()
    assert before["feedback"] is None
    await ask(desk)
    await wrote(desk, "Nop ho so o dau?", address="+84912345679")
    await wrote(desk, "Cam on", address="+84912345670")
    thanks, sms, portal = await kept(desk)
    assert (await quan.post(f"/feedback/{portal.id}/theme", {"theme": "mot-cua"})).status == 303
    assert (await quan.post(f"/feedback/{portal.id}/theme", {"theme": "khong-co"})).status == 422
    assert (await quan.post(f"/feedback/{sms.id}/answer", {"item": (await desk.approved()).id})).status == 303
    assert (await quan.post(f"/feedback/{thanks.id}/close", {"note": "Lời cảm ơn"})).status == 303
    told = (await (await quan.get(where, **PLAIN)).json())["feedback"]
    assert told["sources"] == {"portal": 1, "sms": 2}
    assert [told["whole"][name] for name in ("received", "answered", "closed")] == [3, 1, 1]
    assert [(one["key"], one["received"]) for one in told["themes"]] == [("mot-cua", 1), ("", 2)]
    page = await quan.page(where)
    assert "Nhận 3 câu hỏi, góp ý" in page
    for form in ("docx", "xlsx", "pdf"):
        assert (await quan.get(f"{where}&form={form}")).status == 200


async def test_replies_are_left_where_they_are_when_the_office_says_so(desk: Any) -> None:
    """`[feedback] replies = false`: refusals are heard, nothing else is kept."""
    desk.house.postbox._replies = False
    assert not await wrote(desk, "Nop ho so o dau?")
    assert await kept(desk) == []
