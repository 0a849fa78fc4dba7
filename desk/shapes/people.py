"""Recipients, their lists and rights, and the rules they are reached by, as the API takes and tells them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from channels.classes.training import Answer
from desk.shape import Fields, Listed, Needed, Note, Reason, Told, Upload

Name = Annotated[str, Field(min_length=1, max_length=100)]


class NewDelegation(Fields):
    """Who approves in one's stead, and how long."""

    receiver: Needed = Field(description="Login.")
    from_: str = Field("", alias="from", description="A moment; now when none is named.", examples=["2026-12-01T07:00"])
    to: Needed = Field(description="A moment, at most 90 days on.", examples=["2026-12-05T17:00"])
    note: Note = ""


class DelegationTold(Told):
    """Who approves in whose stead."""

    id: str
    giver: str
    receiver: str
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    note: str
    stage: Literal["coming", "running", "over"]


DelegationsTold = Listed[DelegationTold]


class FilterFields(Fields):
    """People of a list who have these tags."""

    name: Name
    of: Needed = Field(description="The list, by name.")
    where: list[Needed] = Field(min_length=1, description="`tag=value`, several.")


class ListFields(Fields):
    """People to join a list."""

    name: Name
    file: Upload = Field(description="CSV or XLSX.")
    unit: str = Field(
        "", max_length=40, description="Whose the list is, if it is new; that of who imports when left out."
    )
    keep_good: bool = Field(False, description="Take the good rows when others are wrong.")


class SaidFields(Fields):
    """What a recipient said, and where."""

    address: Needed = Field(description="A phone number or a Zalo id.")
    how: Reason


class PersonFields(Fields):
    """Who."""

    person: Needed = Field(description="A phone number or a Zalo id.")


class EraseFields(PersonFields):
    """Who, and why."""

    reason: Reason


class NoAdverts(Fields):
    """Numbers that get no advertising."""

    file: Upload
    whole: bool = Field(False, description="They are all of the list from now on.")


class AudienceTold(Told):
    """A list; `of` and `where` when it is a part of another."""

    id: str
    name: str
    size: int
    made_at: AwareDatetime
    of: str | None = None
    where: list[str] | None = None


class FilterTold(Told):
    """A filter and how many people it has now."""

    audience: str
    size: int


class RowFaultTold(Told):
    """What is wrong with a row."""

    line: int
    column: str
    vi: str
    en: str


class ImportTold(Told):
    """What became of a file: who is new, rows told twice, wrong ones."""

    audience: str
    added: int
    doubled: int
    faults: list[RowFaultTold]


class Nothing(Told):
    """Done; there is nothing to tell."""


class ErasedTold(Told):
    """From how many lists somebody was taken, how many deliveries no longer name them, how many were still to go."""

    lists: int
    deliveries: int
    cancelled: int


class WrittenTold(Told):
    """What a person wrote to the office."""

    at: AwareDatetime
    name: str
    text: str


class ClassPlaceTold(Told):
    """A person's place in a training class: what was answered, and when the sessions began that were attended."""

    title: str
    name: str
    answer: Answer | None
    answered_at: AwareDatetime | None
    attended: list[AwareDatetime]


class PaperTold(Told):
    """A person's part in a contest."""

    contest: str
    at: AwareDatetime
    name: str
    place: str
    guess: int
    prize: str


class PersonTold(Told):
    """Everything that is kept of one person."""

    address: str
    told_at: AwareDatetime
    lists: list[dict[str, Any]]
    opted_out: dict[str, Any] | None
    deliveries: list[dict[str, Any]]
    written: list[WrittenTold]
    classes: list[ClassPlaceTold]
    contests: list[PaperTold]


class PolicyTold(Told):
    """The rules in force, and how many messages a person gets at most (0: any)."""

    level: str
    off: list[str]
    person_day: int
    person_week: int
    do_not_advertise: int
    rules: list[dict[str, Any]]


class NoAdvertsTold(Told):
    """How many numbers are on the list now."""

    do_not_advertise: int


AudiencesTold = Listed[AudienceTold]
