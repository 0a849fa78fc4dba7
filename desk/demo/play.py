"""The demo: the whole house with partners of its own on this machine, and items that go out at once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import statistics
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import aiohttp
from rich.live import Live
from rich.table import Table

from channels.audience import read_audience, shown
from channels.audiences import store as audience_store
from config.clock import Clock, SystemClock
from config.settings import Settings
from content import store as content_store
from content.document import read_document
from content.item import Item
from db.types import new_id
from desk import auth, serving
from desk.app import House, opened
from desk.commands.output import err, local, out
from desk.demo import classes, contests, procedures, television, units, year
from desk.demo.mail import MailSandbox
from desk.demo.sms_gateway import SmsGateway
from desk.demo.station import Station
from desk.demo.zalo import ZaloSandbox
from scheduler.delivery import DONE, TITLES, Delivery, State
from scheduler.log import store as log_store
from scheduler.riding import Wish as Ride
from scheduler.schedule import Rule
from scheduler.scheduling import Wish

_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
AUTHOR, LEADER = "Lò Thị Mai", "Quàng Văn Hùng"
AUDIENCE = "Trưởng bản và người đăng ký"
OUTLETS = ("cong-thong-tin", "tram-xa", "bang-tin", "sms", "zalo")
ONCE_SECONDS = 110
SHOWN = 24
STATION_KEY = "tram-xa-sop-cop-2026"
BOARD_KEY = "bang-tin-sop-cop-2026"
POSTER = "Lường Văn Pó"
SLOT = "thu"
SLOT_AHEAD = timedelta(minutes=3)


@dataclass
class Stage:
    """What the demo needs on its stage: the house, its partners, where files go."""

    house: House
    sms: SmsGateway
    zalo: ZaloSandbox
    station: Station
    mail: MailSandbox
    directory: Path
    pages: list[Path] = field(default_factory=list)
    programme: Path | None = None
    clip: Path | None = None

    @property
    def station_page(self) -> str:
        """Where the station's officer taps."""
        return f"{self.house.outlets['tram-xa'].outlet.base_url}/t/{STATION_KEY}/"

    @property
    def television_page(self) -> str:
        """Where the television desk takes its clips."""
        return f"{self.house.outlets[television.NAME].outlet.base_url}/t/{television.KEY}/"

    @property
    def board_page(self) -> str:
        """Where whoever posts prints and taps."""
        return f"{self.house.outlets['bang-tin'].outlet.base_url}/t/{BOARD_KEY}/"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def demo_settings(
    directory: Path,
    port: int,
    sms: SmsGateway,
    zalo: ZaloSandbox,
    mail: MailSandbox,
    slot_ahead: timedelta = SLOT_AHEAD,
) -> Settings:
    """Settings of the demo: nothing leaves this machine, and quiet hours are off so that it runs at any time of day.

    The station airs in some minutes, whatever the time is.
    """
    slot_time = f"{(SystemClock().now() + slot_ahead).astimezone(ZoneInfo('Asia/Ho_Chi_Minh')):%H:%M}"
    return Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{directory / 'loa.db'}"},
            "files": {"dir": str(directory)},
            "web": {"port": port},
            "office": {"name": "Ủy ban nhân dân xã Sốp Cộp"},
            "voice": {"engines": ["espeak"]},
            "schedule": {"quiet_from": "00:00", "quiet_to": "00:00"},
            "http": {"allow": ["127.0.0.0/8"]},
            "log": {"level": "warning"},
            "outlets": {
                "cong-thong-tin": {"kind": "portal", "title": "Cổng thông tin xã"},
                "tram-xa": {
                    "kind": "radio",
                    "title": "Trạm truyền thanh xã",
                    "token": STATION_KEY,
                    "phone": "0212 3878 123",
                    "slots": [{"name": SLOT, "title": "Chương trình thử", "time": slot_time, "minutes": 20}],
                    "alert_minutes": 1,
                },
                "bang-tin": {
                    "kind": "board",
                    "title": "Bảng tin Trung tâm Phục vụ hành chính công",
                    "token": BOARD_KEY,
                    "place": "Sảnh trụ sở UBND xã",
                    "people": POSTER,
                    "screen": True,
                    "lit_from": "00:00",
                    "lit_until": "00:00",
                },
                television.NAME: television.OPTIONS,
                "sms": {"kind": "sms_http", "title": "Tin nhắn SMS", "price": 350, **sms.options()},
                "zalo": {"kind": "zalo_oa", "title": "Zalo OA của xã", **zalo.options()},
                "thu": {"kind": "email", "title": "Thư điện tử của xã", "per_second": 20, **mail.options()},
            },
        }
    )


