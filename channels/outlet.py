"""Outlets in service: the configured ones with their channel and typed options, and how a failing one pauses itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from channels.channel import Channel, Keep, Load, Outlet, no_recordings
from config.settings import BadSettings, reason_of
from config.words import NotFound

PAUSE_AFTER_FAILURES = 10
PAUSE_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class InService:
    """An outlet together with its channel."""

    channel: Channel[Any]
    outlet: Outlet[Any]

    @property
    def name(self) -> str:
        """The outlet's name."""
        return self.outlet.name


class Outlets:
    """All configured outlets by name."""

    def __init__(self, outlets: Mapping[str, InService]) -> None:
        self._outlets = dict(outlets)

    def __getitem__(self, name: str) -> InService:
        """The outlet of that name. Raises NotFound."""
        if name not in self._outlets:
            listed = ", ".join(self._outlets) or "-"
            raise NotFound(
                f"Không có điểm phát {name} (hiện có: {listed})",
                f"There is no outlet {name} ({listed})",
                field="outlet",
            )
        return self._outlets[name]

    def get(self, name: str) -> InService | None:
        """The outlet of that name, or None."""
        return self._outlets.get(name)

    def __iter__(self) -> Any:
        return iter(self._outlets.values())

    def __contains__(self, name: str) -> bool:
        return name in self._outlets


def set_up_outlets(
    configured: Mapping[str, Mapping[str, Any]],
    channels: Mapping[str, Channel[Any]],
    *,
    base_url: str,
    keeps: Mapping[str, Keep],
    load: Load = no_recordings,
    source: str = "",
) -> Outlets:
    """The outlets of a configuration; `load` reads what they push. Raises BadSettings with every wrong kind, key and value."""
    problems: list[str] = []
    ready: dict[str, InService] = {}
    kinds = [str(given.get("kind")) for given in configured.values()]
    for name, given in configured.items():
        channel = channels.get(str(given["kind"]))
        if channel is None:
            problems.append(f"[outlets.{name}] kind: không có loại kênh {given['kind']} (có: {', '.join(channels)})")
            continue
        title = str(given.get("title") or (channel.title_vi if kinds.count(channel.kind) == 1 else name))
        rest = {key: value for key, value in given.items() if key not in {"kind", "title"}}
        try:
            options = channel.options.model_validate(rest)
        except ValidationError as error:
            for detail in error.errors():
                key = ".".join(map(str, detail["loc"])) or "options"
                problems.append(f"[outlets.{name}] {key}: {reason_of(detail)}")
            continue
        outlet = Outlet(name, title, options, _mount(channel, name, kinds, base_url), keeps[name], load)
        ready[name] = InService(channel, outlet)
    if problems:
        raise BadSettings([f"{source}: {problem}" if source else problem for problem in problems])
    return Outlets(ready)


def _mount(channel: Channel[Any], name: str, kinds: list[str], base_url: str) -> str:
    """Where the outlet's shelf is: a single public one needs no name in its address."""
    if not channel.shelf:
        return base_url
    lone = channel.shelf_public and kinds.count(channel.kind) == 1
    return f"{base_url}/{channel.shelf}" if lone else f"{base_url}/{channel.shelf}/{name}"


def should_pause(failures: int, failing_since: datetime | None, now: datetime) -> bool:
    """Whether an outlet has failed so often and so long that it should rest until a person has looked."""
    return failures >= PAUSE_AFTER_FAILURES and failing_since is not None and now - failing_since >= PAUSE_AFTER
