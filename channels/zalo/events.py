"""Webhooks of an Official Account: authentic or Refused, then the event (Zalo for Developers, webhook pages)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.channel import Callback, Heard, Refused, Wrote
from channels.zalo.account import ZaloAccount

# Zalo repeats a webhook for half a day; a clock may be a little ahead.
_PAST = timedelta(hours=13)
_FUTURE = timedelta(minutes=5)
_USER = re.compile(r"[0-9]{6,25}")
_UNFOLLOWED = "bỏ quan tâm Official Account"


def authentic_event(callback: Callback, options: ZaloAccount) -> Mapping[str, Any]:
    """The event of a callback; empty for a call that claims nothing. Refused when the signature is wrong."""
    if callback.method == "GET" or callback.body.strip() in {b"", b"{}"}:
        # Saving the address in the console sends an empty unsigned call; it claims nothing.
        return {}
    event = _event(callback)
    if not _signed(callback, event, options):
        raise Refused("signature", "phản hồi Zalo không chứng thực được", "the Zalo callback is not authentic")
    return event


def received_message(event: Mapping[str, Any], *, template: bool) -> Mapping[str, Any]:
    """The `message` of a `user_received_message`, which means two things; empty for the other meaning and all other events.

    With a `delivery_time` it is the receipt of a template message, without one that of a chat message.
    """
    message = event.get("message")
    if event.get("event_name") != "user_received_message" or not isinstance(message, dict):
        return {}
    return message if bool(message.get("delivery_time")) is template else {}


def followed(event: Mapping[str, Any]) -> list[Heard]:
    """What somebody says who follows the account, or does so no more."""
    follower = event.get("follower")
    user = str(follower.get("id", "")) if isinstance(follower, dict) else ""
    if not _USER.fullmatch(user) or event.get("event_name") not in {"follow", "unfollow"}:
        return []
    if event["event_name"] == "unfollow":
        return [Heard("zalo", user, wants=False, how=_UNFOLLOWED)]
    return [Heard("zalo", user, wants=True, how="quan tâm lại Official Account", undoes=_UNFOLLOWED)]


def wrote(event: Mapping[str, Any]) -> list[Wrote]:
    """What somebody writes in the chat (`user_send_text`); pictures and the like say nothing."""
    sender, message = event.get("sender"), event.get("message")
    if event.get("event_name") != "user_send_text" or not isinstance(sender, dict) or not isinstance(message, dict):
        return []
    user, text, id = str(sender.get("id", "")), message.get("text"), message.get("msg_id")
    if not _USER.fullmatch(user) or not isinstance(text, str) or not text.strip():
        return []
    return [Wrote("zalo", user, text, str(id) if isinstance(id, str | int) else "")]


def _event(callback: Callback) -> dict[str, Any]:
    try:
        plain = json.loads(callback.body)
    except (ValueError, RecursionError):
        plain = None
    return plain if isinstance(plain, dict) else {}


def _signed(callback: Callback, event: dict[str, Any], options: ZaloAccount) -> bool:
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