@contextlib.asynccontextmanager
async def stage(
    directory: Path, port: int, slot_ahead: timedelta = SLOT_AHEAD, clock: Clock | None = None
) -> AsyncIterator[Stage]:
    """The house serving, its partners listening and calling back, a station polling that airs so much later."""
    base, clock = f"http://127.0.0.1:{port}", clock or SystemClock()
    sms = SmsGateway(f"{base}/hooks/sms", clock=clock, latency=0.15, receipt_after=1.0)
    zalo = ZaloSandbox(f"{base}/hooks/zalo", clock=clock, latency=0.1, webhook_after=1.5)
    feed = f"{base}/radio/tram-xa/feed.xml?token={STATION_KEY}"
    letters = directory / "thu"
    await asyncio.to_thread(letters.mkdir, parents=True, exist_ok=True)
    mail = MailSandbox(letters, clock=clock)
    async with sms, zalo, mail, Station(feed, directory / "tram-xa", clock=clock) as station:
        settings = demo_settings(directory, port, sms, zalo, mail, slot_ahead)
        async with opened(settings, clock) as house, serving.desk(house):
            yield Stage(house, sms, zalo, station, mail, directory)


async def gather(on: Stage) -> None:
    """Recipients who asked to be told, by SMS, Zalo or both."""
    house, now = on.house, on.house.clock.now()
    data = resources.files("desk.demo").joinpath("recipients.csv").read_bytes()
    found = read_audience(data)
    for recipient in found.people:
        if recipient.scheme == "zalo":
            on.zalo.follow(recipient.address)
    async with house.database.write() as tx:
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), AUDIENCE, found.people, now)


async def fill(on: Stage) -> list[Item]:
    """Recipients, and items written by one person; nothing is approved yet."""
    await gather(on)
    house, items = on.house, list[Item]()
    async with house.database.write() as tx:
        for file in sorted(resources.files("desk.demo").joinpath("items").iterdir(), key=lambda file: file.name):
            document = read_document(file.name, file.read_bytes(), house.settings.office.zone)
            item = await house.editing.write(tx, document.draft, AUTHOR, via=file.name)
            items.append(await house.editing.submit(tx, item.id, AUTHOR))
    house.notifier.ring("item")
    return items


async def approve_and_schedule(on: Stage, items: list[Item]) -> None:
    """A second person listens, approves, and sends everything out at once; one bulletin also every morning."""
    house = on.house
    now = house.clock.now()
    async with house.database.write() as tx:
        for item in items:
            audio = await house.press.audio_of(tx, await content_store.find_revision(tx, item.revision))
            await house.editing.approve(tx, item.id, LEADER, recording=audio.sha256 if audio else None)
            wish = Wish((item.id,), OUTLETS, Rule(once=now), AUDIENCE)
            await house.scheduling.add(tx, wish, LEADER, may_approve=True)
        tomorrow = now + timedelta(days=30)
        morning = Wish((items[0].id,), ("tram-xa",), Rule(cron="0 5 * * *"), until=tomorrow, title="Bản tin sáng 5 giờ")
        await house.scheduling.add(tx, morning, LEADER, may_approve=True)
        today = house.reporter.today()
        along = Ride(items[0].id, ("cong-thong-tin",), today, today + timedelta(days=30), share=50)
        await house.riding.add(tx, along, LEADER, may_approve=True)
    house.notifier.ring("schedule")


