"""The shape of a verb, declared on it: what the API takes and answers. The door holds requests against it, a test the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_origin

from aiohttp.web import FileField
from multidict import MultiDict, MultiMapping
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from config.loading import reason_of
from config.words import BadInput
from desk.answer import Handler, Nested, Visit

H = TypeVar("H", bound=Handler)
T = TypeVar("T")


class Fields(BaseModel):
    """What a verb takes: fields of a body, or of the address's query. A verb on the API is given nothing but these."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


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


def _file(value: object) -> object:
    if not isinstance(value, FileField):
        raise PydanticCustomError("file", "phải là một tệp, gửi bằng multipart/form-data (a file)")
    return value


def _object(value: object) -> object:
    if not isinstance(value, Nested):
        raise PydanticCustomError("object", "phải là một đối tượng JSON (an object)")
    return value


JsonObject = Annotated[Any, PlainValidator(_object), WithJsonSchema({"type": "object"})]
"""An object inside the posted JSON; the verb finds it as JSON text."""
Upload = Annotated[Any, PlainValidator(_file), WithJsonSchema({"type": "string", "format": "binary"})]
_YES = TypeAdapter(bool)
Note = Annotated[str, Field(max_length=2000, description="Why; kept in the journal.")]


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
        return any(_object in _functions(info.metadata) for info in self.takes.model_fields.values())

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
    """Hold what was brought against the declared fields; what is missing the verb says itself. Raises BadInput.

    A query and JSON may have no other names; a form's own, which belong to its page, do not reach the verb.
    """
    request = visit.request
    if request.method == "GET":
        _check(declared, request.query, strict=True)
        return
    off = _check(declared, visit.form, strict=request.content_type == "application/json")
    visit.form = MultiDict((name, value) for name, value in visit.form.items() if name not in off)


def _check(declared: Shape, brought: MultiMapping[Any], *, strict: bool) -> set[str]:
    """Which of the names brought are nothing to the verb: undeclared, or a plain no."""
    known = {info.alias or name: info for name, info in declared.takes.model_fields.items()}
    unknown = [name for name in dict.fromkeys(brought) if name not in known]
    if strict and unknown:
        name = unknown[0][:80]
        raise BadInput(f"Không có trường {name}", f"There is no field {name}", field=name)
    values: dict[str, Any] = {}
    for name, info in known.items():
        given = [one for one in brought.getall(name, []) if one != ""]
        if any(isinstance(one, Nested) for one in given) and _object not in _functions(info.metadata):
            raise BadInput(f"{name}: giá trị không hợp lệ", f"{name}: not a plain value", field=name)
        if get_origin(info.annotation) is list:
            values |= {name: given} if given else {}
        elif len(given) > 1:
            raise BadInput(f"{name}: chỉ một giá trị", f"{name}: one value only", field=name)
        elif given:
            is_plain = strict and info.annotation is not str and not isinstance(given[0], Nested)
            values[name] = given[0].strip() if is_plain else given[0]
    try:
        declared.takes.model_validate(values)
    except ValidationError as error:
        wrong = [detail for detail in error.errors() if detail["type"] != "missing"]
        if wrong:
            raise _said(wrong[0]) from None
    flags = [name for name in values if known[name].annotation is bool]
    return set(unknown) | {name for name in flags if not _YES.validate_python(values[name])}


def _said(detail: ErrorDetails) -> BadInput:
    """One fault in words, without the value."""
    name, context = str(detail["loc"][0]), detail.get("ctx", {})
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
