"""What an outlet has been through, reckoned for the eye: how each of the last days went, and for how much of the time it worked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from channels.past.store import Past, Turn
from config.words import Word

DAYS = 30
WORSE = ("working", "troubled", "paused")
STATES = {Turn.WORKING: "working", Turn.RESUMED: "working", Turn.TROUBLED: "troubled", Turn.PAUSED: "paused"}
TITLES = {
    Turn.TROUBLED: Word("gặp lỗi liên tục", "lasting trouble"),
    Turn.WORKING: Word("gửi được trở lại", "sending again"),
    Turn.PAUSED: Word("tạm dừng", "paused"),
    Turn.RESUMED: Word("mở lại", "resumed"),
    Turn.ADDED: Word("thêm điểm phát này", "added this outlet"),
    Turn.SET: Word("đặt lại", "changed the settings"),
    Turn.TRIED: Word("gửi thử", "test sent"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A state from a moment to the next one of the outlet's life."""

    state: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """The last days, the oldest first, each with the worst state of it; the share of the time it worked, and what went wrong."""

    days: tuple[tuple[date, str], ...]
    share: float
    troubles: int
    pauses: int


def health(past: Sequence[Past], now: datetime, zone: ZoneInfo, days: int = DAYS) -> Health:
    """Of turns with the latest first. Before the first that is known an outlet is taken to have worked."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, datetime.min.time(), zone)
    spans = [one for one in _spans(past, now) if one.end > since]
    worst = dict.fromkeys((first + timedelta(days=at) for at in range(days)), WORSE[0])
    for one in spans:
        day = max(one.begin, since).astimezone(zone).date()
        while day <= one.end.astimezone(zone).date() and day in worst:
            worst[day] = max(worst[day], one.state, key=WORSE.index)
            day += timedelta(days=1)
    bad = sum(((one.end - max(one.begin, since)).total_seconds() for one in spans if one.state != WORSE[0]), 0.0)
    turns = [one.turn for one in past if one.at >= since]
    share = 1 - bad / max(1.0, (now - since).total_seconds())
    return Health(tuple(worst.items()), share, turns.count(Turn.TROUBLED), turns.count(Turn.PAUSED))


def _spans(past: Sequence[Past], now: datetime) -> list[Span]:
    """A paused outlet may also be failing: what was said of it meanwhile changes nothing until it is used again."""
    spans: list[Span] = []
    state, begin = WORSE[0], datetime.min.replace(tzinfo=now.tzinfo)
    for one in reversed(past):
        new = STATES.get(one.turn, state)
        if new == state or (state == "paused" and one.turn is not Turn.RESUMED):
            continue
        spans.append(Span(state, begin, one.at))
        state, begin = new, one.at
    return [*spans, Span(state, begin, now)]
