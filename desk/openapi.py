"""The API described (OpenAPI 3.1), drawn from the table of doors and from what its verbs declare; nothing is written here twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from desk.answer import FORMS, PROBLEM, words_of
from desk.conditions import thing_of
from desk.shape import Shape, Told, shape_of
from desk.shapes.items import RuleTold

if TYPE_CHECKING:
    from desk.doors import Door

PREFIX = "/api/v1"
REF = "#/components/schemas/{model}"
JSON = "application/json"
SOUND = "audio/mpeg"
KEY = "^[!-~]([ -~]*[!-~])?$"
"""A key as `idempotency.key_of` takes it: printable ASCII without blanks around it."""
HEADERS = {
    "RateLimit": "What is left of the token's allowance (draft-ietf-httpapi-ratelimit-headers-10).",
    "RateLimit-Policy": "The token's allowance.",
    "Retry-After": "Seconds after which to come again.",
    "ETag": "Of exactly this answer; for If-None-Match, and for If-Match on what is done to the thing.",
    "Idempotent-Replayed": "`true`: this is the answer of before, kept under the same Idempotency-Key.",
}


class Problem(Told):
    """An error (RFC 9457), in Vietnamese unless English is preferred (Accept-Language)."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None
    instance: str | None = None
    rule: str | None = None
    rules: list[RuleTold] | None = None


def statuses(door: Door, declared: Shape) -> tuple[int, ...]:
    """Every status that a door's answers have."""
    found = {declared.status, 400, 401, 403, 404, 417, 429, 500, 503}
    if door.method == "POST":
        found |= {409, 413, 415, 422} | ({412} if thing_of(door.path) else set())
    else:
        found |= {422} if declared.takes.model_fields else set()
        found |= {304} if declared.gives is not None and not declared.is_list else set()
    if SOUND in declared.media:  # a file, of which pieces can be had
        found |= {206, 304, 412, 416}
    return tuple(sorted(found))


def document(doors: Iterable[Door]) -> dict[str, Any]:
    """The whole description, JSON-ready."""
    opened = [(door, shape_of(door.handler)) for door in doors if door.api]
    schemas = _Schemas([Problem, *(model for _, declared in opened for model in _models(declared))])
    shown = {door.path for door, _ in opened if door.method == "GET"}
    paths: dict[str, dict[str, Any]] = {}
    for door, declared in opened:
        operations = paths.setdefault(PREFIX + door.path, {})
        operations[door.method.lower()] = _operation(door, declared, schemas, matched=thing_of(door.path) in shown)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Loa", "version": version("loa"), "description": "docs/api.md", "license": LICENSE},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.named,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "`loa token create`"}},
            "headers": {name: _header(name) for name in HEADERS},
        },
    }


LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


