"""The button that changes in which language a browser reads the desk."""

from __future__ import annotations

from aiohttp import web

from config.words import BadInput
from desk.answer import Visit
from desk.auth import local_path
from desk.drawing import LANGUAGE, LANGUAGES

DAYS = 365
"""So long the choice is kept."""


async def choose(visit: Visit) -> web.Response:
    """POST /language: keep the choice in this browser and go back to the page. Raises BadInput."""
    language = visit.text("language")
    if language not in LANGUAGES:
        raise BadInput("Loa có tiếng Việt (vi) và tiếng Anh (en)", "Loa speaks Vietnamese (vi) and English (en)")
    response = web.Response(status=303, headers={"Location": local_path(visit.text("next"))})
    age, secure = DAYS * 86_400, visit.keeper.secure
    response.set_cookie(LANGUAGE, language, max_age=age, httponly=True, samesite="Lax", secure=secure, path="/")
    return response
