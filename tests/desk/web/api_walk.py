"""One good request for every door of the API, in an order in which each can be answered well."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
from PIL import Image

from channels.channel import Wrote
from channels.classes import store as class_store
from channels.classes.given import store as given_store
from channels.classes.people import store as class_people_store
from channels.feedback import store as feedback_store
from content.contests import store as contest_store
from content.passing import store as passing_store
from desk.delegation import store as delegation_store
from desk.plan import store as plan_store
from desk.staff import accounts
from scheduler import store as scheduler_store
from scheduler.log import store as log_store
from scheduler.ride import store as ride_store
from scheduler.ride.ride import RideState
from scheduler.schedule import Rule
from scheduler.subscription import store as subscription_store
from tests.desk.web.test_recordings import sound
from tests.sounds import hum

LIST = "sđt,tiếng\n0912345678,mông\n0912345679,kinh\n"
TEXT = {"title": "Tiêm chủng tháng mười hai", "body": "Trạm y tế tiêm chủng ngày 05/12/2026."}


@dataclass
class Request:
    """A door by name, who asks (an administrator, unless it takes another), what stands in the path, and what is brought.

    `name` is an outlet's, where an `id` stands in the path beside it.
    """

    door: str
    id: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    login: str = "quan"
    name: str = ""

    def form(self) -> aiohttp.FormData:
        """Fields and files as multipart."""
        form = aiohttp.FormData()
        for name, value in self.fields.items():
            form.add_field(name, str(value))
        for name, data in self.files.items():
            form.add_field(name, data, filename="a.bin", content_type="application/octet-stream")
        return form


async def requests(desk: Any) -> AsyncIterator[Request]:
    """One after the other, each made when its turn comes: by then those before it are done."""
    for name in ("items", "schedules", "occurrences", "deliveries", "outlets", "audiences", "policy", "voices"):
        yield Request(name)
    for name in ("programme", "programme-sound", "glossary", "glossary-table", "report-stations", "openapi"):
        yield Request(name)
    yield Request("sound", fields={"text": "xin chào"})
    for walk in (
        _items,
        _schedules,
        _rides,
        _deliveries,
        _boards,
        _people,
        _others,
        _feedback,
        _classes,
        _plan,
        _subscriptions,
        _contests,
    ):
        async for one in walk(desk):
            yield one


async def _items(desk: Any) -> AsyncIterator[Request]:
    yield Request("item-write", fields=TEXT)
    yield Request("item-preview", fields=TEXT | {"short": "Tiêm chủng 5/12 tại HTC"})
    yield Request("item-paste", fields={"html": "<p><b>Đậm</b> và <img src=x></p>"})
    item = await desk.draft()
    yield Request("item-revise", item.id, TEXT | {"base": item.revision}, login="lan")
    yield Request("item-reading", item.id, {"abbr": "TYT", "spoken": "trạm y tế"}, login="lan")
    yield Request("item-record", item.id, files={"recording": sound()}, login="lan")
    yield Request("item-audio", item.id)
    yield Request("item-versions", item.id)
    yield Request("item-versions", item.id, {"from": "1", "to": "2"})
    yield Request("item", item.id)
    yield Request("item-unrecord", item.id, login="lan")
    yield Request("item-submit", item.id, login="lan")
    yield Request("item-send-back", item.id, {"note": "Thiếu giờ"})
    yield Request("item-submit", item.id, login="lan")
    yield Request("item-approve", item.id, {"digest": await _digest(desk, item.id), "note": "Đúng"})
    yield Request("item", item.id)
    yield Request("item-slip", item.id)
    yield Request("item-evidence", item.id)
    await desk.deliveries("scf")
    async with desk.house.database.read() as connection:
        sent = (await scheduler_store.list_schedules(connection))[0].items[0].item
    desk.clock.advance(60)
    yield Request("item-revise", sent, TEXT | {"act": "submit"}, login="lan")
    yield Request("item-approve", sent, {"digest": await _digest(desk, sent)})
    yield Request("item-tell", sent)
    yield Request("item-withdraw", sent, {"note": "Sai ngày"})
    yield Request("item-write", fields=TEXT | {"notice_of": sent})


async def _digest(desk: Any, item: str) -> str:
    answer = await desk.client.get(f"/api/v1/items/{item}", headers=await desk.api("quan", "read"))
    return str((await answer.json())["digest"])


async def _schedules(desk: Any) -> AsyncIterator[Request]:
    item = await desk.approved()
    wish = {"item": [item.id], "outlet": ["portal"], "every": "6h", "class": "urgent"}
    yield Request("schedule-preview", fields=wish)
    yield Request("schedule-add", fields=wish, login="hung")
    one = await desk.schedule(by="Lò Thị Mai", may_approve=False)
    yield Request("schedule", one.id)
    yield Request("schedule-approve", one.id, {"digest": one.digest, "outlet": ["portal"]})
    yield Request("schedule-pause", one.id, {"note": "Chờ"})
    yield Request("schedule-resume", one.id)
    yield Request("schedule-move", one.id, {"time": "06:30", "note": "Sớm quá"})
    yield Request("calendar", fields={"from": "2026-11-20", "to": "2026-11-30"})
    yield Request("calendar-pausing")
    yield Request("calendar-pause", fields={"note": "Mất điện", "urgent": True})
    yield Request("calendar-pausing")
    yield Request("calendar", fields={"view": "week"})
    yield Request("calendar-resume")
    one = await desk.schedule(by="Lò Thị Mai", may_approve=False)
    yield Request("schedule-cancel", one.id)
    other = await desk.schedule(by="Lò Thị Mai", may_approve=False)
    yield Request("schedule-send-back", other.id, {"note": "Sai giờ"})
    await desk.deliveries("pp")
    async with desk.house.database.read() as connection:
        occurrence = (await scheduler_store.list_occurrences(connection))[0].id
    yield Request("occurrence-cancel", occurrence, {"note": "Thôi"})
    yield Request("schedules", fields={"limit": "1"})
    yield Request("occurrences", fields={"limit": "1"})


async def _deliveries(desk: Any) -> AsyncIterator[Request]:
    ids = await desk.deliveries("fupsf")
    yield Request("deliveries", fields={"limit": "2"})
    for form in ("csv", "xlsx"):
        yield Request("delivery-export", fields={"form": form, "state": "failed"})
    for id in ids:
        yield Request("delivery", id)
    yield Request("delivery-retry", ids[0])
    yield Request("delivery-resolve", ids[1], {"decision": "failed", "note": "Nhà mạng nói không tới"})
    yield Request("delivery-cancel", ids[2])
    yield Request("delivery-number", ids[3], {"note": "đối chiếu"})


async def _people(desk: Any) -> AsyncIterator[Request]:
    yield Request("themes")
    yield Request("theme-save", fields={"title": "Hộ tịch", "position": "2"})
    yield Request("theme-save", fields={"title": "Hộ tịch, căn cước", "id": "ho-tich"})
    yield Request("theme-retire", "ho-tich")
    yield Request("staff")
    yield Request("staff-close", "xem", {"note": "chuyển công tác"})
    async with desk.house.database.write() as tx:
        await accounts.open_again(desk.house, tx, "xem", "Quản Trị")
    yield Request("unit-save", fields={"name": "Xã Sốp Cộp", "code": "04231", "since": "2025-07-01"})
    yield Request("units-import", files={"file": "tên,trực thuộc\nBản Sốp Nặm,04231\n".encode()})
    yield Request("units-load", fields={"province": "Sơn La"})
    yield Request("units")
    catalogue = "mã,tên,lĩnh vực\n1.001193,Đăng ký khai sinh,Hộ tịch\n".encode()
    yield Request("procedures-import", files={"file": catalogue})
    yield Request("procedures-import", files={"file": catalogue.replace(b"khai sinh", b"khai sinh (online)")})
    yield Request("procedures", fields={"q": "dang ky", "limit": "2"})
    yield Request("procedure", "1.001193")
    item = await desk.approved()
    yield Request("item-cite", item.id, {"codes": ["1.001193"]})
    yield Request("item-pass", item.id, {"unit": ["xa-sop-cop"], "note": "Phát trong tuần"})
    async with desk.house.database.read() as connection:
        [one] = await passing_store.of_item(connection, item.id)
    yield Request("passed", fields={"state": "waiting"})
    yield Request("passing-localise", one.id)
    for verb, fields in (("passing-accept", {}), ("passing-decline", {"note": "Không hợp"})):
        item = await desk.approved()
        async with desk.house.database.write() as tx:
            await desk.house.handing.pass_down(tx, item.id, ["xa-sop-cop"], "Quản Trị")
            [one] = await passing_store.of_item(tx, item.id)
        yield Request(verb, one.id, fields)
    yield Request("items", fields={"unit": "xa-sop-cop"})
    yield Request("delegate", fields={"receiver": "xem", "to": "2026-11-30T17:00"}, login="hung")
    yield Request("delegations")
    async with desk.house.database.read() as connection:
        one = (await delegation_store.list_all(connection))[0].id
    yield Request("delegation-end", one, login="hung")
    yield Request("audience-import", fields={"name": "Bản A"}, files={"file": LIST.encode()})
    yield Request("audience-filter", fields={"name": "Bản A, Mông", "of": "Bản A", "where": ["tiếng=mông"]})
    yield Request("audiences")
    yield Request("opt-out", fields={"address": "0912345678", "how": "gọi điện"})
    yield Request("opt-in", fields={"address": "0912345678", "how": "gọi lại"})
    yield Request("person-export", fields={"person": "0912345678"})
    yield Request("person-erase", fields={"person": "0912345678", "reason": "đơn ngày 26/11/2026"})
    yield Request("no-adverts", fields={"whole": "true"}, files={"file": LIST.encode()})


async def _others(desk: Any) -> AsyncIterator[Request]:
    options = {"url": "https://127.0.0.1/gui", "body_template": '{"p": "{phone}", "t": "{text}"}'}
    yield Request("outlet-add", fields={"kind": "sms_http", "title": "SMS huyện", "options": options})
    yield Request("outlet", "sms-huyen")
    yield Request("outlet-change", "sms-huyen", {"title": "SMS của huyện", "options": options | {"per_day": 9}})
    yield Request("outlet-test", "sms-huyen", {"to": "0912345678"})
    yield Request("outlet-remove", "sms-huyen")
    yield Request("outlet-pause", "sms", {"note": "bảo trì"})
    yield Request("outlet-resume", "sms")
    yield Request("outlet-quota", "sms", {"month": "2026-12"})
    yield Request("outlet-key", "dai-xa")
    log = b"Start Time,End Time,Title\n2026-11-23 09:05:00,,Nhac\nhom qua,,Tin\n"
    yield Request("outlet-aired", "dai-xa", files={"file": log})
    yield Request("glossary-add", fields={"abbr": "HTKV", "spoken": "hợp tác khu vực"})
    yield Request("glossary")
    yield Request("glossary-remove", fields={"abbr": "HTKV"})
    yield Request("programme-bed", files={"music": hum(5, 330)})
    yield Request("programme")
    yield Request("programme-unbed")
    yield Request("report-stations", fields={"month": "2026-11", "form": "csv"})
    yield Request("reports", fields={"kind": "quarter", "basis": "calendar"})
    answer = await desk.client.get("/api/v1/reports?period=2026-11", headers=await desk.api("quan", "read"))
    yield Request("report-hand-in", fields={"period": "2026-11", "digest": (await answer.json())["digest"]})
    yield Request("reports", fields={"period": "2026-11", "version": "1"})
    yield Request("reports", fields={"period": "2026-11", "form": "docx"})
    yield Request("reports-handed-in", fields={"limit": "1"})


async def _feedback(desk: Any) -> AsyncIterator[Request]:
    for text in ("Nộp hồ sơ ở đâu?", "Cảm ơn xã"):
        async with desk.house.database.write() as tx:
            await desk.house.postbox.hear(tx, Wrote("phone", "+84912345675", text), "sms")
        desk.clock.advance(1)
    yield Request("feedback", fields={"state": "unanswered"})
    async with desk.house.database.read() as connection:
        first, other = await feedback_store.listed(connection, desk.house.seal)
    yield Request("feedback-theme", first.id, {"theme": "mot-cua"})
    yield Request("feedback-answer", first.id, {"item": (await desk.approved()).id})
    yield Request("feedback-close", other.id, {"note": "Lời cảm ơn"})
    yield Request("feedback-open", other.id)
    yield Request("item-write", fields=TEXT | {"answers": other.id})
    yield Request("feedback", fields={"theme": "mot-cua"})


async def _rides(desk: Any) -> AsyncIterator[Request]:
    wish = {"outlet": ["portal", "dai-xa"], "begins": "2026-11-23", "ends": "2026-12-31", "share": 40}
    for verb in ("ride-approve", "ride-send-back"):
        yield Request("ride-add", fields=wish | {"item": (await desk.approved()).id}, login="lan")
        async with desk.house.database.read() as connection:
            [one] = await ride_store.list_all(connection, states=(RideState.IN_REVIEW,))
        yield Request("ride", one.id)
        yield Request(verb, one.id, {"digest": one.digest} if verb == "ride-approve" else {"note": "Chưa cần"})
        desk.clock.advance(1)
    async with desk.house.database.read() as connection:
        [one] = await ride_store.list_all(connection, states=(RideState.APPROVED,))
    yield Request("ride-end", one.id, {"note": "Đủ rồi"})
    yield Request("rides", fields={"state": "ended", "limit": "1"})


async def _classes(desk: Any) -> AsyncIterator[Request]:
    people = "tên,sđt\nLò Văn Muôn,0912345671\nQuàng Thị Dó,0912345672\n".encode()
    yield Request("audience-import", fields={"name": "Trưởng bản"}, files={"file": people})
    session = {"date": "2026-12-20", "start": "08:00", "end": "11:30", "place": "Nhà văn hóa", "lecturer": "Bà Mai"}
    about = {"title": "Một cửa", "audience": "Trưởng bản", "outlet": ["sms"], "theme": "mot-cua", "needed": 1}
    yield Request("class-open", fields=about | session)
    yield Request("classes", fields={"limit": "1"})
    async with desk.house.database.read() as connection:
        [one] = await class_store.listed(connection)
    yield Request("class-change", one.id, about | {"capacity": 30})
    yield Request("class-session", one.id, session | {"date": "2026-12-21"})
    async with desk.house.database.read() as connection:
        first, second = (await class_store.find(connection, one.id)).sessions
    yield Request("class-session-move", one.id, session | {"start": "07:30"}, name=first.id)
    yield Request("class-invite", one.id)
    yield Request("class-session-drop", one.id, name=second.id)
    yield Request("class-sheet", one.id, name=first.id)
    yield Request("class-list", one.id)
    yield Request("class-person", one.id, {"name": "Cà Văn Ơn"})
    async with desk.house.database.read() as connection:
        person = (await class_people_store.people_of(connection, desk.house.seal, one.id))[0]
    yield Request("class-answer", one.id, {"answer": "yes"}, name=person.id)
    yield Request("class-material", one.id, {"title": "Cổng dịch vụ công", "link": "https://dichvucong.gov.vn"})
    yield Request("class-material", one.id, {"item": (await desk.approved()).id})
    yield Request("class-file", one.id, {"title": "Bài giảng"}, {"file": b"%PDF-1.7 bai giang"})
    async with desk.house.database.read() as connection:
        file = next(each for each in await given_store.materials(connection, one.id) if each.media)
    yield Request("class-file-show", one.id, name=file.id)
    yield Request("class-material-drop", one.id, name=file.id)
    async with desk.house.database.write() as tx:  # it is this morning
        now = desk.clock.now()
        await class_store.change_session(tx, first.id, begins_at=now, ends_at=now + timedelta(hours=3))
    yield Request("class-tick", one.id, {"session": first.id, "person": [person.id]})
    yield Request("class-certify", one.id)
    yield Request("class-certificates", one.id, {"person": person.id})
    yield Request("class", one.id)
    yield Request("person-export", fields={"person": "0912345671"})
    yield Request("class-cancel", one.id, {"note": "Mưa lũ"})


async def _boards(desk: Any) -> AsyncIterator[Request]:
    yield Request("outlet-add", fields={"kind": "board", "title": "Bảng tin", "name": "bang-tin"})
    item = await desk.approved(title="Dán ở bảng tin")
    await desk.schedule(items=(item.id,), outlets=("bang-tin",), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    yield Request("boards")
    async with desk.house.database.read() as connection:
        [sheet] = await log_store.list_deliveries(connection, log_store.Filter(outlets=("bang-tin",)))
    yield Request("board-sheet", sheet.id, {"paper": "a3"}, name="bang-tin")
    image = io.BytesIO()
    Image.new("RGB", (40, 30)).save(image, "JPEG")
    yield Request("board-posted", sheet.id, {"by": "Chị Hà"}, {"photo": image.getvalue()}, name="bang-tin")
    yield Request("board-photo", sheet.id, {"deed": "posted"}, name="bang-tin")
    yield Request("board-down", sheet.id, name="bang-tin")


async def _plan(desk: Any) -> AsyncIterator[Request]:
    yield Request(
        "plan-save", fields={"year": 2026, "title": "Tuyên truyền 2026", "signed": "2026-01-23"}, login="hung"
    )
    task = {"words": "Bản tin phát thanh", "way": "radio", "rhythm": "quarter", "target": 12}
    yield Request("plan-task-add", fields={"year": 2026} | task, login="hung")
    yield Request("plan-task-add", fields={"year": 2026} | task | {"rhythm": "once", "deadline": "2026-12-20"})
    yield Request("plan")
    async with desk.house.database.read() as connection:
        plan = await plan_store.find(connection, 2026)
    yield Request("plan-task", plan.tasks[0].id)
    yield Request("plan-task-change", plan.tasks[0].id, task | {"target": 3})
    yield Request("plan-copy", fields={"year": 2027, "from": 2026})
    yield Request("plan", fields={"year": 2027})
    yield Request("plan-evidence")
    yield Request("plan-task-remove", plan.tasks[1].id)
    yield Request("reports", fields={"period": "2026-11", "version": "0"})


async def _contests(desk: Any) -> AsyncIterator[Request]:
    bank = "chủ đề,câu hỏi,A,B,đáp án,nguồn\nmot-cua,Nộp ở đâu?,Một cửa,Nhà dân,A,Luật 1\n".encode()
    yield Request("questions-import", files={"file": bank}, login="lan")
    yield Request("questions", fields={"theme": "mot-cua", "limit": "2"})
    now = desk.clock.now()
    plan = {"title": "Tìm hiểu", "rules": "Ai cũng thi được.", "prizes": "Giải nhất: 1", "outlet": ["portal"]}
    plan |= {"opens_at": now.isoformat(), "closes_at": (now + timedelta(days=2)).isoformat(), "code_outlet": "sms"}
    yield Request("contest-add", fields=plan | {"count": 1}, login="lan")
    yield Request("contest-add", fields=plan | {"count": 1}, login="lan")
    async with desk.house.database.read() as connection:
        other, one = await contest_store.listed(connection)
    yield Request("contest-revise", one.id, plan | {"count": 1, "themes": ["mot-cua"]}, login="lan")
    yield Request("contest-submit", one.id, login="lan")
    yield Request("contest-send-back", one.id, {"note": "Thiếu giải"})
    yield Request("contest-submit", one.id, login="lan")
    async with desk.house.database.read() as connection:
        digest = (await desk.house.contesting.look(connection, one.id)).digest
    yield Request("contest-approve", one.id, {"digest": digest})
    yield Request("contests", fields={"limit": "1"})
    yield Request("contest", one.id)
    yield Request("contest-withdraw", other.id, {"note": "Trùng"})
    desk.clock.advance(timedelta(days=3).total_seconds())
    yield Request("contest-count", one.id, login="lan")
    async with desk.house.database.read() as connection:
        counted = await contest_store.find(connection, one.id)
    yield Request("contest-publish", one.id, {"digest": counted.results})
    yield Request("contest-report", one.id, {"form": "pdf"})
    yield Request("question-retire", one.questions[0] if one.questions else counted.questions[0])


async def _subscriptions(desk: Any) -> AsyncIterator[Request]:
    fields = {"title": "Một cửa huyện", "url": "https://8.8.8.8/loa", "kinds": ["item.approved", "delivery.final"]}
    yield Request("subscription-add", fields=fields)
    async with desk.house.database.write() as tx:
        (one,) = await subscription_store.every(tx)
        await subscription_store.change(tx, one.id, url="https://127.0.0.1/loa")  # which is refused without a call
    yield Request("subscription-test", one.id)
    yield Request("subscription-pause", one.id, {"note": "nâng cấp"})
    yield Request("subscription-resume", one.id)
    yield Request("subscription-key", one.id)
    yield Request("subscription-replay", one.id, {"since": desk.clock.now().isoformat()})
    yield Request("subscriptions")
    yield Request("subscription-remove", one.id)
