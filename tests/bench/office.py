"""A commune's office after thirteen months: written, approved and planned by the house itself, day by day, then answered for.

Texts, schedules, occurrences and frozen recipients are made by the verbs people use, on a clock that is moved along; only
what came of the deliveries is put down in bulk, and is the same each time.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select, update

from channels.audiences import store as audience_store
from channels.classes.training import Session, TrainingClass
from channels.reasons import Reason
from channels.shelf.store import put_on_shelf
from config.clock import FakeClock
from config.settings import Settings
from content import store as content_store
from content.bulletin import Bulletin, BulletinClass, Order, Pinned, Purpose
from content.item import DEFAULT_THEMES, Draft, ItemState
from content.procedures.procedure import Procedure, Status
from db.direct import Append, Each, Rows, Step
from db.types import new_id, to_ms
from desk import store
from desk.app import House, opened
from desk.commands.bench import people
from desk.demo import contests
from desk.plan import store as plan_store
from desk.plan.plan import Plan, Rhythm, Task, Way
from desk.reporting.period import Basis, Period, parse
from scheduler.delivery import LETTER, OccurrenceState, State, delivery_id
from scheduler.dispatch.tables import parcel
from scheduler.riding import Wish as Ride
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from scheduler.store import occurrence

MOST_DAYS, FEWEST_A_DAY = 400, 250
AUDIENCES = ("Trưởng thôn, bản", "Hộ dân thôn Đông", "Hộ dân thôn Tây", "Cán bộ, công chức")
WRITER, APPROVER, ADMINISTRATOR = "Nguyễn Thị Lan", "Trần Văn Hùng", "Quản Trị"
STATIONS = ("dai-xa", "dai-thon")
PROCEDURES = 2000
LATELY, UNSETTLED = timedelta(days=62), timedelta(days=7)
PEOPLE = ((WRITER, "lan", "author"), (APPROVER, "hung", "approver"), (ADMINISTRATOR, "quan", "administrator"))
SUBJECTS = (
    *("Lịch tiêm phòng cho đàn gia súc vụ xuân", "Mời họp thôn về xây dựng nông thôn mới"),
    *("Hướng dẫn nộp hồ sơ hộ tịch trực tuyến", "Cảnh báo rét đậm, rét hại trên địa bàn xã"),
    *("Tạm ngừng cấp điện để sửa đường dây", "Tuyển quân và khám sức khỏe nghĩa vụ quân sự"),
    *("Chi trả trợ cấp người có công tháng này", "Ra quân vệ sinh đường làng ngõ xóm"),
)
PARAGRAPH = (
    "Thực hiện Kế hoạch số 36/KH-UBND ngày 23/01/2026, Ủy ban nhân dân xã thông báo đến toàn thể bà con: từ 7h30 ngày 15/12"
    " tại nhà văn hóa các thôn, cán bộ xã sẽ trực tiếp hướng dẫn và giải đáp. Mọi thắc mắc xin gọi 0212 3878 123."
)
ROUTINE = ("0 5 * * *", "30 5 * * *", "0 11 * * 1-5", "0 17 * * *", "30 17 * * *", "0 18 * * 1-6")
OUTLETS: dict[str, dict[str, Any]] = {
    "portal": {"kind": "portal", "title": "Cổng thông tin"},
    "dai-xa": {"kind": "radio", "title": "Đài truyền thanh xã", "token": "t" * 32},
    "dai-thon": {"kind": "radio", "title": "Cụm loa thôn Đông", "token": "u" * 32},
    "sms": {
        "kind": "sms_http",
        "title": "Tin nhắn",
        "url": "https://sms.example.vn/send",
        "body_template": '{"phone": "{phone}", "text": "{text}", "id": "{id}"}',
        "price": 350,
        "per_day": 20_000,
    },
    "mot-cua": {
        "kind": "webhook",
        "title": "Hệ thống một cửa",
        "url": "https://mot-cua.example.vn/tin",
        "secret": f"whsec_{b64encode(bytes(32)).decode()}",
    },
}
ENDS = random.Random(36).choices(
    (*State, ""),
    (0, 0, 55, 38, 4, 0.4, 0.3, 0.2, 2.1),
    k=50_000,
)
"""What becomes of one delivery after another; the empty one is sent at its second try."""
REASONS = (*Reason, "timeout", "connection", "partner_error")
WEIGHTS = (30, 6, 25, 4, 0, 0, 1, 2, 3, 1, 10, 8, 6, 3, 1)
SAID = {"refused": "đối tác trả lời: số thuê bao không tồn tại", "unavailable": "đối tác trả lời 503: quá tải"}


def settings(place: Path, database: str = "") -> Settings:
    """The office with five outlets; all of it lies in its directory, unless a database is given."""
    told = {
        "database": {"url": database or f"sqlite:///{place / 'loa.db'}"},
        "files": {"dir": place},
        "web": {"port": 0},
        "voice": {"engines": ["espeak", "gtts"]},
        "office": {"name": "UBND xã Sốp Cộp"},
        "outlets": OUTLETS,
        "log": {"level": "error"},
    }
    return Settings.model_validate(told)


async def fill(place: Path, count: int, database: str = "") -> None:
    """Thirteen months of it up to this hour, with so many deliveries to people; fewer days where they are few."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    days = min(MOST_DAYS, count // FEWEST_A_DAY)
    clock = FakeClock(now - timedelta(days=days))
    async with opened(settings(place, database), clock) as house:
        await _move_in(house, count // days)
        await _begin_routine(house)
        texts: list[str] = []
        for day in range(days):
            texts.append(await _campaign(house, day))
            await _correct(house, texts)
            for _ in range(2):
                await house.runner._planner.plan()
                clock.advance(12 * 3600)
        await _plan_ahead(house)
        await _answer(house)
        await _publish(house)
        await _make_plan(house)
        await _take_in_catalogue(house)
        await _let_ride(house)
        await _teach(house)
        await contests.settle(house, WRITER, APPROVER, ("portal",), "sms")
        period = handed_in(clock.now())
        await house.reporter.hand_in(period, (await house.reporter.report(period)).figures.digest, APPROVER)
        if not house.database.is_sqlite:
            async with house.database.write() as tx:
                await tx.exec_driver_sql("ANALYZE")


async def _make_plan(house: House) -> None:
    """The year's, a task of each theme on the radio and one of each way, whatever it is about."""
    now, year = house.clock.now(), house.reporter.today().year
    asked = [(theme, Way.RADIO, 12) for theme, _ in DEFAULT_THEMES] + [("", way, 40) for way in Way]
    async with house.database.write() as tx:
        plan = Plan(year, "36/KH-UBND", None, f"Tuyên truyền năm {year}", "", "")
        await plan_store.save(house.database, tx, plan)
        for theme, way, target in asked:
            task = Task(new_id(now), year, "Bản tin", theme, way, WRITER, Rhythm.QUARTER, None, target)
            await plan_store.add_task(tx, task)


async def _let_ride(house: House) -> None:
    """A text that goes along in what comes."""
    async with house.database.write() as tx:
        item = (await content_store.list_items(tx, states=(ItemState.APPROVED,), limit=1))[0]
        today = house.reporter.today()
        wish = Ride(item.id, (*STATIONS, "portal"), today, today + timedelta(days=60), share=30)
        await house.riding.add(tx, wish, APPROVER, may_approve=True)


async def _take_in_catalogue(house: House) -> None:
    """As many procedures as a province has."""
    each = [
        Procedure(
            f"{1 + number % 3}.{number:06}",
            f"{SUBJECTS[number % len(SUBJECTS)]}, thủ tục số {number}",
            *(
                "Hộ tịch",
                "Xã",
                "Ủy ban nhân dân cấp xã",
                "05 ngày làm việc",
                "Không",
                PARAGRAPH,
                "Nghị định 123/2015/NĐ-CP",
            ),
            *(f"{number}/QĐ-UBND", house.reporter.today(), Status.NEW),
        )
        for number in range(1, PROCEDURES + 1)
    ]
    async with house.database.write() as tx:
        await house.procedures.take_in(tx, each, WRITER, source="danh-muc.xlsx")


async def _teach(house: House) -> None:
    """A class of forty people."""
    now = house.clock.now()
    begin = now + timedelta(days=3)
    id = new_id(now)
    session = Session(id, id, begin, begin + timedelta(hours=3), "Nhà văn hóa xã", "")
    told = ("Một cửa liên thông", "", "", Purpose.OUTREACH, "", (), 0, 0, WRITER, now)
    async with house.database.write() as tx:
        await house.training.open(tx, TrainingClass(id, "", *told, sessions=(session,)), WRITER)
        for number in range(40):
            await house.training.add_person(tx, id, f"Người {number}", WRITER)


def handed_in(now: datetime) -> Period:
    """Whose report is frozen."""
    return parse(f"{now.year - 1}-12", Basis.CALENDAR)


async def _move_in(house: House, each: int) -> None:
    """People of the office, and of its four lists."""
    now = house.clock.now()
    async with house.database.write() as tx:
        for name, login, role in PEOPLE:
            await store.add_person(tx, store.Person(new_id(now), login, name, (role,)), "-", now)
        for name in AUDIENCES:
            await audience_store.save_audience(house.database, tx, house.seal, new_id(now), name, [], now)
    for place, name in enumerate(AUDIENCES):
        async with house.database.read() as connection:
            id = await audience_store.audience_id(connection, name)
        await house.database.run(people(house.seal, id, place * each, (place + 1) * each, now))


async def _write(tx: Any, house: House, number: int, klass: BulletinClass = BulletinClass.NORMAL) -> str:
    """A text of a page, as such offices write them."""
    title = f"{SUBJECTS[number % len(SUBJECTS)]} ({number + 1})"
    body = "\n\n".join([f"Thông báo số {number + 1}.", *[PARAGRAPH] * (2 + number % 5)])
    theme = DEFAULT_THEMES[number % len(DEFAULT_THEMES)][0]
    return str((await house.editing.write(tx, Draft(title, body, theme=theme, klass=klass), WRITER)).id)


async def _approved(tx: Any, house: House, number: int, klass: BulletinClass = BulletinClass.NORMAL) -> str:
    id = await _write(tx, house, number, klass)
    await house.editing.submit(tx, id, WRITER)
    await house.editing.approve(tx, id, APPROVER)
    return id


async def _begin_routine(house: House) -> None:
    """What goes out each day at both stations."""
    async with house.database.write() as tx:
        for number, cron in enumerate(ROUTINE):
            id = await _approved(tx, house, MOST_DAYS + number)
            wish = Wish((id,), STATIONS, Rule(cron=cron), title=f"Phát thanh {cron}")
            await house.scheduling.add(tx, wish, APPROVER, may_approve=True)


async def _campaign(house: House, day: int) -> str:
    """The day's text, to one list, the portal and every other day the office's other system; its id."""
    klass = BulletinClass.PRIORITY if day % 25 == 0 else BulletinClass.NORMAL
    async with house.database.write() as tx:
        id = await _approved(tx, house, day, klass)
        outlets = ("sms", "portal", "mot-cua") if day % 2 else ("sms", "portal")
        wish = Wish((id,), outlets, Rule(once=house.clock.now()), AUDIENCES[day % len(AUDIENCES)])
        await house.scheduling.add(tx, wish, APPROVER, may_approve=True)
    return id


async def _correct(house: House, texts: list[str]) -> None:
    """Every tenth text is corrected two days later, every fortieth withdrawn."""
    day = len(texts) - 3
    if day < 0 or day % 10:
        return
    async with house.database.write() as tx:
        if day % 40:
            await _revise(tx, house, texts[day], day)
        else:
            item = await house.editing.withdraw(tx, texts[day], APPROVER, "Đã có thông báo khác")
            await house.correcting.take_back(tx, item)


async def _revise(tx: Any, house: House, id: str, number: int) -> None:
    draft = Draft(f"{SUBJECTS[number % len(SUBJECTS)]} ({number + 1})", f"Đính chính.\n\n{PARAGRAPH}\n\n{PARAGRAPH}")
    await house.editing.revise(tx, id, draft, WRITER)
    await house.editing.submit(tx, id, WRITER)
    await house.editing.approve(tx, id, APPROVER)


async def _plan_ahead(house: House) -> None:
    """What is being written, waits for approval, and will go out in the coming weeks."""
    now = house.clock.now()
    async with house.database.write() as tx:
        for number in range(60):
            id = await _write(tx, house, MOST_DAYS + 100 + number)
            if number % 2:
                await house.editing.submit(tx, id, WRITER)
        for number in range(120):
            id = await _approved(tx, house, MOST_DAYS + 200 + number)
            wish = Wish(
                (id,), ("sms", "portal"), Rule(once=now + timedelta(hours=7 + number * 6)), AUDIENCES[number % 4]
            )
            by = WRITER if number % 6 == 0 else APPROVER  # whose own text it is: it waits for somebody else
            made = await house.scheduling.add(tx, wish, by, may_approve=by == APPROVER)
            if number % 20 == 1:
                await house.scheduling.pause(tx, made.id, APPROVER)
        for number in range(6):
            id = await _approved(tx, house, MOST_DAYS + 400 + number)
            wish = Wish(
                (id,), ("dai-xa", "portal"), Rule(every=timedelta(hours=1 + number)), title=f"Nhắc lại {number}"
            )
            await house.scheduling.add(tx, wish, APPROVER, may_approve=True)


# --- what came of it ---------------------------------------------------------------------------------------------------


async def _answer(house: House) -> None:
    """Outcomes of everything that was due before today; today's still waits."""
    today = house.clock.now() - timedelta(days=1)
    done = parcel.c.due_at < today
    async with house.database.read() as connection:
        rows = list(await connection.execute(select(parcel.c.id, parcel.c.size, parcel.c.due_at).where(done)))
    for begin in range(0, len(rows), 200):
        await house.database.run(_outcomes(rows[begin : begin + 200], today - UNSETTLED, random.Random(begin)))
    async with house.database.write() as tx:
        over = update(occurrence).where(occurrence.c.due_at < today, occurrence.c.state == OccurrenceState.OPEN.value)
        await tx.execute(over.values(state=OccurrenceState.DONE.value))


def _outcomes(rows: list[Any], settled: datetime, chance: random.Random) -> Generator[Step, Rows, None]:
    moved, tries, said = [], list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for row in rows:
        at, first = to_ms(row.due_at), chance.randrange(len(ENDS))
        ends = [ENDS[(first + seq) % len(ENDS)] for seq in range(row.size)]
        if row.due_at < settled:  # somebody has looked into what nobody was sure of
            ends = [State.FAILED if end is State.UNSURE else end for end in ends]
        state = "sent_out" if State.UNSURE in ends else "done"
        moved.append((state, "".join(LETTER[end or State.SENT] for end in ends), row.size, row.id))
        for seq, end in enumerate(ends):
            tries += _tries(row.id, seq, at + seq, end, chance)
            if end is State.CONFIRMED and seq % 4 == 0:
                said.append((row.id, seq, "delivered", at + 60_000, "", ""))
            if end is State.FAILED and seq % 2:
                reason = chance.choices(REASONS, WEIGHTS)[0]
                said.append((row.id, seq, "failed", at + 60_000, reason, "không tới"))
    yield Each("UPDATE parcel SET state = ?, letters = ?, cursor = ? WHERE id = ?", moved)
    yield Append("attempt", ("parcel", "seq", "n", "at", "ms", "outcome", "reason", "reference", "detail"), tries)
    yield Append("receipt", ("parcel", "seq", "stage", "at", "reason", "detail"), said)


def _tries(parcel: int, seq: int, at: int, end: State | str, chance: random.Random) -> list[tuple[Any, ...]]:
    went = (parcel, seq, 1, at, 35, "sent", "", "", "")
    if end in {State.SENT, State.CONFIRMED} or (end is State.FAILED and seq % 2):
        return [went]
    if end in {State.CANCELLED, State.MISSED}:
        return []
    outcome = "refused" if end is State.FAILED else "unsure" if end is State.UNSURE else "unavailable"
    reason = "busy" if not end else "timeout" if end is State.UNSURE else chance.choices(REASONS, WEIGHTS)[0]
    first = (parcel, seq, 1, at, 120, outcome, reason, "", SAID.get(outcome, "hết thời gian chờ"))
    return [first] if end else [first, (parcel, seq, 2, at + 5_000, 40, "sent", "", "", "")]


async def _publish(house: House) -> None:
    """Everything that went to the portal stands there, and what the stations got lately on their shelves."""
    query = select(parcel.c.id, parcel.c.outlet, parcel.c.due_at, occurrence.c.pinned, occurrence.c.klass)
    query = query.join(occurrence, occurrence.c.id == parcel.c.occurrence).where(parcel.c.state != "open")
    lately = parcel.c.outlet.in_(STATIONS) & (parcel.c.due_at > house.clock.now() - LATELY)
    fetched = []
    async with house.database.write() as tx:
        for row in list(
            await tx.execute(query.where(or_(parcel.c.outlet == "portal", lately)).order_by(parcel.c.due_at))
        ):
            bulletin = await _bulletin(tx, house, row)
            if bulletin is not None:
                id, at = delivery_id(row.id, 0), to_ms(row.due_at)
                await put_on_shelf(tx, row.outlet, id, bulletin, row.due_at)
                if row.outlet in STATIONS:
                    fetched.append((row.outlet, id, at))
    await house.database.run(_fetched(fetched))


async def _bulletin(tx: Any, house: House, row: Any) -> Bulletin | None:
    """What went out; None where its text was corrected or withdrawn since."""
    pinned = tuple(Pinned(one["item"], one["revision"], one["digest"]) for one in row.pinned)
    order = Order(str(row.id), BulletinClass(row.klass), row.due_at, pinned)
    found = house.press.issue(order, await house.press.clear(tx, pinned, row.due_at))
    return found if isinstance(found, Bulletin) else None


def _fetched(ones: list[tuple[str, str, int]]) -> Generator[Step, Rows, None]:
    """Each station has fetched its files whole."""
    about = ("outlet", "file", "size", "requests", "checks", "bytes", "ranges", "first_at", "last_at", "complete_at")
    rest = (800_000, 1, 0, 800_000, "[[0,800000]]")
    pulls = [(outlet, f"{id}.mp3", *rest, at, at, at, "LibreTime", "[]") for outlet, id, at in ones]
    yield Append("pull", (*about, "agent", "doubt"), pulls)
    proofs = [(id, 0, f"{id}.mp3", outlet, 1, at) for outlet, id, at in ones]
    yield Append("proof", ("delivery", "part", "file", "outlet", "parts", "complete_at"), proofs)
