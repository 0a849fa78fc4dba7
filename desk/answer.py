"""One handler, two representations: a page or JSON; errors likewise."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from multidict import MultiDict

from channels.outlet import Outlets
from config.words import BadInput, Conflict, NotAllowed, NotFound, Said, Word
from db.database import DatabaseTrouble
from desk.app import House
from desk.drawing import Drawing, language_of
from desk.second_step.keeping import Standing
from scheduler.policy import BrokenRule

if TYPE_CHECKING:
    from desk.auth import DoorKeeper

PROBLEM = "application/problem+json"
API = "/api/"
MACHINES = (API, "/hooks/", "/radio/", "/tv/")
KEPT = {"Accept", "Allow", "Retry-After", "WWW-Authenticate", "Content-Range"}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

STATUS: dict[type[Said], int] = {BadInput: 400, NotAllowed: 403, NotFound: 404, Conflict: 409, BrokenRule: 403}

WORDS: dict[int, tuple[str, str]] = {
    400: ("Yêu cầu không hợp lệ", "The request cannot be understood"),
    401: ("Cần đăng nhập", "Sign in first"),
    403: ("Không được phép", "Not allowed"),
    404: ("Không có trang này", "There is no such page"),
    405: ("Cách gọi này không dùng được ở đây", "This method is not allowed here"),
    409: ("Đã có thay đổi", "Something has changed"),
    412: ("Bản đang có không phải bản đã xem", "This is no longer what was looked at"),
    413: ("Nội dung gửi lên quá lớn", "What was sent is too large"),
    415: ("Kiểu nội dung này không nhận", "This kind of content is not taken"),
    417: ("Điều kiện Expect này không dùng được", "This expectation cannot be met"),
    422: ("Không xử lý được", "This cannot be processed"),
    429: ("Thử quá nhiều lần", "Too many tries"),
    500: ("Có lỗi trong Loa", "Something went wrong in Loa"),
    503: ("Tạm thời chưa dùng được", "Not available for a moment"),
}


class Trouble(Exception):
    """An answer that is a refusal with its own status: what is said, and which headers go with it.

    `kind` is the problem's type where a program has to tell it from others of its status, `instance` names this very one.
    """

    def __init__(
        self,
        status: int,
        vi: str,
        en: str,
        headers: Mapping[str, str] | None = None,
        *,
        field: str | None = None,
        kind: str = "",
        instance: str = "",
    ) -> None:
        super().__init__(en)
        self.field = field
        self.kind = kind
        self.instance = instance
        self.status = status
        self.vi = vi
        self.en = en
        self.headers = dict(headers or {})
        self.told: dict[str, Any] = {}


UNSAID = Word("", "")
NO_APPROVER = Word(
    "Vai trò của bạn không có quyền duyệt; hãy chờ người có quyền duyệt.",
    "Your role may not approve; somebody who may has to.",
)


@dataclass(slots=True)
class Visit:
    """One request: who came in by which door, and what was handed in. `doors` is the table of doors by name."""

    house: House
    drawing: Drawing
    keeper: DoorKeeper
    request: web.Request
    doors: Mapping[str, frozenset[str]]
    json: bool
    person: str = ""
    name: str = ""
    login: str = ""
    roles: frozenset[str] = frozenset()
    own_roles: frozenset[str] = frozenset()
    """Without what is done in somebody's stead."""
    unit: str = ""
    """Whose people this person belongs to (`content/units`); empty: the whole office's."""
    unit_name: str = ""
    units: frozenset[str] | None = None
    """Whose things this person sees and changes: those of the unit and of all under it; None: everybody's."""
    instead_of: str = ""
    """Whose stead this person approves in, by name; empty for whoever may approve by a role of their own."""
    session: str = ""
    form_token: str = ""
    second_step: Standing = Standing.OPTIONAL
    place: str = ""
    """Where the notifier stood when the request came: what rings later may be missing on the page."""
    form: MultiDict[Any] = field(default_factory=MultiDict)
    plain: dict[str, Any] | None = None
    """What was posted as JSON, with its types; `form` has the same as texts."""
    api: bool = False
    """Whether the request came in under /api/v1, with a token."""
    token: str = ""
    scopes: frozenset[str] = frozenset()
    bears: dict[str, str] = field(default_factory=dict)
    """Headers of the answer, whatever it will be."""

    @property
    def language(self) -> str:
        """What this person reads pages in: `vi` or `en`."""
        return language_of(self.request, self.house.settings.office.locale)

    @property
    def looks(self) -> bool:
        """HEAD: the answer of GET is wanted without its body."""
        return self.request.method == "HEAD"

    @property
    def reads(self) -> bool:
        """GET or HEAD."""
        return self.looks or self.request.method == "GET"

    def may(self, door: str) -> bool:
        """Whether this person may go through the door of that name."""
        return bool(self.roles & self.doors.get(door, frozenset()))

    def why_not(self, door: str, own: bool, whose: Word) -> Word:
        """Why this person cannot approve by that door: their role, or, of their `own` work, `whose` it is; empty when they can."""
        if not self.may(door):
            return NO_APPROVER
        return whose if own else UNSAID

    def reaches(self, unit: str) -> bool:
        """Whether what belongs to that unit is this person's to see."""
        return self.units is None or unit in self.units

    @property
    def outlets(self) -> Outlets:
        """The outlets that are this person's to use."""
        return self.house.outlets if self.units is None else self.house.outlets.within(self.units)

    @property
    def outlet_names(self) -> tuple[str, ...] | None:
        """Their names, for narrowing what is read by them: None for all, and a name that is none where there is none."""
        return None if self.units is None else tuple(at.name for at in self.outlets) or ("",)

    @property
    def approves_by_own_right(self) -> bool:
        """Whether what this person schedules needs no second one: not by what is done in somebody's stead."""
        return self.may("schedule-approve") and not self.instead_of

    def text(self, name: str, default: str = "") -> str:
        """One written field of the form, line ends as in files."""
        value = self.form.get(name, default)
        return value.replace("\r\n", "\n") if isinstance(value, str) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """Every non-empty value of a field."""
        return tuple(value for value in self.form.getall(name, []) if isinstance(value, str) and value)

    def asked(self, name: str) -> str:
        """One value of the address's query."""
        return self.request.query.get(name, "").strip()

    def close(self) -> None:
        """Close uploaded files; aiohttp leaves that to whoever took them in."""
        for value in self.form.values():
            if isinstance(value, web.FileField):
                value.file.close()

    def part(self, name: str) -> str:
        """One part of the address's path."""
        return self.request.match_info[name]


