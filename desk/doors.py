"""The table of doors: every page and deed of the desk, and who may."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from aiohttp import web

from content.upload import MOST_BYTES
from db.types import to_json
from desk import (
    audiences,
    auth,
    calendar,
    correction,
    deliveries,
    glossary,
    item_page,
    items,
    live,
    log_export,
    moving,
    policy,
    programme,
    quota,
    recordings,
    report,
    rights,
    schedules,
    sheet,
    standing,
    subscriptions,
    themes,
    today,
    versions,
)
from desk.answer import Answer, Handler, Visit
from desk.boards import page as boards
from desk.classes import materials, printed, sessions
from desk.classes import page as classes
from desk.classes import people as class_people
from desk.composing import page as composing
from desk.contests import bank, planning
from desk.contests import page as contests
from desk.delegation import page as delegations
from desk.evidence import page as evidence
from desk.feedback import page as feedback
from desk.listening import page as listening
from desk.openapi import document
from desk.outlets import page as outlets
from desk.outlets import setting
from desk.plan import page as plans
from desk.procedures import citing
from desk.procedures import page as procedures
from desk.reporting import page as reports
from desk.rides import page as rides
from desk.second_step import page as second_step
from desk.shape import shape
from desk.staff import page as staff
from desk.staff import tokens
from desk.units import page as units
from desk.units import passing

MEGABYTE = 2**20
SMALL, LARGE, HUGE = MEGABYTE, 14 * MEGABYTE, MOST_BYTES + MEGABYTE

ALL = frozenset({"author", "approver", "station", "viewer", "administrator"})
READ = ALL - {"station"}
WRITE = frozenset({"author", "administrator"})
APPROVE = frozenset({"approver", "administrator"})
RUN = WRITE | APPROVE
ADMIN = frozenset({"administrator"})
SESSION, MATERIAL = "/classes/{id}/sessions/{name}", "/classes/{id}/materials/{name}"


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: who may use it. `api` opens it under /api/v1 as well, for tokens with `scope`; `most` bounds the body."""

    name: str
    method: str
    path: str
    handler: Handler
    roles: frozenset[str]
    api: bool = False
    scope: str = "read"
    most: int = SMALL


@shape(dict[str, Any])
async def describe(_: Visit) -> Answer:
    """GET /openapi.json: this description of the API."""
    return web.Response(text=_described(), content_type="application/json")


@cache
def _described() -> str:
    """Always the same, and long to write."""
    return to_json(document(DOORS))


