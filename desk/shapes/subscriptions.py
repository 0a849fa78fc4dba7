"""Who receives events, as the API takes and tells it."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from desk.shape import Fields, Listed, Needed, Told
from scheduler.events.event import Kind


class NewSubscription(Fields):
    """Where events go, and which."""

    title: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=2000, description="An https address that takes POST.")
    kinds: list[Kind] = Field(min_length=1)


class ReplayAsked(Fields):
    """Since when."""

    since: Needed = Field(description="Within the last 30 days.")


class SubscriptionTold(Told):
    """A receiver and how it fares; of its address no query is told, since that may be a secret."""

    id: str
    title: str
    url: str
    kinds: list[Kind]
    state: Literal["working", "troubled", "paused", "disabled", "pending"]
    made_at: AwareDatetime
    made_by: str
    paused_at: AwareDatetime | None
    paused_by: str | None
    trouble: str | None = Field(description="Why it is paused or disabled.")
    worked_at: AwareDatetime | None
    failed_at: AwareDatetime | None
    failed_status: int | None = Field(description="Of the last answer that was no success; null: there was none.")
    failed_words: str | None
    failing_since: AwareDatetime | None
    waiting: int = Field(description="Events still to be taken.")
    next_at: AwareDatetime | None = Field(description="When the next of them is tried.")
    given_up: int = Field(description="Events that are tried no more; a replay or a resumption sends them again.")


class SubscriptionKeyTold(Told):
    """A receiver with the key that its events are signed with, shown this once."""

    subscription: SubscriptionTold
    secret: str = Field(description="`whsec_...`, for any library of Standard Webhooks.")


class TriedTold(Told):
    """What a receiver answered to an event that tells of nothing."""

    good: bool
    status: int | None
    words: str


class ReplayTold(Told):
    """How many events are sent again."""

    events: int


SubscriptionsTold = Listed[SubscriptionTold]