@dataclass(frozen=True, slots=True)
class Shown:
    """Something to look at: a template with its values, and the same as JSON-ready `plain`."""

    template: str
    values: Mapping[str, Any]
    plain: Any = None
    status: int = 200
    fault: Said | None = None

    def with_fault(self, fault: Said) -> Shown:
        """The same page with a fault told on it."""
        status = 422 if isinstance(fault, BadInput | NotFound) else STATUS.get(type(fault), 400)
        return replace(self, fault=fault, status=status)


@dataclass(frozen=True, slots=True)
class Done:
    """A deed done: where to go next and what to say there, or JSON-ready `plain`."""

    to: str
    said: Word = UNSAID
    plain: Any = None
    status: int = 200


Answer = Shown | Done | web.StreamResponse
Handler = Callable[[Visit], Awaitable[Answer]]
VISIT = web.RequestKey("visit", Visit)


def respond(visit: Visit, answer: Answer) -> web.StreamResponse:
    """The answer in the representation that was asked for."""
    if isinstance(answer, web.StreamResponse):
        return answer
    if visit.json:
        if isinstance(answer, Shown) and answer.fault is not None:
            return problem(visit.request, STATUS.get(type(answer.fault), 400), answer.fault)
        return plain_json(answer.plain, answer.status)
    if isinstance(answer, Done):
        response = web.Response(status=303, headers={"Location": answer.to})
        visit.drawing.say(response, answer.said, visit.language)
        return response
    return draw(visit, answer)


def draw(visit: Visit, shown: Shown) -> web.Response:
    """A page of the desk with its frame."""
    fault = shown.fault
    errors = {fault.field: Word(fault.vi, fault.en)} if fault is not None and fault.field else {}
    values = {**shown.values, "visit": visit, "may": visit.may, "fault": fault, "errors": errors}
    html = visit.drawing.page(shown.template, visit.request, values, visit.language)
    response = web.Response(text=html, content_type="text/html", status=shown.status)
    visit.drawing.forget_said(visit.request, response)
    return response


def plain_json(plain: Any, status: int = 200, content_type: str = "application/json") -> web.Response:
    """JSON with Vietnamese left readable."""
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type=content_type)


def wants_json(request: web.BaseRequest) -> bool:
    """Whether the caller is a program: by address, or because it asks for JSON and not for a page."""
    if request.path.startswith(MACHINES):
        return True
    accepted = request.headers.get("Accept", "")
    return "json" in accepted and "text/html" not in accepted


