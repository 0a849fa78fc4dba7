"""The main job from the command line, as an engineer at the console does it, with real processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk.demo.sms_gateway import SmsGateway
from desk.demo.zalo import ZaloSandbox
from tests.conftest import ROOT, SEED

PHONES = "name,phone,zalo\n" + "".join(f"Người {n},098{n:07d},7100000000000{n:04d}\n" for n in range(20))


@dataclass
class Console:
    """A shell in a directory with a loa.toml."""

    place: Path
    compiled: Path

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Begin a command."""
        command = [sys.executable, "-m", "desk", *words]
        pipe = asyncio.subprocess.PIPE
        # compiled once for all commands of the run, also where the machine is set to compile nothing
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(self.compiled), "COLUMNS": "200"}
        return await asyncio.create_subprocess_exec(*command, cwd=self.place, env=environment, stdout=pipe, stderr=pipe)

    async def run(self, *words: str, code: int = 0) -> str:
        """Run a command to its end; what it printed."""
        process = await self.start(*words)
        out, err = await process.communicate()
        assert code == process.returncode, err.decode() + out.decode()
        assert "Traceback" not in err.decode()
        return out.decode() if code == 0 else err.decode()

    async def rows(self, *words: str) -> list[dict[str, Any]]:
        """Run a command that lists; its objects."""
        return [json.loads(line) for line in (await self.run(*words, "--json")).splitlines()]


