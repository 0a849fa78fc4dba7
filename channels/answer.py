"""What a partner answered, what its status means, and the three ways a send can fail: Refused, Unavailable, Unsure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote

SHOWN_CHARACTERS = 300
PHONE = re.compile(r"(?<!\d)(?:\+?84|0)\d{6}(\d{3})(?!\d)")
"""A phone number of Vietnam, and what may be shown of it."""


class SendError(Exception):
    """Why a send did not end well. `reason` is one word for machines, `vi` and `en` the sentence for people."""

    def __init__(self, reason: str, vi: str, en: str) -> None:
        super().__init__(en)
        self.reason = reason
        self.vi = vi
        self.en = en


class Refused(SendError):
    """The partner will never take this delivery; trying again is useless."""


class Unavailable(SendError):
    """The partner surely did not take it now; try again, not before `retry_after` seconds if given.

    `person` says that a person must act first (credentials, balance): the outlet is paused.
    """

    def __init__(
        self, reason: str, vi: str, en: str, *, retry_after: float | None = None, person: bool = False
    ) -> None:
        super().__init__(reason, vi, en)
        self.retry_after = retry_after
        self.person = person


class Unsure(SendError):
    """The request may have left and no answer tells what became of it."""


class Answer(NamedTuple):
    """What the partner answered; header names in lower case. The body is whole if the status is 2xx, else its beginning.

    `hidden` is what the request carried and a partner may echo, but the log may not, in several lists.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    hidden: tuple[Iterable[str], ...] = ()

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"

    @property
    def good(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; Unsure when it is none, since a partner that took the request answers properly."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unsure(
                "answer", f"đối tác trả lời không đọc được: {self.shown()}", f"unreadable answer: {self.shown()}"
            ) from None

    def shown(self) -> str:
        """The beginning of the body for the log: one line, secrets masked, of phone numbers only the last three digits."""
        return self.mask(self.text())[:SHOWN_CHARACTERS]

    def mask(self, text: str) -> str:
        """A text of the partner's made fit for the log: one line, what must not be seen replaced."""
        text = veiled(" ".join(text.split()), [*chain.from_iterable(self.hidden)])
        return "".join(mark if mark.isprintable() else "?" for mark in text)


def veiled(text: str, secrets: Sequence[str]) -> str:
    """A text without these secrets, and with the last three digits of phone numbers only."""
    for secret in _secrets(secrets):
        text = text.replace(secret, "***")
    return PHONE.sub(r"…\1", text)


def _secrets(values: Sequence[str]) -> tuple[str, ...]:
    """What to mask, as it is and percent-encoded, longest first; shorter than four characters hides nothing."""
    long = {value for value in values if len(value) >= 4} - {"application/json", "identity"}
    words = {word for value in long for word in value.split() if len(word) >= 8}
    return tuple(sorted({*long, *words, *(quote(value, safe="") for value in long)}, key=len, reverse=True))


def status_error(answer: Answer, now: datetime) -> SendError:
    """What a status outside 2xx means: 408, 425, 429 and 503 were not taken, other 5xx may have been, 4xx is refused.

    Credentials and a wrong address (3xx, 404, 405) are nothing a delivery can be blamed for: a person must act.
    """
    shown, hint = answer.shown(), retry_after(answer.headers, now)
    vi, en = f"đối tác trả lời {answer.status}: {shown}", f"the partner answered {answer.status}: {shown}"
    if answer.status in {408, 425, 429, 503}:
        return Unavailable("busy", vi, en, retry_after=hint)
    if answer.status in {401, 403, 407}:
        return Unavailable("credentials", vi, en, person=True, retry_after=hint)
    if 300 <= answer.status < 400 or answer.status in {404, 405}:
        return Unavailable("wrong_address", f"sai địa chỉ đối tác; {vi}", f"wrong address; {en}", person=True)
    if answer.status >= 500:
        return Unsure("partner_error", vi, en)
    return Refused("refused", vi, en)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds of a Retry-After header in either form (RFC 9110 section 10.2.3); None when absent or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    moment = _moment(value)
    if moment is None:
        return None
    # A dated hint is relative to the partner's own clock when it tells it.
    base = _moment(headers.get("date", "")) or now
    return max(0.0, (moment - base).total_seconds())


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
