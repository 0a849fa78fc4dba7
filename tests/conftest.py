"""What every test may need: both databases in a fixture, a house on a fake clock, settings of a temporary directory."""

from __future__ import annotations

import asyncio
import faulthandler
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from channels.http import Http
from config.clock import FakeClock
from config.settings import Settings
from db.database import Database
from db.migrate import migrate
from desk.app import House, opened
from tests import postgres
from tests.hanging import waiting

ROOT = Path(__file__).resolve().parent.parent
SEED = """Cải cách hành chính

Sốp Cộp tăng cường tuyên truyền công tác cải cách hành chính năm 2017
Wed, 22/03/2017 16:00 | GMT +7
Ngày 23/01/2017, UBND huyện Sốp Cộp đã ban hành Kế hoạch số 36/KH-UBND về việc tuyên truyền.

Việc tuyên truyền được tổ chức với nhiều hình thức phong phú.

Như Thủy


THÔNG TIN CẢI CÁCH


THỐNG KÊ TRUY CẬP

Tổng số lượt truy cập: 41482602
Số người đang truy cập: 70
"""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[Any]) -> Iterator[None]:
    """A test that was stopped because it did not end says where it stood; if it cannot even be cleaned up, its process ends."""
    report: Any = yield
    if call.excinfo is not None and str(call.excinfo.value).startswith("Timeout"):
        report.sections.append(("Tasks that were not done", waiting()))
        faulthandler.dump_traceback_later(300, exit=True)
    if call.when == "teardown":
        faulthandler.cancel_dump_traceback_later()
    return report


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server of this test run."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.server(fsync=False) as address:
        _in_thread(_make_template(address))
        yield address


def _in_thread(work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end now; a fixture may be asked for from within a running loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def _make_template(address: str) -> None:
    await _admin(address, "CREATE DATABASE template_loa")
    database = Database(address.replace("/postgres?", "/template_loa?"))
    await migrate(database)
    await database.close()


async def _admin(address: str, statement: str) -> None:
    engine = create_async_engine(address.replace("postgresql:", "postgresql+asyncpg:"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "loa.db"

    async def make() -> None:
        database = Database(f"sqlite:///{file}")
        await migrate(database)
        await database.close()

    _in_thread(make())
    return file


@pytest.fixture
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A migrated database of the kind a test is parametrised with; SQLite unless it says otherwise."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "loa.db")
        yield f"sqlite:///{tmp_path / 'loa.db'}"
        return
    server = request.getfixturevalue("postgresql")
    async with copied(server.replace("/postgres?", "/template_loa?")) as url:
        yield url


@asynccontextmanager
async def copied(url: str) -> AsyncIterator[str]:
    """A copy of a PostgreSQL database that nobody is connected to."""
    lead, origin, rest = re.split(r"/(\w+)\?", url)
    name = f"t{uuid.uuid4().hex}"
    await _admin(f"{lead}/postgres?{rest}", f"CREATE DATABASE {name} TEMPLATE {origin}")
    yield f"{lead}/{name}?{rest}"
    await _admin(f"{lead}/postgres?{rest}", f"DROP DATABASE {name} WITH (FORCE)")


both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    database = Database(database_url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at 8 in the morning of 23/11/2026 in Vietnam until the test moves it."""
    return FakeClock()


@pytest.fixture
async def http(clock: FakeClock) -> AsyncIterator[Http]:
    """The outbound client, allowed to call this machine, with a short total."""
    http = Http(clock, ["127.0.0.0/8"], total_seconds=5)
    yield http
    await http.close()


@pytest.fixture
def plain_settings(tmp_path: Path, database_url: str) -> dict[str, Any]:
    """Settings that reach nothing outside a temporary directory; tests add outlets."""
    return {
        "database": {"url": database_url},
        "files": {"dir": str(tmp_path / "files")},
        "voice": {"engines": ["espeak"]},
        "http": {"allow": ["127.0.0.0/8"]},
        "outlets": {
            "portal": {"kind": "portal"},
            "tram": {"kind": "radio", "token": "khoa-cua-tram-xa"},
        },
    }


@pytest.fixture
async def house(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[House]:
    """A house with a portal and a station, on the fake clock."""
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        yield house
