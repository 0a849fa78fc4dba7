"""Contests from the bank of questions to the results: on the desk, on the portal, over the API, with floods and late comers."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData

from channels.audiences import store as audience_store
from content import store as content_store
from content.contests import store
from content.contests.contest import State, board_code_of, code_of
from content.contests.entries import store as entries
from desk.boards import wall
from desk.keys import derive
from scheduler import store as schedule_store
from scheduler.delivery import State as DeliveryState
from scheduler.entering import Somebody, TooMany
from scheduler.log import store as log_store
from scheduler.log.store import Filter
from scheduler.schedule import ScheduleState

BANK = "chủ đề;câu hỏi;A;B;C;đáp án;nguồn\n" + "".join(
    f"mot-cua;Câu {number}: làm gì trước?;đúng {number};sai {number};sai nữa {number};A;Luật {number}\n"
    for number in range(6)
)
PLAIN = {"headers": {"Accept": "application/json"}}
WRITER, APPROVER = "Nguyễn Thị Lan", "Trần Văn Hùng"


def planned(desk: Any, **more: Any) -> dict[str, Any]:
    """The form of a contest that opens in an hour and lasts four days."""
    now = desk.clock.now()
    told = {"title": "Tìm hiểu cải cách hành chính", "rules": "Ai cũng được thi.", "outlet": ["portal", "dai-xa"]}
    told |= {"opens_at": (now + timedelta(hours=1)).isoformat(), "closes_at": (now + timedelta(days=4)).isoformat()}
    told |= {"count": "3", "minutes": "10", "prizes": "Giải nhất: 1\nGiải nhì: 1", "code_outlet": "sms"}
    return told | {"remind_days": "1", "places": "Bản Nà\nBản Pe", "keep_days": "30"} | more


async def bank(desk: Any, login: str = "lan", text: str = BANK) -> Any:
    """Take a file of questions in."""
    form, browser = FormData(), await desk.browser(login)
    form.add_field("form_token", browser.form_token)
    form.add_field("file", io.BytesIO(text.encode()), filename="cau-hoi.csv")
    return await browser.ask("POST", "/questions", data=form)


async def handed_in(desk: Any, **more: Any) -> str:
    """A contest that waits for approval, by id."""
    await bank(desk)
    lan = await desk.browser("lan")
    made = await lan.post("/contests", planned(desk, **more))
    assert made.status == 303, await made.text()
    where = made.headers["Location"]
    sent = await lan.post(f"{where}/submit")
    assert sent.status == 303, await sent.text()
    return str(where.rsplit("/", 1)[1])


async def opened(desk: Any, **more: Any) -> str:
    """A contest that is open now, by id."""
    id = await handed_in(desk, **more)
    hung = await desk.browser("hung")
    digest = (await (await hung.get(f"/contests/{id}", **PLAIN)).json())["digest"]
    answer = await hung.post(f"/contests/{id}/approve", {"digest": digest})
    assert answer.status == 303, await answer.text()
    desk.clock.advance(3600)
    return id


def typed(number: int = 0, **more: Any) -> dict[str, str]:
    """Who somebody says to be."""
    told = {"ten": f"Lò Văn {'ABCDEFGH'[number % 8]}", "so-dien-thoai": f"09123450{number:02d}", "noi": "Bản Nà"}
    return told | {"dong-y": "1", "cach": "tin-nhan"} | more


async def send(desk: Any, path: str, fields: dict[str, str]) -> Any:
    """As a browser without scripts does."""
    return await desk.client.post(path, data=fields, allow_redirects=False)


async def ticket_of(answer: Any) -> str:
    """What goes along in the form for the code."""
    page = await answer.text()
    found = re.search(r'name="phieu" value="([^"]+)"', page)
    assert found, page
    return found[1]


async def last_code(desk: Any, id: str) -> str:
    """The digits that the newest delivery of the contest's codes carries."""
    async with desk.house.database.read() as connection:
        one = await store.find(connection, id)
        [newest, *_] = await log_store.list_deliveries(connection, Filter(item=one.items["code"]))
    return code_of(newest.id, derive(desk.house.key, "contest"))


