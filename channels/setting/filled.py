"""What was filled in of an outlet's options, by a form or as JSON, as a table of the configuration; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from channels.setting.entry import Ask, Option, asked_of, options_of


def table_of(
    model: type[BaseModel], form: Mapping[str, Sequence[str]], kept: Mapping[str, Any], path: str = ""
) -> dict[str, Any]:
    """What was filled in, as a table of the configuration; what is as it is by itself is left out.

    A secret that was left open is the one in `kept`, unless its `.drop` is ticked.
    """
    table: dict[str, Any] = {}
    for option in options_of(model):
        found = _filled(option, form, kept.get(option.key), path + option.key)
        if found is not None:
            table[option.key] = found
    return table


def _filled(option: Option, form: Mapping[str, Sequence[str]], kept: Any, name: str) -> Any:
    """What was said of an option; None for nothing, or for what it is anyway."""
    written = "".join(form.get(name, ())[:1]).strip()
    match option.ask:
        case Ask.SECRET:
            return written or (None if form.get(f"{name}.drop") else kept)
        case Ask.PART:
            if option.optional and not written:
                return None
            part = table_of(option.inner, form, kept or {}, f"{name}.")
            return part if part or option.optional else None
        case Ask.ROWS:
            held = dict(enumerate(kept or ()))
            rows = [table_of(option.inner, form, held.get(at, {}), f"{name}.{at}.") for at in _rows(form, name)]
            return [row for row in rows if row] or None
        case Ask.PAIRS:
            return _pairs(form, kept or {}, name) or None
    found = _plain(option, written, form.get(name, ()))
    same = list(option.default) if isinstance(option.default, tuple) else option.default
    return None if found in ("", same) else found


def _plain(option: Option, written: str, given: Sequence[str]) -> Any:
    """What is one value, or a list of such."""
    match option.ask:
        case Ask.TICK:
            return bool(written)
        case Ask.NUMBER:
            return _number(written)
        case Ask.CHOICE:
            return next((one for one in get_args(option.inner) if str(one) == written), written)
        case Ask.LINES:
            lines = [line.strip() for line in written.splitlines() if line.strip()]
            return ([_number(line) for line in lines] if option.inner is int else lines) or ""
        case Ask.TICKS:
            return [one for one in given if one]
    return written


def _rows(form: Mapping[str, Sequence[str]], name: str) -> list[int]:
    """Which rows were on the form and are not to be dropped."""
    lead = re.compile(rf"{re.escape(name)}\.(\d{{1,3}})\.")
    found = {int(match[1]) for one in form if (match := lead.match(one))}
    return [at for at in sorted(found) if not form.get(f"{name}.{at}.drop")]


def _pairs(form: Mapping[str, Sequence[str]], kept: Mapping[str, Any], name: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for at in _rows(form, name):
        key, value = ("".join(form.get(f"{name}.{at}.{part}", ())[:1]).strip() for part in ("name", "value"))
        if key:
            pairs[key] = value or kept.get(key, "")
    return pairs


def _number(written: str) -> int | float | str:
    """As a person writes it, also with a decimal comma; what is no number is left for the model to refuse."""
    plain = written.replace(",", ".")
    if re.fullmatch(r"-?\d{1,15}", plain):
        return int(plain)
    return float(plain) if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", plain) else written


def with_kept(model: type[BaseModel], given: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """A table as a program gives it, with the secrets of `kept` that it does not name; one that it gives as null is dropped."""
    table = {key: value for key, value in given.items() if value is not None}
    for option in options_of(model):
        held, new = kept.get(option.key), table.get(option.key)
        if held is None:
            continue
        if option.ask is Ask.SECRET:
            if option.key not in given:
                table[option.key] = held
        elif option.ask is Ask.PAIRS and isinstance(new, Mapping) and asked_of(option.inner)[0] is Ask.SECRET:
            table[option.key] = {name: held.get(name) if value is None else value for name, value in new.items()}
        elif option.ask is Ask.PART and isinstance(new, Mapping) and isinstance(held, Mapping):
            table[option.key] = with_kept(option.inner, new, held)
    return table
