"""`loa doctor`: everything that can go wrong quietly, each with what was seen and what to do."""

from __future__ import annotations

import argparse
import resource
import shutil
from collections.abc import AsyncIterator, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from channels import store as channels_store
from channels.people import store as people_store
from content.units import store as unit_store
from db.checkup import Checkup, checkup
from db.journal import Deed
from db.migrate import steps, version
from desk.app import House
from desk.commands.finding import Finding, long, size
from desk.commands.output import local, out, print_json
from desk.needs import LITTLE_ROOM
from scheduler import store as scheduler_store
from scheduler.backlog import store as backlog_store
from scheduler.backlog.store import Backlog
from scheduler.dispatch import store as dispatch
from scheduler.herald import said
from scheduler.lookout import Alert, alerts
from scheduler.policy import LEVELS
from scheduler.subscription import store as subscription_store
from scheduler.subscription.store import Subscription
from scheduler.timekeeper import STEP, THING

LONG_LOG = 2**29
PATIENCE = timedelta(minutes=1)
PLANNING_PATIENCE = timedelta(minutes=2)
STEPS_LATELY = timedelta(days=1)
FILES_BESIDE = 200
"""Descriptors a process needs beside those of its requests: the database, the web side, recordings."""


def register(commands: Any) -> None:
    """Add `doctor` to the parser."""
    doctor = commands.add_parser("doctor", help="kiểm tra sức khỏe và sổ ghi việc")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=run_doctor)


async def run_doctor(house: House, args: argparse.Namespace) -> int:
    """Look at everything that can go wrong quietly; exit code 1 when something has."""
    sick = 0
    async for finding in look(house):
        sick += not finding.well
        if args.json:
            print_json(finding)
            continue
        mark, style = ("✓", "") if finding.well else ("✗", "red")
        out.print(f"{mark} {finding.name}: {finding.seen}", style=style, markup=False)
        if not finding.well and finding.do:
            out.print(f"    → {finding.do}", markup=False)
    return 1 if sick else 0


async def look(house: House) -> AsyncIterator[Finding]:
    """Every finding, well or not."""
    at, newest, now = await version(house.database), steps()[-1][0], house.clock.now()
    yield Finding("cơ sở dữ liệu", at == newest, f"bước {at}/{newest}", "chạy loa migrate")
    database = await checkup(house.database)
    async with house.database.read() as connection:
        broken = await house.journal.verify(connection)
        rows = await channels_store.outlet_rows(connection)
        backlog = await backlog_store.backlog(connection, now)
        due = await scheduler_store.next_due_moment(connection)
        planning = await scheduler_store.planning_since(connection)
        overdue = await dispatch.overdue_parcels(connection, now - PATIENCE)
        step = await house.journal.last(connection, THING)
        calls = await alerts(connection, house.outlets, now)
        plain = await people_store.any_plain(connection)
        receivers = await subscription_store.troubled(connection)
        units = await unit_store.names(connection)
    yield of_journal(broken)
    yield of_seals(plain=plain)
    yield of_stations(calls)
    yield of_receivers(receivers)
    for outlet in house.outlets:
        yield of_outlet(outlet.name, rows[outlet.name])
    yield of_units(house, units)
    for name, words in house.fitter.broken.items():
        yield Finding(f"điểm phát {name}", False, f"không dùng được: {words}", f"đặt lại ở /outlets/{name}/edit")
    for finding in (
        of_level(house),
        of_unsure(backlog),
        of_schedules(now, due),
        of_planning(now, planning),
        of_unserved(now, backlog, rows, house),
        of_leases(now + house.database.ahead, backlog),
        of_overdue(len(overdue)),
        of_steps(now, step, house),
        of_server_clock(house.database.ahead),
        of_disk("ổ đĩa", house.settings.files.dir, shutil.disk_usage(house.settings.files.dir).free),
        *of_database(database),
        of_files(sum(at.channel.pace_of(at.outlet).at_once for at in house.outlets)),
    ):
        yield finding


# --- people's and partners' part ---------------------------------------------------------------------------------------


def of_journal(broken: int | None) -> Finding:
    """The chain of the journal."""
    chain = "nguyên vẹn" if broken is None else f"bị sửa, xóa hoặc thêm từ dòng {broken}"
    return Finding("sổ ghi việc", broken is None, chain, "đối chiếu với bản sao lưu; khóa loa.key có đúng không?")


def of_seals(*, plain: bool) -> Finding:
    """Addresses of people at rest; with another key than theirs nothing starts, this command neither."""
    seen = "còn số chưa niêm phong (một nhóm đang được chia để gửi)" if plain else "mọi số đã niêm phong, khóa đúng"
    return Finding("số người nhận", not plain, seen, "chờ chia xong; loa serve với vai trò sweeper niêm phong nốt")


