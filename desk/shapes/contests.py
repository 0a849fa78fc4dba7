"""Contests and questions as the API takes and tells them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from content.contests.contest import Standing
from desk.shape import Fields, Hour, Listed, Needed, Note, Paged, Told, Upload
from desk.shapes.items import Moment

Place = Annotated[str, Field(max_length=300)]


class QuestionsAsked(Paged):
    """Which questions of the bank."""

    theme: str = Field("", max_length=100)


class QuestionFile(Fields):
    """Questions of a file."""

    file: Upload = Field(
        description="CSV or XLSX: theme, question, A to F, answer (a letter), source; names of columns in Vietnamese too."
    )
    unit: str = Field("", max_length=40, description="Whose they are; of who imports when left out.")


class QuestionsTaken(Told):
    """How many are new, and how many were known word by word."""

    added: int
    same: int


class QuestionTold(Told):
    """A question; `right` is the place of the right choice, from 0."""

    id: str
    unit: str
    theme: str
    text: str
    choices: list[str]
    right: int
    source: str
    added_by: str
    added_at: AwareDatetime
    retired_at: AwareDatetime | None


class ContestFields(Fields):
    """What is planned."""

    title: Needed
    rules: Needed = Field(description="Plain paragraphs, or Markdown for the announcement.")
    opens_at: Moment = Field(description="A moment.")
    closes_at: Moment = Field(description="A moment.")
    outlet: list[Needed] = Field([], description="Where it is announced, by name.")
    audience: str = Field("", description="For outlets that reach people one by one, by name.")
    themes: list[Needed] = Field([], description="Themes of the questions by id; none for all.")
    count: int = Field(10, description="Questions asked of each.")
    minutes: int = Field(15, description="Time for all of them.")
    prizes: Needed = Field(description="A line each.", examples=["Giải nhất: 1\nGiải nhì: 2"])
    places: str = Field("", max_length=20_000, description="Where people belong, a line each; anything when empty.")
    code_outlet: str = Field("", description="The outlet that sends codes to numbers; empty: none does.")
    board: bool = Field(False, description="Whether a code printed at notice boards is taken.")
    remind_days: str = Field("3, 1", max_length=100, description="Days before the end.")
    remind_at: Hour = Field("07:00", description="At which time of those days.")
    codes_a_day: int = Field(500, description="Codes sent a day at most.")
    per_address: int = Field(20, description="Codes, and papers, from one network a day at most.")
    keep_days: int = Field(60, description="Days after its end until who took part is erased.")


class NewContest(ContestFields):
    """A contest of a unit."""

    unit: str = Field("", max_length=40, description="Whose it is; of who writes when left out.")


class Judged(Fields):
    """What is approved."""

    digest: Needed = Field(description="Of what was looked at: the contest's, or the results'.")
    note: Note = ""


class TextTold(Told):
    """One of its texts, by what it is for, and when it goes out (null: when somebody asks, or after the results)."""

    role: str
    item: str
    title: str
    state: str
    at: AwareDatetime | None


class WinnerTold(Told):
    """Who won what; the number is masked."""

    prize: str
    name: str
    place: str
    phone: str
    right: int
    asked: int
    guess: int
    way: str


class CountsTold(Told):
    """How many took part, and of what; `questions` is the share of right answers of each, by id."""

    begun: int
    finished: int
    mean: float | None
    all_right: int
    by_day: dict[str, int]
    by_place: dict[str, int]
    by_way: dict[str, int]
    questions: dict[str, float]


class ContestListed(Told):
    """A contest."""

    id: str
    unit: str
    title: str
    state: Standing
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    erase_at: AwareDatetime
    begun: int
    finished: int


class ContestTold(ContestListed):
    """A contest with all that an approval is about, and what came of it."""

    plan: dict[str, Any]
    digest: str
    made_by: str
    approved_by: str
    counted_by: str
    questions: list[str]
    texts: list[TextTold]
    address: str | None
    board_codes: dict[str, str]
    seed: str | None
    results: str | None
    winners: list[WinnerTold]
    counts: CountsTold
    published_at: AwareDatetime | None
    erased_at: AwareDatetime | None


class ReportAsked(Fields):
    """In which form."""

    form: str = Field("xlsx", pattern="^(xlsx|pdf)$", examples=["xlsx"])


QuestionsTold = Listed[QuestionTold]
ContestsTold = Listed[ContestListed]
