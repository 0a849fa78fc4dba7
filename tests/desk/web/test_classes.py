"""Training classes: opened, invited to by approved items, answered by one's own link, attended by a code, certified on paper."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.channel import Wrote
from channels.classes import store
from channels.classes.given import store as given_store
from channels.classes.given.store import Material
from channels.classes.people import store as people_store
from channels.classes.training import Answer, Session, TrainingClass, door_code
from channels.feedback import store as feedback_store
from config.clock import FakeClock
from config.settings import Settings
from config.words import BadInput, Conflict
from content import store as content_store
from content.bulletin import Purpose
from content.difference import changes
from content.item import ItemState
from db.types import new_id
from desk.app import House, opened
from desk.approved import follow
from desk.classes.page import key_of
from desk.classes.reading import media_of
from desk.evidence.manifest import TextFacts
from desk.needs import needs
from desk.plan.counting import sent_between
from desk.plan.plan import Way
from desk.reporting.figures import Figures
from desk.reporting.period import Basis, parse
from desk.web import make_web
from scheduler.delivery import State
from scheduler.log import store as log_store
from tests.channels.partners.mail import PASSWORD, USER, MailServer
from tests.scheduler.conftest import BriskClock, Office
from tests.scheduler.partner import SlowGateway

NAVIGATION = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
MUON, DO, PHONE = "lo.muon@gmail.com", "quang.do@gmail.com", "+84912345678"


@pytest.fixture
def clock() -> FakeClock:
    """A clock on which the short waits of a pace pass by themselves."""
    return BriskClock()


@dataclass
class Commune:
    """An office with a mail server and an SMS gateway, its door, and what is done there."""

    office: Office
    client: TestClient[Any, Any]
    mail: MailServer
    sms: SlowGateway

    @property
    def house(self) -> House:
        """Its house."""
        return self.office.house

    async def course(self, **more: Any) -> str:
        """A class of these people, by id."""
        house, now = self.house, self.house.clock.now()
        begin = datetime(2026, 12, 5, 8, tzinfo=house.settings.office.zone)
        told: dict[str, Any] = {
            "id": new_id(now),
            "unit": "",
            "title": "Một cửa liên thông",
            "theme": "mot-cua",
            "about": "Mang theo điện thoại.",
            "purpose": Purpose.OUTREACH,
            "audience": "Trưởng bản",
            "outlets": ("thu", "sms"),
            "capacity": 0,
            "needed": 0,
            "made_by": "Lò Thị Mai",
            "made_at": now,
        }
        new = TrainingClass(**(told | more))
        first = Session(new_id(now), new.id, begin, begin + timedelta(hours=3.5), "Nhà văn hóa bản Nà Khi", "bà Mai")
        async with house.database.write() as tx:
            await house.training.open(tx, replace(new, sessions=(first,)), "Lò Thị Mai")
        return new.id

    async def approve(self, items: list[str]) -> list[str]:
        """Somebody hands them in, a second person approves; what is said of it."""
        said = []
        async with self.house.database.write() as tx:
            for id in items:
                await self.house.editing.submit(tx, id, "Lò Thị Mai")
                item = await self.house.editing.approve(tx, id, "Quàng Văn Hùng")
                said += await follow(self.house, tx, item, "Quàng Văn Hùng")
        return said

    async def invited(self, **more: Any) -> str:
        """A class whose people have their invitations."""
        id = await self.course(**more)
        async with self.house.database.write() as tx:
            items = await self.house.inviting.invite(tx, id, "Lò Thị Mai")
        await self.approve(items[:1])
        await self.office.drain()
        return id

    async def link(self, address: str) -> str:
        """The path of somebody's own link."""
        async with self.house.database.read() as connection:
            wanted = log_store.Filter(addresses=self.house.seal.forms(address))
            [one, *_] = [each async for each in log_store.walk(connection, wanted)]
        return self.house.reply_links.address(one.id).removeprefix(self.house.settings.web.base_url)

    async def post(self, path: str, **fields: str) -> Any:
        """A form as a phone sends it."""
        return await self.client.post(path, data=fields, headers=NAVIGATION, allow_redirects=False)

    async def person(self, klass: str, address: str) -> Any:
        """How somebody stands in a class."""
        scheme = "email" if "@" in address else "phone"
        async with self.house.database.read() as connection:
            return await people_store.at_address(connection, self.house.seal, klass, scheme, address)


