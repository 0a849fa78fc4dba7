"""An outlet set up on the desk: a form drawn from its kind's options, checked as the configuration file is, kept sealed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import Channel
from channels.fitting import TOPIC
from channels.outlet import ABOUT, Fault
from channels.past import store as past_store
from channels.past.store import Turn
from channels.setting import store
from channels.setting.entry import Entry, entries_of
from channels.setting.filled import table_of, with_kept
from channels.setting.store import Setting
from channels.shelf import store as shelf_store
from config.settings import OutletName
from config.words import BadInput, Conflict, NotFound, Said, Word
from content.item import slug_of
from content.units import store as unit_store
from desk.answer import Answer, Done, Shown, Visit
from desk.outlets.page import HERE, page_of
from desk.shape import shape
from desk.shapes import outlets as shapes
from desk.shapes.people import Nothing
from desk.units.choosing import unit_choices
from scheduler import store as scheduler_store
from scheduler.delivery import State
from scheduler.log import store as log_store

PATH = "options."
TAKEN = frozenset({"new"})
_NAME: TypeAdapter[str] = TypeAdapter(OutletName)
UNDER_WAY = (State.PENDING, State.SENDING, State.UNSURE)


async def blank(visit: Visit) -> Answer:
    """GET /outlets/new?kind=...: the kinds to choose from, or the form of one."""
    kind = visit.asked("kind")
    if not kind:
        return Shown("outlets/kinds.html", {"kinds": visit.house.fitter.fittings.channels.values()})
    return await _form(visit, _kind(visit, kind), {}, None)


@shape(shapes.OutletWhole, shapes.NewOutlet)
async def add(visit: Visit) -> Answer:
    """POST /outlets: a new one, in service at once."""
    channel, typed = _kind(visit, visit.text("kind")), visit.text("title").strip()
    name = visit.text("name").strip() or slug_of(typed)[:40].strip("-")
    table = _table(visit, channel, {})
    if visit.text("more"):
        return await _form(visit, channel, table, None)
    try:
        _check_name(visit, name)
        await _save(visit, channel, Setting(name, 1, visit.house.clock.now(), visit.name, table), None)
    except Said as fault:
        return await _with_fault(visit, channel, table, None, fault)
    said = (
        Word(f"Đã thêm {typed}. Hãy gửi thử trước khi dùng.", f"{typed} added. Send a test before it is used.")
        if not channel.shelf
        else Word(f"Đã thêm {typed}.", f"{typed} added.")
    )
    return Done(f"{HERE}/{name}", said, (await page_of(visit, name)).plain)


async def edit(visit: Visit) -> Answer:
    """GET /outlets/{name}/edit."""
    setting = await _setting(visit)
    return await _form(visit, _kind(visit, str(setting.table.get("kind"))), setting.table, setting)


@shape(shapes.OutletWhole, shapes.OutletSetting)
async def change(visit: Visit) -> Answer:
    """POST /outlets/{name}: other options; a secret that is left open stays."""
    old = await _setting(visit)
    channel = _kind(visit, str(old.table.get("kind")))
    table = _table(visit, channel, old.table)
    if visit.text("more"):
        return await _form(visit, channel, table, old)
    now = visit.house.clock.now()
    try:
        if visit.text("base") not in {"", str(old.revision)}:
            raise Conflict(
                f"{old.changed_by} vừa đổi cách đặt điểm phát này; hãy xem bản mới rồi làm lại",
                f"{old.changed_by} has just changed this outlet; look at it again",
            )
        await _save(visit, channel, Setting(old.name, old.revision + 1, now, visit.name, table), old)
    except Said as fault:
        return await _with_fault(visit, channel, table, old, fault)
    return Done(
        f"{HERE}/{old.name}",
        Word("Đã lưu; dùng từ lượt gửi tới.", "Saved; in use from the next delivery."),
        (await page_of(visit, old.name)).plain,
    )


@shape(Nothing)
async def remove(visit: Visit) -> Answer:
    """POST /outlets/{name}/remove: one that nothing goes to any more; what was sent stays in the log."""
    house, old = visit.house, await _setting(visit)
    title, now = old.table.get("title") or old.name, house.clock.now()
    async with house.database.write() as tx:
        await _check_unused(tx, old.name, title)
        if faults := await house.fitter.faults(tx, old.name, None):
            raise Conflict(
                f"Chưa bỏ được {title}: {faults[0].words}", f"{old.name} cannot be removed: {faults[0].words}"
            )
        await store.forget_outlet(tx, old.name)
        await house.journal.note(tx, now, visit.name, "remove_outlet", f"outlet/{old.name}", title=title)
    await _tell(visit)
    return Done(HERE, Word(f"Đã bỏ {title}; nhật ký của nó vẫn còn.", f"{title} removed; its log stays."), {})


async def _check_unused(tx: AsyncConnection, name: str, title: str) -> None:
    """Raises Conflict while something is to go there."""
    if schedules := await scheduler_store.schedules_to(tx, name):
        raise Conflict(
            f"Chưa bỏ được {title}: {schedules} lịch phát còn dùng; hãy hủy hoặc đổi lịch trước",
            f"{name} cannot be removed: {schedules} schedules still go there",
        )
    counts = await log_store.stats(tx, log_store.Filter(outlets=(name,), states=UNDER_WAY))
    left = sum(count[state] for count in counts.values() for state in UNDER_WAY)
    if left:
        raise Conflict(
            f"Chưa bỏ được {title}: {left} lượt chưa xong hoặc chưa rõ; hãy hủy hoặc kết luận trước",
            f"{name} cannot be removed: {left} deliveries are under way or in doubt",
        )


async def _save(visit: Visit, channel: Channel[Any], new: Setting, old: Setting | None) -> None:
    """Check and keep it, and have it in service. Raises BadInput for the first thing that is wrong."""
    house, title = visit.house, visit.text("title").strip()
    if not title or len(title) > 100:
        raise BadInput("Ghi tên điểm phát, nhiều nhất 100 ký tự", "A title of 100 characters at most", field="title")
    if own := ABOUT & new.table.keys():
        raise BadInput(f"Không có khóa {min(own)} trong options", f"No {min(own)} in options", field=PATH.rstrip("."))
    unit = visit.text("unit").strip()
    about = {"kind": channel.kind, "title": title} | ({"unit": unit} if unit else {})
    new = replace(new, table={**about, **new.table})
    changed = _changed(old.table if old else {}, new.table)
    async with house.database.write() as tx:
        if unit:
            (await unit_store.tree(tx))[unit]
        known = await store.revisions(tx)
        if known.get(new.name) != (old.revision if old else None):
            raise Conflict(
                f"Điểm phát {new.name} vừa được đổi ở nơi khác", f"{new.name} has just been changed elsewhere"
            )
        if faults := await house.fitter.faults(tx, new.name, new.table):
            raise _said(faults[0])
        await store.set_outlet(house.database, tx, house.fitter.key, new)
        await channels_store.apply_outlet(house.database, tx, new.name, channel.kind, title, new.changed_at)
        await shelf_store.turn_shelf(tx, channels_store.outlet.c.name == new.name)
        turn, words = (Turn.SET, ", ".join(changed)) if old else (Turn.ADDED, "")
        await past_store.note(tx, new.name, new.changed_at, turn, visit.name, words)
        verb = "set_outlet" if old else "add_outlet"
        detail = {"kind": channel.kind, "title": title, "keys": changed}
        await house.journal.note(tx, new.changed_at, visit.name, verb, f"outlet/{new.name}", **detail)
    await _tell(visit)


async def _tell(visit: Visit) -> None:
    await visit.house.fitter.fit()
    for topic in (TOPIC, "outlet", "work"):
        visit.house.notifier.ring(topic)


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))


def _said(fault: Fault) -> BadInput:
    return BadInput(fault.words.capitalize(), f"{fault.key}: {fault.words.en}", field=PATH + fault.key)


def _check_name(visit: Visit, name: str) -> None:
    """Raises BadInput for a name that cannot be one or is another's."""
    try:
        _NAME.validate_python(name)
    except ValidationError:
        vi, en = "Tên ngắn chỉ gồm a-z, số và gạch ngang, bắt đầu bằng chữ", "A name is a-z, digits and hyphens"
        raise BadInput(vi, en, field="name") from None
    if name in TAKEN or name in visit.house.outlets or name in visit.house.fitter.broken:
        raise BadInput(f"Đã có điểm phát tên {name}", f"There is an outlet {name} already", field="name")


