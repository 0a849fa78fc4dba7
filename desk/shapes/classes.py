"""Training classes as the API takes and tells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from channels.classes.training import LONGEST, Answer, How
from desk.shape import Day, Fields, Hour, Listed, Needed, PagedByTime, Told, Upload

MOST = 5000
MOST_TICKED = 500
"""Parts of a form that are read at once."""


class ClassesAsked(PagedByTime):
    """Which of them, the last made first."""


class ClassText(Fields):
    """What is said of a class."""

    title: str = Field(min_length=1, max_length=LONGEST["title"])
    theme: str = Field("", max_length=100, description="One of the office's, by id; none when left out.")
    about: str = Field("", max_length=LONGEST["about"])
    purpose: Literal["outreach", "internal"] = Field(
        "outreach", description="Whom it is for: the people, or the office's own staff."
    )
    audience: str = Field("", max_length=200, description="Whom it is for: a list by name.")
    outlet: list[str] = Field([], max_length=20, description="By which outlets people are invited.")
    capacity: int = Field(0, ge=0, le=MOST, description="How many may come; 0: any number.")
    needed: int = Field(0, ge=0, le=60, description="How many sessions earn a certificate; 0: all of them.")


class SessionFields(Fields):
    """A session, in the office's zone."""

    date: Day = Field(min_length=1)
    start: Hour = Field(min_length=1)
    end: Hour = Field(min_length=1)
    place: str = Field(min_length=1, max_length=LONGEST["place"])
    lecturer: str = Field("", max_length=LONGEST["lecturer"])


class NewClass(ClassText, SessionFields):
    """A class with its first session."""

    unit: str = Field("", max_length=40, description="Whose; that of whoever asks when left out.")


class CameFields(Fields):
    """Who came to a session: exactly these."""

    session: Needed = Field(description="By id.")
    person: list[Annotated[str, Field(max_length=40)]] = Field(
        [], max_length=MOST_TICKED, description="People of the class, by id."
    )


class NameFields(Fields):
    """Somebody who was not invited."""

    name: str = Field(min_length=1, max_length=LONGEST["name"])


class AnswerFields(Fields):
    """What somebody said of coming."""

    answer: Answer


class MaterialFields(Fields):
    """Something that is handed out: a `link`, or an approved `item`."""

    title: str = Field("", max_length=LONGEST["title"])
    link: str = Field("", max_length=LONGEST["link"], examples=["https://dichvucong.gov.vn/huong-dan"])
    item: str = Field("", max_length=40, description="An approved item by id.")


class MaterialFile(Fields):
    """A file that is handed out."""

    title: str = Field("", max_length=LONGEST["title"])
    file: Upload = Field(description="PDF, PNG, JPEG, or Word, Excel, PowerPoint without macros; 8 MB at most.")


class OnePerson(Fields):
    """Whose certificate; everybody's when left out."""

    person: str = Field("", max_length=40)


class SessionTold(Told):
    """A session; `code` and `door` are on the sheet at its door, `attended` is how many came."""

    id: str
    begins_at: AwareDatetime
    ends_at: AwareDatetime
    place: str
    lecturer: str
    reminder: str | None
    code: str
    door: str
    attended: int


class PersonOfClass(Told):
    """Somebody of a class; the address is masked."""

    id: str
    name: str
    address: str | None
    answer: Answer | None
    how: How | None
    answered_at: AwareDatetime | None
    attended: list[str]
    certificate: str | None


class MaterialTold(Told):
    """What is handed out: exactly one of link, item and file."""

    id: str
    title: str
    link: str | None
    item: str | None
    media: str | None


class ClassListed(Told):
    """A class with its sessions, and how many come."""

    id: str
    unit: str
    title: str
    theme: str
    about: str
    purpose: str
    audience: str
    outlets: list[str]
    capacity: int
    needed: int
    made_by: str
    made_at: AwareDatetime
    invitation: str | None
    invited_at: AwareDatetime | None
    cancelled_at: AwareDatetime | None
    sessions: list[SessionTold]
    yes: int
    no: int
    silent: int


class ClassTold(ClassListed):
    """A class with everybody of it and what is handed out."""

    people: list[PersonOfClass]
    materials: list[MaterialTold]


class DraftsTold(Told):
    """The items that invite and remind, for somebody to hand in and a second person to approve."""

    items: list[str]


ClassesTold = Listed[ClassListed]
