"""A whole house with its desk on a test server, people who sign in, and items in every state."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from config.clock import FakeClock
from config.settings import Settings
from content.item import Draft, Item
from db.types import new_id, to_json
from desk import auth, drawing, store
from desk.app import House, opened
from desk.passwords import hashed
from desk.web import make_web
from scheduler import store as scheduler_store
from scheduler.delivery import Attempt, OccurrenceState, delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.plan import Due, Frozen, NewParcel, Run, add, occur
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Wish

PASSWORD = "con trâu đi trước cái cày"
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
PEOPLE = {
    "lan": ("Nguyễn Thị Lan", ("author",)),
    "hung": ("Trần Văn Hùng", ("approver",)),
    "mai": ("Lò Thị Mai", ("author", "approver")),
    "xem": ("Người Xem", ("viewer",)),
    "dai": ("Đài Xã", ("station",)),
    "quan": ("Quản Trị", ("administrator",)),
}
BODY = "Từ ngày 01/12/2026 xã nhận hồ sơ hộ tịch trực tuyến.\n\nMọi thắc mắc xin gọi 0212 3878 123."
OUTLETS = {
    "portal": {"kind": "portal", "title": "Cổng thông tin"},
    "dai-xa": {"kind": "radio", "title": "Đài xã", "token": "t" * 32},
    "sms": {
        "kind": "sms_http",
        "title": "SMS",
        "url": "https://sms.example.vn/send",
        "price": 350,
        "body_template": '{"phone": "{phone}", "text": "{text}", "id": "{id}"}',
        "per_day": 2000,
    },
}


@dataclass
class Browser:
    """Somebody at the desk: keeps the session and puts the form token into every form."""

    client: TestClient[Any, Any]
    cookie: str = ""
    form_token: str = ""

    async def ask(self, method: str, path: str, **more: Any) -> ClientResponse:
        """One request, redirects not followed; the session cookie goes along."""
        headers = {"Cookie": f"loa={self.cookie}", "Accept": "text/html", **more.pop("headers", {})}
        self.client.session.cookie_jar.clear()
        return await self.client.request(method, path, headers=headers, allow_redirects=False, **more)

    async def get(self, path: str, **more: Any) -> ClientResponse:
        """GET."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> ClientResponse:
        """POST a form as the page has it."""
        given = {"form_token": self.form_token, **(fields or {})}
        return await self.ask("POST", path, data=pairs(given), **more)

    async def page(self, path: str) -> str:
        """The text of a page that must be there."""
        answer = await self.get(path)
        text = await answer.text()
        assert answer.status == 200, (path, answer.status, text)
        return text


def pairs(fields: dict[str, Any]) -> list[tuple[str, str]]:
    """Fields with several values written out."""
    return [
        (name, str(one)) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])
    ]


@dataclass
class Desk:
    """The house, its clock, and doors into it."""

    house: House
    clock: FakeClock
    client: TestClient[Any, Any]

    async def browser(self, login: str = "") -> Browser:
        """A browser in which this person is signed in; nobody for an empty name."""
        if not login:
            return Browser(self.client)
        secret, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        async with self.house.database.write() as tx:
            row = await store.person_by_login(tx, login)
            await store.add_session(tx, hashed(secret), row.id, token, self.clock.now())
        return Browser(self.client, secret, token)

    async def api(self, login: str, *scopes: str) -> dict[str, str]:
        """The header of a program of this person's."""
        token = await auth.make_token(self.house, login, "chương trình", scopes or auth.SCOPES, 30)
        return {"Authorization": f"Bearer {token}"}

    async def draft(self, by: str = "Nguyễn Thị Lan", unit: str = "", **more: Any) -> Item:
        """An item of a unit as a draft."""
        told: dict[str, Any] = {"title": "Nhận hồ sơ hộ tịch trực tuyến", "body": BODY}
        async with self.house.database.write() as tx:
            return await self.house.editing.write(tx, Draft(**(told | more)), by, unit=unit)

    async def submitted(self, **more: Any) -> Item:
        """An item that waits for approval."""
        item = await self.draft(**more)
        async with self.house.database.write() as tx:
            return await self.house.editing.submit(tx, item.id, "Nguyễn Thị Lan")

    async def approved(self, **more: Any) -> Item:
        """An item that may go out."""
        item = await self.submitted(**more)
        async with self.house.database.write() as tx:
            return await self.house.editing.approve(tx, item.id, "Trần Văn Hùng")

    async def schedule(self, by: str = "Trần Văn Hùng", *, may_approve: bool = True, **more: Any) -> Schedule:
        """A schedule of an approved item."""
        told: dict[str, Any] = {"outlets": ("portal",), "rule": Rule(cron="0 5 * * *")} | more
        if "items" not in told:
            told["items"] = ((await self.approved()).id,)
        async with self.house.database.write() as tx:
            return await self.house.scheduling.add(tx, Wish(**told), by, may_approve=may_approve)

    async def deliveries(self, letters: str, outlet: str = "sms") -> list[str]:
        """Deliveries to phones, one for each letter, that were tried once; their ids."""
        schedule, now = await self.schedule(), self.clock.now()
        people = [(f"+8491234000{place}", f"Người {place}") for place in range(len(letters))]
        run = Run(now, OccurrenceState.OPEN)
        await self.house.database.run(occur(self.house.database, [Due(schedule, [run], schedule.next_due_at)], now))
        async with self.house.database.read() as connection:
            [occurrence] = [
                row.id for row in await scheduler_store.list_occurrences(connection, schedule_id=schedule.id)
            ]
        frozen = Frozen(len(people), people[0][0], people[-1][0], to_json(people))
        parcel = NewParcel(occurrence, outlet, 2, 0, now, now + timedelta(hours=12), frozen)
        [id] = await self.house.database.run(add([parcel], now))
        tries = [Attempt(id, place, 1, now, 12, "refused", "bad", "", "Số không đúng") for place in range(len(letters))]
        async with self.house.database.write() as tx:
            await dispatch.change_parcel(tx, id, letters=letters, cursor=len(letters))
            await dispatch.add_attempts(tx, tries)
        return [delivery_id(id, place) for place in range(len(letters))]


