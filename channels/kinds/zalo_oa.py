"""Kind `zalo_oa`: a consultation text message from a Zalo Official Account to one person who follows it.

Endpoints, codes and signatures: Zalo for Developers (official-account API v3.0, OAuth v4, webhook pages).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from channels.channel import (
    Callback,
    Channel,
    Confirmation,
    Form,
    Keep,
    Options,
    Outlet,
    Pace,
    Receipt,
    Refused,
    To,
    Unavailable,
    Unsure,
)
from channels.http import Answer, Http, SendError
from channels.options import BaseAddress
from content.bulletin import Bulletin

EXPIRED = frozenset({-216, -220, -124})
_PERSON = frozenset(
    {*range(-105, -100), -135, -1351, -136, -320, -137, -321, -212, -221, -224, -240, -242, -14002, -14003}
)
_WAIT = frozenset({-32, -100, -200, -210})
_NIGHT = frozenset({-133, -234})
_QUOTA = frozenset({-144, -147, -1441, -1471, -1472, -211, -218, -126})
_RECIPIENT = frozenset({-108, -110, -114, -118, -119, -139, -140, -141, -213, -217, -227, -230, -244})
_CONTENT = frozenset({-109, -117, -131, -145, -146, -111, -112, -113, -1121, -1122, -1124, -201, -233, -248, -249})
_HANOI = timezone(timedelta(hours=7))
_WAIT_SECONDS = 30.0
# A pair lives 25 hours; it is renewed when five are left.
_LIFE = timedelta(hours=25)
_MARGIN = timedelta(hours=5)
# Zalo repeats a webhook for half a day; a clock may be a little ahead.
_PAST = timedelta(hours=13)
_FUTURE = timedelta(minutes=5)
_LIMIT = 2000
_RENEWALS: set[asyncio.Task[Tokens]] = set()


class ZaloOptions(Options):
    """Options of a Zalo Official Account outlet."""

    app_id: str = Field(min_length=1, description="Mã ứng dụng (App ID) trên developers.zalo.me.")
    app_secret: SecretStr = Field(min_length=1, description="Khóa bí mật của ứng dụng, dùng để đổi token.")
    refresh_token: SecretStr = Field(
        min_length=1, description="Refresh token đầu tiên (lấy ở API Explorer); từ đó Loa tự đổi và giữ cặp mới."
    )
    access_token: SecretStr | None = Field(default=None, description="Access token đầu tiên, nếu có.")
    oa_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="OA Secret Key ở trang Webhook (khác khóa ứng dụng); cần để nhận phản hồi.",
    )
    oa_id: str = Field(default="", description="Mã Official Account, chỉ cần khi webhook ký bằng mã này.")
    signed_with: Literal["app_id", "oa_id"] = Field(
        default="app_id", description="Mã đứng đầu chuỗi ký của webhook: app_id theo tài liệu, một số nơi dùng oa_id."
    )
    appsecret_proof: bool = Field(default=False, description="Gửi kèm appsecret_proof khi ứng dụng bật yêu cầu này.")
    api_url: BaseAddress = Field(default="https://openapi.zalo.me", description="Địa chỉ API của Official Account.")
    business_url: BaseAddress = Field(
        default="https://business.openapi.zalo.me", description="Địa chỉ API tin theo mẫu (trạng thái tin theo mẫu)."
    )
    oauth_url: BaseAddress = Field(default="https://oauth.zaloapp.com/v4", description="Địa chỉ đổi token.")
    per_second: Annotated[float, Field(gt=0, le=66)] = Field(default=20.0, description="Số tin nhiều nhất mỗi giây.")
    per_day: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Số tin nhiều nhất một ngày, theo gói của OA (0: không hạn chế)."
    )


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair as kept: `origin` is the digest of the refresh token in the options the line of pairs began with."""

    access: str
    refresh: str
    expires_at: str
    origin: str