async def begin(desk: Any, id: str, number: int = 0) -> str:
    """Ask for a code, type it in: where the paper is."""
    desk.clock.advance(1)
    path = f"/portal/cuoc-thi/{id}"
    asked = await send(desk, path, typed(number))
    assert asked.status == 200, await asked.text()
    ticket = await ticket_of(asked)
    entered = await send(desk, path, {"phieu": ticket, "ma": await last_code(desk, id)})
    assert entered.status == 303, await entered.text()
    return str(entered.headers["Location"])


async def answered(desk: Any, paper: str, right: int, guess: str) -> Any:
    """Hand a paper in with so many right answers."""
    page = await (await desk.client.get(paper)).text()
    found = re.findall(r'name="(c\d+)" value="(\d)"[^>]*> (đúng|sai)', page)
    names = sorted({name for name, _, _ in found})
    fields = {"du-doan": guess}
    for place, name in enumerate(names):
        wanted = "đúng" if place < right else "sai"
        fields[name] = next(value for other, value, word in found if other == name and word == wanted)
    desk.clock.advance(1)
    return await send(desk, paper, fields)


async def played(desk: Any) -> str:
    """A contest that is over: two have all right and guessed differently, one has two, one has handed nothing in."""
    id = await opened(desk)
    papers = [await begin(desk, id, number) for number in range(4)]
    for paper, right, guess in zip(papers, (3, 3, 2), ("9", "2", "1"), strict=False):
        assert (await answered(desk, paper, right, guess)).status == 303
    desk.clock.advance(timedelta(days=4).total_seconds())
    return id


async def test_the_bank_of_questions(desk: Any) -> None:
    """Taken in from a table with every fault told by line and column; what is known word by word is left."""
    assert (await bank(desk)).status == 303
    assert (await bank(desk)).status == 303
    wrong = BANK + "khong-co;Hỏi?;a;b;c;A;Luật\nmot-cua;Hỏi?;a;b;c;E;Luật\nmot-cua;Hỏi?;a;a;c;A;Luật\n"
    answer = await bank(desk, text=wrong)
    page = await answer.text()
    assert answer.status == 409
    assert all(word in page for word in ("Tệp có 3 dòng lỗi", "không có chủ đề", "phải là chữ của", "giống nhau"))
    assert (await bank(desk, text="a;b\n1;2\n")).status == 422
    lan = await desk.browser("lan")
    told = await (await lan.get("/questions?theme=mot-cua", **PLAIN)).json()
    assert len(told["items"]) == 6
    assert (await lan.post(f"/questions/{told['items'][0]['id']}/retire")).status == 303
    assert (await lan.post(f"/questions/{told['items'][0]['id']}/retire")).status == 409
    assert len((await (await lan.get("/questions", **PLAIN)).json())["items"]) == 5


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"),
        ({"closes_at": "2020-01-01T00:00"}, "closes_at"),
        ({"opens_at": "x"}, "opens_at"),
        ({"prizes": "Giải: 0"}, "prizes"),
        ({"code_outlet": ""}, "code_outlet"),
        ({"count": "61"}, "count"),
        ({"minutes": "x"}, "minutes"),
        ({"remind_days": "x"}, "remind_days"),
        ({"themes": ["khong-co"]}, "themes"),
        ({"outlet": []}, "outlet"),
        ({"outlet": ["khong-co"]}, "outlet"),
    ],
)
async def test_a_plan_that_cannot_stand(desk: Any, wrong: dict[str, Any], field: str) -> None:
    """Is told with its field, and nothing is stored; what was typed is still in the form."""
    lan = await desk.browser("lan")
    answer = await lan.post("/contests", planned(desk, **wrong))
    page = await answer.text()
    assert answer.status == 422
    assert f'href="#f-{field}"' in page
    assert "Ai cũng được thi." in page
    plain = await (await lan.post("/contests", planned(desk, **wrong), **PLAIN)).json()
    assert plain["field"] == field
    async with desk.house.database.read() as connection:
        assert await store.listed(connection) == []


