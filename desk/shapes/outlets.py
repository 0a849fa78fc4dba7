"""Outlets, their quotas and stations' keys and reports as the API takes and tells them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from channels.past.store import Turn
from desk.shape import Fields, Listed, Month, Needed, Told, Upload

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class MonthAsked(Fields):
    """A month of the office's calendar; this one when none is named."""

    month: Month = ""


class ReportAsked(MonthAsked):
    """The month, as JSON or as a file."""

    form: Literal["csv", "xlsx"] | None = None


class AiredLog(Fields):
    """A station's as-run log."""

    file: Upload = Field(description="CSV or XML.")


class OutletTold(Told):
    """An outlet and how it fares; no option of it is told."""

    name: str
    title: str
    kind: str
    unit: str
    form: str
    state: Literal["paused", "troubled", "working", "pending"]
    failures: int
    failing_since: AwareDatetime | None
    trouble: str | None
    worked_at: AwareDatetime | None
    paused_at: AwareDatetime | None
    paused_by: str | None
    quota: str | None
    fallback: str | None
    diverted_at: AwareDatetime | None
    per_day: int | None
    used_today: int
    addresses: list[str]


class PastTold(Told):
    """One turn of an outlet's life; `by` is empty for what came by itself."""

    at: AwareDatetime
    turn: Turn
    by: str
    words: str


class OutletWhole(OutletTold):
    """An outlet with its past; for administrators also its options, of secrets the names alone."""

    set_up_in: Literal["file", "desk"]
    options: dict[str, Any] | None
    secrets: list[str] | None = Field(description="Names of options that are set and never told.")
    past: list[PastTold]


class OutletSetting(Fields):
    """What an outlet is set to: all of it, but for secrets, which stay where they are not named and go where they are null."""

    title: Annotated[Needed, Field(max_length=100)]
    unit: str = Field("", max_length=40, description="Whose it is; the office's when left out.")
    options: dict[str, Any] = Field(
        {}, description="As in the configuration file; docs/operate.md and `loa outlet kinds`."
    )


class NewOutlet(OutletSetting):
    """A new outlet."""

    kind: Annotated[Needed, Field(examples=["sms_kannel"])]
    name: str = Field(
        "",
        max_length=40,
        pattern="^([a-z][a-z0-9-]*)?$",
        description="Permanent, part of addresses; made of the title.",
    )


class TrialAsked(Fields):
    """Where a test goes."""

    to: str = Field("", max_length=40, description="A phone number or Zalo id, for outlets that send to people.")


class ExchangeTold(Told):
    """One request of a test and its answer, secrets masked; no status: none came."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    milliseconds: int
    status: int | None
    answered: dict[str, str]
    answer: str
    trouble: str | None


class TrialTold(Told):
    """How a test went."""

    good: bool
    words: str
    exchanges: list[ExchangeTold]


class QuotaDay(Told):
    """How much of a day's quota is used, planned, planned beyond it, and free."""

    date: date
    used: int
    planned: int
    late: int
    free: int | None


class QuotaRun(Told):
    """A due moment ahead and how many deliveries it will be."""

    at: AwareDatetime
    schedule: str
    size: int


class QuotaTold(Told):
    """The calendar of an outlet's quota."""

    outlet: str
    month: str
    per_day: int | None
    per_month: int | None
    month_begins: int
    days: list[QuotaDay]
    runs: list[QuotaRun]


class KeyTold(Told):
    """A key of a station, but for itself."""

    made_at: AwareDatetime
    made_by: str
    used_at: AwareDatetime | None
    ends_at: AwareDatetime | None


class NewKeyTold(Told):
    """A new key, shown this once, and the address with it."""

    outlet: str
    keys: list[KeyTold]
    key: str
    address: str


class UnmatchedLine(Told):
    """A line of a log about nothing that was sent."""

    at: AwareDatetime
    title: str
    file: str


class AiredTold(Told):
    """What became of a log: lines kept, known before, about nothing we sent, and not to be read."""

    kept: int
    known: int
    unmatched: list[UnmatchedLine]
    faults: list[str]


class StationMonth(Told):
    """One station's month: bulletins, seconds, the share played in percent."""

    outlet: str
    title: str
    sent: int
    fetched: int
    aired: int
    asked: int
    played: int
    share: float
    urgent_sent: int
    urgent_fetched: int
    urgent_aired: int


class StationsMonth(Told):
    """All stations' month."""

    month: str
    stations: list[StationMonth]


OutletsTold = Listed[OutletTold]
