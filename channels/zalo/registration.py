"""A message template as Zalo has it registered, read at most once an hour (Zalo for Developers, template details v2)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from channels.answer import SendError
from channels.channel import Outlet, Refused, Unavailable
from channels.http import Http
from channels.reasons import Reason
from channels.zalo.account import A
from channels.zalo.calls import Said, ask
from channels.zalo.errors import zalo_error

ENABLED = "ENABLE"
_FRESH = timedelta(hours=1)
_SHAPES = {
    "NUMBER": (re.compile(r"-?\d+([.,]\d+)*"), "một số", "a number"),
    "DATE": (
        re.compile(r"(\d{1,2}:\d{2}(:\d{2})? )?\d{1,2}/\d{1,2}/\d{4}"),
        "một ngày dd/mm/yyyy",
        "a date dd/mm/yyyy",
    ),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: lengths in characters (`longest` 0: any), whether it must be given, and whether it may be empty."""

    name: str
    type: str
    shortest: int
    longest: int
    needed: bool
    empty: bool

    def fault(self, value: str | None) -> tuple[str, str] | None:
        """What Zalo would not take, in Vietnamese and English; None if the value fits."""
        if value is None:
            return ("chưa được khai", "is not given") if self.needed else None
        if not value:
            return None if self.empty else ("đang trống", "is empty")
        if self.longest and len(value) > self.longest:
            count = f"{len(value)}/{self.longest}"
            return f"dài {count} ký tự", f"has {count} characters"
        if len(value) < self.shortest:
            return f"phải có ít nhất {self.shortest} ký tự", f"needs {self.shortest} characters or more"
        shape, vi, en = _SHAPES.get(self.type, (None, "", ""))
        return None if shape is None or shape.fullmatch(value) else (f"phải là {vi}", f"must be {en}")


Registration = Sequence[Parameter]


def check(registered: Registration, given: Mapping[str, str]) -> None:
    """Refused, naming the parameter, when what is filled in does not fit the template."""
    for one in registered:
        if (fault := one.fault(given.get(one.name))) is not None:
            raise _misfit(one.name, *fault)
    known = {one.name for one in registered}
    for name in given:
        if name not in known:
            raise _misfit(name, "không có trong mẫu", "is not in the template")


def _misfit(name: str, vi: str, en: str) -> Refused:
    return Refused(Reason.TEMPLATE, f"tham số {name} của mẫu Zalo {vi}", f"parameter {name} of the Zalo template {en}")


async def registration(template: str, outlet: Outlet[A], http: Http, delivery: str) -> Registration:
    """The template's parameters, asked for by one at a time; only those of an enabled template are remembered.

    Unavailable until a person has acted while Zalo does not know the template or does not have it enabled.
    """
    known = await _kept(template, outlet, http)
    if known is not None:
        return known
    async with outlet.keep.alone("template"):
        known = await _kept(template, outlet, http)
        if known is not None:
            return known
        url = f"{outlet.options.business_url}/template/info/v2?template_id={template}"
        found = _read(await ask("GET", url, outlet, http), template, http, delivery)
        kept = {"id": template, "at": http.now().isoformat(), "parameters": [asdict(one) for one in found]}
        await outlet.keep.put("template", json.dumps(kept))
        return found


async def _kept(template: str, outlet: Outlet[A], http: Http) -> Registration | None:
    try:
        kept = json.loads(await outlet.keep.get("template") or "{}")
        if kept["id"] != template or http.now() - datetime.fromisoformat(kept["at"]) >= _FRESH:
            return None
        return [Parameter(**one) for one in kept["parameters"]]
    except (KeyError, TypeError, ValueError):
        return None


def _read(said: Said, template: str, http: Http, delivery: str) -> Registration:
    if said.code:
        raise _stopped(zalo_error(said.code, said.message, http.now(), delivery))
    status = said.text("status")
    if status != ENABLED:
        raise Unavailable(
            Reason.TEMPLATE,
            f"mẫu Zalo {template} chưa dùng được: {status or '?'}",
            f"the Zalo template {template} is not enabled: {status or '?'}",
            person=True,
        )
    try:
        return [_parameter(one) for one in said.data["listParams"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unavailable(
            "answer", f"không đọc được mẫu Zalo {template}", f"unreadable details of the Zalo template {template}"
        ) from None


def _stopped(error: SendError) -> SendError:
    """What is wrong with the template is no fault of a delivery: a person must act."""
    return Unavailable(error.reason, error.vi, error.en, person=True) if isinstance(error, Refused) else error


def _parameter(told: Mapping[str, object]) -> Parameter:
    return Parameter(
        name=str(told["name"]),
        type=str(told.get("type", "")),
        shortest=int(str(told.get("minLength") or 0)),
        longest=int(str(told.get("maxLength") or 0)),
        needed=told.get("require") is not False,
        empty=told.get("acceptNull") is True,
    )