@pytest.fixture
async def commune(plain_settings: dict[str, Any], clock: Any, tmp_path: Any) -> AsyncIterator[Commune]:
    """With three people: two have an address for letters, one of them and another a number."""
    (tmp_path / "mail").mkdir()
    async with SlowGateway(clock) as sms, MailServer(tmp_path / "mail").serving() as mail:
        letters = {"host": "127.0.0.1", "port": mail.port, "ca": mail.certificate, "sender": "ubnd@sopcop.gov.vn"}
        plain_settings["outlets"] = {
            "portal": {"kind": "portal"},
            "thu": {"kind": "email", "username": USER, "password": PASSWORD, "per_second": 1000, **letters},
            "sms": {"kind": "sms_http", **sms.options()},
        }
        async with (
            opened(Settings.model_validate(plain_settings), clock) as house,
            TestClient(TestServer(make_web(house))) as client,
        ):
            people = [
                Recipient("email", MUON, "Lò Văn Muôn"),
                Recipient("email", DO, "Quàng Thị Dó"),
                Recipient("phone", PHONE, "Lường Văn Pó"),
            ]
            async with house.database.write() as tx:
                told = ("Trưởng bản", people, clock.now())
                await audience_store.save_audience(house.database, tx, house.seal, new_id(clock.now()), *told)
            yield Commune(Office(house, clock), client, mail, sms)


async def test_an_invitation_goes_to_everybody_with_a_link_of_their_own(commune: Commune) -> None:
    """By letter with the calendar attached, by SMS with the link; what was approved is what goes out."""
    await commune.invited()
    assert {State.SENT} == set(await commune.office.states(outlets=("thu",)))
    assert len(commune.mail.taken) == 2
    message = next(one for one in commune.mail.taken if MUON in str(one["To"]))
    [attached] = message.iter_attachments()
    [event] = icalendar.Calendar.from_ical(attached.get_content()).walk("VEVENT")
    assert str(event["summary"]) == "Một cửa liên thông"
    assert str(event["url"]).endswith(await commune.link(MUON))
    [one] = await commune.office.deliveries(outlets=("sms",))
    assert one.address == PHONE
    [text] = [each.content for each in commune.sms.ledger.taken]
    assert commune.house.reply_links.address(one.id) in text and "{tra_loi}" not in text


async def test_two_people_stand_behind_an_invitation(commune: Commune) -> None:
    """Drafts go nowhere; the reminder waits for the day before the session and for those who did not decline."""
    id = await commune.course()
    async with commune.house.database.write() as tx:
        items = await commune.house.inviting.invite(tx, id, "Lò Thị Mai")
    await commune.office.drain()
    assert await commune.office.deliveries() == [] and len(items) == 2
    async with commune.house.database.read() as connection:
        assert {ItemState.DRAFT} == {one.state for one in (await content_store.items_by_id(connection, items)).values()}
    said = await commune.approve(items)
    assert any("04/12/2026" in one and "08:00" in one for one in said)
    await commune.office.drain()
    assert (await commune.post(await commune.link(DO), answer="no")).status == 303
    before = len(commune.mail.taken)
    moment = datetime(2026, 12, 4, 8, 1, tzinfo=commune.house.settings.office.zone)
    commune.office.clock.advance((moment - commune.office.clock.now()).total_seconds())
    await commune.office.drain()
    reminded = commune.mail.taken[before:]
    assert ["Nhắc lịch tập huấn: Một cửa liên thông"] == [one["Subject"] for one in reminded]
    assert MUON in str(reminded[0]["To"])


