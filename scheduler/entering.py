"""Entering: what people do who take part in a contest. One paper a number, a code first, a limit of time kept here.

A code costs money and a quiz draws crowds and machines: codes are counted by number, by where they are asked from, and by
day; papers by where they come from. Where one came from is kept as a keyed hash, and goes with the rest.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.outlet import Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict, Said
from content.contests import store
from content.contests.contest import (
    CODE_MINUTES,
    GRACE,
    MOST_GUESS,
    Contest,
    Standing,
    State,
    board_code_of,
    code_of,
    read_code,
)
from content.contests.entries import store as entries
from content.contests.entries.store import Entry, Way
from content.contests.question import drawn
from db.database import Database
from db.types import new_id
from scheduler.asking import Asking

DAY = timedelta(days=1)
CODES_A_NUMBER = 3
BETWEEN_CODES = timedelta(minutes=1)
MOST_TRIES = 5
LONGEST_NAME = 100
LONGEST_PLACE = 100
BOARD = "board"


class TooMany(Said):
    """More than is taken; what to do instead is in the words, `wait` seconds may help."""

    def __init__(self, vi: str, en: str, wait: int = 3600) -> None:
        super().__init__(vi, en)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Somebody:
    """Who wants to take part: a number (+84...), a name, where they belong, and where the request came from."""

    phone: str
    name: str
    place: str
    remote: str


class Entering:
    """Each verb runs in the transaction it is given."""

    def __init__(
        self, database: Database, clock: Clock, outlets: Outlets, seal: Seal, asking: Asking, key: bytes
    ) -> None:
        self._database = database
        self._clock = clock
        self._outlets = outlets
        self._seal = seal
        self._asking = asking
        self._key = key

    async def ask(self, tx: AsyncConnection, contest: str, who: Somebody) -> str:
        """Have a code sent; the delivery it goes by. Raises BadInput, Conflict, TooMany."""
        one = await self._open(tx, contest)
        if not one.plan.code_outlet:
            raise BadInput("Cuộc thi này xác nhận bằng mã ở bảng tin", "There are no codes by message", field="phone")
        check(one, who)
        address = self._seal.close("phone", who.phone)
        await self._must_be_free(tx, one, address, Way.MESSAGE)
        await self._must_not_flood(tx, one, address, who)
        delivery = await self._asking.send(tx, one.codes, who.phone, timedelta(minutes=CODE_MINUTES))
        await entries.add_code(tx, delivery, one.id, address, self._source(who), self._clock.now())
        return delivery

    async def _must_not_flood(self, tx: AsyncConnection, one: Contest, address: str, who: Somebody) -> None:
        now = self._clock.now()
        if await entries.asked_since(tx, one.id, now - BETWEEN_CODES, address=address):
            raise TooMany("Vừa gửi mã tới số này; hãy đợi một phút", "A code was sent a moment ago; wait a minute", 60)
        if await entries.asked_since(tx, one.id, now - DAY, address=address) >= CODES_A_NUMBER:
            raise TooMany(
                f"Số này đã xin {CODES_A_NUMBER} mã trong 24 giờ; hãy thử lại ngày mai",
                f"{CODES_A_NUMBER} codes were sent to this number in 24 hours",
            )
        if await entries.asked_since(tx, one.id, now - DAY, source=self._source(who)) >= one.plan.per_address:
            raise _from_one_place(one)
        if await entries.asked_since(tx, one.id, now - DAY) >= one.plan.codes_a_day:
            board = "hoặc dùng mã in ở bảng tin" if one.plan.board else "mỗi ngày có thêm lượt"
            raise TooMany(
                f"Hôm nay cuộc thi đã gửi hết {one.plan.codes_a_day} mã; hãy trở lại ngày mai, {board}",
                "All codes of this day are used up; come back tomorrow",
            )

    async def enter(
        self, tx: AsyncConnection, contest: str, who: Somebody, delivery: str, typed: str
    ) -> Entry | TooMany | BadInput:
        """Begin, or go on with what was begun, by the code of a delivery; what is wrong is told and the try is counted."""
        one = await self._open(tx, contest)
        check(one, who)
        code = await entries.find_code(tx, delivery)
        address = self._seal.close("phone", who.phone)
        fresh = self._clock.now() - code.asked_at <= timedelta(minutes=CODE_MINUTES)
        if (code.contest, code.address) != (one.id, address) or not fresh:
            return BadInput("Mã đã hết hạn; hãy xin mã khác", "The code is too old; ask for another", field="code")
        if code.tries >= MOST_TRIES:
            return TooMany("Nhập sai quá nhiều lần; hãy xin mã khác", "Too many wrong codes; ask for another", 60)
        await entries.count_try(tx, delivery)
        if not hmac.compare_digest(read_code(typed).encode(), code_of(delivery, self._key).encode()):
            return BadInput("Mã không đúng; hãy xem lại tin nhắn", "The code is wrong", field="code")
        return await self._begin(tx, one, who, Way.MESSAGE)

    async def enter_at_board(self, tx: AsyncConnection, contest: str, who: Somebody, typed: str) -> Entry:
        """Begin by the code that is printed at a notice board. Raises BadInput, Conflict, TooMany."""
        one = await self._open(tx, contest)
        check(one, who)
        if not one.plan.board:
            raise BadInput("Cuộc thi này không dùng mã ở bảng tin", "There are no codes at boards", field="code")
        given = read_code(typed).encode()
        boards = [at.name for at in self._outlets if at.channel.kind == BOARD]
        found = [hmac.compare_digest(given, board_code_of(one.id, name, self._key).encode()) for name in boards]
        if not any(found):
            raise BadInput("Mã ở bảng tin không đúng; hãy xem lại tờ tin", "This is no board's code", field="code")
        return await self._begin(tx, one, who, Way.BOARD)

    async def _begin(self, tx: AsyncConnection, one: Contest, who: Somebody, way: Way) -> Entry:
        address, now = self._seal.close("phone", who.phone), self._clock.now()
        if (known := await self._must_be_free(tx, one, address, way)) is not None:
            return known
        source = self._source(who)
        if await entries.begun_since(tx, one.id, now - DAY, source) >= one.plan.per_address:
            raise _from_one_place(one)
        banked = await store.questions_of(tx, one.questions)
        id = new_id(now)
        chosen = drawn([each.question for each in banked], one.plan.count, one.seed, id)
        whose = (address, self._seal.close_text(tidy(who.name)), tidy(who.place), way, source)
        new = Entry(id, one.id, *whose, now, one.deadline(now), chosen)
        await entries.add(tx, new)
        return new

    async def _must_be_free(self, tx: AsyncConnection, one: Contest, address: str, way: Way) -> Entry | None:
        """What this number has begun and may go on with. Raises Conflict for a number that has taken part."""
        known = await entries.of_address(tx, one.id, address)
        if known is None:
            return None
        if known.finished_at is None and self._clock.now() < known.deadline and way is known.way is Way.MESSAGE:
            return known
        raise Conflict(
            "Số này đã dự thi; mỗi số điện thoại chỉ dự thi một lần", "This number has taken part; each may once"
        )

    async def finish(self, tx: AsyncConnection, id: str, answers: Mapping[str, int], guess: int | None) -> Entry:
        """Hand a paper in. Raises BadInput, and Conflict for one that was handed in or is too late."""
        entry = await entries.find(tx, id)
        one = await store.lock(self._database, tx, entry.contest)
        now = self._clock.now()
        if entry.finished_at is not None:
            raise Conflict("Bài này đã nộp, không sửa được nữa", "It was handed in and cannot be changed")
        if now > entry.deadline + GRACE or one.state is not State.APPROVED:
            raise Conflict("Đã hết giờ làm bài nên bài không nộp được nữa", "Time is over; it cannot be handed in")
        if guess is None or not 0 <= guess <= MOST_GUESS:
            raise BadInput(
                "Hãy ghi dự đoán là một số, ví dụ 120", "The guess is a number, such as 120", field="du-doan"
            )
        await entries.finish(tx, id, [answers.get(question, -1) for question in entry.questions], guess, now)
        return await entries.find(tx, id)

    async def _open(self, tx: AsyncConnection, contest: str) -> Contest:
        """The contest, held: who takes part is counted one after the other. Raises Conflict while it is not open."""
        one = await store.lock(self._database, tx, contest)
        standing = one.standing(self._clock.now())
        if standing is Standing.COMING:
            raise Conflict("Cuộc thi chưa mở", "The contest is not open yet")
        if standing is not Standing.OPEN:
            raise Conflict("Cuộc thi đã kết thúc", "The contest is over")
        return one

    def _source(self, who: Somebody) -> str:
        """Where somebody is, as a keyed hash; of an IPv6 address the network, since each phone has a net of its own."""
        try:
            address = ipaddress.ip_address(who.remote)
        except ValueError:
            address = ipaddress.ip_address("0.0.0.0")  # noqa: S104 (nobody listens there: it stands for "unknown")
        if isinstance(address, ipaddress.IPv6Address):
            address = ipaddress.ip_network((address, 64), strict=False).network_address
        return hmac.new(self._key, f"from {address}".encode(), hashlib.sha256).hexdigest()[:16]


def check(one: Contest, who: Somebody) -> None:
    """Raise BadInput naming the first field that cannot stand."""
    name, place = tidy(who.name), tidy(who.place)
    if not any(letter.isalpha() for letter in name):
        raise BadInput("Hãy ghi họ tên", "Write your name", field="ten")
    if len(name) > LONGEST_NAME:
        raise BadInput(f"Họ tên nhiều nhất {LONGEST_NAME} ký tự", "The name is too long", field="ten")
    if len(place) > LONGEST_PLACE:
        raise BadInput(f"Nhiều nhất {LONGEST_PLACE} ký tự", "It is too long", field="noi")
    if one.plan.places and place not in one.plan.places:
        raise BadInput("Hãy chọn bản, tổ dân phố trong danh sách", "Choose a place of the list", field="noi")


def tidy(text: str) -> str:
    """What was typed, without what cannot be shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _from_one_place(one: Contest) -> TooMany:
    most = one.plan.per_address
    return TooMany(
        f"Từ mạng này hôm nay đã có {most} lượt; hãy dùng mạng khác, hoặc trở lại ngày mai",
        f"{most} have come from this network today; use another or come back tomorrow",
    )


def choices_of(questions: Sequence[str], given: Mapping[str, str]) -> dict[str, int]:
    """The choices of a form, by question; what is no choice is none."""
    found = {}
    for place, question in enumerate(questions):
        written = given.get(f"c{place}", "")
        if written.isascii() and written.isdigit() and len(written) == 1:
            found[question] = int(written)
    return found
