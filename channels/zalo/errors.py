"""What Zalo's codes mean for a delivery (Zalo for Developers: error codes of the official-account and template APIs)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone

from channels.answer import SendError
from channels.channel import Refused, Unavailable
from channels.reasons import Reason

EXPIRED = frozenset({-216, -220, -124})
HANOI = timezone(timedelta(hours=7))
_MONEY = frozenset({-137, -321})
_ACCOUNT = frozenset(
    {
        *range(-105, -100),
        *(-135, -1351, -136, -320, -212, -221, -224, -240, -242, -1241, -14002, -14003),
    }
)
WAIT = frozenset({-32, -100, -200, -210})
_NIGHT = frozenset({-133, -234})
_QUOTA = frozenset({-144, -147, -1441, -1471, -1472, -211, -218, -126})
_REFUSED = {
    **dict.fromkeys((-108, -118), Reason.NUMBER),
    **dict.fromkeys((-119, -139, -140, -141, -213, -217), Reason.UNWILLING),
    **dict.fromkeys((-110, -114, -227, -230, -244), Reason.UNREACHABLE),
    **dict.fromkeys((-109, -117, -131, -145, -146, -111, -112, -113, -1121, -1122, -1124), Reason.TEMPLATE),
    **dict.fromkeys((-201, -233, -248, -249), Reason.TEXT),
}
_WAIT_SECONDS = 30.0


def zalo_error(code: int, message: str, now: datetime, delivery: str) -> SendError:
    """What a Zalo code means for a delivery; unlisted codes are Refused, for a person to look at."""
    vi, en = f"Zalo báo lỗi {code}: {message}", f"Zalo error {code}: {message}"
    if code in EXPIRED:
        return Unavailable(Reason.ACCOUNT, f"{vi}; token mới cũng không dùng được", en, person=True)
    if code in _ACCOUNT | _MONEY:
        return Unavailable(Reason.MONEY if code in _MONEY else Reason.ACCOUNT, vi, en, person=True)
    if code in WAIT:
        return Unavailable(Reason.BUSY, vi, en, retry_after=_WAIT_SECONDS + spread(delivery, 30))
    if code in _NIGHT:
        return Unavailable(Reason.HOURS, vi, en, retry_after=seconds_until(6, now) + spread(delivery, 600))
    if code in _QUOTA:
        return quota_spent(vi, en, now, delivery)
    return Refused(_REFUSED.get(code, Reason.OTHER), vi, en)


def quota_spent(vi: str, en: str, now: datetime, delivery: str) -> Unavailable:
    """Nothing more today: the next day in Vietnam."""
    return Unavailable(Reason.QUOTA, vi, en, retry_after=seconds_until(0, now) + spread(delivery, 1800))


def seconds_until(hour: int, now: datetime) -> float:
    """Seconds until the next such full hour in Vietnam."""
    local = now.astimezone(HANOI)
    then = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return ((then if then > local else then + timedelta(days=1)) - local).total_seconds()


def spread(delivery: str, seconds: int) -> float:
    """Drawn from the delivery's name, so that thousands put off together do not come back together."""
    return int.from_bytes(hashlib.sha256(delivery.encode()).digest()[:4], "big") % seconds
