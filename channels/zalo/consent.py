"""A person's consent that an app speaks for an Official Account: OAuth v4 with PKCE (Zalo for Developers, "Official Account Access Token").

Zalo has the callback address and the code challenge saved in its console, so verifier and challenge are made once and kept.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

from channels.channel import Keep, Outlet
from channels.zalo.account import A
from config.words import BadInput


async def verifier_of(keep: Keep) -> str:
    """The account's code verifier (43 letters), made when it is first asked for."""
    async with keep.alone("verifier"):
        known = await keep.get("verifier")
        if known is None:
            known = secrets.token_urlsafe(32)
            await keep.put("verifier", known)
        return known


def challenge_of(verifier: str) -> str:
    """The code challenge: SHA-256 of the verifier, base64url without padding (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def consent_address(outlet: Outlet[A], callback: str, challenge: str, state: str) -> str:
    """The page where an administrator of the account says yes."""
    told = {"app_id": outlet.options.app_id, "redirect_uri": callback, "code_challenge": challenge, "state": state}
    return f"{outlet.options.oauth_url}/oa/permission?{urlencode(told)}"


def code_in(pasted: str, state: str) -> str:
    """The code, pasted alone or in the whole address Zalo led to. Raises BadInput."""
    pasted = pasted.strip()
    if "://" not in pasted and "code=" not in pasted:
        if not pasted or any(letter.isspace() for letter in pasted):
            raise BadInput(
                "Hãy dán mã hoặc cả địa chỉ Zalo dẫn về", "Paste the code or the whole address", field="code"
            )
        return pasted
    given = parse_qs(urlsplit(pasted).query or pasted)
    code, said = given.get("code", [""])[0], given.get("state", [state])[0]
    if not code:
        why = given.get("error_description", given.get("error", ["?"]))[0][:100]
        raise BadInput(f"Địa chỉ này không có mã (Zalo: {why})", f"There is no code in it (Zalo: {why})", field="code")
    if said != state:
        raise BadInput(
            "Địa chỉ này là của một lần xin phép khác; hãy mở lại địa chỉ vừa in", "Of another request", field="code"
        )
    return code
