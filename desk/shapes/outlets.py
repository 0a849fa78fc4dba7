"""Outlets, their quotas and stations' keys and reports as the API takes and tells them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from desk.shape import Fields, Listed, Month, Told, Upload

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
