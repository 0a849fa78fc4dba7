"""Outlets on the desk: what each is, how it fares and has fared, its addresses for partners; pause, resume, a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels import store as channels_store
from channels.channel import Channel
from channels.outlet import ABOUT, InService
from channels.past import store as past_store
from channels.setting import store as setting_store
from channels.setting.entry import entries_of, without_secrets
from config.words import Conflict, Said, Word
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import iso, listed
from desk.moments import decimal_in_words
from desk.outlets.past import TITLES, health
from desk.outlets.trial import Trial, try_out
from desk.shape import shape
from desk.shapes import outlets as shapes
from desk.shapes.schedules import MayNote
from scheduler.dispatch.pace import day_of, used_on
from scheduler.diversion import store as diversion_store

HERE = "/outlets"
SHOWN = 40
"""Turns of an outlet's past on its page."""
AIRED = (Word("Đài báo đã phát (POST)", "Station says what it aired (POST)"), "aired")
ADDRESSES = {
    "portal": ((Word("Trang tin công khai", "Public site"), ""), (Word("Nguồn Atom", "Atom feed"), "feed.xml")),
    "radio": (
        (Word("Nguồn tin cho đài (RSS)", "Feed for the station (RSS)"), "feed.xml"),
        (Word("Danh sách phát", "Playlist"), "playlist.m3u"),
        AIRED,
    ),
    "tv": ((Word("Danh sách clip (JSON)", "List of clips (JSON)"), "danh-sach.json"), AIRED),
    "board": ((Word("Trang của người dán tin", "Page of whoever posts the sheets"), ""),),
}
"""What partners come for, by the shelf it lies on: what it is, and where under the outlet's address."""


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
            "paused": Word("tạm dừng", "paused"),
            "troubled": Word("đang gặp lỗi", "in trouble"),
            "working": Word("hoạt động tốt", "working well"),
            "pending": Word("chưa gửi lần nào", "nothing sent yet"),
        }
        return words[self.state]

    @property
    def addresses(self) -> list[tuple[Word, str]]:
        """What to give the partner: (what it is, address)."""
        channel, mount = self.at.channel, self.at.outlet.base_url.rstrip("/")
        found = [(what, f"{mount}/{path}") for what, path in ADDRESSES.get(channel.shelf, ())]
        if type(channel).confirm is not Channel.confirm:
            found.append(
                (Word("Nhận phản hồi từ đối tác", "Answers from the partner"), f"{self.base_url}/hooks/{self.at.name}")
            )
        return found

    @property
    def needs_token(self) -> bool:
        """Whether the partner adds a token to the address."""
        return bool(self.at.channel.shelf and not self.at.channel.shelf_public)

    @property
    def pace(self) -> Word:
        """How fast it may be used."""
        pace = self.at.channel.pace_of(self.at.outlet)
        speed = decimal_in_words(pace.per_second, None)
        words = Word(f"{speed} lượt/giây, {pace.at_once} lượt cùng lúc", f"{speed.en} a second, {pace.at_once} at once")
        if not pace.per_day:
            return words
        return Word(
            f"{words}; {self.used_today} trên {pace.per_day} lượt của hôm nay đã dùng",
            f"{words.en}; {self.used_today} of today’s {pace.per_day} used",
        )

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


async def standings(visit: Visit, only: str = "") -> list[Standing]:
    """Every outlet in service with its health, or `only` one."""
    async with visit.house.database.read() as connection:
        rows = await channels_store.outlet_rows(connection)
        diverted = await diversion_store.diversions(connection)
    base = visit.house.settings.web.base_url
    now = visit.house.clock.now()
    today, _ = day_of(now, visit.house.settings.office.zone)
    since = {name: one.since for name, one in diverted.items()}
    return [
        Standing(at, rows[at.name], base, today, since.get(at.name), await at.channel.quota(at.outlet, now))
        for at in visit.outlets
        if at.name in rows and only in {"", at.name}
    ]


