"""Contests as JSON, and what of one is told on several pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from config.words import BadInput
from content.contests import announcing
from content.contests.contest import Contest, Standing, State, board_code_of, record
from content.contests.entries import store as entries
from content.contests.entries.store import Entry
from desk.answer import Visit
from desk.contests.figures import Figures, figures
from desk.forms import iso
from desk.keys import derive
from scheduler.contesting import BOARD


def plain_listed(one: Contest, standing: Standing, begun: int, finished: int) -> dict[str, Any]:
    """A line of the list."""
    plain: dict[str, Any] = {"id": one.id, "unit": one.unit, "title": one.title, "state": standing.value}
    plain |= {"opens_at": iso(one.plan.opens_at), "closes_at": iso(one.plan.closes_at)}
    return plain | {"erase_at": iso(one.erase_at), "begun": begun, "finished": finished}


async def plain_contest(visit: Visit, connection: AsyncConnection, id: str) -> dict[str, Any]:
    """A contest with its texts, its boards' codes for whom they are for, and what came of it. Raises NotFound."""
    house = visit.house
    seen = await house.contesting.look(connection, id)
    one, everybody = seen.contest, await entries.listed(connection, id)
    counted = figures(everybody, [each.question for each in seen.questions], house.settings.office.zone)
    when, key = times(visit, one), derive(house.key, "contest")
    try:
        address = house.contesting.address(one)
    except BadInput:
        address = None
    standing = one.standing(house.clock.now())
    may = visit.may("contest-count") and one.plan.board and one.state is State.APPROVED
    plain = plain_listed(one, standing, counted.begun, counted.finished)
    plain |= {"plan": record(one.plan), "digest": seen.digest, "questions": list(one.questions), "address": address}
    plain |= {name: getattr(one, name) for name in ("made_by", "approved_by", "counted_by")}
    plain["texts"] = [
        {"role": role, "item": item.id, "title": revision.title, "state": item.state.value, "at": iso(when.get(role))}
        for role, (item, revision) in seen.texts.items()
    ]
    plain["board_codes"] = {at.name: board_code_of(one.id, at.name, key) for at in boards(visit)} if may else {}
    # what questions are drawn by stays here until it helps nobody any more
    over = standing in {Standing.OVER, Standing.COUNTED, Standing.PUBLISHED}
    plain |= {"seed": one.seed if over else None, "results": one.results or None}
    plain |= {"winners": [plain_winner(visit, each) for each in everybody if each.prize]}
    plain |= {"published_at": iso(one.published_at), "erased_at": iso(one.erased_at)}
    return plain | {"counts": _plain_counts(counted)}


def plain_winner(visit: Visit, one: Entry) -> dict[str, Any]:
    """Who won what; their number is masked."""
    seal = visit.house.seal
    known = not one.address.startswith(entries.GONE)
    plain = {"prize": one.prize, "name": seal.open_text(one.name), "place": one.place, "right": one.right}
    plain |= {"phone": masked(seal.open(one.address)) if known else "", "asked": len(one.questions)}
    return plain | {"guess": one.guess, "way": one.way.value}


def _plain_counts(counted: Figures) -> dict[str, Any]:
    kept = ("begun", "finished", "mean", "all_right", "by_day", "by_place", "by_way")
    shares = {id: round(right / asked, 3) for id, (right, asked) in counted.questions.items()}
    return {name: getattr(counted, name) for name in kept} | {"questions": shares}


def times(visit: Visit, one: Contest) -> dict[str, Any]:
    """When each of its texts goes out; None: when somebody asks."""
    house = visit.house
    texts = announcing.texts_of(one, "", house.settings.office.name, house.settings.office.zone)
    return {text.role: text.at for text in texts}


def boards(visit: Visit) -> list[Any]:
    """The notice boards within reach, each of which has a code of its own."""
    return [at for at in visit.outlets if at.channel.kind == BOARD]
