"""Policy: what the rules (`rules.py`) say of a case, before approval and again at sending; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from channels.outlet import InService
from config.settings import Level
from config.words import BadInput, Word, in_english
from content.bulletin import BulletinClass, Purpose
from scheduler.rules import Effect, PolicyRule
from scheduler.schedule import QuietHours

LEVELS = {
    "centre": Word("trung ương", "central"),
    "province": Word("cấp tỉnh", "provincial"),
    "commune": Word("cấp xã", "communal"),
}
PERSON_DAY, PERSON_WEEK = "person-day", "person-week"
CAP_TITLES = {
    PERSON_DAY: Word("đã nhận đủ số tin một ngày", "has had the most messages for one day"),
    PERSON_WEEK: Word("đã nhận đủ số tin bảy ngày", "has had the most messages for seven days"),
}
SENDERS = ("brandname", "sender")


class Standing(StrEnum):
    """What a rule says of a case."""

    KEPT = "kept"
    ADVICE = "advice"
    WAITS = "waits"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one outlet: its words, `detail` of this case, its source, what to do instead."""

    rule: str
    outlet: str
    standing: Standing
    vi: str
    en: str
    source: str
    detail_vi: str = ""
    detail_en: str = ""
    instead_vi: str = ""
    instead_en: str = ""

    @property
    def reason_vi(self) -> Word:
        """In one sentence, for the log: the rule, what is so here, where it is written."""
        return Word(
            f"{self.vi}{f': {self.detail_vi}' if self.detail_vi else ''} ({self.source})",
            f"{self.en}{f': {self.detail_en}' if self.detail_en else ''} ({in_english(self.source)})",
        )

    @property
    def rule_en(self) -> str:
        """The rule in English, and where it is written."""
        return f"{self.en} ({in_english(self.source)})"

    def plain(self) -> dict[str, str]:
        """As JSON."""
        names = ("rule", "outlet", "vi", "en", "source", "detail_vi", "detail_en", "instead_vi", "instead_en")
        return {"standing": self.standing.value} | {name: getattr(self, name) for name in names}


def gravest(found: Iterable[Verdict]) -> list[Verdict]:
    """Verdicts in order of what they stop."""
    return sorted(found, key=lambda one: -list(Standing).index(one.standing))


class BrokenRule(BadInput):
    """The law forbids it; nothing was changed. `verdicts` are the broken rules, `told` what a program is told of them."""

    def __init__(self, verdicts: Sequence[Verdict], outlets: Mapping[str, str]) -> None:
        vi = "; ".join(
            f"{outlets.get(one.outlet, one.outlet)}: {_sentence(one.reason_vi, one.instead_vi)}" for one in verdicts
        )
        en = "; ".join(f"{one.outlet}: {_sentence(one.rule_en, one.instead_en)}" for one in verdicts)
        super().__init__(vi, en, field="outlet")
        self.verdicts = tuple(verdicts)

    @property
    def told(self) -> dict[str, Any]:
        """Members of a problem+json beside the sentence."""
        return {"rule": self.verdicts[0].rule, "rules": [one.plain() for one in self.verdicts]}


def _sentence(reason: str, instead: str) -> str:
    return f"{reason}. {instead}." if instead else f"{reason}."