def _kind(visit: Visit, kind: str) -> Channel[Any]:
    known = visit.house.fitter.fittings.channels
    if kind not in known:
        raise BadInput(f"Không có loại kênh {kind} (có: {', '.join(known)})", f"No such kind: {kind}", field="kind")
    return known[kind]


async def _setting(visit: Visit) -> Setting:
    """What the desk has of the outlet. Raises NotFound, Conflict for one of the configuration file."""
    house, name = visit.house, visit.part("name")
    async with house.database.read() as connection:
        found = await store.setting(connection, house.fitter.key, name)
    if name in house.fitter.configured:
        file = house.settings.source or "cấu hình"
        raise Conflict(
            f"{house.outlets[name].outlet.title} khai báo trong tệp {file}, mục [outlets.{name}]; hãy sửa ở đó",
            f"{name} stands in the configuration file; change it there",
        )
    if found is None:
        raise NotFound(f"Không có điểm phát {name}", f"There is no outlet {name}")
    return found


def _table(visit: Visit, channel: Channel[Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were brought, by a form's fields or as JSON."""
    if visit.api:
        return with_kept(channel.options, (visit.plain or {}).get("options", {}), kept)
    form = {name: [one for one in visit.form.getall(name) if isinstance(one, str)] for name in visit.form}
    return table_of(channel.options, form, kept, PATH)


async def _form(visit: Visit, channel: Channel[Any], table: Mapping[str, Any], setting: Setting | None) -> Shown:
    title, unit = (str(setting.table.get(name, "")) if setting else "" for name in ("title", "unit"))
    async with visit.house.database.read() as connection:
        units = unit_choices(visit, await unit_store.tree(connection), kept=unit)
    entries = entries_of(channel.options, table, setting.table if setting else {}, PATH)
    must = [one for one in entries if one.option.info.is_required()]
    values = {
        "channel": channel,
        "name": setting.name if setting else "",
        "base": setting.revision if setting else "",
        "heading": title,
        "must": must,
        "more": [one for one in entries if one not in must],
        "open": not must or visit.form,
        "typed": {"name": visit.text("name"), "title": visit.text("title", title), "unit": visit.text("unit", unit)},
        "unit_choices": units,
    }
    return Shown("outlets/form.html", values)


async def _with_fault(
    visit: Visit, channel: Channel[Any], table: Mapping[str, Any], setting: Setting | None, fault: Said
) -> Answer:
    """The form with what was typed and what is wrong with it, told at the place that is nearest."""
    if visit.json:
        raise fault
    shown = await _form(visit, channel, table, setting)
    if fault.field and fault.field.startswith(PATH):
        names = {one.name for one in _all([*shown.values["must"], *shown.values["more"]])}
        place = fault.field
        while place and place not in names:
            place = place.rpartition(".")[0]
        fault = BadInput(fault.vi, fault.en, field=place or None)
    return shown.with_fault(fault)


def _all(entries: Iterable[Entry]) -> Iterable[Entry]:
    for one in entries:
        yield one
        yield from _all(one.entries)
        for row in one.rows:
            yield from _all(row)
