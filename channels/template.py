"""Template: the body of a request for each recipient, taken apart once; every value is written as its place demands."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Literal
from urllib.parse import parse_qsl, quote_plus

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Two characters no template of ours holds; what is between them is the name of a placeholder.
_OPEN, _CLOSE = "\ue000", "\ue001"


class Template:
    """A JSON document or a form (`a={x}&b={y}`) whose texts hold `{name}`; `constants` are filled in at once.

    The values of `plain` names are letters, digits and signs that stand for themselves everywhere.
    """

    def __init__(
        self, text: str, kind: Literal["json", "form"], constants: Mapping[str, str], plain: Container[str] = ()
    ) -> None:
        escape = _in_json if kind == "json" else _in_form
        marked = _marked_json(text, constants) if kind == "json" else _marked_form(text, constants)
        place = re.compile(f"{_OPEN}(.*?){_CLOSE}")
        # By place and not by name: half the time, for every recipient.
        self._format = place.sub("%s", marked.replace("%", "%%"))
        self._values = [(name, None if name in plain else escape) for name in place.findall(marked)]

    def fill(self, values: Mapping[str, str]) -> str:
        """The body with these values."""
        return self._format % tuple(
            [values[name] if escape is None else escape(values[name]) for name, escape in self._values]
        )


def texts(text: str, kind: Literal["json", "form"]) -> list[str]:
    """All texts of a template, where placeholders may stand. Raises ValueError when it has not the shape it should have."""
    if kind == "json":
        try:
            return _texts(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"mẫu không phải JSON: {error} (the template is not JSON)") from None
    pairs = parse_qsl(text, keep_blank_values=True)
    if not pairs:
        raise ValueError("mẫu phải có dạng a={phone}&b={text} (not a form)")
    return [value for _, value in pairs]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]


def _marked_json(text: str, constants: Mapping[str, str]) -> str:
    marked = _each_text(json.loads(text), constants)
    return json.dumps(marked, ensure_ascii=False, separators=(",", ":"))


def _each_text(value: Any, constants: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda found: constants.get(found[1], f"{_OPEN}{found[1]}{_CLOSE}"), value)
    if isinstance(value, dict):
        return {name: _each_text(inner, constants) for name, inner in value.items()}
    if isinstance(value, list):
        return [_each_text(inner, constants) for inner in value]
    return value


def _marked_form(text: str, constants: Mapping[str, str]) -> str:
    return "&".join(
        f"{quote_plus(name)}={_form_value(value, constants)}" for name, value in parse_qsl(text, keep_blank_values=True)
    )


def _form_value(value: str, constants: Mapping[str, str]) -> str:
    pieces = PLACEHOLDER.split(value)
    for place in range(0, len(pieces), 2):
        pieces[place] = quote_plus(pieces[place])
    for place in range(1, len(pieces), 2):
        name = pieces[place]
        pieces[place] = quote_plus(constants[name]) if name in constants else f"{_OPEN}{name}{_CLOSE}"
    return "".join(pieces)


def _in_json(value: str) -> str:
    """A text inside of JSON's quotes."""
    return encode_basestring(value)[1:-1]


@lru_cache(maxsize=256)
def _in_form(value: str) -> str:
    """Percent-encoded; remembered, since a bulletin's text is the same for every recipient."""
    return quote_plus(value)
