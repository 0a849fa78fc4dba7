"""A plan, its tasks and their progress as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from desk.plan.plan import Plan, Task
from desk.plan.progress import Part, Progress, Sent

HEAD = ("unit", "year", "number", "signed", "title", "objectives", "audiences")
TASK = ("words", "theme", "way", "owner", "rhythm", "deadline", "target")
MANY = 50
"""So many texts that counted are named of a task."""


def plain_plan(plan: Plan, found: Sequence[Progress]) -> dict[str, Any]:
    """A plan with the progress of its tasks."""
    return plain_head(plan) | {"tasks": [plain_progress(one) for one in found]}


def plain_head(plan: Plan) -> dict[str, Any]:
    """A plan without its tasks."""
    signed = plan.signed.isoformat() if plan.signed else None
    return {name: getattr(plan, name) for name in HEAD} | {"signed": signed}


def plain_task(task: Task) -> dict[str, Any]:
    """A task."""
    told: Mapping[str, Any] = {name: getattr(task, name) for name in ("id", "unit", "year", *TASK)}
    return {**told, "deadline": task.deadline.isoformat() if task.deadline else None}


def plain_progress(one: Progress) -> dict[str, Any]:
    """A task and how it stands."""
    counted = [_plain_sent(sent) for sent in one.counted[:MANY]]
    how = {"now": _part(one.now), "expected": one.expected, "gap": one.gap, "standing": one.standing.value}
    return plain_task(one.task) | how | {"parts": [_part(part) for part in one.parts], "counted": counted}


def _part(one: Part) -> dict[str, Any]:
    last = one.stretch.end - timedelta(days=1)
    days = {"begin": one.stretch.begin.isoformat(), "end": last.isoformat()}
    return {**days, "target": one.target, "done": one.done}


def _plain_sent(sent: Sent) -> dict[str, Any]:
    told = {"occurrence": sent.occurrence, "item": sent.item or None, "day": sent.day.isoformat()}
    return told | {"class": sent.course or None}
