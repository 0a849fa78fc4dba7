"""What a form asks of an outlet's options, drawn from their types, the same for every kind there is or will be; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from channels.options import LONG
from config.words import Word

_LABEL = re.compile(r".+?(?=[.;:] | \(|[.;:]?$)")
_NAME, _VALUE = Word("Tên", "Name"), Word("Giá trị", "Value")


class Ask(StrEnum):
    """How an option is asked for."""

    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    TICK = "tick"
    CHOICE = "choice"
    SECRET = "secret"  # noqa: S105 (a name)
    LINES = "lines"
    TICKS = "ticks"
    PART = "part"
    ROWS = "rows"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its key, how it is asked for, of what its parts are (a model, or the type of its values)."""

    key: str
    ask: Ask
    inner: Any
    info: FieldInfo
    long: bool

    @property
    def default(self) -> Any:
        """What it is when nothing is said; None where something must be."""
        found = None if self.info.is_required() else self.info.get_default(call_default_factory=True)
        return None if isinstance(found, SecretStr | BaseModel) else found

    @property
    def optional(self) -> bool:
        """Whether a part may be left out altogether."""
        return self.ask is Ask.PART and type(None) in get_args(self.info.annotation)


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of a form: `name` in the form, what stands in it, and the same of its parts.

    A secret that is kept is never in `value`; `kept` says that there is one. `blank` is what holds when nothing is written.
    """

    name: str
    option: Option
    label: str
    help: str
    value: Any = ""
    kept: bool = False
    blank: str = ""
    entries: tuple[Entry, ...] = ()
    rows: tuple[tuple[Entry, ...], ...] = ()

    @property
    def ask(self) -> Ask:
        """How it is asked for."""
        return self.option.ask

    @property
    def required(self) -> bool:
        """Whether something must be written."""
        return self.option.info.is_required() and not self.kept

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen."""
        return tuple(str(one) for one in get_args(self.option.inner))


def options_of(model: type[BaseModel]) -> Iterator[Option]:
    """A kind's options in the order in which they are declared, what must be given first."""
    fields = sorted(model.model_fields.items(), key=lambda one: not one[1].is_required())
    for key, info in fields:
        ask, inner = asked_of(info.annotation)
        long = info.json_schema_extra == LONG
        yield Option(key, Ask.LONG if long and ask is Ask.TEXT else ask, inner, info, long)


def asked_of(annotation: Any) -> tuple[Ask, Any]:
    """How a type is asked for, and what it is made of."""
    found = [one for one in get_args(annotation) if one is not type(None)]
    if type(None) in get_args(annotation):
        return asked_of(found[0])
    origin = get_origin(annotation)
    if origin is Literal:
        return Ask.CHOICE, annotation
    if origin is tuple:
        ask, inner = asked_of(found[0])
        return {Ask.PART: (Ask.ROWS, inner), Ask.CHOICE: (Ask.TICKS, inner)}.get(ask, (Ask.LINES, found[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Ask.PAIRS, found[1]
    if hasattr(annotation, "__metadata__"):
        return asked_of(annotation.__origin__)
    if issubclass(annotation, BaseModel):
        return Ask.PART, annotation
    plain = {bool: Ask.TICK, int: Ask.NUMBER, float: Ask.NUMBER, SecretStr: Ask.SECRET}
    return plain.get(annotation, Ask.TEXT), annotation


def entries_of(
    model: type[BaseModel], table: Mapping[str, Any], kept: Mapping[str, Any], path: str = ""
) -> tuple[Entry, ...]:
    """The places of a form, with what a table of the configuration has for each.

    A secret is told only to whoever has just typed it: one that is already `kept` is not.
    """
    return tuple(_entry(option, table.get(option.key), kept.get(option.key), path) for option in options_of(model))


def _entry(option: Option, given: Any, kept: Any, path: str) -> Entry:
    name = path + option.key
    make = (name, option, *_words(option))
    default = option.default
    match option.ask:
        case Ask.SECRET:
            return Entry(*make, value="" if given == kept else given, kept=bool(kept))
        case Ask.TICK:
            return Entry(*make, value=default if given is None else given)
        case Ask.CHOICE:
            return Entry(*make, value=str(default if given is None else given))
        case Ask.LINES:
            return Entry(*make, value=_lines(given or ()), blank=", ".join(map(str, default or ())))
        case Ask.TICKS:
            return Entry(*make, value=tuple(map(str, default if given is None else given)))
        case Ask.PART:
            part = given if isinstance(given, Mapping) else {}
            entries = entries_of(option.inner, part, kept or {}, f"{name}.")
            return Entry(*make, value=given is not None, entries=entries)
        case Ask.ROWS:
            rows = [one for one in given or () if isinstance(one, Mapping)]
            drawn = (entries_of(option.inner, one, one, f"{name}.{at}.") for at, one in enumerate([*rows, {}]))
            return Entry(*make, rows=tuple(drawn))
        case Ask.PAIRS:
            pairs, held = [*(given or {}).items(), ("", None)], kept or {}
            drawn = (_pair(option, f"{name}.{at}.", key, one, held.get(key)) for at, (key, one) in enumerate(pairs))
            return Entry(*make, rows=tuple(drawn))
    return Entry(*make, value="" if given is None else str(given), blank="" if default in (None, "") else str(default))


def _words(option: Option) -> tuple[str, str]:
    """An option's label and what is said below it, in both languages where its help is."""
    words = option.info.description or option.key
    label, rest = _parted(words)
    if not isinstance(words, Word):
        return label, rest
    label_en, rest_en = _parted(words.en)
    return Word(label, label_en), Word(rest, rest_en)


def _parted(words: str) -> tuple[str, str]:
    """The first words of a help as a label, the rest as what is said below."""
    label = (_LABEL.match(words) or [words])[0]
    told = words[len(label) :].strip()
    rest = told.lstrip(".;: ").rstrip(".")
    return label, rest if told.startswith((":", "(")) else rest[:1].upper() + rest[1:]


def _pair(option: Option, path: str, key: str, value: Any, kept: Any) -> tuple[Entry, ...]:
    ask, inner = asked_of(option.inner)
    hidden = ask is Ask.SECRET and bool(kept)
    told = Option("value", ask, inner, FieldInfo(annotation=option.inner, default=""), long=False)
    named = Option("name", Ask.TEXT, str, FieldInfo(annotation=str, default=""), long=False)
    shown = "" if value is None or (hidden and value == kept) else str(value)
    return Entry(f"{path}name", named, _NAME, "", key), Entry(f"{path}value", told, _VALUE, "", shown, hidden)


def _lines(values: Sequence[Any]) -> str:
    return "\n".join(map(str, values))


def without_secrets(model: type[BaseModel], table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A table as it may be shown, and the names of the secrets that are in it."""
    shown: dict[str, Any] = {}
    secrets: list[str] = []
    for option in options_of(model):
        given = table.get(option.key)
        if given is None:
            continue
        if option.ask is Ask.SECRET:
            secrets += [option.key] if given else []
        elif option.ask is Ask.PAIRS and asked_of(option.inner)[0] is Ask.SECRET:
            secrets += [f"{option.key}.{name}" for name in given]
        elif option.ask is Ask.PART and isinstance(given, Mapping):
            shown[option.key], inner = without_secrets(option.inner, given)
            secrets += [f"{option.key}.{name}" for name in inner]
        else:
            shown[option.key] = given
    return shown, secrets
