"""What the demo shows in the terminal: deliveries as they happen, the sum of them, and where its files are."""

from __future__ import annotations

import statistics
from datetime import datetime

from rich.live import Live
from rich.table import Table

from channels.audience import shown
from desk.app import House
from desk.commands.output import local, out
from desk.demo import classes
from desk.demo.stage import Stage
from scheduler.delivery import DONE, TITLES, Delivery, State
from scheduler.log import store as log_store

ONCE_SECONDS = 110
SHOWN = 24


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


def tell_where(on: Stage) -> None:
    """Where everything lies that was made."""
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
