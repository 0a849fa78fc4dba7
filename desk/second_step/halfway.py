"""Whoever gave the right password and owes the code: a sealed cookie of five minutes that is no session and opens no door."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken

from desk import store as people
from desk.app import House
from desk.keys import derive
from desk.second_step import store

LASTING = timedelta(minutes=5)
COOKIE, PATH = "loa-halfway", "/sign-in"


class Halfway:
    """Remembers in the browser alone who is halfway in."""

    def __init__(self, house: House, *, secure: bool) -> None:
        self._house = house
        self._secure = secure
        self._seal = Fernet(urlsafe_b64encode(derive(house.key, "halfway")))

    def begin(self, response: web.StreamResponse, row: Any) -> None:
        """The password of this person's row was right."""
        word = f"{_print(row.password)} {row.login}".encode()
        value = self._seal.encrypt_at_time(word, self._second()).decode()
        response.set_cookie(
            COOKIE,
            value,
            max_age=int(LASTING.total_seconds()),
            httponly=True,
            samesite="Lax",
            secure=self._secure,
            path=PATH,
        )

    async def person(self, request: web.Request) -> Any:
        """The row of whoever is halfway in; None when that is over, the password is another or no code is asked any more."""
        sealed = request.cookies.get(COOKIE, "")
        try:
            word = self._seal.decrypt_at_time(sealed, int(LASTING.total_seconds()), self._second()).decode()
        except InvalidToken:
            return None
        password, _, login = word.partition(" ")
        async with self._house.database.read() as connection:
            row = await people.person_by_login(connection, login)
            if row is None or _print(row.password) != password:
                return None
            step = await store.find(connection, row.id)
        return None if step is None or step.since is None else row

    def end(self, response: web.StreamResponse) -> None:
        """Whoever it was is in, or begins anew."""
        response.del_cookie(COOKIE, path=PATH, secure=self._secure, httponly=True, samesite="Lax")

    def _second(self) -> int:
        return int(self._house.clock.now().timestamp())


def _print(password: str) -> str:
    """Tells one stored password from the next; worth nothing by itself."""
    return hashlib.sha256(password.encode()).hexdigest()
