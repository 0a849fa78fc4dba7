"""The shape of a verb, declared on it: what the API takes and answers. The door holds requests against it, a test the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_origin

from aiohttp.web import FileField
from multidict import MultiDict, MultiMapping
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from config.loading import reason_of
from config.words import BadInput
from desk.answer import Handler, Visit

H = TypeVar("H", bound=Handler)
T = TypeVar("T")


class Fields(BaseModel):
    """What a verb takes: fields of a body, or of the address's query. A verb on the API is given nothing but these."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What a verb answers. It is never made: verbs answer plain values, and tests hold these against it."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Listed(Told, Generic[T]):
    """A page of a list; `next` goes into `after` for the following one, and is null at the end."""

    items: list[T]
    next: str | None


class Paged(Fields):
    """Which page of a list."""

    limit: int = Field(50, ge=1, le=200, description="Entries of a page.")
    after: str = Field("", description="`next` of the page before.")


class PagedByTime(Paged):
    """Which page of a list in order of time; see `forms.cursor`."""

    after: str = Field(
        "",
        pattern=r"^([0-9]{1,14}\..+)?$",
        description="`next` of the page before.",
        examples=["1764000000000.38g5xeme0adc5"],
    )


def _file(value: object) -> object:
    if not isinstance(value, FileField):
        raise PydanticCustomError("file", "phải là một tệp, gửi bằng multipart/form-data (a file)")
    return value


Upload = Annotated[Any, PlainValidator(_file), WithJsonSchema({"type": "string", "format": "binary"})]
Note = Annotated[str, Field(max_length=2000, description="Why; kept in the journal.")]
Reason = Annotated[Note, Field(min_length=1)]
Needed = Annotated[str, Field(min_length=1)]
Day = Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$", examples=["2026-12-01"])]
Month = Annotated[str, Field(pattern=r"^([0-9]{4}-(0[1-9]|1[0-2]))?$", examples=["2026-11"])]
Hour = Annotated[str, Field(pattern=r"^(([01]?[0-9]|2[0-3]):[0-5][0-9])?$", examples=["05:00"])]


@dataclass(frozen=True, slots=True)
class Shape:
    """A verb's: `takes` what, `gives` what JSON with which `status`, or files of these `media`.

    `once`: its answer holds a secret, and is not kept for whoever asks again with the same key.
    """

    gives: Any
    takes: type[Fields]
    status: int
    media: tuple[str, ...]
    once: bool

    @property
    def is_upload(self) -> bool:
        """Whether a file comes with it."""
        return any(_file in _functions(info.metadata) for info in self.takes.model_fields.values())

    @property
    def is_nested(self) -> bool:
        """Whether it takes what only JSON can carry."""
        return any(get_origin(info.annotation) is dict for info in self.takes.model_fields.values())

    @property
    def is_list(self) -> bool:
        """Whether it answers a page of a list, not a single thing."""
        return isinstance(self.gives, type) and issubclass(self.gives, Listed)


def _functions(metadata: list[Any]) -> list[Any]:
    return [getattr(one, "func", None) for one in metadata]


_SHAPES: dict[Handler, Shape] = {}


def shape(
    gives: Any, takes: type[Fields] = Fields, *, status: int = 200, media: tuple[str, ...] = (), once: bool = False
) -> Callable[[H], H]:
    """Declare the shape of a verb; a verb without one does not open on the API."""

    def declare(handler: H) -> H:
        _SHAPES[handler] = Shape(gives, takes, status, media, once)
        return handler

    return declare


def shape_of(handler: Handler) -> Shape:
    """What was declared of a verb. Raises LookupError."""
    if handler not in _SHAPES:
        raise LookupError(f"{handler!r} opens on the API and has no declared shape")
    return _SHAPES[handler]


def hold(visit: Visit, declared: Shape) -> None:
    """Hold what was brought against the declared fields; a plain no is as good as nothing to the verb. Raises BadInput.

    What is written, in a query or a form, is read as what is declared; in JSON everything has its type already.
    """
    known = {info.alias or name: info for name, info in declared.takes.model_fields.items()}
    brought = visit.request.query if visit.reads else visit.form
    for name in brought:
        if name not in known:
            raise BadInput(f"Không có trường {name[:80]}", f"There is no field {name[:80]}", field=name[:80])
    try:
        if visit.plain is None:
            held = declared.takes.model_validate(_written(brought, known))
        else:
            held = declared.takes.model_validate_json(json.dumps(visit.plain), strict=True)
    except ValidationError as error:
        raise _said(error.errors()[0], known) from None
    off = {info.alias or name for name, info in type(held).model_fields.items() if getattr(held, name) is False}
    visit.form = MultiDict((name, value) for name, value in visit.form.items() if name not in off)


def _written(brought: MultiMapping[Any], known: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """Fields as they are written, each once but for lists."""
    values: dict[str, Any] = {}
    for name, info in known.items():
        given = brought.getall(name, [])
        if get_origin(info.annotation) is list:
            values |= {name: given} if given else {}
        elif len(given) > 1:
            raise BadInput(f"{name}: chỉ một giá trị", f"{name}: one value only", field=name)
        elif given:
            values[name] = given[0]
    return values


def _said(detail: ErrorDetails, known: Mapping[str, FieldInfo]) -> BadInput:
    """One fault in words, without the value."""
    name, context = str(detail["loc"][0]), detail.get("ctx", {})
    if detail["type"] in {"missing", "string_too_short", "too_short"}:
        return BadInput(f"Thiếu {name}", f"{name} is missing", field=name)
    if detail["type"] == "string_pattern_mismatch":
        example = (known[name].examples or [""])[0]
        return BadInput(f"{name}: viết như {example}", f"{name}: written as {example}", field=name)
    if detail["type"] in {"enum", "literal_error"}:
        listed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return BadInput(f"{name}: chọn một trong {listed}", f"{name}: one of {listed}", field=name)
    if detail["type"] == "string_too_long":
        most = context["max_length"]
        return BadInput(f"{name}: nhiều nhất {most} ký tự", f"{name}: {most} characters at most", field=name)
    if detail["type"] in {"greater_than_equal", "less_than_equal"}:
        edge = f"{'≥' if 'ge' in context else '≤'} {context.get('ge', context.get('le'))}"
        return BadInput(f"{name} phải {edge}", f"{name} must be {edge}", field=name)
    return BadInput(f"{name}: {reason_of(detail)}", f"{name}: {detail['msg']}", field=name)