def of_level(house: House) -> Finding:
    """Of which level the office is: the law has other rules for each. It works without, so that is told and no fault."""
    unsaid = 'chưa khai, nên quy định về SMS chỉ được nhắc; đặt [office] level = "commune", "province" hoặc "centre"'
    return Finding("cấp cơ quan", True, LEVELS.get(house.policy.level, unsaid))


def of_outlet(name: str, row: Row[Any]) -> Finding:
    """An outlet that is paused or fails."""
    well = row.paused_at is None and not row.failures
    seen = "tốt" if well else row.trouble or "tạm dừng"
    return Finding(f"điểm phát {name}", well, seen, f"sửa rồi: loa outlet resume {name}")


def of_units(house: House, units: Container[str]) -> Finding:
    """Outlets of units that there are not: nobody but the office's own people sees them."""
    lost = [f"{at.name} ({at.unit})" for at in house.outlets if at.unit and at.unit not in units]
    seen = f"không có đơn vị của điểm phát {', '.join(lost)}" if lost else "mọi điểm phát đúng đơn vị"
    return Finding("đơn vị", not lost, seen, "sửa unit trong [outlets.TÊN], hoặc thêm đơn vị (loa unit save)")


def of_stations(calls: Sequence[Alert]) -> Finding:
    """Stations that have not fetched what they are to air."""
    seen = "; ".join(f"{one.outlet}: {one.title}" + (f" ({one.phone})" if one.phone else "") for one in calls)
    return Finding("đài chưa lấy bản tin", not calls, seen or "không có", "gọi đài; lời đọc ở trang Hôm nay")


def of_receivers(troubled: Sequence[Subscription]) -> Finding:
    """Receivers of events that take nothing, or that nothing is sent to any more because of that."""
    told = [
        f"{one.title}: đã ngừng gửi, {one.trouble}" if one.is_disabled else f"{one.title}: {_failed(one)}"
        for one in troubled
    ]
    do = "sửa nơi nhận rồi mở lại ở trang Báo sự kiện ra ngoài (/subscriptions)"
    return Finding("nơi nhận sự kiện", not troubled, "; ".join(told) or "không vướng", do)


def _failed(one: Subscription) -> str:
    return f"không nhận được gì, {said(one.failed_status, one.failed_words)}"


def of_unsure(backlog: Mapping[str, Backlog]) -> Finding:
    """Deliveries that a person must decide on."""
    unsure = sum(one.unsure for one in backlog.values())
    do = "loa delivery list --state unsure, rồi loa delivery resolve"
    return Finding("lượt chưa rõ", not unsure, str(unsure), do)


# --- what should move on, and does it ----------------------------------------------------------------------------------


def of_schedules(now: datetime, due: datetime | None) -> Finding:
    """A due moment that no planner has taken."""
    late = max(timedelta(), now - due) if due else timedelta()
    do = "loa serve có đang chạy vai trò planner không?"
    return Finding("kỳ phát trễ", late < PATIENCE, long(late), do)


def of_planning(now: datetime, since: datetime | None) -> Finding:
    """Recipients that are not frozen."""
    well = since is None or now - since < PLANNING_PATIENCE
    seen = "không vướng" if since is None or well else f"một kỳ phát đang chia dở từ {long(now - since)} trước"
    do = "loa serve có đang chạy vai trò planner không? Xem dòng step_failed trong nhật ký máy chủ"
    return Finding("chia người nhận", well, seen, do)


def of_unserved(now: datetime, backlog: Mapping[str, Backlog], rows: Mapping[str, Row[Any]], house: House) -> Finding:
    """Deliveries long due of an outlet that is well and that no process holds anything of."""
    stuck = {
        name: one
        for name, one in backlog.items()
        if one.late and one.lease_until is None and rows[name].paused_at is None and not rows[name].failures
    }
    told = [
        f"{name}: {one.late} lượt, từ {long(now - (one.oldest_due_at or now))} trước" for name, one in stuck.items()
    ]
    gone = [name for name in stuck if name not in house.outlets]
    do = "loa serve có đang chạy vai trò worker không?"
    if gone:
        do = f"{', '.join(gone)} không còn trong cấu hình: khai lại, hoặc hủy các kỳ phát ấy"
    return Finding("lượt đến giờ không ai gửi", not stuck, "; ".join(told) or "không có", do)


def of_leases(now: datetime, backlog: Mapping[str, Backlog]) -> Finding:
    """Claims of a process that is gone, which nobody takes back."""
    over = {name: now - one.lease_until for name, one in backlog.items() if one.lease_until}
    stuck = [f"{name}: quá hạn giữ {long(late)}" for name, late in over.items() if late > PATIENCE]
    do = "một tiến trình đã chết khi đang gửi và không ai nhận lại việc: chạy loa serve với vai trò sweeper"
    return Finding("kiện bị giữ", not stuck, "; ".join(stuck) or "không có", do)


