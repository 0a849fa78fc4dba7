"""Conditions of requests (RFC 9110 section 13): a tag of exactly what was answered, and what is asked of it later."""

from __future__ import annotations

import hashlib

from aiohttp import web

from desk.answer import Trouble

CHANGED = "urn:problem-type:loa:changed-meanwhile"


def tagged(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """A thing as it is now, with its tag; or that what the asker has is still right (304)."""
    tag = tag_of(response)
    if not tag:
        return response
    response.headers["ETag"] = tag
    if _named(request.headers.get("If-None-Match", ""), tag, weakly=True):
        return web.Response(status=304, headers={"ETag": tag})
    return response


def tag_of(response: web.StreamResponse) -> str:
    """The tag of an answer in JSON; of any other there is none."""
    body = _body_of(response) if response.status == 200 and response.content_type.endswith("json") else b""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"' if body else ""


def _body_of(response: web.StreamResponse) -> bytes:
    return response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""


def check_match(request: web.Request, now: web.StreamResponse) -> bytes:
    """The thing as it is now, if it is still what the asker looked at. Raises Trouble 412."""
    if not _named(request.headers["If-Match"], tag_of(now), weakly=False):
        vi, en = (
            "Đã có thay đổi sau khi xem; hãy đọc lại rồi làm",
            "This has changed since it was looked at; read it again",
        )
        raise Trouble(412, vi, en, kind=CHANGED)
    return _body_of(now)


def _named(written: str, tag: str, *, weakly: bool) -> bool:
    tags = [one.strip() for one in written.split(",")]
    return "*" in tags or tag in ([one.removeprefix("W/") for one in tags] if weakly else tags)


def thing_of(path: str) -> str:
    """The address of the thing something is done to: `/items/{id}` of `/items/{id}/submit`; empty when there is none."""
    lead, end, _ = path.partition("}")
    return lead + end if end else ""