async def send_clip(on: Stage, item: Item) -> None:
    """An approved item goes to the television station as well."""
    house = on.house
    async with house.database.write() as tx:
        wish = Wish((item.id,), (television.NAME,), Rule(once=house.clock.now()))
        await house.scheduling.add(tx, wish, LEADER, may_approve=True)
    house.notifier.ring("schedule")


async def wait_for_recordings(on: Stage, items: list[Item]) -> None:
    """Until the approver could listen to every item."""
    house = on.house
    async with house.notifier.waiting("recording", "stop") as made:
        while not house.stopping.is_set():
            made.clear()
            async with house.database.read() as connection:
                revisions = [await content_store.find_revision(connection, item.revision) for item in items]
                ready = [await house.press.audio_of(connection, revision) for revision in revisions]
            if all(ready):
                return
            await house.clock.wait(made, 1.0)


async def partners_live(on: Stage) -> None:
    """The station polls its feed, a reader opens each new page of the portal, each new sheet is printed and posted."""
    house = on.house
    portal = f"{house.settings.web.base_url}/portal/"
    (on.directory / "portal").mkdir(exist_ok=True)
    (on.directory / "bang-tin").mkdir(exist_ok=True)
    seen: set[str] = set()
    async with aiohttp.ClientSession() as reader:
        while not house.stopping.is_set():
            await on.station.poll()
            await _fetch_programme(on, reader)
            if on.clip is None:
                on.clip = await television.take(reader, on.television_page, on.directory / television.NAME)
            async with house.database.read() as connection:
                wanted = log_store.Filter(outlets=("cong-thong-tin", "bang-tin"), states=(State.SENT,))
                sent = await log_store.list_deliveries(connection, wanted)
            for delivery in sent:
                if delivery.outlet == "bang-tin":
                    await _post_sheet(on, reader, delivery.id)
                elif delivery.reference.startswith(portal) and delivery.reference not in seen:
                    seen.add(delivery.reference)
                    await _read_page(on, reader, delivery.reference)
            await house.clock.wait(house.stopping, 1.0)


async def _fetch_programme(on: Stage, reader: aiohttp.ClientSession) -> None:
    """What the station airs at its slot, as soon as it can be had."""
    if on.programme is not None:
        return
    async with reader.get(f"{on.station_page}slot/{SLOT}.mp3") as answer:
        if answer.status == 200:
            file = on.directory / "tram-xa" / f"{SLOT}.mp3"
            await asyncio.to_thread(file.write_bytes, await answer.read())
            on.programme = file
            on.house.notifier.ring("delivery")


async def _post_sheet(on: Stage, reader: aiohttp.ClientSession, delivery: str) -> None:
    """As somebody with a printer does: the sheet is taken off, and one tap says that it hangs."""
    async with reader.get(f"{on.board_page}in/{delivery}-a4.pdf") as answer:
        answer.raise_for_status()
        file = on.directory / "bang-tin" / f"{delivery}.pdf"
        await asyncio.to_thread(file.write_bytes, await answer.read())
    said = {"delivery": delivery, "deed": "posted", "by": POSTER}
    async with reader.post(f"{on.board_page}said", data=said, allow_redirects=False) as answer:
        answer.raise_for_status()


async def _read_page(on: Stage, reader: aiohttp.ClientSession, address: str) -> None:
    """As a browser saves one: its style goes beside it, so that it can be looked at when the portal is gone."""
    async with reader.get(address) as answer:
        page = await answer.text()
    [style] = _STYLE.findall(page)
    async with reader.get(urljoin(address, style)) as answer:
        await asyncio.to_thread((on.directory / "portal" / "style.css").write_bytes, await answer.read())
    file = on.directory / "portal" / f"{address.rstrip('/').rsplit('/', 1)[-1]}.html"
    await asyncio.to_thread(file.write_text, page.replace(style, "style.css"), encoding="utf-8")
    on.pages.append(file)