async def test_too_few_questions(desk: Any) -> None:
    """A contest that asks more than there are is not handed in."""
    lan = await desk.browser("lan")
    where = (await lan.post("/contests", planned(desk))).headers["Location"]
    answer = await lan.post(f"{where}/submit")
    assert answer.status == 422
    assert "Ngân hàng chỉ có 0 câu" in await answer.text()


async def test_two_people_and_everything_that_goes_out(desk: Any) -> None:
    """Who wrote it may not approve it; who does approves exactly the texts shown, which go out by themselves."""
    id = await handed_in(desk)
    mai, hung, quan = [await desk.browser(login) for login in ("mai", "hung", "quan")]
    plain = await (await hung.get(f"/contests/{id}", **PLAIN)).json()
    assert {text["role"] for text in plain["texts"]} == {"announce", "remind-1", "code"}
    assert plain["state"] == "in_review"
    page = await hung.page(f"/contests/{id}")
    assert "Duyệt cuộc thi" in page
    assert "ma_du_thi" in page
    assert (await hung.post(f"/contests/{id}/approve", {"digest": "x"})).status == 409
    async with desk.house.database.write() as tx:
        assert (await store.find(tx, id)).writers == (WRITER,)
    assert (await mai.post(f"/contests/{id}", planned(desk, title="Khác"))).status == 303
    assert (await mai.post(f"/contests/{id}/submit")).status == 303
    plain = await (await mai.get(f"/contests/{id}", **PLAIN)).json()
    assert (await mai.post(f"/contests/{id}/approve", {"digest": plain["digest"]})).status == 403
    assert (await hung.post(f"/contests/{id}/send-back", {"note": "Sửa thể lệ"})).status == 303
    assert (await mai.post(f"/contests/{id}/submit")).status == 303
    plain = await (await hung.get(f"/contests/{id}", **PLAIN)).json()
    assert (await hung.post(f"/contests/{id}/approve", {"digest": plain["digest"]})).status == 303
    async with desk.house.database.read() as connection:
        schedules = await schedule_store.list_schedules(connection)
        items = await content_store.items_by_id(connection, [text["item"] for text in plain["texts"]])
    assert {item.state.value for item in items.values()} == {"approved"}
    assert {one.state for one in schedules} == {ScheduleState.APPROVED}
    assert sorted(one.outlets for one in schedules) == [("portal", "dai-xa"), ("portal", "dai-xa"), ("sms",)]
    [codes] = [one for one in schedules if one.rule.asked]
    assert codes.next_due_at is None
    assert "khi có người xin" in await quan.page(f"/schedules/{codes.id}")
    desk.clock.advance(3601)
    await desk.house.runner.drain()
    assert "Khác" in await (await desk.client.get("/portal/")).text()
    task = {"year": 2026, "words": "Một cuộc thi", "way": "contest", "rhythm": "year", "target": "1"}
    hung = await desk.browser("hung")
    assert (await hung.post("/plan", {"year": "2026", "title": "Kế hoạch năm 2026"})).status == 303
    assert (await hung.post("/plan/tasks", task)).status == 303
    plan = await (await hung.get("/plan?year=2026", **PLAIN)).json()
    assert [one["now"]["done"] for one in plan["tasks"]] == [1]


