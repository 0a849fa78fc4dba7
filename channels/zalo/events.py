"""Webhooks of an Official Account: authentic or Refused, then the event (Zalo for Developers, webhook pages)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.channel import Callback, Refused
from channels.zalo.account import ZaloAccount

# Zalo repeats a webhook for half a day; a clock may be a little ahead.
_PAST = timedelta(hours=13)
_FUTURE = timedelta(minutes=5)


def received_message(callback: Callback, options: ZaloAccount) -> Mapping[str, Any]:
    """The `message` of a `user_received_message`; empty for all other events. Refused when the signature is wrong."""
    if callback.method == "GET" or callback.body.strip() in {b"", b"{}"}:
        # Saving the address in the console sends an empty unsigned call; it claims nothing.
        return {}
    event = _event(callback)
    if not _signed(callback, event, options):
        raise Refused("signature", "phản hồi Zalo không chứng thực được", "the Zalo callback is not authentic")
    message = event.get("message")
    return message if event.get("event_name") == "user_received_message" and isinstance(message, dict) else {}


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
