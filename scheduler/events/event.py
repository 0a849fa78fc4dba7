"""Event: one thing that happened, as another system is told of it; and its CloudEvents 1.0 form; pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from config.words import Word
from scheduler.delivery import FINAL, LETTER, OF_LETTER, delivery_id

KEPT = timedelta(days=30)
"""So long an event can be sent again."""
TYPE = "vn.loa."
UNTOLD = "-"
"""The letter of a delivery of which nothing is told."""
FINAL_LETTERS = frozenset(LETTER[state] for state in FINAL)


class Kind(StrEnum):
    """What a receiver may ask for; `type` in CloudEvents is `vn.loa.` and this."""

    ITEM_APPROVED = "item.approved"
    OCCURRENCE_OPENED = "occurrence.opened"
    DELIVERY_FINAL = "delivery.final"
    OUTLET_PAUSED = "outlet.paused"
    STATION_LATE = "station.late"


TITLES = {
    Kind.ITEM_APPROVED: Word("tin bài được duyệt", "an item is approved"),
    Kind.OCCURRENCE_OPENED: Word("kỳ phát bắt đầu", "a run begins"),
    Kind.DELIVERY_FINAL: Word("lượt gửi có kết quả", "a delivery has its outcome"),
    Kind.OUTLET_PAUSED: Word("điểm phát tạm dừng", "an outlet is paused"),
    Kind.STATION_LATE: Word("đài chưa lấy bản tin", "a station has not fetched its bulletin"),
}
OF_JOURNAL = frozenset({Kind.ITEM_APPROVED, Kind.OUTLET_PAUSED})
"""Kinds that the journal holds."""
TEST = "test"
"""The kind of an event that nobody asks for: an administrator tries an address out."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to which thing (`subject`, as the journal names things).

    `id` is the same for ever, and has no full stop: Standard Webhooks signs `id.timestamp.body`.
    """

    id: str
    kind: str
    at: datetime
    subject: str
    about: dict[str, Any]


def body_of(event: Event, source: str) -> str:
    """The event as structured CloudEvents JSON, the same on every try. `source` is the address of this Loa."""
    about = _deliveries(event.about) if event.kind == Kind.DELIVERY_FINAL else event.about
    told = {
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": f"{TYPE}{event.kind}",
        "time": event.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "subject": event.subject,
        "datacontenttype": "application/json",
        "data": about,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _deliveries(about: dict[str, Any]) -> dict[str, Any]:
    """A parcel's letters written out: a million deliveries are kept as a million letters, and told with their ids."""
    rest = {name: value for name, value in about.items() if name not in {"parcel", "letters", "others"}}
    parcel, others = about["parcel"], about["others"]
    told = [
        {
            "id": delivery_id(parcel, seq),
            "outlet": others.get(str(seq), about["outlet"]),
            "state": OF_LETTER[letter].value,
        }
        for seq, letter in enumerate(about["letters"])
        if letter != UNTOLD
    ]
    return rest | {"deliveries": told}


def news_of(letters: str, told: str) -> str:
    """Which of a parcel's final states nobody was told of yet: its letters with a dash for everything else."""
    before = told.ljust(len(letters), UNTOLD)
    return "".join(
        letter if letter in FINAL_LETTERS and letter != was else UNTOLD
        for letter, was in zip(letters, before, strict=True)
    )


def told_with(told: str, news: str) -> str:
    """What was told of a parcel after that news too."""
    before = told.ljust(len(news), UNTOLD)
    return "".join(was if letter == UNTOLD else letter for letter, was in zip(news, before, strict=True))