async def test_today_asks_for_what_nobody_approved(commune: Commune) -> None:
    """From three days before a session on: without an invitation, with one of its texts unapproved, and then no more."""
    house, title = commune.house, "Lớp sắp học mà lời mời hoặc lời nhắc chưa duyệt"

    async def asked() -> list[str]:
        async with house.database.read() as connection:
            return [one.href for one in await needs(house, connection, house.outlets) if one.title == title]

    id = await commune.course()
    assert [] == await asked()
    moment = datetime(2026, 12, 2, 9, tzinfo=house.settings.office.zone)
    commune.office.clock.advance((moment - house.clock.now()).total_seconds())
    assert [f"/classes/{id}"] == await asked()
    async with house.database.write() as tx:
        items = await house.inviting.invite(tx, id, "Lò Thị Mai")
    for some in (items[:1], items[1:]):
        assert [f"/classes/{id}"] == await asked()
        await commune.approve(some)
    assert [] == await asked()


async def test_only_a_tap_answers(commune: Commune) -> None:
    """A preview of the link changes nothing; yes, then no, is no; another link is none."""
    id = await commune.invited()
    link = await commune.link(MUON)
    page = await commune.client.get(link, headers=NAVIGATION)
    assert page.status == 200 and "Tôi dự" in await page.text() and MUON not in await page.text()
    assert (await commune.person(id, MUON)).answer is None
    for answer in (Answer.YES, Answer.NO, Answer.NO):
        assert (await commune.post(link, answer=answer.value)).status == 303
        assert (await commune.person(id, MUON)).answer is answer
    assert (await commune.post(link, answer="maybe")).status == 422
    assert (await commune.client.get(f"{link[:-2]}xx", headers=NAVIGATION)).status == 404
    cross = await commune.client.post(link, data={"answer": "yes"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status == 403


async def test_an_answer_by_sms(commune: Commune) -> None:
    """CO and KHONG of somebody who is invited are answers; of anybody else, and anything else, they are questions."""
    id = await commune.invited()
    for text, answer in (("Co", Answer.YES), ("không dự.", Answer.NO)):
        async with commune.house.database.write() as tx:
            assert await commune.house.postbox.hear(tx, Wrote("phone", PHONE, text), "sms")
        assert (await commune.person(id, PHONE)).answer is answer
    async with commune.house.database.write() as tx:
        await commune.house.postbox.hear(tx, Wrote("phone", "+84987654321", "CO"), "sms")
        await commune.house.postbox.hear(tx, Wrote("phone", PHONE, "Mang gì theo?"), "sms")
        asked = await feedback_store.listed(tx, commune.house.seal)
    assert {"CO", "Mang gì theo?"} == {one.text for one in asked}


async def test_a_full_class_says_so(commune: Commune) -> None:
    """The place goes to who answered first; who gives it back lets the next one in."""
    id = await commune.invited(capacity=1)
    first, second = await commune.link(MUON), await commune.link(DO)
    assert (await commune.post(first, answer="yes")).status == 303
    full = await commune.post(second, answer="yes")
    assert full.status == 409 and "Lớp đã đủ 1 chỗ" in await full.text()
    await commune.post(first, answer="no")
    assert (await commune.post(second, answer="yes")).status == 303
    assert (await commune.person(id, DO)).answer is Answer.YES


async def at_the_door(commune: Commune, id: str) -> Any:
    """The class and its session, half an hour before it begins."""
    async with commune.house.database.read() as connection:
        course = await store.find(connection, id)
    begin = course.sessions[0].begins_at
    commune.office.clock.advance((begin - timedelta(minutes=30) - commune.office.clock.now()).total_seconds())
    return course, course.sessions[0]


async def door_of(commune: Commune, session: Any) -> str:
    """Where the code at its door leads."""
    from desk.classes.page import door_address

    return door_address(commune.house, session).removeprefix(commune.house.settings.web.base_url)


async def test_who_came(commune: Commune) -> None:
    """By the code at the door with a number, by one's own link with the sheet's code, by name alone, and ticked at the desk."""
    id = await commune.invited()
    link = await commune.link(MUON)
    async with commune.house.database.read() as connection:
        session = (await store.find(connection, id)).sessions[0]
    door = await door_of(commune, session)
    early = await commune.post(door, who=PHONE)
    assert early.status == 422
    _, session = await at_the_door(commune, id)
    assert (await commune.client.get(door, headers=NAVIGATION)).status == 200
    assert (await commune.post(door, who="0912 345 678")).status == 303
    assert (await commune.post(door, who="0912345678")).status == 303
    assert (await commune.post(door, who="0987654321")).status == 422
    assert (await commune.post(door, who="0987654321", name="Cà Văn Ơn")).status == 303
    assert (await commune.post(link, code="nham")).status == 422
    code = door_code(session.id, key_of(commune.house))
    assert (await commune.post(link, code=f"{code[:3]} {code[3:].lower()}")).status == 303
    assert (await commune.client.get(f"{door[:-1]}!", headers=NAVIGATION)).status == 404
    async with commune.house.database.write() as tx:
        people = {one.name: one for one in await people_store.people_of(tx, commune.house.seal, id)}
        assert {"Lường Văn Pó", "Cà Văn Ơn", "Lò Văn Muôn"} == {one.name for one in people.values() if one.attended}
        came = frozenset({people["Lò Văn Muôn"].id, people["Quàng Thị Dó"].id})
        await commune.house.training.tick(tx, id, session.id, came, "Lò Thị Mai")
        assert came == await people_store.there(tx, session.id)


async def test_certificates_are_for_who_came(commune: Commune) -> None:
    """Numbered, one page each, and checked by their code; who is erased has a number without a name."""
    id = await commune.invited()
    house = commune.house
    _, session = await at_the_door(commune, id)
    async with house.database.write() as tx:
        with pytest.raises(Conflict):
            await house.training.certify(tx, id, "Quàng Văn Hùng")
    one, other = await commune.person(id, MUON), await commune.person(id, PHONE)
    async with house.database.write() as tx:
        await house.training.tick(tx, id, session.id, frozenset({one.id, other.id}), "Lò Thị Mai")
        assert await house.training.certify(tx, id, "Quàng Văn Hùng") == 2
        assert await house.training.certify(tx, id, "Quàng Văn Hùng") == 0
        given = await given_store.certificates(tx, id)
    assert {1, 2} == {each.number for each in given.values()} and len({each.code for each in given.values()}) == 2
    code = given[one.id].code
    page = await commune.client.get(f"/chung-nhan/{code.lower()}", headers=NAVIGATION)
    assert page.status == 200 and "Lò Văn Muôn" in await page.text()
    assert (await commune.client.get("/chung-nhan?ma=SAISAISAI0", headers=NAVIGATION)).status == 404
    told = await house.rights.tell("email", MUON, "Quản trị")
    assert [("Một cửa liên thông", [session.begins_at])] == [(x["title"], x["attended"]) for x in told["classes"]]
    await house.rights.erase("email", MUON, "Quản trị", "theo yêu cầu")
    page = await commune.client.get(f"/chung-nhan/{code}", headers=NAVIGATION)
    assert page.status == 200 and "Lò Văn Muôn" not in await page.text()


async def test_a_session_held_counts_for_the_plan(commune: Commune) -> None:
    """Once anybody came; as a class, on its theme, on its day."""
    id = await commune.invited()
    _, session = await at_the_door(commune, id)
    zone, one = commune.house.settings.office.zone, await commune.person(id, MUON)

    async def counted() -> list[Any]:
        async with commune.house.database.read() as connection:
            found = await sent_between(connection, date(2026, 12, 1), date(2027, 1, 1), zone)
        return [each for each in found if Way.CLASS in each.ways]

    assert [] == await counted()
    async with commune.house.database.write() as tx:
        await commune.house.training.tick(tx, id, session.id, frozenset({one.id}), "Lò Thị Mai")
    [held] = await counted()
    assert (held.theme, held.day, held.occurrence) == ("mot-cua", date(2026, 12, 5), session.id)
    assert held.course == id and held.title == "Lớp “Một cửa liên thông” (1 người dự)"
    figures = (await commune.house.reporter.report(parse("2026-12", Basis.CALENDAR))).figures
    assert [("Một cửa liên thông", 1, 1)] == [(line.title, line.sessions, line.attended) for line in figures.classes]
    assert Figures.from_record(json.loads(json.dumps(figures.record()))).digest == figures.digest


async def test_a_cancelled_class_takes_its_invitation_back(commune: Commune) -> None:
    """Its link says so, and nobody answers any more."""
    id = await commune.invited()
    async with commune.house.database.write() as tx:
        gone = await commune.house.training.cancel(tx, id, "Lò Thị Mai", "Mưa lũ")
    assert {ItemState.WITHDRAWN} == {one.state for one in gone} and gone
    page = await commune.client.get(await commune.link(MUON), headers=NAVIGATION)
    assert "đã hủy" in await page.text()
    assert (await commune.post(await commune.link(MUON), answer="yes")).status == 409


async def test_people_are_forgotten_in_time(commune: Commune) -> None:
    """Names and addresses go, that somebody came stays."""
    id = await commune.invited()
    async with commune.house.database.write() as tx:
        assert await people_store.forget_old(tx, commune.house.clock.now()) == 0
        assert await people_store.forget_old(tx, datetime(2026, 12, 6, tzinfo=commune.house.settings.office.zone)) == 3
        people = await people_store.people_of(tx, commune.house.seal, id)
        course = await store.find(tx, id)
        assert (await audience_store.find_audience(tx, course.list)).size == 0
        assert (await audience_store.find_audience(tx, course.audience)).size == 3
    assert [("", "")] * 3 == [(one.name, one.address) for one in people]


@pytest.mark.parametrize("data", [b"", b"<html>", b"MZ\x90", b"PK\x03\x04 no zip", b"GIF89a"])
def test_only_harmless_files_are_handed_out(data: bytes) -> None:
    """By their content, whatever they are called."""
    with pytest.raises(BadInput):
        media_of(data)


SESSION = {"date": "2026-12-05", "start": "08:00", "end": "11:30", "place": "Nhà văn hóa"}


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"date": ""}, "date", "Lớp phải có ngày"),
        ({"date": "5/12"}, "date", "Không hiểu ngày"),
        ({"date": "2026-11-01"}, "date", "phải ở phía trước"),
        ({"start": ""}, "start", "Ghi giờ"),
        ({"start": "25:00"}, "start", "Không hiểu"),
        ({"end": "07:00"}, "end", "Giờ kết thúc phải sau"),
        ({"place": " "}, "place", "Ghi địa điểm"),
        ({"title": ""}, "title", "Ghi tên lớp"),
        ({"theme": "khong-co"}, "theme", "Chọn chủ đề"),
        ({"audience": "Không có"}, "audience", "Không có nhóm nhận"),
        ({"capacity": "nhiều"}, "capacity", "Ghi một số"),
        ({"outlet": "portal"}, "outlet", "không gửi tới từng người"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(desk: Any, wrong: dict[str, str], field: str, words: str) -> None:
    """In words, on the page with everything that was typed; nothing is kept."""
    lan = await desk.browser("lan")
    answer = await lan.post("/classes", SESSION | {"title": "Một cửa"} | wrong)
    page = await answer.text()
    assert answer.status == 422 and words in page and f"#f-{field}" in page
    async with desk.house.database.read() as connection:
        assert await store.listed(connection) == []


async def test_the_api_wants_a_date(desk: Any) -> None:
    """A class without one is refused with the field's name."""
    told = {name: value for name, value in SESSION.items() if name != "date"} | {"title": "Một cửa"}
    answer = await desk.client.post("/api/v1/classes", json=told, headers=await desk.api("lan", "read", "write"))
    problem = await answer.json()
    assert answer.status == 400 and problem["field"] == "date" and "date" in problem["detail"]


async def test_tries_at_the_door_are_slowed(commune: Commune) -> None:
    """Forty a day from one address are heard at once, and then one has to wait."""
    id = await commune.invited()
    _, session = await at_the_door(commune, id)
    door = await door_of(commune, session)
    statuses = [(await commune.post(door, who="0987654321")).status for _ in range(42)]
    assert {422} == set(statuses[:40]) and 429 == statuses[-1]


async def test_what_is_handed_out(commune: Commune) -> None:
    """Whoever is invited saves a file, reads an item in force, and sees nothing of other classes."""
    id, house = await commune.invited(), commune.house
    item = await commune.office.item("Hướng dẫn nộp hồ sơ")
    async with house.database.write() as tx:
        now = house.clock.now()
        for new, body in (
            (Material(new_id(now), id, "Bài giảng", "", "", "application/pdf"), "JVBERi0="),
            (Material(new_id(now), id, "", "", item.id, ""), ""),
        ):
            await house.training.add_material(tx, new, body, "Lò Thị Mai")
        kept = {one.title: one.id for one in await given_store.materials(tx, id)}
    link = await commune.link(MUON)
    assert "Bài giảng" in await (await commune.client.get(link, headers=NAVIGATION)).text()
    file = await commune.client.get(f"{link}/tai-lieu/{kept['Bài giảng']}")
    assert await file.read() == b"%PDF-" and file.headers["Content-Disposition"].startswith("attachment")
    read = await commune.client.get(f"{link}/tai-lieu/{kept['Hướng dẫn nộp hồ sơ']}", headers=NAVIGATION)
    assert "sáng thứ bảy" in await read.text()
    async with house.database.write() as tx:
        await house.editing.withdraw(tx, item.id, "Mai", "Hết hạn")
    gone = await commune.client.get(f"{link}/tai-lieu/{kept['Hướng dẫn nộp hồ sơ']}", headers=NAVIGATION)
    assert gone.status == 404
    assert (await commune.client.get(f"{link}/tai-lieu/khong-co", headers=NAVIGATION)).status == 404
    calendar = await (await commune.client.get(f"{link}/lich.ics")).text()
    assert "BEGIN:VEVENT" in calendar and calendar.endswith("END:VCALENDAR\r\n")


async def test_the_second_person_sees_what_calendar_goes_along(commune: Commune) -> None:
    """It is in the digest; another hour is another text, told as such; a bundle of evidence keeps it and checks."""
    id, house = await commune.invited(), commune.house
    async with house.database.write() as tx:
        course = await store.find(tx, id)
        moved = replace(course.sessions[0], begins_at=course.sessions[0].begins_at + timedelta(hours=1))
        await house.training.move_session(tx, moved, "Lò Thị Mai")
        await house.inviting.invite(tx, id, "Lò Thị Mai")
        new, old = await content_store.revisions_of(tx, course.invitation)
    assert new.digest != old.digest and new.digest != replace(new, meetings=()).digest
    [told] = [one for one in changes(old, new) if one.part == "meetings"]
    assert "05/12/2026" in "".join(text for _, text in told.stretches)
    facts = TextFacts.model_validate_json(TextFacts.of(new).model_dump_json())
    texts = {name: getattr(new, name) for name in ("body", "article", "script", "spoken", "short", "chat")}
    assert facts.revision(texts).digest == new.digest