def toml(value: Any) -> str:
    """A value of an outlet's options as TOML writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture
async def sms() -> AsyncIterator[SmsGateway]:
    """A gateway that deduplicates."""
    async with SmsGateway(per_second=5000) as gateway:
        yield gateway


@pytest.fixture
async def zalo() -> AsyncIterator[ZaloSandbox]:
    """A Zalo account whose twenty followers wrote lately."""
    async with ZaloSandbox(per_minute=1_000_000) as account:
        for number in range(20):
            account.follow(f"7100000000000{number:04d}")
        yield account


@pytest.fixture
def console(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, sms: SmsGateway, zalo: ZaloSandbox) -> Console:
    """A console with four outlets, quiet hours off so that the test runs at night too."""
    outlets = {
        "portal": {"kind": "portal"},
        "tram": {"kind": "radio", "token": "khoa-cua-tram-xa"},
        "sms": {"kind": "sms_http", **sms.options()},
        "zalo": {"kind": "zalo_oa", **zalo.options()},
    }
    lines = [
        '[voice]\nengines = ["espeak"]',
        '[http]\nallow = ["127.0.0.0/8"]',
        '[schedule]\nquiet_from = "00:00"\nquiet_to = "00:00"',
        '[log]\nlevel = "warning"',
    ]
    for name, options in outlets.items():
        lines.append(f"[outlets.{name}]\n" + "\n".join(f"{key} = {toml(value)}" for key, value in options.items()))
    (tmp_path / "loa.toml").write_text("\n\n".join(lines), encoding="utf-8")
    (tmp_path / "sop-cop.txt").write_text(SEED, encoding="utf-8")
    (tmp_path / "people.csv").write_text(PHONES, encoding="utf-8")
    return Console(tmp_path, tmp_path_factory.getbasetemp() / "compiled")


async def _approved(console: Console) -> str:
    item = (await console.rows("item", "import", "sop-cop.txt", "--submit"))[0]["id"]
    await console.run("item", "approve", item, "--as", "Lê Văn Duyệt")
    await console.run("audience", "import", "Bản A", "people.csv")
    return item


async def test_the_main_job(console: Console, sms: SmsGateway, zalo: ZaloSandbox) -> None:
    """Import, approve as another person, schedule now on four channels, drain: everything is out and in the log."""
    item = await _approved(console)
    outlets = ("portal", "tram", "sms", "zalo")
    words = ("schedule", "add", "--item", item, "--outlet", *outlets, "--audience", "Bản A", "--at", "now")
    schedule = (await console.rows(*words))[0]
    assert "approved" == schedule["state"]
    await console.run("work", "--drain")
    log = await console.rows("delivery", "list")
    assert {"portal": 1, "tram": 1, "sms": 20, "zalo": 20} == {
        name: sum(row["outlet"] == name for row in log) for name in outlets
    }
    assert {"sent"} == {row["state"] for row in log}
    assert all(["sent"] == [attempt["outcome"] for attempt in row["attempts"]] for row in log)
    assert 20 == len(sms.ledger.taken)
    assert 20 == len(zalo.ledger.taken)
    assert not any("098" in json.dumps(row) for row in log if row["outlet"] == "sms")
    shown = (await console.rows("delivery", "show", log[0]["id"]))[0]
    assert log[0]["id"] == shown["id"]
    recordings = list((console.place / "var/recordings").glob("*/*.mp3"))
    assert 1 == len(recordings)
    assert "✗" not in await console.run("doctor")


async def test_the_two_person_rule_holds_here_too(console: Console) -> None:
    """The author named in the document may not approve it, in whatever spelling."""
    item = (await console.rows("item", "import", "sop-cop.txt", "--submit"))[0]["id"]
    said = await console.run("item", "approve", item, "--as", "như  THỦY", code=1)
    assert "người thứ hai" in said
    assert "in_review" == (await console.rows("item", "show", item))[0]["state"]


async def test_backup_and_restore(console: Console) -> None:
    """A backup brought into an empty place holds the same log, and its journal still verifies with the same key."""
    item = await _approved(console)
    await console.run("schedule", "add", "--item", item, "--outlet", "portal", "--at", "now")
    await console.run("work", "--drain")
    before = await console.rows("delivery", "list")
    await console.run("backup", "all.loa")
    (console.place / "var/loa.db").rename(console.place / "old.db")
    for rest in (console.place / "var").glob("loa.db-*"):
        rest.unlink()
    await console.run("restore", "all.loa")
    assert before == await console.rows("delivery", "list")
    assert "nguyên vẹn" in await console.run("doctor")
    assert "không trống" in await console.run("restore", "all.loa", code=1)


async def _in_mid_send(console: Console, sms: SmsGateway) -> asyncio.subprocess.Process:
    """A process that is sending 400 messages through a slow gateway, which has taken 60 of them."""
    sms.latency = 0.05
    rows = "".join(f"Người {n},098{n:07d},\n" for n in range(400))
    (console.place / "people.csv").write_text("name,phone,zalo\n" + rows, encoding="utf-8")
    item = await _approved(console)
    await console.run("schedule", "add", "--item", item, "--outlet", "sms", "--audience", "Bản A", "--at", "now")
    process = await console.start("work", "--drain")
    await sms.has_taken(60)
    return process


async def test_kill_nine_in_mid_send(console: Console, sms: SmsGateway) -> None:
    """Killed while messages are under way and started again: nothing lost, nothing twice, the in-doubt shown as such."""
    process = await _in_mid_send(console, sms)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    sms.latency = 0
    await console.run("work", "--drain")
    log = await console.rows("delivery", "list")
    assert 400 == len(log)
    assert {"sent"} == {row["state"] for row in log}
    assert 400 == len(sms.ledger.taken)
    assert sorted(row["id"] for row in log) == sorted(taken.request_id for taken in sms.ledger.taken)
    doubtful = [row["id"] for row in log if row["attempts"][0]["outcome"] == "interrupted"]
    assert 1 <= len(doubtful) <= 128
    assert set(sms.ledger.repeats) <= set(doubtful)


async def test_sigterm_finishes_what_is_in_hand(console: Console, sms: SmsGateway) -> None:
    """Asked to stop in mid-dispatch it ends with code 0, has logged every answer, and repeats nothing later."""
    process = await _in_mid_send(console, sms)
    process.terminate()
    async with asyncio.timeout(25):
        await process.communicate()
    assert 0 == process.returncode
    sms.latency = 0
    await console.run("work", "--drain")
    assert 400 == len(sms.ledger.taken)
    assert not sms.ledger.repeats
    assert {"sent"} == {row["state"] for row in await console.rows("delivery", "list")}


async def test_bad_settings_are_told_together(console: Console) -> None:
    """Every wrong key with file, key and reason, exit code 1, and nothing is made."""
    (console.place / "loa.toml").write_text(
        '[web]\nport = "tám mươi"\n[office]\ntimezone = "Mars"\nnmae = "x"\n[outlets.x]\nkind = "portal"\n',
        encoding="utf-8",
    )
    said = await console.run("item", "list", code=1)
    for word in ("loa.toml", "port", "timezone", "nmae"):
        assert word in said
    assert not (console.place / "var").exists()


async def test_an_outlet_option_of_the_wrong_type(console: Console) -> None:
    """The outlet and the key are named; the secret is not."""
    (console.place / "loa.toml").write_text(
        '[outlets.dai]\nkind = "radio"\ntoken = "bi-mat-cua-dai-xa"\nkeep_days = "hai tuần"\n', encoding="utf-8"
    )
    said = await console.run("outlet", "list", code=1)
    assert "[outlets.dai] keep_days" in said
    assert "bi-mat" not in said


async def test_wrong_usage_is_exit_code_two(console: Console) -> None:
    """An unknown verb is a matter of usage."""
    process = await console.start("item", "fly")
    await process.communicate()
    assert 2 == process.returncode