class ZaloOa(Channel[ZaloOptions]):
    """Zalo knows no message id of ours: a send whose end is unknown is never repeated by itself."""

    kind = "zalo_oa"
    title_vi = "Zalo Official Account (tin tư vấn)"
    title_en = "Zalo Official Account (consultation message)"
    form = Form.CHAT
    options = ZaloOptions
    limit = _LIMIT
    scheme = "zalo"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[ZaloOptions], to: To, http: Http) -> Receipt:
        """One message to one user id. Of an expired token it learns from the answer, renews it and tries once more."""
        text = bulletin.chat
        if not text or len(text) > _LIMIT:
            raise Refused(
                "content", f"tin Zalo phải có 1 đến {_LIMIT} ký tự", f"a Zalo text has 1 to {_LIMIT} characters"
            )
        pair = await tokens(outlet, http)
        said = await _say(text, outlet, to, http, pair)
        if said.code in EXPIRED:
            pair = await tokens(outlet, http, stale=pair.access)
            said = await _say(text, outlet, to, http, pair)
        if said.code == 0:
            return Receipt(said.reference)
        raise zalo_error(said.code, said.message, http.now(), to.delivery)

    def repeatable(self, outlet: Outlet[ZaloOptions]) -> bool:
        """Never: nothing of ours lets Zalo drop a repeat."""
        return False

    def pace_of(self, outlet: Outlet[ZaloOptions]) -> Pace:
        """Zalo allows 4,000 calls a minute for an app."""
        return Pace(outlet.options.per_second, self.pace.at_once, outlet.options.per_day)

    def confirm(self, callback: Callback, outlet: Outlet[ZaloOptions]) -> Sequence[Confirmation]:
        """`user_received_message` proves delivery; other events say nothing. Refused when the signature is wrong."""
        if callback.method == "GET" or callback.body.strip() in {b"", b"{}"}:
            # Saving the address in the console sends an empty unsigned call; it claims nothing.
            return []
        event = _event(callback)
        if not _signed(callback, event, outlet.options):
            raise Refused("signature", "phản hồi Zalo không chứng thực được", "the Zalo callback is not authentic")
        if event.get("event_name") != "user_received_message":
            return []
        message = event.get("message")
        names = message if isinstance(message, dict) else {}
        ids = [names.get("msg_id"), *_list(names.get("msg_ids"))]
        return [Confirmation(True, reference=str(each)) for each in ids if isinstance(each, str | int) and each]


@dataclass(frozen=True, slots=True)
class Said:
    """Zalo's answer: code 0 is success, `message` fit for the log, `reference` the message id."""

    code: int
    message: str
    reference: str


async def _say(text: str, outlet: Outlet[ZaloOptions], to: To, http: Http, pair: Tokens) -> Said:
    options = outlet.options
    headers = {"access_token": pair.access, "content-type": "application/json; charset=utf-8"}
    if options.appsecret_proof:
        key = options.app_secret.get_secret_value().encode()
        headers["appsecret_proof"] = hmac.new(key, pair.access.encode(), hashlib.sha256).hexdigest()
    body = json.dumps({"recipient": {"user_id": to.address}, "message": {"text": text}}, ensure_ascii=False)
    hide = (*options.secrets, pair.access, pair.refresh, to.address)
    answer = await http.request(
        "POST", f"{options.api_url}/v3.0/oa/message/cs", headers=headers, body=body.encode(), hide=hide
    )
    return _said(answer)


def _said(answer: Answer) -> Said:
    """Zalo answers errors with status 200: the code counts. Unsure when there is none."""
    plain = answer.json()
    try:
        code = int(plain["error"])
        message = answer.mask(str(plain.get("message", "")))[:200]
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError):
        shown = answer.shown()
        raise Unsure("answer", f"Zalo trả lời không đọc được: {shown}", f"unreadable answer of Zalo: {shown}") from None
    found = plain.get("data")
    return Said(code, message, str(found.get("message_id", ""))[:200] if isinstance(found, dict) else "")


def zalo_error(code: int, message: str, now: datetime, delivery: str) -> SendError:
    """What a Zalo code means for a delivery; unlisted codes are Refused, for a person to look at."""
    vi, en = f"Zalo báo lỗi {code}: {message}", f"Zalo error {code}: {message}"
    if code in EXPIRED:
        return Unavailable("credentials", f"{vi}; token mới cũng không dùng được", en, person=True)
    if code in _PERSON:
        return Unavailable("stopped", vi, en, person=True)
    if code in _WAIT:
        return Unavailable("busy", vi, en, retry_after=_WAIT_SECONDS + _spread(delivery, 30))
    if code in _NIGHT:
        return Unavailable("night", vi, en, retry_after=_until(now, 6) + _spread(delivery, 600))
    if code in _QUOTA:
        return Unavailable("quota", vi, en, retry_after=_until(now, 0) + _spread(delivery, 1800))
    if code in _RECIPIENT:
        return Refused("recipient", vi, en)
    return Refused("content" if code in _CONTENT else "zalo_error", vi, en)


def _until(now: datetime, hour: int) -> float:
    """Seconds until the next such full hour in Vietnam."""
    local = now.astimezone(_HANOI)
    then = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return ((then if then > local else then + timedelta(days=1)) - local).total_seconds()


def _spread(delivery: str, seconds: int) -> float:
    """Drawn from the delivery's name, so that thousands put off together do not come back together."""
    return int.from_bytes(hashlib.sha256(delivery.encode()).digest()[:4], "big") % seconds


