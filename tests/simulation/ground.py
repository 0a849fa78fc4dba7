"""What all simulated worlds begin with: a database with approved items and audiences, outlets, and numbers by chance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import db.types
from channels.channel import Confirmation, Outlet, To
from channels.http import Http
from channels.kinds.sms_http import SmsHttp
from channels.outlet import InService, Outlets
from desk.app import House
from scheduler.schedule import QuietHours

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Three in the afternoon in Vietnam: hours before and after it nobody is to be left undisturbed."""


class AskingSms(SmsHttp):
    """A gateway that does not deduplicate but can be asked."""

    async def ask(self, to: To, reference: str, outlet: Outlet[Any], http: Http) -> Confirmation | None:
        """See Channel.ask."""
        body = f'{{"id": "{to.delivery}", "to": "{to.address}"}}'.encode()
        answer = await http.request("POST", outlet.options.url.replace("/send", "/asked"), body=body)
        return Confirmation(bool(answer.json()["taken"]), delivery=to.delivery)


@dataclass(frozen=True)
class Ground:
    """What all worlds of a test process begin with: a database with approved items and audiences, and a house's parts."""

    file: Path
    house: House
    items: dict[str, str]
    """Item ids by class."""
    audiences: dict[str, int]
    """Sizes by name."""


@contextmanager
def chance_of_ids(seed: int) -> Iterator[None]:
    """Numbers of parcels and occurrences come from the seed too."""
    before, own = db.types.secrets, random.Random(f"{seed} ids")
    db.types.secrets = SimpleNamespace(randbits=own.getrandbits)  # type: ignore[assignment]
    try:
        yield
    finally:
        db.types.secrets = before


def outlets_of(house: House) -> Outlets:
    """The three partners: one deduplicates, one does not, one can be asked."""
    plain = {name: house.outlets[name] for name in ("knows", "once", "asks")}
    return Outlets({**plain, "asks": InService(AskingSms(), plain["asks"].outlet)})


def quiet_of(house: House) -> QuietHours:
    """As the settings say."""
    told = house.settings.schedule
    return QuietHours(
        time.fromisoformat(told.quiet_from), time.fromisoformat(told.quiet_to), house.settings.office.zone
    )