def problem(request: web.BaseRequest, status: int, said: Any) -> web.Response:
    """RFC 9457: the error as JSON in the reader's language."""
    english = speaks_english(request)
    plain = {
        "type": getattr(said, "kind", "") or "about:blank",
        "title": words_of(status)[english],
        "status": status,
        "detail": said.en if english else said.vi,
    }
    plain |= {name: getattr(said, name) for name in ("field", "instance") if getattr(said, name, None)}
    plain |= getattr(said, "told", {})
    response = plain_json(plain, status, PROBLEM)
    response.headers["Content-Language"] = "en" if english else "vi"
    return response


def words_of(status: int) -> tuple[str, str]:
    """What a status says, in Vietnamese and in English; of those nobody here answers with, the protocol's own words."""
    phrase = next((one.phrase for one in HTTPStatus if one == status), "")
    return WORDS.get(status, (phrase, phrase))


def speaks_english(request: web.BaseRequest) -> bool:
    """Whether English is preferred to Vietnamese (RFC 9110 section 12.5.4); who says nothing reads Vietnamese."""
    best, found = 0.0, "vi"
    for one in request.headers.get("Accept-Language", "").lower().split(","):
        tag, _, weight = one.partition(";")
        language = tag.strip().split("-")[0]
        if language in {"vi", "en"} and (liking := _weight(weight)) > best:
            best, found = liking, language
    return found == "en"


def _weight(written: str) -> float:
    given = re.search(r"q=(0(?:\.\d+)?|1(?:\.0+)?)\s*$", written)
    return float(given[1]) if given else 1.0


def trouble_of(error: BaseException) -> Trouble | None:
    """How an exception is told outside; None for one that is nobody's business but the log's."""
    if isinstance(error, Trouble):
        return error
    if isinstance(error, Said):
        trouble = Trouble(STATUS.get(type(error), 400), error.vi, error.en, field=error.field)
        trouble.told = error.told if isinstance(error, BrokenRule) else {}
        return trouble
    if isinstance(error, DatabaseTrouble):
        return Trouble(503, error.vi, error.en, {"Retry-After": "10"})
    if isinstance(error, web.HTTPException) and error.status >= 400:
        vi, en = words_of(error.status)
        kept = {name: value for name, value in error.headers.items() if name in KEPT}
        return Trouble(error.status, vi, en, kept)
    return None


def _number(written: str) -> float:
    """JSON knows one kind of number: 12.0 is as whole as 12 (JSON Schema Validation 2020-12, 6.1.1)."""
    number = float(written)
    return int(number) if number.is_integer() else number


_read_json = partial(json.loads, parse_float=_number)


async def read_form(visit: Visit) -> None:
    """Take in what was posted: a form, or a JSON object of plain values, lists of them, and objects for verbs that read `plain`."""
    request = visit.request
    if request.content_type == "application/json":
        with _readable():
            given = await request.json(loads=_read_json)
        if not isinstance(given, dict):
            raise BadInput("JSON phải là một đối tượng", "The JSON must be an object")
        visit.form, visit.plain = MultiDict(_pairs(given)), given
    elif request.can_read_body:
        if visit.api and request.content_type not in FORMS:
            vi, en = words_of(415)
            raise Trouble(415, vi, en, {"Accept": ", ".join(("application/json", *FORMS))})
        with _readable():
            visit.form = MultiDict(await request.post())
    for name in (*(visit.plain or ()), *visit.form):
        check_text(name)
    for name, value in visit.form.items():
        written = value.filename if isinstance(value, web.FileField) else value
        if isinstance(written, str):
            check_text(written, name)


def check_text(text: str, field: str | None = None) -> None:
    """Refuse what no database keeps: a NUL, half a character. Raises BadInput."""
    try:
        sound = "\0" not in text.encode().decode()
    except UnicodeEncodeError:
        sound = False
    if not sound:
        raise BadInput("Có ký tự không dùng được", "There is a character that cannot be used", field=field)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError, LookupError, web.RequestPayloadError, HttpProcessingError) as error:
        raise BadInput("Không đọc được nội dung gửi lên", "What was sent cannot be read") from error


def _pairs(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        if isinstance(value, dict):
            # only to be looked through: a NUL would stand there as an escape that nobody sees
            yield str(key), json.dumps(value, ensure_ascii=False).replace("\\u0000", "\0")
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict | list):
                raise BadInput(f"{key}: giá trị không hợp lệ", f"{key}: not a plain value", field=str(key))
            if one is not None:
                yield str(key), one if isinstance(one, str) else json.dumps(one)
