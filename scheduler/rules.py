"""The rules messages are held to, as data with their sources: the house's (`rules.toml`) and an office's own; pure.

A rule asks one thing: an office's level, hours, a sender's name, or something about each person. What the law forbids is
refused or waits; what is only advised is said.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from config.loading import BadSettings, reason_of
from config.settings import Duration, Hour, Level, PolicySettings
from config.words import Word
from content.bulletin import Purpose

LONGEST = timedelta(days=7)
"""For so long it is known whom messages were meant for."""
ASKS = ("level", "hours", "sender", "never", "most", "unlisted", "consent")


class Effect(StrEnum):
    """Whether what breaks the rule is stopped, or only told."""

    FORBID = "forbid"
    ADVISE = "advise"


class PolicyRule(BaseModel):
    """One rule. `on` are kinds of outlets (`sms_*`), `purpose` what texts it is about (none: all); it asks exactly one thing.

    `level`: who may. `hours`: from, to, in the office's zone. `sender`: most characters of the sender's name. `never`.
    Of each person: `most` messages of these purposes `within` a time, `unlisted` (not on the do-not-advertise list), `consent`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)
    source_en: str = Field("", exclude=True)
    source: str = Field(min_length=1)
    instead_vi: str = ""
    instead_en: str = ""
    effect: Effect = Effect.FORBID
    on: tuple[str, ...] = Field(("*",), min_length=1)
    purpose: tuple[Purpose, ...] = ()
    level: tuple[Level, ...] = ()
    hours: tuple[Hour, Hour] | None = None
    sender: int = Field(0, ge=0)
    never: bool = False
    most: int = Field(0, ge=0)
    within: Duration = timedelta(hours=24)
    unlisted: bool = False
    consent: bool = False

    @field_validator("source")
    @classmethod
    def _cited(cls, value: str, found: ValidationInfo) -> Word:
        return Word(value, found.data["source_en"] or value)

    @model_validator(mode="after")
    def _asks_one_thing(self) -> PolicyRule:
        if sum(bool(getattr(self, name)) for name in ASKS) != 1:
            raise ValueError(f"cần đúng một trong {', '.join(ASKS)} (a rule asks exactly one thing)")
        if self.personal and self.purpose != (Purpose.ADVERTISING,):
            raise ValueError('most, unlisted, consent cần purpose = ["advertising"] (only advertising is counted so)')
        if not timedelta() < self.within <= LONGEST:
            raise ValueError("within nhiều nhất 7 ngày (seven days at most)")
        return self

    @property
    def personal(self) -> bool:
        """Whether it asks something of each recipient."""
        return bool(self.most or self.unlisted or self.consent)

    def is_about(self, kind: str, purposes: Collection[Purpose]) -> bool:
        """Whether it holds for texts of these purposes on an outlet of this kind."""
        fits = not self.purpose or any(one in purposes for one in self.purpose)
        return fits and any(fnmatchcase(kind, pattern) for pattern in self.on)


def load_rules(settings: PolicySettings, source: str = "") -> dict[str, PolicyRule]:
    """The house's rules but for those switched off, then the office's own. Raises BadSettings with every problem."""
    given = tomllib.loads(files("scheduler").joinpath("rules.toml").read_text(encoding="utf-8"))
    rules = {name: PolicyRule.model_validate(one) for name, one in given.items()}
    listed = ", ".join(rules)
    problems = [
        f"[policy] off: không có quy định {name} (có: {listed})"
        for name in settings.off
        if name not in {*rules, *settings.rules}
    ]
    for name, own in settings.rules.items():
        try:
            rules[name] = PolicyRule.model_validate(own)
        except ValidationError as error:
            problems += _told(name, error)
    if problems:
        raise BadSettings([f"{source}: {problem}" if source else problem for problem in problems])
    return {name: rule for name, rule in rules.items() if name not in settings.off}


def _told(name: str, error: ValidationError) -> Iterator[str]:
    for detail in error.errors():
        key = ".".join(map(str, detail["loc"])) or "rule"
        yield f"[policy.rules.{name}] {key}: {reason_of(detail)}"
