"""Items as the API takes and tells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from content.bulletin import BulletinClass, Purpose
from content.item import ItemState
from desk.shape import Fields, Listed, Needed, Note, PagedByTime, Reason, Told, Upload

Moment = Annotated[
    str, Field(description="ISO 8601; in the office's zone when it names none.", examples=["2026-12-01T05:00"])
]
Base = Annotated[str, Field(description="The revision that was edited; another one in its place is a 409.")]


class ItemsAsked(PagedByTime):
    """Which items."""

    state: ItemState | None = None
    unit: str = Field("", max_length=40, description="Of a unit and of all under it.")
    q: str = Field("", description="Words of the title.")


class ItemFields(Fields):
    """A text. Renditions left out are derived from the body."""

    title: Needed
    body: Needed = Field(description="Markdown.")
    theme: str = ""
    klass: BulletinClass | None = Field(None, alias="class")
    valid_from: Moment = ""
    valid_until: Moment = ""
    source: str = ""
    byline: str = ""
    language: str = Field("vi", description="ISO 639.")
    purpose: Purpose | None = None
    article: str = ""
    script: str = ""
    short: str = Field("", description="For SMS.")
    chat: str = Field("", description="For Zalo.")
    readings: str = Field("", description="Lines of `written = spoken`.")
    act: Literal["submit"] | None = Field(None, description="`submit`: hand it over for approval at once.")


class NewItem(ItemFields):
    """A new item."""

    unit: str = Field("", max_length=40, description="Whose it is; that of whoever writes it when left out.")
    original: str = Field("", description="The item of which it is a version in another language.")
    notice_of: str = Field("", description="The withdrawn item which it announces.")
    answers: str = Field("", description="The feedback which it answers.")


class NewText(ItemFields):
    """Another text of an item: always a draft."""

    base: Base = ""


class PastedFields(Fields):
    """What a clipboard holds."""

    html: Needed = Field(description="HTML, as Word or a browser puts it there.")


class VersionsAsked(Fields):
    """Which two texts of an item, by number; the newest and the one before it when none are named."""

    from_: int | None = Field(None, alias="from", ge=1, le=999_999)
    to: int | None = Field(None, ge=1, le=999_999)


class Reading(Fields):
    """What is read otherwise than written."""

    abbr: Needed
    spoken: Needed
    scope: Literal["item", "office"] | None = Field(None, description="`office`: in all that is written from now on.")
    base: Base = ""


class RecordingFields(Fields):
    """A person's voice."""

    recording: Upload
    base: Base = ""


class BaseFields(Fields):
    """What was looked at."""

    base: Base = ""


class Approve(Fields):
    """What is approved."""

    digest: Needed = Field(description="Of the text that was looked at.")
    recording: str = Field("", description="sha256 of the recording that was heard.")
    note: Note = ""


class Why(Fields):
    """The reason."""

    note: Reason


class ItemTold(Told):
    """An item."""

    id: str
    slug: str
    state: ItemState
    title: str
    unit: str = Field(description="Whose it is; empty: the office's.")
    klass: BulletinClass = Field(alias="class")
    theme: str
    revision: str
    approved: str | None = Field(description="The revision that may go out.")
    valid_until: AwareDatetime | None
    original: str | None
    notice_of: str | None = Field(description="The withdrawn item that it announces the end of.")
    created_at: AwareDatetime
    changed_at: AwareDatetime


class RecordingTold(Told):
    """A finished recording; loudness in LUFS, true peak in dBTP."""

    sha256: str
    seconds: float
    bytes: int
    voice: str
    synthetic: bool
    loudness: float | None
    true_peak: float | None


class ClipTold(Told):
    """A clip: made, or wanted with how far it is; length in seconds."""

    state: Literal["wanted", "made"]
    note: str
    seconds: float | None
    bytes: int | None
    sha256: str | None


class ReadOtherwise(Told):
    """A form that is read otherwise than written, and by which rule."""

    written: str
    spoken: str
    rule: str


class FindingTold(Told):
    """What to know of a rendition; `bad` must be mended before submission."""

    rendition: str
    bad: bool
    vi: str
    en: str


class Version(Told):
    """The same item in another language."""

    id: str
    language: str
    state: ItemState


class ApprovalTold(Told):
    """Who allowed or sent back which text."""

    verdict: Literal["approved", "sent_back"]
    person: str
    at: AwareDatetime
    note: str
    digest: str


class RuleTold(Told):
    """What one rule says of one outlet."""

    standing: Literal["kept", "advice", "waits", "broken"]
    rule: str
    outlet: str
    vi: str
    en: str
    source: str
    detail_vi: str
    detail_en: str
    instead_vi: str
    instead_en: str


class MeetingTold(Told):
    """A time and place that the text invites to; it goes out as iCalendar."""

    uid: str
    begin: AwareDatetime
    end: AwareDatetime
    title: str
    place: str
    about: str


class ItemSheet(ItemTold):
    """An item with its newest text, what to know of it, and its approvals."""

    number: int
    digest: str = Field(description="What an approval belongs to.")
    writer: str
    language: str
    purpose: Purpose
    source: str
    byline: str
    valid_from: AwareDatetime | None
    body: str
    renditions: dict[str, str]
    derived: list[str]
    readings: dict[str, str]
    meetings: list[MeetingTold]
    spoken_otherwise: list[ReadOtherwise]
    findings: list[FindingTold]
    recording: RecordingTold | None
    clip: ClipTold | None = Field(description="For television desks; none while none asks for it.")
    versions: list[Version]
    approvals: list[ApprovalTold]
    policy: list[RuleTold]


class SentenceTold(Told):
    """A sentence of the script, as written and in the words that are said."""

    spoken: str
    written: str


class SmsTold(Told):
    """An SMS text: `units` of its alphabet, `segments` that are billed."""

    text: str
    units: int
    segments: int


class BothSms(Told):
    """The text with and without its marks."""

    with_marks: SmsTold
    without_marks: SmsTold


class PreviewTold(Told):
    """What would come of a text if it were saved now."""

    renditions: dict[str, str]
    derived: list[str]
    digest: str
    unknown: list[str] = Field(description="Forms that nobody knew and that are spelled out.")
    sentences: list[SentenceTold]
    findings: list[FindingTold]
    sms: BothSms


class PastedTold(Told):
    """Markdown, and what was left out of it, in words."""

    text: str
    dropped: list[str]


class NumberedText(Told):
    """One text of an item."""

    id: str
    number: int
    writer: str
    made_at: AwareDatetime
    digest: str


class StretchTold(Told):
    """A stretch of a text; `left_out` stands for an unchanged one that is not told."""

    mark: Literal["same", "gone", "new", "left_out"]
    text: str


class ChangeTold(Told):
    """What one part of a text has otherwise, word by word."""

    part: str
    stretches: list[StretchTold]


class VersionsTold(Told):
    """All texts of an item, the newest first, and what `to` has otherwise than `from`."""

    versions: list[NumberedText]
    from_: int | None = Field(alias="from")
    to: int
    changes: list[ChangeTold]


class ReadingKept(Told):
    """What is read otherwise now."""

    abbr: str


class TellTold(Told):
    """Schedules made of a correction; they wait for approval as any other."""

    schedules: list[str]


ItemsTold = Listed[ItemTold]