async def all_deliveries(house: House) -> list[Delivery]:
    """Every delivery there is, newest first."""
    async with house.database.read() as connection:
        return [delivery async for delivery in log_store.walk(connection, log_store.Filter())]


def live_table(house: House, deliveries: list[Delivery]) -> Table:
    """The latest deliveries as a table that is drawn again and again."""
    counts: dict[State, int] = {}
    for delivery in deliveries:
        counts[delivery.state] = counts.get(delivery.state, 0) + 1
    said = ", ".join(f"{TITLES[state]} {number}" for state, number in counts.items()) or "chưa có lượt nào"
    columns = ("lúc", "điểm phát", "người nhận", "trạng thái", "lần", "tin")
    table = Table(*columns, title=f"Loa · {house.settings.web.base_url}/ · {said}", expand=True)
    zone = house.settings.office.zone
    for delivery in deliveries[:SHOWN]:
        last = delivery.last
        moment = (last.at if last else delivery.due_at).astimezone(zone).strftime("%H:%M:%S")
        to = "-" if delivery.address == delivery.outlet else shown(house.seal, delivery.address)
        tries = str(len(delivery.attempts))
        table.add_row(moment, delivery.outlet, to, TITLES[delivery.state], tries, delivery.title[:48])
    return table


async def watch(on: Stage, *, once: bool) -> bool:
    """Draw the table until all is delivered (`once`) or somebody stops the demo; whether all is delivered."""
    house = on.house
    async with house.notifier.waiting("delivery", "stop") as changed:
        deadline = house.clock.steady() + ONCE_SECONDS
        with Live(console=out.console, refresh_per_second=4, transient=once) as live:
            while not house.stopping.is_set():
                changed.clear()
                deliveries = await all_deliveries(house)
                live.update(live_table(house, deliveries))
                aired = on.programme is not None and is_over(deliveries)
                if once and (aired or house.clock.steady() > deadline):
                    break
                await house.clock.wait(changed, 1.0)
    deliveries = await all_deliveries(house)
    return bool(deliveries) and all(delivery.state in DONE for delivery in deliveries)


def is_over(deliveries: list[Delivery]) -> bool:
    """Whether everything has reached its end: confirmed, or an end that no receipt will change."""
    ended = {State.CONFIRMED, State.FAILED, State.MISSED, State.CANCELLED, State.UNSURE}
    expected = 5 * (3 + 10 + 7)
    letters = [one for one in deliveries if one.outlet == classes.OUTLET]  # nobody reports what became of a letter
    others = [one for one in deliveries if one.outlet != classes.OUTLET]
    whole = all(one.state in ended for one in others) and all(one.state in {*ended, State.SENT} for one in letters)
    return len(others) >= expected and whole


def summary(house: House, deliveries: list[Delivery]) -> Table:
    """One line an outlet: deliveries, confirmed, median lateness of the first try."""
    table = Table("kênh", "điểm phát", "lượt gửi", "đã xác nhận", "trễ (trung vị)", title="Tổng kết")
    for at in house.outlets:
        mine = [delivery for delivery in deliveries if delivery.outlet == at.name]
        late = [_lateness(delivery) for delivery in mine if delivery.attempts]
        confirmed = sum(delivery.state is State.CONFIRMED for delivery in mine)
        median = f"{statistics.median(late):.2f} s" if late else "-"
        table.add_row(at.channel.kind, at.outlet.title, str(len(mine)), str(confirmed), median)
    return table


def _lateness(delivery: Delivery) -> float:
    first: datetime = delivery.attempts[0].at
    return max(0.0, (first - delivery.due_at).total_seconds())


