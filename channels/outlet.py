"""Outlets in service: the configured ones with their channel and typed options, and how a failing one pauses itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from channels.channel import Channel, Keep, Load, Outlet, WithFallback, no_link, no_recordings
from config.loading import BadSettings, reason_of
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

    @property
    def fallback(self) -> str:
        """The outlet that takes over while this one fails; empty: none does."""
        return self.outlet.options.fallback if isinstance(self.outlet.options, WithFallback) else ""


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

    def hooked_with(self, name: str) -> list[InService]:
        """The outlet, and those whose partner calls the same address."""
        at = self[name]
        shared = at.channel.hook_shared_by(at.outlet)
        others = [one for one in self._outlets.values() if one.channel.hook_shared_by(one.outlet) == shared]
        return [at, *(one for one in others if shared and one is not at)]

    def fallbacks(self, name: str) -> tuple[str, ...]:
        """The outlets that take over from one while it fails, the next first."""
        found: list[str] = []
        while (at := self.get(found[-1] if found else name)) is not None and at.fallback:
            found.append(at.fallback)
        return tuple(found)

    def fallbacks_of(self, names: Sequence[str]) -> list[str]:
        """The outlets that may take over from any of these, and are none of them: who is reached by both is so once by each."""
        found = dict.fromkeys(one for name in names for one in self.fallbacks(name))
        return [one for one in found if one not in names]

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
    stop_link: Callable[[str], str] = no_link,
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
        outlet = Outlet(name, title, options, _mount(channel, name, kinds, base_url), keeps[name], load, stop_link)
        ready[name] = InService(channel, outlet)
    problems += _shared_secrets(ready)
    problems += _wrong_fallbacks(ready, configured)
    if problems:
        raise BadSettings([f"{source}: {problem}" if source else problem for problem in problems])
    return Outlets(ready)


def _shared_secrets(ready: Mapping[str, InService]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name, at in ready.items():
        for key in at.outlet.options.unshared:
            secret = getattr(at.outlet.options, key)
            if secret is None:
                continue
            other = seen.setdefault(secret.get_secret_value(), name)
            if other != name:
                yield (
                    f"[outlets.{name}] {key}: đã dùng ở [outlets.{other}]; khóa này dùng một lần là đổi, mỗi điểm phát cần một "
                    f"khóa riêng (already used by {other}; each outlet needs its own)"
                )


def _wrong_fallbacks(ready: Mapping[str, InService], configured: Container[str]) -> Iterator[str]:
    """Fallbacks that are not there, reach people in another way, or come back to where they began."""
    for name, at in ready.items():
        where, to = f"[outlets.{name}] fallback", at.fallback
        if to and to not in configured:
            yield f"{where}: không có điểm phát {to} (there is no such outlet)"
        elif to in ready and (ready[to].channel.scheme, ready[to].channel.form) != (at.channel.scheme, at.channel.form):
            yield f"{where}: {to} không gửi cùng loại tin tới cùng loại địa chỉ (not the same text to the same addresses)"
        elif to and _comes_back(ready, name):
            yield f"{where}: {to} lại dự phòng bằng chính {name} (the fallbacks go round in a ring)"


def _comes_back(ready: Mapping[str, InService], name: str) -> bool:
    seen = {name}
    while (at := ready.get(name)) is not None and at.fallback:
        name = at.fallback
        if name in seen:
            return True
        seen.add(name)
    return False


def _mount(channel: Channel[Any], name: str, kinds: list[str], base_url: str) -> str:
    """Where the outlet's shelf is: a single public one needs no name in its address."""
    if not channel.shelf:
        return base_url
    lone = channel.shelf_public and kinds.count(channel.kind) == 1
    return f"{base_url}/{channel.shelf}" if lone else f"{base_url}/{channel.shelf}/{name}"


def should_pause(failures: int, failing_since: datetime | None, now: datetime) -> bool:
    """Whether an outlet has failed so often and so long that it should rest until a person has looked."""
    return failures >= PAUSE_AFTER_FAILURES and failing_since is not None and now - failing_since >= PAUSE_AFTER