@dataclass(frozen=True, slots=True)
class People:
    """How many of an audience are on the do-not-advertise list, and how many have no consent on record."""

    listed: int = 0
    unconsented: int = 0


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many messages to a person since a moment; only advertising counts where `adverts`."""

    rule: str
    most: int
    since: datetime
    detail: str
    adverts: bool = False


@dataclass(frozen=True, slots=True)
class Personal:
    """What is asked of each recipient of a parcel: rule and reason of each list that is looked at, and caps."""

    caps: tuple[Cap, ...]
    unlisted: tuple[str, str] | None
    consent: tuple[str, str] | None
    advert: bool


class Policy:
    """The rules in force in an office of this level. Moments aware; days are those of `zone`."""

    def __init__(
        self, rules: Mapping[str, PolicyRule], level: Level, zone: ZoneInfo, day: int = 0, week: int = 0
    ) -> None:
        self.rules = dict(rules)
        self.level = level
        self._zone = zone
        self._day, self._week = day, week
        self._known: dict[tuple[str, frozenset[Purpose]], _Known] = {}

    # --- before approval -----------------------------------------------------------------------------------------------

    def check(
        self,
        at: InService,
        purposes: Collection[Purpose],
        moments: Sequence[datetime] = (),
        people: People = People(),
    ) -> list[Verdict]:
        """What every rule that is about it says, the gravest first; `moments` are when it falls due next."""
        found = [self._verdict(name, rule, at, moments, people) for name, rule in self._about(at, purposes)]
        return gravest(found)

    def forbids(self, at: InService, purposes: Collection[Purpose], moment: datetime) -> str:
        """Why nothing for these may go out there at a moment, in words (a `Word`); empty when it may."""
        said = self.check(at, purposes, [moment])
        return next((one.reason_vi for one in said if one.standing is Standing.BROKEN), "")

    def asks_of_people(self, at: InService, purposes: Collection[Purpose]) -> bool:
        """Whether recipients have to be looked at."""
        return any(rule.personal for _, rule in self._about(at, purposes))

    def _about(self, at: InService, purposes: Collection[Purpose]) -> Iterator[tuple[str, PolicyRule]]:
        return ((name, rule) for name, rule in self.rules.items() if rule.is_about(at.channel.kind, purposes))

    def _verdict(
        self, name: str, rule: PolicyRule, at: InService, moments: Sequence[datetime], people: People
    ) -> Verdict:
        bad, vi, en = self._finds(rule, at, moments, people)
        standing = Standing.KEPT
        if bad is not None:
            standing = bad if rule.effect is Effect.FORBID or bad is Standing.WAITS else Standing.ADVICE
        instead = (rule.instead_vi, rule.instead_en) if standing is not Standing.KEPT else ("", "")
        return Verdict(name, at.name, standing, rule.vi, rule.en, rule.source, vi, en, *instead)

    def _finds(
        self, rule: PolicyRule, at: InService, moments: Sequence[datetime], people: People
    ) -> tuple[Standing | None, str, str]:
        if rule.level:
            return self._of_level(rule)
        if rule.hours:
            waiting = [moment for moment in moments if self._open_hours(rule).opening(moment) != moment]
            vi, en = (
                f"{len(waiting)} kỳ phải chờ tới {rule.hours[0]}",
                f"{len(waiting)} runs wait until {rule.hours[0]}",
            )
            return (Standing.WAITS, vi, en) if waiting else (None, "", "")
        if rule.sender:
            return _of_sender(rule, at)
        if rule.never:
            return Standing.BROKEN, "", ""
        return _of_people(rule, people)

    def _of_level(self, rule: PolicyRule) -> tuple[Standing | None, str, str]:
        if self.level in rule.level:
            return None, f"cơ quan {LEVELS[self.level]}", f"the office's level is {self.level}"
        if self.level:
            return Standing.BROKEN, f"cơ quan này là {LEVELS[self.level]}", f"this office's level is {self.level}"
        if len(rule.level) == len(LEVELS):
            return None, "", ""
        vi = "chưa khai cơ quan ở cấp nào; hãy đặt [office] level"
        return Standing.ADVICE, vi, "the office's level is not set; set [office] level"

    # --- at sending ------------------------------------------------------------------------------------------------------

    def refusal(self, at: InService, purposes: frozenset[Purpose]) -> Verdict | None:
        """The rule that forbids sending at all, whatever was approved."""
        return self._known_of(at, purposes).refusal

    def opening(self, at: InService, purposes: frozenset[Purpose], now: datetime) -> tuple[datetime, Verdict] | None:
        """The moment until which it waits, and by which rule; None when it may go now. Quiet hours are another matter."""
        for verdict, hours in self._known_of(at, purposes).hours:
            if (moment := hours.opening(now)) > now:
                return moment, verdict
        return None

    def personal(
        self, at: InService, purposes: frozenset[Purpose], klass: BulletinClass, now: datetime
    ) -> Personal | None:
        """What is asked of each recipient; None when nothing is, and nothing need be counted.

        Caps on all messages leave out what is urgent and warnings.
        """
        known = self._known_of(at, purposes)
        advert = Purpose.ADVERTISING in purposes
        spared = klass is BulletinClass.URGENT or Purpose.EMERGENCY in purposes
        counts = at.channel.scheme and (self._day or self._week)
        if not counts and not known.personal:
            return None
        caps = [
            Cap(name, rule.most, now - rule.within - ALLOTTED_FOR, f"{rule.vi} ({rule.source})", adverts=True)
            for name, rule in known.personal
            if rule.most
        ]
        if counts and not spared:
            caps += self._caps(now)
        listed = next(((name, f"{one.vi} ({one.source})") for name, one in known.personal if one.unlisted), None)
        consent = next(((name, f"{one.vi} ({one.source})") for name, one in known.personal if one.consent), None)
        return Personal(tuple(caps), listed, consent, advert)

    def _caps(self, now: datetime) -> Iterator[Cap]:
        if self._day:
            said = f"Người này đã nhận đủ {self._day} tin hôm nay, là mức cơ quan đặt cho một người một ngày"
            yield Cap(PERSON_DAY, self._day, self.day_of(now), said)
        if self._week:
            said = f"Người này đã nhận đủ {self._week} tin trong 7 ngày, là mức cơ quan đặt cho một người một tuần"
            yield Cap(PERSON_WEEK, self._week, self.day_of(now, 6), said)

    def day_of(self, moment: datetime, before: int = 0) -> datetime:
        """When the office's day began that the moment lies in, or the one so many days before."""
        day = moment.astimezone(self._zone).date() - timedelta(days=before)
        return datetime.combine(day, time(), self._zone)

    def _known_of(self, at: InService, purposes: frozenset[Purpose]) -> _Known:
        """What does not depend on the moment, worked out once: asked of every parcel twice a second."""
        key = at.name, purposes
        if key not in self._known:
            forbidding = [(name, rule) for name, rule in self._about(at, purposes) if rule.effect is Effect.FORBID]
            verdicts = {name: self._verdict(name, rule, at, (), People()) for name, rule in forbidding}
            broken = (one for one in verdicts.values() if one.standing is Standing.BROKEN)
            hours = [(verdicts[name], self._open_hours(rule)) for name, rule in forbidding if rule.hours]
            self._known[key] = _Known(next(broken, None), hours, [one for one in forbidding if one[1].personal])
        return self._known[key]

    def _open_hours(self, rule: PolicyRule) -> QuietHours:
        assert rule.hours is not None
        begin, end = (time.fromisoformat(one) for one in rule.hours)
        return QuietHours(end, begin, self._zone)