def of_overdue(count: int) -> Finding:
    """Parcels whose window is over and that nobody calls missed."""
    seen = f"{count} kiện hết hạn mà chưa ghi lỡ giờ" if count else "không có"
    return Finding("kiện quá hạn", not count, seen, "chạy loa serve với vai trò sweeper")


# --- clocks ------------------------------------------------------------------------------------------------------------


def of_steps(now: datetime, step: Deed | None, house: House) -> Finding:
    """A clock that was stepped lately."""
    well = step is None or now - step.at > STEPS_LATELY
    seen = "không bị chỉnh trong một ngày qua"
    if step is not None and not well:
        at = local(step.at, house.settings.office.zone)
        seen = f"máy {step.detail['host']} bị chỉnh {step.detail['seconds']:+.0f} giây lúc {at}"
    return Finding("đồng hồ", well, seen, "bật đồng bộ giờ (chrony hoặc systemd-timesyncd), đừng chỉnh giờ bằng tay")


def of_server_clock(ahead: timedelta) -> Finding:
    """The database server's clock against this machine's."""
    seen = f"lệch {ahead.total_seconds():+.1f} giây so với máy này"
    do = "đồng bộ giờ hai máy với cùng một nguồn (chrony): lịch phát theo giờ máy này, hạn giữ theo giờ máy chủ"
    return Finding("giờ máy chủ cơ sở dữ liệu", abs(ahead) <= STEP, seen, do)


# --- what it all stands on ---------------------------------------------------------------------------------------------


def of_disk(name: str, place: Path, free: int) -> Finding:
    """Room on a disk."""
    return Finding(name, free > LITTLE_ROOM, f"{place} còn {size(free)}", "dọn ổ đĩa: dưới 1 GB là nguy hiểm")


def of_database(seen: Checkup) -> Iterator[Finding]:
    """The database's own state."""
    if seen.place is not None:
        yield of_disk("ổ đĩa cơ sở dữ liệu", seen.place, shutil.disk_usage(seen.place).free)
        told = f"dữ liệu {size(seen.size)}, WAL {size(seen.log)}"
        do = "một chương trình đọc mãi không xong nên WAL không gộp được: dừng chương trình đó, hoặc chạy lại Loa"
        yield Finding("tệp cơ sở dữ liệu", seen.log <= LONG_LOG, told, do)
        return
    yield of_settings(seen)
    held = {name: count for name, count in seen.held.items() if count > LITTLE_ROOM}
    told = "; ".join(f"khe {name} giữ {size(count)} WAL" for name, count in held.items())
    do = "máy dự phòng đã tắt? Bật lại, hoặc xóa khe: SELECT pg_drop_replication_slot('TÊN'); để lâu sẽ đầy ổ đĩa"
    yield Finding("dung lượng PostgreSQL", not held, told or f"dữ liệu {size(seen.size)}", do)


def of_settings(seen: Checkup) -> Finding:
    """What makes `committed` mean less than `on disk`."""
    was, wrong = seen.settings, []
    if was["fsync"] != "on" or was["full_page_writes"] != "on":
        wrong.append("fsync và full_page_writes phải là on: mất điện là hỏng dữ liệu")
    if was["synchronous_commit"] == "off":
        wrong.append("synchronous_commit phải là on: mất điện là mất lượt đã ghi")
    if seen.hosts > 1 and not was["synchronous_standby_names"]:
        wrong.append(
            "máy dự phòng đồng bộ còn chạy không? synchronous_standby_names trống: chuyển máy lúc này có thể mất lượt đã ghi"
        )
    elif seen.hosts > 1 and was["synchronous_commit"] in {"local", "remote_write"}:
        wrong.append("synchronous_commit phải là on: máy dự phòng chưa chắc đã ghi xuống đĩa")
    told = ", ".join(f"{name}={value or '(trống)'}" for name, value in was.items())
    return Finding("PostgreSQL ghi bền", not wrong, told, "; ".join(wrong) + " (docs/operate.md)")


def of_files(at_once: int, most: int | None = None) -> Finding:
    """Open files the system allows against what the outlets may need."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if most is None else most
    needed = at_once + FILES_BESIDE
    do = f"đặt LimitNOFILE={max(65536, needed)} trong tệp dịch vụ systemd, hoặc giảm at_once của các điểm phát"
    well = most == resource.RLIM_INFINITY or most >= needed
    return Finding("số tệp được mở", well, f"cần {needed}, hệ thống cho {most}", do)