async def test_taking_part(desk: Any) -> None:
    """A code to the number, in the log as any delivery; questions in an order of one's own; once, and for good."""
    id = await opened(desk)
    path = f"/portal/cuoc-thi/{id}"
    assert "Tìm hiểu cải cách" in await (await desk.client.get("/portal/cuoc-thi")).text()
    assert '<form class="ask" method="post"' in await (await desk.client.get(path)).text()
    asked = await send(desk, path, typed())
    ticket = await ticket_of(asked)
    assert "912345000" not in await asked.text()
    assert (await send(desk, path, {"phieu": ticket, "ma": "000000"})).status == 422
    async with desk.house.database.read() as connection:
        one = await store.find(connection, id)
        [delivery] = await log_store.list_deliveries(connection, Filter(item=one.items["code"]))
        row = (await connection.exec_driver_sql("SELECT address FROM contest_code")).one()
    assert (delivery.outlet, delivery.state) == ("sms", DeliveryState.PENDING)
    assert "912345000" not in row.address
    entered = await send(desk, path, {"phieu": ticket, "ma": await last_code(desk, id)})
    paper = entered.headers["Location"]
    first = await (await desk.client.get(paper)).text()
    assert first == await (await desk.client.get(paper)).text(), "a page that is loaded again is the same"
    assert first.count("<fieldset>") == 3
    assert (await answered(desk, paper, 3, "nhiều")).status == 422
    assert (await answered(desk, paper, 3, "120")).status == 303
    assert "trả lời 3/3 câu" in await (await desk.client.get(paper)).text()
    assert (await send(desk, paper, {"du-doan": "7"})).status == 422
    desk.clock.advance(120)
    again = await send(desk, path, typed())
    assert again.status == 422
    assert "mỗi số điện thoại chỉ dự thi một lần" in await again.text()
    async with desk.house.database.read() as connection:
        [entry] = await entries.listed(connection, id)
        stored = (await connection.exec_driver_sql("SELECT address, name FROM contest_entry")).one()
    assert entry.guess == 120
    assert not any("912345000" in value or "Lò Văn" in value for value in stored)
    assert (await desk.client.get(f"{paper[:-1]}0" if paper[-1] != "0" else f"{paper[:-1]}1")).status == 404


async def test_the_message_carries_the_code(desk: Any) -> None:
    """The digits stand in the text that leaves, and nowhere before."""
    id = await opened(desk)
    await send(desk, f"/portal/cuoc-thi/{id}", typed())
    code = await last_code(desk, id)
    async with desk.house.database.read() as connection:
        one = await store.find(connection, id)
        item = await content_store.find_item(connection, one.items["code"])
        revision = await content_store.find_revision(connection, item.revision)
        [delivery] = await log_store.list_deliveries(connection, Filter(item=item.id))
    assert code not in revision.short
    at = desk.house.outlets["sms"]
    assert at.outlet.code(delivery.id) == code


async def test_time_is_kept_here(desk: Any) -> None:
    """Half a minute later is still taken, more is not; what was begun goes on under a new code, and not after its time."""
    id = await opened(desk)
    late, later = await begin(desk, id, 0), await begin(desk, id, 1)
    desk.clock.advance(605)
    assert (await send(desk, late, {"du-doan": "1"})).status == 303
    desk.clock.advance(60)
    refused = await send(desk, later, {"du-doan": "1"})
    assert refused.status == 422
    assert "Đã hết giờ" in await refused.text()
    third = await begin(desk, id, 2)
    desk.clock.advance(61)
    assert await begin(desk, id, 2) == third, "who lost the page goes on with the same paper"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ten": " "}, "Hãy ghi họ tên"),
        ({"so-dien-thoai": "12"}, "số"),
        ({"so-dien-thoai": ""}, "Hãy ghi số di động"),
        ({"noi": "Bản lạ"}, "Hãy chọn bản"),
        ({"dong-y": ""}, "đồng ý"),
        ({"ten": "x" * 101}, "100 ký tự"),
    ],
)
async def test_a_form_that_is_wrong(desk: Any, wrong: dict[str, str], said: str) -> None:
    """Comes back with what is wrong, and no code is sent."""
    id = await opened(desk)
    answer = await send(desk, f"/portal/cuoc-thi/{id}", typed(**wrong))
    assert answer.status == 422
    assert said in await answer.text()
    async with desk.house.database.read() as connection:
        assert await entries.codes_of(connection, id) == []


