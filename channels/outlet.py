"""Outlets in service: each with its channel and typed options, what can be wrong with them, and when one pauses itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import ValidationError

from channels.channel import Channel, Keep, Load, Outlet, WithFallback, no_link, no_recordings
from config.loading import BadSettings, reason_of, twofold
from config.words import NotFound, Word

PAUSE_AFTER_FAILURES = 10
PAUSE_AFTER = timedelta(hours=1)
ABOUT = frozenset({"kind", "title", "unit"})
"""What a configuration says of an outlet besides the options of its kind."""


@dataclass(eq=False)
class InService:
    """An outlet together with its channel. `unit` is whose it is (`content/units`); empty: the office's own.

    `replaced`: it is set otherwise by now, or gone; whoever works with it ends after what is in hand and asks anew.
    """

    channel: Channel[Any]
    outlet: Outlet[Any]
    unit: str = ""
    replaced: bool = False

    @property
    def name(self) -> str:
        """The outlet's name."""
        return self.outlet.name

    @property
    def fallback(self) -> str:
        """The outlet that takes over while this one fails; empty: none does."""
        return self.outlet.options.fallback if isinstance(self.outlet.options, WithFallback) else ""


class Outlets:
    """All outlets in service by name. They may change while they are used: who walks through them sees them as they were."""

    def __init__(self, outlets: Mapping[str, InService]) -> None:
        self._outlets = dict(outlets)

    def change_to(self, outlets: Mapping[str, InService]) -> None:
        """Have these from now on; one that is set as before stays the very same."""
        now = dict(outlets)
        for name, at in self._outlets.items():
            new = now.get(name)
            if new is not None and (new.channel, new.outlet, new.unit) == (at.channel, at.outlet, at.unit):
                now[name] = at
            else:
                at.replaced = True
        self._outlets = now

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

    def within(self, units: Container[str]) -> Outlets:
        """Those of these units alone."""
        return Outlets({name: at for name, at in self._outlets.items() if at.unit in units})

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


class Fault(NamedTuple):
    """What is wrong with an outlet, at which key."""

    key: str
    words: Word


@dataclass(frozen=True)
class Fittings:
    """What outlets are fitted with: their kinds, the address of the house, their memories, its recordings and links."""

    channels: Mapping[str, Channel[Any]]
    base_url: str
    keep: Callable[[str], Keep]
    load: Load = no_recordings
    stop_link: Callable[[str], str] = no_link
    reply_link: Callable[[str], str] = no_link
    code: Callable[[str], str] = no_link


def set_up_outlets(configured: Mapping[str, Mapping[str, Any]], fittings: Fittings, *, source: str = "") -> Outlets:
    """The outlets of a configuration. Raises BadSettings with every wrong kind, key and value."""
    ready, faults = fit_out(configured, fittings)
    problems = [f"[outlets.{name}] {key}: {words}" for name, found in faults.items() for key, words in found]
    if problems:
        raise BadSettings([f"{source}: {problem}" if source else problem for problem in problems])
    return Outlets(ready)


def fit_out(
    configured: Mapping[str, Mapping[str, Any]], fittings: Fittings
) -> tuple[dict[str, InService], dict[str, list[Fault]]]:
    """Outlets as far as they can be made, and by name what is wrong with each that is not right."""
    faults: defaultdict[str, list[Fault]] = defaultdict(list)
    ready: dict[str, InService] = {}
    kinds = [str(given.get("kind")) for given in configured.values()]
    for name, given in configured.items():
        channel = fittings.channels.get(str(given["kind"]))
        if channel is None:
            known = ", ".join(fittings.channels)
            vi, en = (
                f"không có loại kênh {given['kind']} (có: {known})",
                f"no kind {given['kind']} (there are: {known})",
            )
            faults[name].append(Fault("kind", Word(vi, en)))
            continue
        alone = kinds.count(channel.kind) == 1
        title = str(given["title"]) if given.get("title") else channel.title if alone else name
        rest = {key: value for key, value in given.items() if key not in ABOUT}
        try:
            options = channel.options.model_validate(rest)
        except ValidationError as error:
            found = [(".".join(map(str, detail["loc"])) or "options", reason_of(detail)) for detail in error.errors()]
            faults[name] += [Fault(*one) for one in found]
            continue
        mount = _mount(channel, name, kinds, fittings.base_url)
        own = (fittings.keep(name), fittings.load, fittings.stop_link, fittings.reply_link, fittings.code)
        outlet = Outlet(name, title, options, mount, *own)
        ready[name] = InService(channel, outlet, str(given.get("unit") or ""))
    for name, fault in (*_shared_secrets(ready), *_wrong_fallbacks(ready, configured)):
        faults[name].append(fault)
    return ready, dict(faults)


def _shared_secrets(ready: Mapping[str, InService]) -> Iterator[tuple[str, Fault]]:
    seen: dict[str, str] = {}
    for name, at in ready.items():
        for key in at.outlet.options.unshared:
            secret = getattr(at.outlet.options, key)
            if secret is None:
                continue
            other = seen.setdefault(secret.get_secret_value(), name)
            if other != name:
                words = f"đã dùng ở [outlets.{other}]; khóa này dùng một lần là đổi, mỗi điểm phát cần một khóa riêng"
                yield name, Fault(key, twofold(f"{words} (already used by {other}; each outlet needs its own)"))


def _wrong_fallbacks(ready: Mapping[str, InService], configured: Container[str]) -> Iterator[tuple[str, Fault]]:
    """Fallbacks that are not there, reach people in another way, or come back to where they began."""
    for name, at in ready.items():
        words, to = "", at.fallback
        if to and to not in configured:
            words = f"không có điểm phát {to} (there is no such outlet)"
        elif to in ready and (ready[to].channel.scheme, ready[to].channel.form) != (at.channel.scheme, at.channel.form):
            words = f"{to} không gửi cùng loại tin tới cùng loại địa chỉ (not the same text to the same addresses)"
        elif to and _comes_back(ready, name):
            words = f"{to} lại dự phòng bằng chính {name} (the fallbacks go round in a ring)"
        if words:
            yield name, Fault("fallback", twofold(words))


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