DOORS: tuple[Door, ...] = (
    Door("today", "GET", "/", today.show, ALL),
    Door("events", "GET", "/events", live.events, ALL, api=True),
    Door("password", "GET", "/password", auth.show_password, ALL),
    Door("second-step", "GET", "/second-step", second_step.show, ALL),
    Door("second-step-new", "GET", "/second-step/new", second_step.show_new, ALL),
    Door("second-step-on", "POST", "/second-step", second_step.turn_on, ALL),
    Door("second-step-codes", "POST", "/second-step/codes", second_step.renew_codes, ALL),
    Door("second-step-off", "POST", "/second-step/off", second_step.turn_off, ALL),
    Door("items", "GET", "/items", items.list_all, READ, api=True),
    Door("item-new", "GET", "/items/new", items.blank, WRITE),
    Door("item-write", "POST", "/items", items.write, WRITE, api=True, scope="write", most=LARGE),
    Door("item-preview", "POST", "/items/preview", composing.preview, WRITE, api=True, most=LARGE),
    Door("item-paste", "POST", "/items/paste", composing.paste, WRITE, api=True, most=LARGE),
    Door("scratch-remove", "POST", "/items/scratch/remove", composing.give_up, WRITE),
    Door("item", "GET", "/items/{id}", item_page.show, READ, api=True),
    Door("item-versions", "GET", "/items/{id}/versions", versions.show, READ, api=True),
    Door("item-audio", "GET", "/items/{id}/audio", item_page.audio, READ, api=True),
    Door("item-slip", "GET", "/items/{id}/slip", evidence.show_slip, READ, api=True),
    Door("item-evidence", "GET", "/items/{id}/evidence.zip", evidence.show_bundle, APPROVE, api=True),
    Door("item-edit", "GET", "/items/{id}/edit", items.edit, WRITE),
    Door("item-revise", "POST", "/items/{id}", items.revise, WRITE, api=True, scope="write", most=LARGE),
    Door("item-reading", "POST", "/items/{id}/reading", glossary.read_otherwise, WRITE, api=True, scope="write"),
    Door("item-record", "POST", "/items/{id}/recording", recordings.upload, WRITE, True, "write", most=HUGE),
    Door("item-unrecord", "POST", "/items/{id}/recording/remove", recordings.remove, WRITE, True, "write"),
    Door("item-submit", "POST", "/items/{id}/submit", items.submit, WRITE, api=True, scope="write"),
    Door("item-approve", "POST", "/items/{id}/approve", items.approve, APPROVE, api=True, scope="approve"),
    Door("item-send-back", "POST", "/items/{id}/send-back", items.send_back, APPROVE, api=True, scope="approve"),
    Door("item-tell", "POST", "/items/{id}/tell", correction.tell, RUN, api=True, scope="write"),
    Door("item-withdraw", "POST", "/items/{id}/withdraw", items.withdraw, RUN, api=True, scope="approve"),
    Door("item-pass", "POST", "/items/{id}/pass", passing.pass_down, RUN, api=True, scope="write"),
    Door("item-cite", "POST", "/items/{id}/procedures", citing.cite, WRITE, api=True, scope="write"),
    Door("passed", "GET", "/passed", passing.list_all, READ, api=True),
    Door("passing-accept", "POST", "/passed/{id}/accept", passing.accept, RUN, api=True, scope="write"),
    Door("passing-localise", "POST", "/passed/{id}/localise", passing.localise, WRITE, api=True, scope="write"),
    Door("passing-decline", "POST", "/passed/{id}/decline", passing.decline, RUN, api=True, scope="write"),
    Door("schedules", "GET", "/schedules", schedules.list_all, ALL, api=True),
    Door("schedule-new", "GET", "/schedules/new", schedules.blank, RUN),
    Door("schedule-preview", "POST", "/schedules/preview", schedules.preview, RUN, api=True),
    Door("schedule-add", "POST", "/schedules", schedules.add, RUN, api=True, scope="write"),
    Door("schedule", "GET", "/schedules/{id}", schedules.show, ALL, api=True),
    Door("schedule-approve", "POST", "/schedules/{id}/approve", schedules.approve, APPROVE, api=True, scope="approve"),
    Door("schedule-send-back", "POST", "/schedules/{id}/send-back", schedules.send_back, APPROVE, True, "approve"),
    Door("schedule-pause", "POST", "/schedules/{id}/pause", schedules.pause, RUN, api=True, scope="write"),
    Door("schedule-resume", "POST", "/schedules/{id}/resume", schedules.resume, RUN, api=True, scope="write"),
    Door("schedule-cancel", "POST", "/schedules/{id}/cancel", schedules.cancel, RUN, api=True, scope="write"),
    Door("schedule-moving", "GET", "/schedules/{id}/move", moving.form, RUN),
    Door("schedule-move", "POST", "/schedules/{id}/move", moving.move, RUN, api=True, scope="write"),
    Door("calendar", "GET", "/calendar", calendar.show, ALL, api=True),
    Door("calendar-pausing", "GET", "/calendar/pause", standing.show, RUN, api=True),
    Door("calendar-pause", "POST", "/calendar/pause", standing.pause, RUN, api=True, scope="write"),
    Door("calendar-resume", "POST", "/calendar/resume", standing.resume, RUN, api=True, scope="write"),
    Door("occurrences", "GET", "/occurrences", schedules.list_occurrences, ALL, api=True),
    Door("occurrence-cancel", "POST", "/occurrences/{id}/cancel", schedules.cancel_occurrence, RUN, True, "write"),
    Door("deliveries", "GET", "/deliveries", deliveries.list_all, READ, api=True),
    Door("delivery-export", "GET", "/deliveries/export", log_export.export, READ, api=True),
    Door("delivery", "GET", "/deliveries/{id}", deliveries.show, READ, api=True),
    Door("delivery-retry", "POST", "/deliveries/{id}/retry", deliveries.retry, RUN, api=True, scope="write"),
    Door("delivery-resolve", "POST", "/deliveries/{id}/resolve", deliveries.resolve, RUN, api=True, scope="write"),
    Door("delivery-cancel", "POST", "/deliveries/{id}/cancel", deliveries.cancel, RUN, api=True, scope="write"),
    Door("delivery-number", "POST", "/deliveries/{id}/number", deliveries.show_number, ADMIN, api=True, scope="write"),
    Door("outlets", "GET", "/outlets", outlets.list_all, ALL, api=True),
    Door("outlet-new", "GET", "/outlets/new", setting.blank, ADMIN),
    Door("outlet-add", "POST", "/outlets", setting.add, ADMIN, api=True, scope="approve"),
    Door("outlet", "GET", "/outlets/{name}", outlets.show, READ, api=True),
    Door("outlet-edit", "GET", "/outlets/{name}/edit", setting.edit, ADMIN),
    Door("outlet-change", "POST", "/outlets/{name}", setting.change, ADMIN, api=True, scope="approve"),
    Door("outlet-remove", "POST", "/outlets/{name}/remove", setting.remove, ADMIN, api=True, scope="approve"),
    Door("outlet-test", "POST", "/outlets/{name}/test", outlets.test, ADMIN, api=True, scope="approve"),
    Door("outlet-pause", "POST", "/outlets/{name}/pause", outlets.pause, RUN, api=True, scope="write"),
    Door("outlet-resume", "POST", "/outlets/{name}/resume", outlets.resume, RUN, api=True, scope="write"),
    Door("outlet-quota", "GET", "/outlets/{name}/quota", quota.show, READ, api=True),
    Door("programme", "GET", "/programme", programme.show, READ, api=True),
    Door("programme-sound", "GET", "/programme/sound", programme.sound, READ, api=True),
    Door("programme-bed", "POST", "/programme/bed", programme.take_bed, APPROVE, True, "approve", most=HUGE),
    Door("programme-unbed", "POST", "/programme/bed/remove", programme.drop_bed, APPROVE, True, "approve"),
    Door("glossary", "GET", "/glossary", glossary.list_all, READ, api=True),
    Door("glossary-add", "POST", "/glossary", glossary.add, RUN, api=True, scope="write"),
    Door("glossary-remove", "POST", "/glossary/remove", glossary.remove, RUN, api=True, scope="write"),
    Door("glossary-import", "POST", "/glossary/import", glossary.take_in, RUN),
    Door("glossary-table", "GET", "/glossary.tsv", glossary.table, READ, api=True),
    Door("sound", "GET", "/glossary/sound", glossary.sound, READ, api=True),
    Door("outlet-sheet", "GET", "/outlets/{name}/sheet", sheet.show, RUN),
    Door("outlet-paper", "GET", "/outlets/{name}/paper", sheet.paper, READ),
    Door("outlet-aired", "POST", "/outlets/{name}/aired", sheet.take_aired, RUN, api=True, scope="write", most=LARGE),
    Door("report-stations", "GET", "/reports/stations", report.show, READ, api=True),
    Door("reports", "GET", "/reports", reports.show, READ, api=True),
    Door("report-hand-in", "POST", "/reports", reports.hand_in, APPROVE, api=True, scope="approve"),
    Door("reports-handed-in", "GET", "/reports/handed-in", reports.list_handed_in, READ, api=True),
    Door("plan", "GET", "/plan", plans.show, READ, api=True),
    Door("plan-evidence", "GET", "/plan/evidence.xlsx", plans.show_evidence, READ, api=True),
    Door("plan-save", "POST", "/plan", plans.save, APPROVE, api=True, scope="write"),
    Door("plan-copy", "POST", "/plan/copy", plans.copy, APPROVE, api=True, scope="write"),
    Door("plan-task-add", "POST", "/plan/tasks", plans.add_task, APPROVE, api=True, scope="write"),
    Door("plan-task", "GET", "/plan/tasks/{id}", plans.show_task, READ, api=True),
    Door("plan-task-change", "POST", "/plan/tasks/{id}", plans.change_task, APPROVE, api=True, scope="write"),
    Door("plan-task-remove", "POST", "/plan/tasks/{id}/remove", plans.remove_task, APPROVE, api=True, scope="write"),
    Door("rides", "GET", "/rides", rides.list_all, READ, api=True),
    Door("ride-add", "POST", "/rides", rides.add, RUN, api=True, scope="write"),
    Door("ride", "GET", "/rides/{id}", rides.show, READ, api=True),
    Door("ride-approve", "POST", "/rides/{id}/approve", rides.approve, APPROVE, api=True, scope="approve"),
    Door("ride-send-back", "POST", "/rides/{id}/send-back", rides.send_back, APPROVE, api=True, scope="approve"),
    Door("ride-end", "POST", "/rides/{id}/end", rides.end, RUN, api=True, scope="write"),
    Door("procedures", "GET", "/procedures", procedures.list_all, READ, api=True),
    Door("procedures-import", "POST", "/procedures", procedures.take_in, WRITE, True, "write", most=LARGE),
    Door("procedure", "GET", "/procedures/{id}", procedures.show, READ, api=True),
    Door("contests", "GET", "/contests", contests.list_all, READ, api=True),
    Door("contest-new", "GET", "/contests/new", planning.blank, WRITE),
    Door("contest-add", "POST", "/contests", planning.add, WRITE, api=True, scope="write"),
    Door("contest", "GET", "/contests/{id}", contests.show, READ, api=True),
    Door("contest-edit", "GET", "/contests/{id}/edit", planning.edit, WRITE),
    Door("contest-revise", "POST", "/contests/{id}", planning.revise, WRITE, api=True, scope="write"),
    Door("contest-submit", "POST", "/contests/{id}/submit", contests.submit, WRITE, api=True, scope="write"),
    Door("contest-approve", "POST", "/contests/{id}/approve", contests.approve, APPROVE, api=True, scope="approve"),
    Door("contest-send-back", "POST", "/contests/{id}/send-back", contests.send_back, APPROVE, True, "approve"),
    Door("contest-withdraw", "POST", "/contests/{id}/withdraw", contests.withdraw, RUN, api=True, scope="approve"),
    Door("contest-count", "POST", "/contests/{id}/results", contests.count, RUN, api=True, scope="write"),
    Door("contest-publish", "POST", "/contests/{id}/publish", contests.publish, APPROVE, api=True, scope="approve"),
    Door("contest-report", "GET", "/contests/{id}/report", contests.show_report, READ, api=True),
    Door("questions", "GET", "/questions", bank.list_questions, READ, api=True),
    Door("questions-import", "POST", "/questions", bank.take_in, WRITE, True, "write", most=LARGE),
    Door("question-retire", "POST", "/questions/{id}/retire", bank.retire, WRITE, api=True, scope="write"),
    Door("outlet-key", "POST", "/outlets/{name}/key", sheet.new_key, RUN, api=True, scope="approve"),
    Door("boards", "GET", "/boards", boards.list_all, READ, api=True),
    Door("board-sheet", "GET", "/boards/{name}/{id}/sheet", boards.show_sheet, READ, api=True),
    Door("board-photo", "GET", "/boards/{name}/{id}/photo", boards.show_photo, READ, api=True),
    Door("board-posted", "POST", "/boards/{name}/{id}/posted", boards.posted, RUN, True, "write", most=LARGE),
    Door("board-down", "POST", "/boards/{name}/{id}/down", boards.taken_down, RUN, True, "write", most=LARGE),
    Door("classes", "GET", "/classes", classes.list_all, READ, api=True),
    Door("class-open", "POST", "/classes", classes.open_class, WRITE, api=True, scope="write"),
    Door("class", "GET", "/classes/{id}", classes.show, READ, api=True),
    Door("class-change", "POST", "/classes/{id}", classes.change, WRITE, api=True, scope="write"),
    Door("class-cancel", "POST", "/classes/{id}/cancel", classes.cancel, RUN, api=True, scope="approve"),
    Door("class-session", "POST", "/classes/{id}/sessions", sessions.add_session, WRITE, api=True, scope="write"),
    Door("class-session-move", "POST", SESSION, sessions.move_session, WRITE, True, "write"),
    Door("class-session-drop", "POST", f"{SESSION}/remove", sessions.drop_session, WRITE, api=True, scope="write"),
    Door("class-sheet", "GET", f"{SESSION}/sheet.pdf", printed.show_sheet, READ, api=True),
    Door("class-invite", "POST", "/classes/{id}/invite", classes.invite, WRITE, api=True, scope="write"),
    Door("class-person", "POST", "/classes/{id}/people", class_people.add_person, RUN, api=True, scope="write"),
    Door("class-answer", "POST", "/classes/{id}/people/{name}/answer", class_people.note_answer, RUN, True, "write"),
    Door("class-tick", "POST", "/classes/{id}/attendance", class_people.tick, RUN, True, "write", most=LARGE),
    Door("class-list", "GET", "/classes/{id}/list.pdf", printed.show_list, READ, api=True),
    Door(
        "class-certify", "POST", "/classes/{id}/certificates", class_people.certify, APPROVE, api=True, scope="approve"
    ),
    Door("class-certificates", "GET", "/classes/{id}/certificates.pdf", printed.show_certificates, READ, api=True),
    Door("class-material", "POST", "/classes/{id}/materials", materials.add_material, WRITE, api=True, scope="write"),
    Door("class-file", "POST", "/classes/{id}/materials/file", materials.take_file, WRITE, True, "write", most=LARGE),
    Door("class-material-drop", "POST", f"{MATERIAL}/remove", materials.drop_material, WRITE, api=True, scope="write"),
    Door("class-file-show", "GET", MATERIAL, materials.show_file, READ, api=True),
    Door("voices", "GET", "/voices", listening.show, ALL, api=True),
    Door("voices-judge", "POST", "/voices/{id}", listening.judge, ALL),
    Door("voices-sound", "GET", "/voices/{id}/{side}", listening.sound, ALL),
    Door("themes", "GET", "/themes", themes.list_all, READ, api=True),
    Door("theme-save", "POST", "/themes", themes.save, APPROVE, api=True, scope="write"),
    Door("theme-retire", "POST", "/themes/{id}/retire", themes.retire, APPROVE, api=True, scope="write"),
    Door("staff", "GET", "/staff", staff.list_all, ADMIN, api=True),
    Door("staff-add", "POST", "/staff", staff.add, ADMIN),
    Door("staff-roles", "POST", "/staff/{id}/roles", staff.change_roles, ADMIN),
    Door("staff-close", "POST", "/staff/{id}/close", staff.close, ADMIN, api=True, scope="approve"),
    Door("staff-open", "POST", "/staff/{id}/open", staff.open_again, ADMIN),
    Door("staff-password", "POST", "/staff/{id}/password", staff.reset, ADMIN),
    Door("staff-step", "POST", "/staff/{id}/second-step/off", staff.drop_second_step, ADMIN),
    Door("staff-unit", "POST", "/staff/{id}/unit", staff.change_unit, ADMIN),
    Door("units", "GET", "/units", units.list_all, READ, api=True),
    Door("unit-save", "POST", "/units", units.save, ADMIN, api=True, scope="approve"),
    Door("units-import", "POST", "/units/import", units.take_in, ADMIN, True, "approve", most=LARGE),
    Door("units-load", "POST", "/units/load", units.load, ADMIN, api=True, scope="approve"),
    Door("tokens", "GET", "/tokens", tokens.show, ALL),
    Door("token-make", "POST", "/tokens", tokens.make, ALL),
    Door("token-remove", "POST", "/tokens/{id}/remove", tokens.drop, ALL),
    Door("delegations", "GET", "/delegations", delegations.list_all, READ, api=True),
    Door("delegate", "POST", "/delegations", delegations.add, APPROVE, api=True, scope="approve"),
    Door("delegation-end", "POST", "/delegations/{id}/end", delegations.end, APPROVE, api=True, scope="approve"),
    Door("audiences", "GET", "/audiences", audiences.list_all, READ, api=True),
    Door("audience-filter", "POST", "/audiences/filter", audiences.add_filter, RUN, api=True, scope="write"),
    Door("opt-out", "POST", "/audiences/opt-out", audiences.opt_out, RUN, api=True, scope="write"),
    Door("opt-in", "POST", "/audiences/opt-in", audiences.opt_in, RUN, api=True, scope="write"),
    Door("person-export", "POST", "/audiences/export", rights.export, ADMIN, api=True, scope="write"),
    Door("person-erase", "POST", "/audiences/erase", rights.erase, ADMIN, api=True, scope="write"),
    Door("policy", "GET", "/policy", policy.show, READ, api=True),
    Door("no-adverts", "POST", "/policy/no-adverts", policy.take_in, RUN, True, "write", most=HUGE),
    Door("audience-import", "POST", "/audiences", audiences.take_in, RUN, True, "write", most=HUGE),
    Door("feedback", "GET", "/feedback", feedback.list_all, READ, api=True),
    Door("feedback-theme", "POST", "/feedback/{id}/theme", feedback.put_under, RUN, api=True, scope="write"),
    Door("feedback-answer", "POST", "/feedback/{id}/answer", feedback.answer, RUN, api=True, scope="write"),
    Door("feedback-close", "POST", "/feedback/{id}/close", feedback.close, RUN, api=True, scope="write"),
    Door("feedback-open", "POST", "/feedback/{id}/open", feedback.reopen, RUN, api=True, scope="write"),
    Door("subscriptions", "GET", "/subscriptions", subscriptions.list_all, ADMIN, api=True),
    Door("subscription-add", "POST", "/subscriptions", subscriptions.add, ADMIN, api=True, scope="approve"),
    Door("subscription-key", "POST", "/subscriptions/{id}/key", subscriptions.renew, ADMIN, api=True, scope="approve"),
    Door("subscription-pause", "POST", "/subscriptions/{id}/pause", subscriptions.pause, ADMIN, True, "write"),
    Door("subscription-resume", "POST", "/subscriptions/{id}/resume", subscriptions.resume, ADMIN, True, "write"),
    Door("subscription-remove", "POST", "/subscriptions/{id}/remove", subscriptions.remove, ADMIN, True, "write"),
    Door("subscription-test", "POST", "/subscriptions/{id}/test", subscriptions.try_out, ADMIN, True, "write"),
    Door("subscription-replay", "POST", "/subscriptions/{id}/replay", subscriptions.replay, ADMIN, True, "write"),
    Door("openapi", "GET", "/openapi.json", describe, ALL, api=True),
)
"""Every page and deed, and who may: what is not here does not exist, and who is not named is refused."""

ALLOWED = {door.name: door.roles for door in DOORS}