async def test_before_and_after(desk: Any) -> None:
    """Nobody takes part in what is not open; what is no contest of anybody's is not there."""
    id = await handed_in(desk)
    assert (await desk.client.get(f"/portal/cuoc-thi/{id}")).status == 404
    assert (await desk.client.get("/portal/cuoc-thi/0000000000000")).status == 404
    hung = await desk.browser("hung")
    digest = (await (await hung.get(f"/contests/{id}", **PLAIN)).json())["digest"]
    await hung.post(f"/contests/{id}/approve", {"digest": digest})
    early = await send(desk, f"/portal/cuoc-thi/{id}", typed())
    assert "chưa mở" in await early.text()
    desk.clock.advance(timedelta(days=5).total_seconds())
    assert "đã kết thúc" in await (await send(desk, f"/portal/cuoc-thi/{id}", typed())).text()
    assert (await send(desk, f"/portal/cuoc-thi/{id}", {"phieu": "Txyz", "ma": "1"})).status == 400


async def test_floods(desk: Any) -> None:
    """Codes are counted by number, by where they are asked from and by day; wrong codes too; a thousand from one address is no more."""
    id = await opened(desk, per_address="5", codes_a_day="7")
    path = f"/portal/cuoc-thi/{id}"
    await send(desk, path, typed())
    twice = await send(desk, path, typed())
    assert (twice.status, twice.headers["Retry-After"]) == (429, "60")
    for _ in range(2):
        desk.clock.advance(61)
        assert (await send(desk, path, typed())).status == 200
    desk.clock.advance(61)
    assert "3 mã trong 24 giờ" in await (await send(desk, path, typed())).text()
    statuses, said = [], ""
    for number in range(1, 60):
        desk.clock.advance(1)
        answer = await send(desk, path, typed(number))
        statuses.append(answer.status)
        said = await answer.text() if number == 5 else said
    assert statuses.count(200) == 2
    assert set(statuses) == {200, 429}
    assert "Từ mạng này hôm nay đã có 5 lượt" in said
    house, others = desk.house, 0
    async with house.database.write() as tx:
        for number in range(2):
            who = Somebody(f"+8491200000{number}", "Lò A", "Bản Pe", f"203.0.113.{number}")
            await house.entering.ask(tx, id, who)
            others += 1
        with pytest.raises(TooMany, match="used up"):
            await house.entering.ask(tx, id, Somebody("+84912000009", "Lò A", "Bản Pe", "2001:db8::1"))
    async with house.database.read() as connection:
        assert len(await entries.codes_of(connection, id)) == 7


async def test_wrong_codes_run_out(desk: Any) -> None:
    """Five are heard; then not even the right one."""
    id = await opened(desk)
    path = f"/portal/cuoc-thi/{id}"
    ticket = await ticket_of(await send(desk, path, typed()))
    right = await last_code(desk, id)
    for _ in range(5):
        assert (await send(desk, path, {"phieu": ticket, "ma": "000000" if right != "000000" else "1"})).status == 422
    assert (await send(desk, path, {"phieu": ticket, "ma": right})).status == 429
    desk.clock.advance(61)
    ticket = await ticket_of(await send(desk, path, typed()))
    right = await last_code(desk, id)
    desk.clock.advance(601)
    assert "hết hạn" in await (await send(desk, path, {"phieu": ticket, "ma": right})).text()


async def test_who_wants_no_messages_is_sent_no_code(desk: Any) -> None:
    """It is said why; nor is one sent while everything stands still."""
    id = await opened(desk)
    async with desk.house.database.write() as tx:
        await desk.house.handling.opt_out(tx, "phone", "+84912345000", "Lan", "gọi điện")
    answer = await send(desk, f"/portal/cuoc-thi/{id}", typed())
    assert "từ chối nhận tin" in await answer.text()
    async with desk.house.database.write() as tx:
        await desk.house.standing.pause_all(tx, "Quản Trị", "sự cố")
    answer = await send(desk, f"/portal/cuoc-thi/{id}", typed(1))
    assert "thử lại sau" in await answer.text()


