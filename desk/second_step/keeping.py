"""Everybody's second step kept: switched on by a first right code, proved at each sign-in, taken off."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from config.lazy import lazily
from config.logs import log
from config.words import BadInput, Conflict
from desk import store as people
from desk.app import House
from desk.keys import derive
from desk.second_step import store
from desk.second_step.codes import (
    PERIOD,
    RECOVERY_DIGITS,
    digits,
    new_recovery_codes,
    period_of,
    recovery_mark,
    secret_from,
)

if TYPE_CHECKING:
    from cryptography import fernet
else:
    fernet = lazily("cryptography.fernet")

ASKED_OF = {
    "advised": frozenset[str](),
    "approvers": frozenset({"approver", "administrator"}),
    "everybody": frozenset({"author", "approver", "station", "viewer", "administrator"}),
}
"""Of which roles each value of `[sign_in] second_step` requires it."""
ADVISED = ASKED_OF["approvers"]
REMEMBERED = timedelta(days=1) // timedelta(seconds=PERIOD)

logger = log(__name__)


class Standing(StrEnum):
    """Whether somebody has a second step, and if not, what the office thinks of that."""

    ON = "on"
    OPTIONAL = "optional"
    ADVISED = "advised"
    REQUIRED = "required"


class Proof(StrEnum):
    """By which kind of code somebody proved to be who they are."""

    CODE = "code"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Whose:
    """The person whose second step it is."""

    id: str
    login: str
    name: str


def standing_of(asked: str, roles: Collection[str], since: datetime | None) -> Standing:
    """How somebody with these roles stands where the settings ask for a second step so."""
    if since is not None:
        return Standing.ON
    if ASKED_OF[asked] & set(roles):
        return Standing.REQUIRED
    return Standing.ADVISED if ADVISED & set(roles) else Standing.OPTIONAL


class SecondSteps:
    """Secrets sealed, codes taken once. What it changes it notes in the journal, in the caller's transaction."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._seal = fernet.Fernet(urlsafe_b64encode(derive(house.key, "second-step")))
        self._offers = derive(house.key, "second-step-offer")
        self._marks = derive(house.key, "recovery-code")

    async def offer(self, connection: AsyncConnection, person: str, session: str) -> str:
        """A secret to be switched on from this session: the same at each look, another once it counts."""
        row = await store.find(connection, person)
        return secret_from(self._offers, person, session, row.secret if row is not None else "")

    async def is_on(self, connection: AsyncConnection, person: str) -> bool:
        """Whether a code is asked of this person."""
        row = await store.find(connection, person)
        return row is not None and row.since is not None

    async def turn_on(self, tx: AsyncConnection, whose: Whose, session: str, fresh: str, code: str) -> list[str]:
        """Let the offered secret count once `fresh` is its code; where there was one before, `code` must be that one's.

        Every other session of the person ends. Returns the recovery codes, to be shown once. Raises BadInput.
        """
        renewed = await self.is_on(tx, whose.id)
        if renewed:
            await self.must_prove(tx, whose, code)
        secret, now = await self.offer(tx, whose.id, session), self._house.clock.now()
        period = period_of(secret, fresh, now)
        if period is None:
            raise BadInput(
                "Mã không khớp; hãy quét lại mã QR trên trang này, chờ mã mới rồi nhập. "
                "Vẫn không khớp thì đặt giờ điện thoại ở chế độ tự động",
                "The code does not fit; scan this page's QR code again, and let the phone set its time by itself",
                field="fresh",
            )
        await store.forget_codes(tx, whose.id)
        sealed = self._seal.encrypt(f"{whose.id} {secret}".encode()).decode()
        await store.put(self._house.database, tx, whose.id, sealed, now)
        await self._use(tx, whose.id, period)
        await people.end_other_sessions(tx, whose.id, session)
        await self._note(tx, whose, whose.name, "renew_second_step" if renewed else "turn_on_second_step")
        return await self._new_codes(tx, whose.id)

    async def renew_codes(self, tx: AsyncConnection, whose: Whose, code: str) -> list[str]:
        """Ten other recovery codes, to be shown once; those there were are worth nothing. Raises BadInput, Conflict."""
        await self.must_prove(tx, whose, code)
        await self._note(tx, whose, whose.name, "renew_recovery_codes")
        return await self._new_codes(tx, whose.id)

    async def turn_off(self, tx: AsyncConnection, whose: Whose, code: str) -> None:
        """Somebody does without it from now on. Raises BadInput, Conflict."""
        await self.must_prove(tx, whose, code)
        await store.empty(tx, whose.id)
        await self._note(tx, whose, whose.name, "turn_off_second_step")

    async def take_off(self, tx: AsyncConnection, whose: Whose, by: str) -> None:
        """An administrator takes it off somebody who lost the phone; every session of that person ends. Raises Conflict."""
        if not await self.is_on(tx, whose.id):
            raise _not_on(whose)
        await store.mark_removed(tx, whose.id, self._house.clock.now(), by)
        await people.end_other_sessions(tx, whose.id, "")
        await self._note(tx, whose, by, "take_off_second_step")

    async def told_of_removal(self, tx: AsyncConnection, person: str) -> Any:
        """Who took it off and when (`removed_by`, `removed_at`), told once; None when nobody did."""
        row = await store.find(tx, person)
        if row is None or row.removed_at is None:
            return None
        await store.empty(tx, person)
        return row

    async def must_prove(self, tx: AsyncConnection, whose: Whose, written: str) -> Proof:
        """The same as `prove`. Raises BadInput for a code that is not taken, Conflict when there is no second step."""
        if not await self.is_on(tx, whose.id):
            raise _not_on(whose)
        proof = await self.prove(tx, whose, written)
        if proof is None:
            raise BadInput(
                "Mã không đúng hoặc đã dùng rồi; hãy chờ mã kế tiếp trên điện thoại, hoặc nhập một mã khôi phục chưa dùng",
                "The code is wrong or was used already; wait for the next one, or give a recovery code",
                field="code",
            )
        return proof

    async def prove(self, tx: AsyncConnection, whose: Whose, written: str) -> Proof | None:
        """By what kind of code `written` proves who somebody is; it is used up by that. None for a code that is not taken."""
        row = await store.find(tx, whose.id)
        if row is None or row.since is None:
            return None
        if len(digits(written)) == RECOVERY_DIGITS:
            if not await store.spend(tx, whose.id, recovery_mark(self._marks, whose.id, written)):
                return None
            left = await store.count_recovery_codes(tx, whose.id)
            await self._note(tx, whose, whose.name, "use_recovery_code", left=left)
            return Proof.RECOVERY
        secret = self._opened(whose.id, row.secret)
        period = None if secret is None else period_of(secret, written, self._house.clock.now())
        return Proof.CODE if period is not None and await self._use(tx, whose.id, period) else None

    def _opened(self, person: str, sealed: str) -> str | None:
        """The secret; None, so that no code fits, when it was sealed with another key or for somebody else."""
        try:
            owner, _, secret = self._seal.decrypt(sealed).decode().partition(" ")
        except fernet.InvalidToken:
            owner, secret = "", ""
        if owner != person:
            logger.error("second_step_unreadable", person=person)
            return None
        return secret

    async def _use(self, tx: AsyncConnection, person: str, period: int) -> bool:
        return await store.use(self._house.database, tx, person, period, forget=period - REMEMBERED)

    async def _new_codes(self, tx: AsyncConnection, person: str) -> list[str]:
        codes = new_recovery_codes()
        await store.add_recovery_codes(tx, person, [recovery_mark(self._marks, person, code) for code in codes])
        return codes

    async def _note(self, tx: AsyncConnection, whose: Whose, by: str, verb: str, **detail: Any) -> None:
        await self._house.journal.note(tx, self._house.clock.now(), by, verb, f"person/{whose.login}", **detail)


def _not_on(whose: Whose) -> Conflict:
    return Conflict(f"{whose.name} chưa bật đăng nhập hai bước", f"{whose.name} has no second step")