ALLOTTED_FOR = timedelta(minutes=10)
"""For so long what a parcel was allotted holds; so much later a message may leave than it was counted."""


@dataclass(frozen=True, slots=True)
class _Known:
    refusal: Verdict | None
    hours: Sequence[tuple[Verdict, QuietHours]]
    personal: Sequence[tuple[str, PolicyRule]]


def _of_sender(rule: PolicyRule, at: InService) -> tuple[Standing | None, str, str]:
    name = next((str(getattr(at.outlet.options, one)) for one in SENDERS if getattr(at.outlet.options, one, "")), "")
    if not name:
        return Standing.ADVICE, "chưa ghi tên gửi trong cấu hình", "the configuration names no sender"
    if re.fullmatch(rf"[A-Za-z0-9]{{1,{rule.sender}}}", name) and not name.isdigit():
        return None, f"tên gửi {name}", f"the sender is {name}"
    return Standing.BROKEN, f"tên gửi “{name}” dài {len(name)} ký tự hoặc có ký tự lạ", f"the sender is {name!r}"


def _of_people(rule: PolicyRule, people: People) -> tuple[Standing | None, str, str]:
    """Of what is found out person by person at sending: who would be left out, so far as is known now."""
    count = people.listed if rule.unlisted else people.unconsented if rule.consent else 0
    if not count:
        return None, "", ""
    return (
        Standing.ADVICE,
        f"{count} người trong nhóm sẽ không được gửi",
        f"{count} people of the audience are left out",
    )
