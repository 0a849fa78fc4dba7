"""Deliveries as the API takes and tells them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from channels.reasons import IN_WORDS
from channels.shelf.fetched import Fetch
from desk.shape import Day, Fields, Listed, Note, Paged, Reason, Told
from scheduler.delivery import State

REASON = f"Why it has not arrived: {', '.join(f'`{one}`' for one in IN_WORDS)}, or a word of a channel's own."


class LogFilter(Fields):
    """Which deliveries; everything given must hold."""

    state: State | None = None
    reason: str = Field("", description=REASON)
    channel: str = Field("", description="A kind of channel, as `portal`.")
    outlet: str = ""
    item: str = ""
    schedule: str = ""
    occurrence: str = ""
    address: str = Field("", description="A whole phone number or Zalo id.")
    since: Day = Field("", alias="from", description="A day, in the office's zone.")
    to: Day = Field("", description="A day, itself included.")


class DeliveriesAsked(LogFilter, Paged):
    """Which deliveries, and which page of them."""


class ExportAsked(LogFilter):
    """Which deliveries, as which file."""

    form: Literal["csv", "xlsx"] | None = None


class Resolve(Fields):
    """What an unsure delivery became."""

    decision: Literal["sent", "confirmed", "failed", "again"] = Field(description="`again`: send it once more.")
    note: Note = ""


class WhyNumber(Fields):
    """Why a whole number is needed."""

    note: Reason


class AttemptTold(Told):
    """One try; `ms` is how long the answer took."""

    n: int
    outlet: str
    at: AwareDatetime
    ms: int
    outcome: str
    reason: str
    reference: str
    detail: str


class DeliveryTold(Told):
    """One occurrence to one address of one outlet; a person's address is masked."""

    id: str
    occurrence: str
    schedule: str
    outlet: str
    title: str
    reference: str = Field(description="The partner's own id, or the public address.")
    reason: str = Field(description="Why it has not arrived, in one word; empty for what has.")
    detail: str
    rule: str = Field(description="Which rule holds it back.")
    klass: str = Field(alias="class")
    address: str
    carrier: str = Field(description="The outlet that carries it now.")
    state: State
    due_at: AwareDatetime
    attempts: list[AttemptTold]


class ReceiptTold(Told):
    """What a partner said later."""

    stage: str
    at: AwareDatetime
    reason: str
    detail: str


class PullTold(Told):
    """What of a file a station fetched; sizes in bytes."""

    file: str
    part: int
    parts: int
    state: Fetch
    share: float
    size: int
    requests: int
    checks: int
    bytes: int
    first_at: AwareDatetime | None
    last_at: AwareDatetime | None
    complete_at: AwareDatetime | None
    agent: str


class AiringTold(Told):
    """What a station says it aired; `part` is null for the whole."""

    at: AwareDatetime
    part: int | None
    seconds: float | None
    slot: str
    presenter: str
    source: str
    line: str


class DeliverySheet(DeliveryTold):
    """A delivery with all that came of it."""

    receipts: list[ReceiptTold]
    next_at: AwareDatetime | None
    fetched: Fetch | None
    overtaken: Literal["withdrawn", "corrected"] | None
    pulls: list[PullTold]
    aired: list[AiringTold]


class NumberTold(DeliverySheet):
    """A delivery with its recipient's whole number."""

    number: str


DeliveriesTold = Listed[DeliveryTold]