class _Schemas:
    """JSON schemas of models, those with names of their own put together in one place."""

    def __init__(self, models: Iterable[type[BaseModel]]) -> None:
        asked = [(model, "validation") for model in dict.fromkeys(models)]
        typed: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = asked  # type: ignore[assignment]
        refs, top = models_json_schema(typed, ref_template=REF)
        self._refs = {model: ref for (model, _), ref in refs.items()}
        self.named: dict[str, Any] = top["$defs"]

    def ref(self, model: Any) -> dict[str, Any]:
        """How a model is spoken of; any other type as it is."""
        if model in self._refs:
            return self._refs[model]
        schema = TypeAdapter(model).json_schema(ref_template=REF)
        schema.pop("$defs", None)
        return schema

    def taken(self, model: type[BaseModel], *, written: bool) -> dict[str, Any]:
        """How a body is spoken of; a form cannot say null, and is another thing where JSON can."""
        whole = self.named[name := self._name(model)]
        plain = _without_null(whole)
        if not written or plain == whole:
            return self.ref(model)
        self.named[f"{name}Form"] = plain
        return {"$ref": REF.format(model=f"{name}Form")}

    def asked(self, model: type[BaseModel]) -> dict[str, Any]:
        """The schema of a query."""
        return _without_null(self.named[self._name(model)])

    def _name(self, model: type[BaseModel]) -> str:
        name: str = self._refs[model]["$ref"].rsplit("/", 1)[-1]
        return name


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The same of what is written as text: left out is how nothing is said there."""
    fields = {name: _not_null(one) for name, one in schema.get("properties", {}).items()}
    return schema | {"properties": fields} if fields else schema


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" not in schema:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    (one,) = [dict(one) for one in schema["anyOf"] if one != {"type": "null"}]
    return one | rest


def _models(declared: Shape) -> list[type[BaseModel]]:
    """Models that need a name: what is taken, what is answered, also within a list."""
    given = [declared.gives, *getattr(declared.gives, "__args__", ())]
    return [declared.takes, *(one for one in given if isinstance(one, type) and issubclass(one, BaseModel))]


def _operation(door: Door, declared: Shape, schemas: _Schemas, *, matched: bool) -> dict[str, Any]:
    told = {
        "operationId": door.name,
        "summary": summary_of(door),
        "tags": [door.path.split("/")[1].split(".")[0]],
        "security": [{"token": [door.scope]}],
        "parameters": _parameters(door, declared, schemas, matched=matched),
        "responses": {str(status): _response(door, declared, schemas, status) for status in statuses(door, declared)},
    }
    if door.method == "POST" and declared.takes.model_fields:
        types = FORMS[1:] if declared.is_upload else (JSON,) if declared.is_nested else (JSON, *FORMS)
        body = {kind: {"schema": schemas.taken(declared.takes, written=kind != JSON)} for kind in types}
        needed = any(info.is_required() for info in declared.takes.model_fields.values())
        told["requestBody"] = {"required": needed, "content": body}
    return told


def summary_of(door: Door) -> str:
    """What the verb's own docstring says it does."""
    first = (door.handler.__doc__ or "").strip().split("\n")[0]
    said = re.sub(r"^(GET|POST) \S+?(?=[:;,.]?( |$))[:;,.]? ?", "", first)
    return said or door.name


def _parameters(door: Door, declared: Shape, schemas: _Schemas, *, matched: bool) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1}
    found = [_parameter("path", name, text, required=True) for name in re.findall(r"{(\w+)}", door.path)]
    if door.method == "GET":
        asked = schemas.asked(declared.takes)
        needed = asked.get("required", ())
        for name, schema in asked.get("properties", {}).items():
            found.append(_parameter("query", name, schema, required=name in needed))
        if 304 in statuses(door, declared):
            found.append(_parameter("header", "If-None-Match", {"type": "string"}))
        return found
    found.append(_parameter("header", "Idempotency-Key", {"type": "string", "maxLength": 255, "pattern": KEY}))
    if matched:
        found.append(_parameter("header", "If-Match", {"type": "string"}))
    return found


def _parameter(where: str, name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


def _response(door: Door, declared: Shape, schemas: _Schemas, status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": words_of(status)[1] or str(status)}
    names = ["RateLimit", "RateLimit-Policy"] if status not in {401, 417} else []
    names += ["Retry-After"] if status in {409, 429, 503} else []
    if status == 304 or (status == 200 and 304 in statuses(door, declared)):
        names.append("ETag")
    if door.method == "POST" and status in {declared.status, 400, 403, 404, 409, 412}:
        names.append("Idempotent-Replayed")
    if names:
        told["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    if status in {412, 416} and declared.media:
        return told
    if status >= 400:
        told["content"] = {PROBLEM: {"schema": schemas.ref(Problem)}}
    elif status == declared.status:
        content: dict[str, Any] = {media: {} for media in declared.media}
        told["content"] = content | ({JSON: {"schema": schemas.ref(declared.gives)}} if declared.gives else {})
    return told


def _header(name: str) -> dict[str, Any]:
    return {"description": HEADERS[name], "schema": {"type": "integer" if name == "Retry-After" else "string"}}