async def play(directory: Path, port: int, *, once: bool) -> int:
    """The whole demo; 0 when everything was sent or confirmed (or somebody stopped the live one)."""
    async with stage(directory, port) as on:
        house = on.house
        async with asyncio.TaskGroup() as group:
            group.create_task(house.runner.run())
            group.create_task(partners_live(on))
            try:
                delivered = await _act(on, once=once)
            finally:
                house.stop()
        deliveries = await all_deliveries(house)
        out.print(summary(house, deliveries))
        _tell_where(on)
        return 0 if delivered or not once else 1


async def _act(on: Stage, *, once: bool) -> bool:
    err.print("Soạn 5 tin bài, thu âm để người duyệt nghe…")
    for login, name, role in (("mai", AUTHOR, "author"), ("hung", LEADER, "approver")):
        password = await auth.add_person(on.house, login, name, (role,), None)
        if not once:
            err.print(f"Đăng nhập {on.house.settings.web.base_url}/  {login} / {password}  ({name}, {role})")
    password = await units.settle(on.house, LEADER)
    if not once:
        err.print(f"Người của một bản, có tin chuyển xuống chờ nhận: {units.LOGIN} / {password}  ({units.HEAD})")
    err.print(f"Trang của đài, mở trên điện thoại hay ở đây, bấm “Đã phát”: {on.station_page}")
    err.print(f"Trang của đài truyền hình, xem clip và tải: {on.television_page}")
    err.print(f"Bảng tin, in tờ A4, A3 và bấm “Đã dán”: {on.board_page}")
    err.print(f"Màn hình cạnh bảng: {on.house.outlets['bang-tin'].outlet.base_url}/screen/")
    items = await fill(on)
    await wait_for_recordings(on, items)
    err.print(f"{LEADER} nghe và duyệt; phát ngay trên {len(OUTLETS)} kênh, một tin thành clip truyền hình.")
    await approve_and_schedule(on, items)
    await send_clip(on, items[-1])
    await units.pass_down(on.house, items[0], LEADER)
    await procedures.settle(on.house, AUTHOR)
    await year.plan(on.house, LEADER)
    await year.ask(on.house)
    course = await classes.settle(on.house, AUTHOR, LEADER)
    err.print(f"Lớp tập huấn, mời bằng thư có tệp lịch: {on.house.settings.web.base_url}/classes/{course}")
    told = ("cong-thong-tin", "bang-tin")
    contest = await contests.settle(on.house, AUTHOR, LEADER, told, "sms", board=True)
    err.print(f"Cuộc thi tìm hiểu đang mở: {on.house.settings.web.base_url}/portal/cuoc-thi/{contest}")
    return await watch(on, once=once)


def _tell_where(on: Stage) -> None:
    audio = sorted((on.directory / "tram-xa").glob("*.mp3"))
    pages = sorted(on.pages)
    out.print(f"Âm thanh đài đã tải ({len(audio)} tệp): {on.directory / 'tram-xa'}/")
    if on.programme is not None:
        out.print(f"Chương trình ghép cho giờ phát của đài: {on.programme}")
    if on.clip is not None:
        out.print(f"Clip truyền hình, phụ đề, chữ chạy, kịch bản: {on.clip.parent}/")
    for file in audio[:1] + pages[:1]:
        out.print(f"   {file}")
    posted = sorted((on.directory / "bang-tin").glob("*.pdf"))
    out.print(f"Tờ tin đã in và dán ({len(posted)} tờ): {on.directory / 'bang-tin'}/")
    out.print(f"Trang cổng thông tin ({len(pages)} trang): {on.directory / 'portal'}/")
    out.print(f"Thư mời dự lớp tập huấn ({len(on.mail.taken)} thư, có lich.ics): {on.mail.folder}/")
    database = f"LOA_DATABASE__URL=sqlite:///{on.directory / 'loa.db'} LOA_FILES__DIR={on.directory}"
    out.print(f"Nhật ký: {database} .venv/bin/loa delivery list")
    out.print(f"Xong lúc {local(on.house.clock.now(), on.house.settings.office.zone)}")