async def test_results_are_counted_twice_and_published(desk: Any) -> None:
    """By one person, approved by another; the same each time; told to winners over their channel; reported; then erased."""
    id = await played(desk)
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    assert (await hung.post(f"/contests/{id}/publish", {"digest": "x"})).status == 409
    assert "chưa đếm kết quả" in await lan.page("/")
    assert (await lan.post(f"/contests/{id}/results")).status == 303
    assert "chờ người thứ hai công bố" in await lan.page("/")
    told = await (await lan.get(f"/contests/{id}", **PLAIN)).json()
    assert [(one["prize"], one["right"], one["guess"]) for one in told["winners"]] == [
        ("Giải nhất", 3, 2),
        ("Giải nhì", 3, 9),
    ]
    assert "912345" not in str(told["winners"])
    assert [told["counts"][name] for name in ("begun", "finished", "all_right")] == [4, 3, 2]
    desk.clock.advance(1)
    assert (await lan.post(f"/contests/{id}/results")).status == 303
    again = await (await lan.get(f"/contests/{id}", **PLAIN)).json()
    assert again["results"] == told["results"], "the same papers give the same results"
    page = await hung.page(f"/contests/{id}")
    assert "Duyệt và công bố" in page
    async with desk.house.database.write() as tx:
        with pytest.raises(Exception, match="second person"):
            await desk.house.contesting.publish(tx, id, WRITER, digest=told["results"])
    assert (await hung.post(f"/contests/{id}/publish", {"digest": told["results"]})).status == 303
    async with desk.house.database.read() as connection:
        one = await store.find(connection, id)
        schedules = await schedule_store.list_schedules(connection, limit=2)
        audience = await audience_store.find_audience(connection, next(s.audience for s in schedules if s.audience))
    assert (one.state, audience.size) == (State.PUBLISHED, 2)
    assert f"/contests/{id}" not in await lan.page("/")
    assert sorted(s.outlets for s in schedules) == [("portal", "dai-xa"), ("sms",)]
    assert (await (await desk.browser("quan")).post("/outlets/sms/pause")).status == 303
    await desk.house.runner.drain()
    public = await (await desk.client.get(f"/portal/cuoc-thi/{id}")).text()
    assert "Giải nhất: Lò Văn B" in public
    assert "912345001" not in public
    for form in ("xlsx", "pdf"):
        assert (await hung.get(f"/contests/{id}/report?form={form}")).status == 200
    desk.clock.advance(timedelta(days=31).total_seconds())
    await desk.house.runner.drain()
    async with desk.house.database.read() as connection:
        one, everybody = await store.find(connection, id), await entries.listed(connection, id)
        codes = await log_store.list_deliveries(connection, Filter(item=one.items["code"]))
        left = await audience_store.find_audience(connection, audience.name)
    assert one.erased_at is not None
    assert {(each.name, each.source) for each in everybody} == {("", "")}
    assert {each.address[:8] for each in everybody} == {entries.GONE}
    assert {each.address[:1] for each in codes} == {"~"}
    assert left.size == 0
    lan = await desk.browser("lan")
    assert (await (await lan.get(f"/contests/{id}", **PLAIN)).json())["counts"]["by_place"] == {"Bản Nà": 4}


async def test_results_that_changed_are_not_published(desk: Any) -> None:
    """What is counted a second time must be what was handed in."""
    id = await played(desk)
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    await lan.post(f"/contests/{id}/results")
    digest = (await (await hung.get(f"/contests/{id}", **PLAIN)).json())["results"]
    async with desk.house.database.write() as tx:
        await tx.exec_driver_sql("UPDATE contest_entry SET guess = 5 WHERE guess = 2")
    answer = await hung.post(f"/contests/{id}/publish", {"digest": digest})
    assert answer.status == 409
    assert "Tính lại không ra" in await answer.text()
    assert (await hung.post(f"/contests/{id}/send-back", {"note": "Tính lại"})).status == 303
    assert (await lan.post(f"/contests/{id}/results")).status == 303