async def tokens(outlet: Outlet[ZaloOptions], http: Http, *, stale: str = "") -> Tokens:
    """A pair to use now, renewed when it is old or when `stale` (an access token Zalo refused) is still the kept one.

    Raises Unavailable; with `person` when Zalo takes the refresh token no longer.
    """
    kept = await _kept(outlet, http)
    if kept is not None and _good(kept, http, stale):
        return kept
    # The old refresh token dies with the request: once asked for, the new pair must be stored whatever becomes of us.
    task = asyncio.ensure_future(_renewed(outlet, http, stale))
    _RENEWALS.add(task)
    task.add_done_callback(_settled)
    return await asyncio.shield(task)


def _settled(task: asyncio.Task[Tokens]) -> None:
    _RENEWALS.discard(task)
    if not task.cancelled():
        # Who waited has had it; who was cancelled does not want it.
        task.exception()


async def _renewed(outlet: Outlet[ZaloOptions], http: Http, stale: str) -> Tokens:
    async with outlet.keep.alone("tokens"):
        kept = await _kept(outlet, http)
        if kept is not None and _good(kept, http, stale):
            return kept
        refresh = kept.refresh if kept is not None else outlet.options.refresh_token.get_secret_value()
        pair = await _asked(outlet, http, refresh)
        await outlet.keep.put("tokens", json.dumps(asdict(pair)))
        return pair


async def _kept(outlet: Outlet[ZaloOptions], http: Http) -> Tokens | None:
    """The kept pair, or the options' own when none is kept or a person has put a new refresh token in the options."""
    origin = _origin(outlet.options)
    text = await _read(outlet.keep)
    if text is not None and text.origin == origin:
        return text
    first = outlet.options.access_token
    if first is None:
        return None
    expires = http.now() + _LIFE
    return Tokens(
        first.get_secret_value(), outlet.options.refresh_token.get_secret_value(), expires.isoformat(), origin
    )


async def _read(keep: Keep) -> Tokens | None:
    try:
        return Tokens(**json.loads(await keep.get("tokens") or "null"))
    except (TypeError, ValueError):
        return None


def _origin(options: ZaloOptions) -> str:
    return hashlib.sha256(options.refresh_token.get_secret_value().encode()).hexdigest()


def _good(pair: Tokens, http: Http, stale: str) -> bool:
    return pair.access != stale and datetime.fromisoformat(pair.expires_at) - http.now() > _MARGIN


async def _asked(outlet: Outlet[ZaloOptions], http: Http, refresh: str) -> Tokens:
    """A new pair for a refresh token, which is used up by the request."""
    options = outlet.options
    form = {"refresh_token": refresh, "app_id": options.app_id, "grant_type": "refresh_token"}
    secret = options.app_secret.get_secret_value()
    try:
        answer = await http.request(
            "POST",
            f"{options.oauth_url}/oa/access_token",
            headers={"secret_key": secret, "content-type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            hide=(*options.secrets, refresh),
        )
        plain = answer.json()
    except Unsure as error:
        # No message has left: only the renewal is in doubt, and asking again shows what became of it.
        raise Unavailable("token", f"chưa đổi được token: {error.vi}", f"token not renewed: {error.en}") from None
    return _pair(plain, http, _origin(options))


def _pair(plain: Any, http: Http, origin: str) -> Tokens:
    try:
        life = timedelta(seconds=int(plain.get("expires_in", "90000")))
        access, refresh = plain["access_token"], plain["refresh_token"]
        if isinstance(access, str) and isinstance(refresh, str) and access and refresh:
            return Tokens(access, refresh, (http.now() + life).isoformat(), origin)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        pass
    code = str(plain.get("error", "?"))[:20] if isinstance(plain, Mapping) else "?"
    if code in map(str, _WAIT):
        raise Unavailable("token", f"Zalo chưa đổi token (lỗi {code})", f"token not renewed yet (error {code})")
    raise Unavailable(
        "token",
        f"Zalo không đổi token (lỗi {code}); cần cấp lại refresh token",
        f"Zalo did not renew the token (error {code}); a new refresh token is needed",
        person=True,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _event(callback: Callback) -> dict[str, Any]:
    try:
        plain = json.loads(callback.body)
    except (ValueError, RecursionError):
        plain = None
    return plain if isinstance(plain, dict) else {}


def _signed(callback: Callback, event: dict[str, Any], options: ZaloOptions) -> bool:
    """Plain SHA-256 (no HMAC) over app id, the body as received, the body's own timestamp, and the OA secret key."""
    stamp = str(event.get("timestamp", ""))
    if options.oa_secret is None or not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 15:
        return False
    first = options.oa_id if options.signed_with == "oa_id" else options.app_id
    secret = options.oa_secret.get_secret_value()
    expected = hashlib.sha256(first.encode() + callback.body + stamp.encode() + secret.encode()).hexdigest()
    given = callback.headers.get("x-zevent-signature", "").strip().removeprefix("mac=").lower()
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        return False
    said = datetime.fromtimestamp(int(stamp) / 1000, UTC)
    return -_FUTURE <= callback.received_at - said <= _PAST