class KeptTemplates(BytecodeCache):
    """Compiled templates, kept over all tests: each house compiles its own otherwise."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """See BytecodeCache."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See BytecodeCache."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


def settings_in(directory: Path, level: str = "", second_step: str = "advised") -> Settings:
    """An office with three outlets whose files are all in one directory."""
    told = {
        "database": {"url": f"sqlite:///{directory}/loa.db"},
        "files": {"dir": directory},
        "voice": {"engines": ["espeak"]},
        "office": {"name": "UBND xã Sốp Cộp", "level": level},
        "sign_in": {"second_step": second_step},
        "outlets": OUTLETS,
    }
    return Settings.model_validate(told)


async def furnish(directory: Path) -> None:
    """A house with six people in it."""
    clock = FakeClock()
    async with opened(settings_in(directory), clock) as house, house.database.write() as tx:
        for login, (name, roles) in PEOPLE.items():
            person = store.Person(new_id(clock.now()), login, name, roles)
            await store.add_person(tx, person, WEAK, clock.now())


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a furnished house, to be copied."""
    directory = tmp_path_factory.mktemp("furnished")
    asyncio.run(furnish(directory))
    return directory


@pytest.fixture(scope="session")
def kept_templates() -> dict[str, KeptTemplates]:
    """Templates of each language compiled once."""
    return {"Environment": KeptTemplates(), "English": KeptTemplates()}


@pytest.fixture
def level() -> str:
    """The office's level, as its settings have it: not said, unless a test says it."""
    return ""


@pytest.fixture
def second_step() -> str:
    """Of whom a second step is required, as the settings have it: of nobody, unless a test says it."""
    return "advised"


def _nothing_hidden(page: Any) -> Any:
    """What draws a page, and sees that no value of the page takes the name of a word that the frame around it needs."""

    def drawn(self: drawing.Drawing, template: str, request: Any, values: Mapping[str, Any], language: str) -> str:
        hidden = values.keys() & self._jinja[language].globals.keys()
        assert not hidden, f"{template} hides {hidden}"
        return str(page(self, template, request, values, language))

    return drawn


@pytest.fixture
async def desk(
    tmp_path: Path,
    level: str,
    second_step: str,
    clock: FakeClock,
    furnished: Path,
    kept_templates: dict[str, KeptTemplates],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Desk]:
    """A house on a real file with six people, served on a random port."""
    for kind, kept in kept_templates.items():
        monkeypatch.setattr(drawing, kind, partial(getattr(drawing, kind), bytecode_cache=kept))
    monkeypatch.setattr(drawing.Drawing, "page", _nothing_hidden(drawing.Drawing.page))
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    settings = settings_in(tmp_path, level, second_step)
    async with opened(settings, clock) as house, TestClient(TestServer(make_web(house))) as client:
        yield Desk(house, clock, client)


@pytest.fixture
def words() -> Any:
    """The words of a page, without its tags."""
    return lambda html: " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def password() -> str:
    """Everybody's password."""
    return PASSWORD
