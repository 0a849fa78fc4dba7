"""Outlets on the desk: what each is, how it fares, its addresses for partners; pause and resume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels import store as channels_store
from channels.channel import Channel
from channels.outlet import InService
from config.words import Conflict
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import iso, listed
from desk.shape import shape
from desk.shapes import outlets as shapes
from desk.shapes.schedules import MayNote
from scheduler.dispatch.pace import day_of, used_on
from scheduler.diversion import store as diversion_store


@dataclass(frozen=True, slots=True)
class Standing:
    """One outlet and its health row."""

    at: InService
    row: Any
    base_url: str
    today: int = 0
    """The office's day as a number."""
    diverted_at: Any = None
    """Since when its fallback sends for it."""
    quota: str = ""
    """What is used of quotas that its kind counts."""

    @property
    def state(self) -> str:
        """`paused`, `troubled` or `working`; `pending` until something was sent."""
        if self.row.paused_at:
            return "paused"
        if self.row.failures:
            return "troubled"
        return "working" if self.row.worked_at else "pending"

    @property
    def title(self) -> str:
        """The state in words."""
        words = {
            "paused": "tạm dừng",
            "troubled": "đang gặp lỗi",
            "working": "hoạt động tốt",
            "pending": "chưa gửi lần nào",
        }
        return words[self.state]

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """What to give the partner: (what it is, address)."""
        channel, mount = self.at.channel, self.at.outlet.base_url.rstrip("/")
        found = []
        if channel.shelf == "portal":
            found += [("Trang tin công khai", f"{mount}/"), ("Nguồn Atom", f"{mount}/feed.xml")]
        elif channel.shelf:
            found += [("Nguồn tin cho đài (RSS)", f"{mount}/feed.xml"), ("Danh sách phát", f"{mount}/playlist.m3u")]
            found += [("Đài báo đã phát (POST)", f"{mount}/aired")]
        if type(channel).confirm is not Channel.confirm:
            found.append(("Nhận phản hồi từ đối tác", f"{self.base_url}/hooks/{self.at.name}"))
        return found

    @property
    def needs_token(self) -> bool:
        """Whether the partner adds a token to the address."""
        return bool(self.at.channel.shelf and not self.at.channel.shelf_public)

    @property
    def pace(self) -> str:
        """How fast it may be used."""
        pace = self.at.channel.pace_of(self.at.outlet)
        words = f"{pace.per_second:g} lượt/giây, {pace.at_once} lượt cùng lúc".replace(".", ",")
        return f"{words}; {self.used_today} trên {pace.per_day} lượt của hôm nay đã dùng" if pace.per_day else words

    @property
    def has_quota(self) -> bool:
        """Whether there is a calendar of what is used and planned."""
        return bool(self.at.channel.quota_of(self.at.outlet))

    @property
    def used_today(self) -> int:
        """How much of a daily quota is used."""
        return used_on(self.today, self.row.quota_day, self.row.quota_used)

    @property
    def is_spent(self) -> bool:
        """Whether today's quota is used up, so that the rest waits for tomorrow."""
        most = self.at.channel.pace_of(self.at.outlet).per_day
        return 0 < most <= self.used_today


async def standings(visit: Visit) -> list[Standing]:
    """Every configured outlet with its health."""
    async with visit.house.database.read() as connection:
        rows = await channels_store.outlet_rows(connection)
        diverted = await diversion_store.diversions(connection)
    base = visit.house.settings.web.base_url
    now = visit.house.clock.now()
    today, _ = day_of(now, visit.house.settings.office.zone)
    since = {name: one.since for name, one in diverted.items()}
    return [
        Standing(at, rows[at.name], base, today, since.get(at.name), await at.channel.quota(at.outlet, now))
        for at in visit.house.outlets
        if at.name in rows
    ]


@shape(shapes.OutletsTold)
async def list_all(visit: Visit) -> Answer:
    """GET /outlets."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    found = await standings(visit)
    values = {"standings": found, "outlets": visit.house.outlets}
    return Shown("outlets.html", values, listed([plain_outlet(one) for one in found], None))


def plain_outlet(standing: Standing) -> dict[str, Any]:
    """An outlet as JSON; no option of it is told, since it may be a secret."""
    at, row = standing.at, standing.row
    return {
        "name": at.name,
        "title": at.outlet.title,
        "kind": at.channel.kind,
        "form": at.channel.form.value,
        "state": standing.state,
        "failures": row.failures,
        "failing_since": iso(row.failing_since),
        "trouble": row.trouble,
        "worked_at": iso(row.worked_at),
        "paused_at": iso(row.paused_at),
        "paused_by": row.paused_by,
        "quota": standing.quota or None,
        "fallback": at.fallback or None,
        "diverted_at": iso(standing.diverted_at),
        "per_day": at.channel.pace_of(at.outlet).per_day or None,
        "used_today": standing.used_today,
        "addresses": [address for _, address in standing.addresses],
    }


@shape(shapes.OutletTold, MayNote)
async def pause(visit: Visit) -> Answer:
    """POST /outlets/{name}/pause: nothing goes out there until somebody resumes it."""
    house, name, now = visit.house, visit.part("name"), visit.house.clock.now()
    at, why = house.outlets[name], visit.text("note").strip()[:300]
    async with house.database.write() as tx:
        done = await channels_store.pause_outlet(tx, name, now, visit.name, why or "Tạm dừng để kiểm tra")
        if done:
            await house.journal.note(tx, now, visit.name, "pause", f"outlet/{name}", note=why)
    return await _done(visit, done, at, f"Đã tạm dừng điểm phát {at.outlet.title}.")


@shape(shapes.OutletTold)
async def resume(visit: Visit) -> Answer:
    """POST /outlets/{name}/resume."""
    house, name, now = visit.house, visit.part("name"), visit.house.clock.now()
    at = house.outlets[name]
    async with house.database.write() as tx:
        done = await channels_store.resume_outlet(tx, name)
        if done:
            await house.journal.note(tx, now, visit.name, "resume", f"outlet/{name}")
    return await _done(visit, done, at, f"Điểm phát {at.outlet.title} hoạt động lại.")


async def _done(visit: Visit, done: bool, at: InService, said: str) -> Answer:
    if not done:
        title = at.outlet.title
        fault = Conflict(f"Trạng thái của {title} vừa thay đổi; hãy xem lại", f"{at.name} has just changed")
        return (await _page(visit)).with_fault(fault)
    visit.house.notifier.ring("outlet")
    visit.house.notifier.ring("work")
    return Done("/outlets", said, next(plain_outlet(one) for one in await standings(visit) if one.at is at))