@shape(shapes.OutletsTold)
async def list_all(visit: Visit) -> Answer:
    """GET /outlets."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    found = await standings(visit)
    broken = visit.house.fitter.broken if visit.units is None else {}
    values = {"standings": found, "outlets": visit.outlets, "broken": broken}
    return Shown("outlets/list.html", values, listed([plain_outlet(one) for one in found], None))


@shape(shapes.OutletWhole)
async def show(visit: Visit) -> Answer:
    """GET /outlets/{name}: one with its past, and for administrators what it is set to, without secrets."""
    return await page_of(visit, visit.part("name"))


async def page_of(visit: Visit, name: str, trial: Trial | None = None) -> Shown:
    """The page of an outlet, with what came of a test. Raises NotFound."""
    house, at, now = visit.house, visit.house.outlets[name], visit.house.clock.now()
    [one] = await standings(visit, name)
    async with house.database.read() as connection:
        past = await past_store.past(connection, name)
        setting = (
            None if name in house.fitter.configured else await setting_store.setting(connection, house.fitter.key, name)
        )
    given = setting.table if setting else house.fitter.configured[name]
    table, secrets = without_secrets(at.channel.options, given)
    values = {
        "one": one,
        "outlets": house.outlets,
        "past": past[:SHOWN],
        "health": health(past, now, visit.drawing.zone),
        "turns": TITLES,
        "entries": entries_of(at.channel.options, given, given),
        "setting": setting,
        "trial": trial,
    }
    may = visit.may("outlet-change")
    plain = plain_outlet(one) | {
        "set_up_in": "desk" if setting else "file",
        "options": {key: value for key, value in table.items() if key not in ABOUT} if may else None,
        "secrets": secrets if may else None,
        "past": [{"at": iso(turn.at), "turn": turn.turn, "by": turn.by, "words": turn.words} for turn in past[:SHOWN]],
    }
    return Shown("outlets/show.html", values, plain)


@shape(shapes.TrialTold, shapes.TrialAsked)
async def test(visit: Visit) -> Answer:
    """POST /outlets/{name}/test: a test message `to` somebody, answered with all that was said and answered."""
    at = visit.house.outlets[visit.part("name")]
    try:
        trial = await try_out(visit.house, at, visit.text("to"), visit.name)
    except Said as fault:
        if visit.json:
            raise
        return (await page_of(visit, at.name)).with_fault(fault)
    shown = await page_of(visit, at.name, trial)
    return Shown(shown.template, shown.values, _plain_trial(trial))


def _plain_trial(trial: Trial) -> dict[str, Any]:
    exchanges = [
        {
            "method": one.method,
            "url": one.url,
            "headers": dict(one.headers),
            "body": one.body,
            "milliseconds": one.ms,
            "status": one.status or None,
            "answered": dict(one.answered),
            "answer": one.answer,
            "trouble": one.trouble or None,
        }
        for one in trial.exchanges
    ]
    return {"good": trial.good, "words": trial.vi, "exchanges": exchanges}


def plain_outlet(standing: Standing) -> dict[str, Any]:
    """An outlet as JSON; no option of it is told, since it may be a secret."""
    at, row = standing.at, standing.row
    return {
        "name": at.name,
        "title": at.outlet.title,
        "kind": at.channel.kind,
        "unit": at.unit,
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
    return await _done(
        visit, done, at, Word(f"Đã tạm dừng điểm phát {at.outlet.title}.", f"Outlet {at.outlet.title} paused.")
    )


@shape(shapes.OutletTold)
async def resume(visit: Visit) -> Answer:
    """POST /outlets/{name}/resume."""
    house, name, now = visit.house, visit.part("name"), visit.house.clock.now()
    at = house.outlets[name]
    async with house.database.write() as tx:
        done = await channels_store.resume_outlet(tx, name, now, visit.name)
        if done:
            await house.journal.note(tx, now, visit.name, "resume", f"outlet/{name}")
    return await _done(
        visit,
        done,
        at,
        Word(f"Điểm phát {at.outlet.title} hoạt động lại.", f"Outlet {at.outlet.title} is working again."),
    )


async def _done(visit: Visit, done: bool, at: InService, said: Word) -> Answer:
    if not done:
        title = at.outlet.title
        fault = Conflict(f"Trạng thái của {title} vừa thay đổi; hãy xem lại", f"{at.name} has just changed")
        return (await _page(visit)).with_fault(fault)
    visit.house.notifier.ring("outlet")
    visit.house.notifier.ring("work")
    return Done(f"{HERE}/{at.name}", said, plain_outlet(*await standings(visit, at.name)))
