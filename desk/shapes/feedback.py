"""What people write to the office, as the API takes and tells it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from channels.feedback.feedback import Source, Standing
from desk.shape import Fields, Listed, Needed, PagedByTime, Told


class FeedbackAsked(PagedByTime):
    """Which of it."""

    state: Standing | None = None
    theme: str = Field("", max_length=100)


class ThemeOf(Fields):
    """What it is about."""

    theme: str = Field("", description="A theme by id; none when left out.")
    procedure: str = Field("", max_length=20, description="A procedure by code; none when left out.")


class AnswerOf(Fields):
    """What answers it."""

    item: Needed = Field(description="An item by id.")


class FeedbackTold(Told):
    """A question or remark; `sender` is a masked number or id, `about` the item it was written at, `answer` the one that answers."""

    id: str
    unit: str
    source: Source
    outlet: str
    sender: str | None
    name: str
    text: str
    about: str
    theme: str
    procedure: str
    received_at: AwareDatetime
    state: Standing
    answer: str | None
    told_at: AwareDatetime | None
    closed_by: str
    reason: str


FeedbackListed = Listed[FeedbackTold]