async def test_called_off(desk: Any) -> None:
    """Its texts are withdrawn, its schedules end, nobody can take part."""
    id = await opened(desk)
    hung = await desk.browser("hung")
    assert (await hung.post(f"/contests/{id}/withdraw", {"note": ""})).status == 422
    assert (await hung.post(f"/contests/{id}/withdraw", {"note": "Hoãn"})).status == 303
    assert (await desk.client.get(f"/portal/cuoc-thi/{id}")).status == 404
    async with desk.house.database.read() as connection:
        schedules = await schedule_store.list_schedules(connection)
    assert {one.state for one in schedules} <= {ScheduleState.CANCELLED, ScheduleState.ENDED}


async def test_a_persons_part_is_told_and_erased(desk: Any) -> None:
    """With all else that is kept of them."""
    id = await opened(desk)
    await answered(desk, await begin(desk, id), 3, "4")
    told = await desk.house.rights.tell("phone", "+84912345000", "Quản Trị")
    assert [(one["contest"], one["name"], one["guess"]) for one in told["contests"]] == [(id, "Lò Văn A", 4)]
    await desk.house.rights.erase("phone", "+84912345000", "Quản Trị", "đơn của người dân")
    async with desk.house.database.read() as connection:
        [entry] = await entries.listed(connection, id)
        assert await entries.codes_of(connection, id) == []
    assert (entry.name, entry.address) == ("", f"{entries.GONE}{entry.id}")


async def test_a_code_at_the_notice_board(desk: Any) -> None:
    """Whoever stands before it reads it there; wrong ones are slowed down."""
    quan = await desk.browser("quan")
    made = await quan.post("/outlets", {"name": "bang", "kind": "board", "title": "Bảng tin", "act": "save"})
    assert made.status in {303, 200}, await made.text()
    id = await opened(desk, board="1", outlet=["portal"])
    path = f"/portal/cuoc-thi/{id}"
    ticket = await ticket_of(await send(desk, path, typed(cach="bang-tin")))
    for _ in range(6):
        wrong = await send(desk, path, {"phieu": ticket, "ma": "AAAA-AAAA"})
    assert wrong.status == 429
    desk.clock.advance(3600)
    code = board_code_of(id, "bang", derive(desk.house.key, "contest"))
    entered = await send(desk, path, {"phieu": ticket, "ma": f"{code[:4].lower()}-{code[4:]}"})
    assert entered.status == 303, await entered.text()
    async with desk.house.database.read() as connection:
        [entry] = await entries.listed(connection, id)
        assert await entries.codes_of(connection, id) == []
    assert entry.way is entries.Way.BOARD
    page = await (await desk.browser("quan")).page(f"/contests/{id}")
    assert f"{code[:4]}-{code[4:]}" in page


async def test_the_sheet_bears_the_boards_code(desk: Any) -> None:
    """Printed where the announcement hangs, and not on the screen beside it, which anybody may open."""
    quan = await desk.browser("quan")
    await quan.post("/outlets", {"name": "bang", "kind": "board", "title": "Bảng tin", "act": "save"})
    id = await opened(desk, board="1", outlet=["bang"])
    await desk.house.runner.drain()
    at = desk.house.outlets["bang"]
    async with desk.house.database.read() as connection:
        [sheet] = await wall.sheets(connection, at)
        links = await wall.links(desk.house, connection, at, sheet)
    code = board_code_of(id, "bang", derive(desk.house.key, "contest"))
    assert links.contest == f"{code[:4]}-{code[4:]}"
    assert code not in json.dumps(sheet.shelved.bulletin.record())
    hung = await desk.browser("hung")
    assert (await hung.get(f"/boards/bang/{sheet.delivery}/sheet")).status == 200
