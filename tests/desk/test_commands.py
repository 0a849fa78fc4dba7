"""Commands in this process: what they print, for people and for machines, and what they refuse."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pyotp import TOTP
from sqlalchemy import inspect

from config.clock import FakeClock
from config.settings import Settings
from config.words import BadInput, Conflict, NotAllowed, NotFound, Said
from content.bwf import riff
from content.mastering import measure
from content.store import find_item
from db.database import Database
from db.migrate import migrate
from desk.app import House
from desk.cells import safe
from desk.cli import _parser
from desk.commands.acting import moment, span
from desk.second_step.keeping import SecondSteps, Whose
from desk.store import person_by_login
from scheduler.delivery import Attempt, State, parse_delivery_id
from scheduler.dispatch import store as dispatch
from tests.conftest import ROOT, SEED
from tests.content.speechlike import speechlike
from tests.sounds import record

Run = Callable[..., Awaitable[str]]


@pytest.fixture
def run(house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in the house; what it wrote to standard output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sop-cop.txt").write_text(SEED, encoding="utf-8")

    async def run(*words: str, code: int = 0) -> str:
        args = _parser().parse_args(words)
        capsys.readouterr()
        alone = getattr(args, "run_alone", None)
        ended = await (alone(house.settings, args) if alone else args.run(house, args))
        assert code == ended
        return capsys.readouterr().out

    return run


async def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [json.loads(line) for line in (await run(*words, "--json")).splitlines()]


async def approved(run: Run) -> str:
    """An item by Như Thủy, approved by somebody else."""
    item: str = (await rows(run, "item", "import", "sop-cop.txt"))[0]["id"]
    await run("item", "approve", item, "--as", "Lê Văn Duyệt")
    return item


async def test_import_tells_what_was_dropped(run: Run) -> None:
    """Title, date, byline; the site's furniture is named."""
    item = (await rows(run, "item", "import", "sop-cop.txt", "--submit"))[0]
    assert "in_review" == item["state"]
    assert "2017-03-22T16:00:00+07:00" == item["dated"]
    assert any("41482602" in dropped for dropped in item["dropped"])
    shown = (await rows(run, "item", "show", item["id"]))[0]
    assert ("Như Thủy", "Như Thủy") == (shown["byline"], shown["writer"])
    assert "kế hoạch số ba mươi sáu" in shown["spoken"]


async def test_a_bad_document_leaves_the_good_ones_alone(run: Run, tmp_path: Path) -> None:
    """Of two files one is imported, the other told, and the exit code says so."""
    (tmp_path / "trong.md").write_text("", encoding="utf-8")
    said = await run("item", "import", "trong.md", "sop-cop.txt", "--json", code=1)
    assert 1 == len(said.splitlines())


async def test_a_book_is_no_item(run: Run, tmp_path: Path) -> None:
    """Two hundred pages are refused whole, and nothing is stored."""
    (tmp_path / "so-tay.txt").write_text("Sổ tay\n\n" + "Hướng dẫn nộp hồ sơ.\n\n" * 20_000, encoding="utf-8")
    assert "" == await run("item", "import", str(tmp_path / "so-tay.txt"), "--author", "Mai", code=1)
    assert "" == await run("item", "list", "--json")


async def test_approving_a_draft_hands_it_over_first(run: Run, house: House) -> None:
    """At the console the second person need not wait for a submission; both steps are in the journal."""
    item = await approved(run)
    async with house.database.read() as connection:
        verbs = [deed.verb for deed in await house.journal.of(connection, f"item/{item}")]
    assert ["write", "submit", "approve"] == verbs


async def test_send_back_and_withdraw_need_a_reason(run: Run) -> None:
    """Without a reason nothing changes."""
    item = await approved(run)
    with pytest.raises(BadInput) as caught:
        await run("item", "withdraw", item, "--as", "Lê Văn Duyệt")
    assert "note" == caught.value.field
    await run("item", "withdraw", item, "--as", "Lê Văn Duyệt", "--note", "sai số liệu")
    assert "withdrawn" == (await rows(run, "item", "list"))[0]["state"]


async def test_a_wrong_digest_is_a_conflict(run: Run) -> None:
    """Only what was seen can be approved."""
    item = (await rows(run, "item", "import", "sop-cop.txt", "--submit"))[0]["id"]
    with pytest.raises(Conflict):
        await run("item", "approve", item, "--as", "Lê Văn Duyệt", "--digest", "0" * 64)


async def test_a_dry_run_shows_ten_dates_and_stores_nothing(run: Run) -> None:
    """The preview is what would be stored."""
    item = await approved(run)
    words = ("schedule", "add", "--item", item, "--outlet", "portal", "--cron", "0 5 * * 1-6", "--dry-run")
    assert 10 == len((await rows(run, *words))[0]["next"])
    assert [] == await rows(run, "schedule", "list")


async def test_the_life_of_a_schedule(run: Run) -> None:
    """Added, listed, paused, resumed, cancelled; the next runs are shown."""
    item = await approved(run)
    words = ("schedule", "add", "--item", item, "--outlet", "portal,tram", "--every", "1d", "--until", "+10d")
    schedule = (await rows(run, *words))[0]
    assert ["portal", "tram"] == schedule["outlets"]
    assert 3 == len(await rows(run, "schedule", "next", "--count", "3"))
    for verb, state in (("pause", "paused"), ("resume", "approved"), ("cancel", "cancelled")):
        assert state == (await rows(run, "schedule", verb, schedule["id"]))[0]["state"]
    assert [] == await rows(run, "schedule", "next")


async def test_the_log_and_its_export(run: Run, house: House, tmp_path: Path) -> None:
    """What was sent is listed, counted, shown and exported."""
    item = await approved(run)
    await run("schedule", "add", "--item", item, "--outlet", "portal", "--at", "now")
    await house.runner.drain()
    delivery = (await rows(run, "delivery", "list", "--outlet", "portal", "--state", "sent"))[0]
    assert 1 == (await rows(run, "delivery", "stats"))[0]["sent"]
    assert delivery["id"] in await run("delivery", "show", delivery["id"])
    await run("delivery", "export", "log.csv")
    table = list(csv.reader(io.StringIO((tmp_path / "log.csv").read_text(encoding="utf-8-sig"))))
    assert [delivery["id"], "sent"] == [table[1][0], table[1][4]]
    with pytest.raises(Conflict):
        await run("delivery", "cancel", delivery["id"])
    with pytest.raises(NotFound):
        await run("delivery", "show", "khong-co")


async def test_the_log_by_reason(run: Run, house: House, tmp_path: Path) -> None:
    """Why it has not arrived narrows the list and the export, where it stands in words."""
    item = await approved(run)
    await run("schedule", "add", "--item", item, "--outlet", "portal,tram", "--at", "now")
    await house.runner._planner.plan()
    portal, _ = sorted(await rows(run, "delivery", "list"), key=lambda one: one["outlet"])
    parcel, seq = parse_delivery_id(portal["id"])
    async with house.database.write() as tx:
        await dispatch.add_attempts(tx, [Attempt(parcel, seq, 1, house.clock.now(), 5, "unavailable", "busy")])
    [found] = await rows(run, "delivery", "list", "--reason", "busy")
    assert (portal["id"], "busy") == (found["id"], found["reason"])
    assert [] == await rows(run, "delivery", "list", "--reason", "money")
    await run("delivery", "export", "log.csv", "--reason", "busy")
    _, *table = csv.reader(io.StringIO((tmp_path / "log.csv").read_text(encoding="utf-8-sig")))
    assert [(portal["id"], "đối tác quá tải")] == [(row[0], row[7]) for row in table]


async def test_stats_tell_what_is_still_to_do(run: Run, house: House, clock: FakeClock) -> None:
    """Each outlet: every state, and of what is to be sent how much is due, how much late and since when."""
    item = await approved(run)
    await run("schedule", "add", "--item", item, "--outlet", "portal,tram", "--at", "now")
    due = clock.now()
    await house.runner._planner.plan()
    clock.advance(90)
    zeros = dict.fromkeys((state.value for state in State), 0)
    todo = {"due": 1, "late": 1, "in_flight": 0, "oldest_due_at": due.isoformat(), "lag_seconds": 90.0}
    portal = {"outlet": "portal", **zeros, "pending": 1, "total": 1, **todo, "paused": False}
    await run("outlet", "pause", "tram", "--note", "đài sửa máy")
    tram = portal | {"outlet": "tram", "paused": True}
    assert [portal, tram] == await rows(run, "delivery", "stats")
    assert [portal] == await rows(run, "delivery", "stats", "--outlet", "portal")
    assert [portal, tram] == await rows(run, "delivery", "stats", "--item", item)
    assert [] == await rows(run, "delivery", "stats", "--item", "khac")
    assert "trễ" in await run("delivery", "stats")
    await house.runner.drain()
    done = {"due": 0, "late": 0, "oldest_due_at": None, "lag_seconds": 0.0, "pending": 0, "sent": 1}
    assert [portal | done] == await rows(run, "delivery", "stats", "--outlet", "portal")


@pytest.mark.parametrize("cell", ["=1+1", "+84981", "-1", "@x", "\tx", "\rx"])
def test_no_cell_becomes_a_formula(cell: str) -> None:
    """Spreadsheets run what begins so."""
    assert f"'{cell}" == safe(cell)


async def test_bad_rows_keep_an_audience_out(run: Run, tmp_path: Path) -> None:
    """With one bad row nothing is kept, unless the good ones are asked for."""
    (tmp_path / "a.csv").write_text("name,phone\nAn,0981000101\nBình,12\nCúc,0981000102\n", encoding="utf-8")
    said = json.loads(await run("audience", "import", "Bản A", "a.csv", "--json", code=1))
    assert (0, 3) == (said["added"], said["faults"][0]["line"])
    said = json.loads(await run("audience", "import", "Bản A", "a.csv", "--json", "--keep-good"))
    assert 2 == said["added"]
    assert [{"name": "Bản A", "size": 2}] == [
        {k: row[k] for k in ("name", "size")} for row in await rows(run, "audience", "list")
    ]


async def test_people_and_tokens(run: Run) -> None:
    """A person is added with a made password shown once; a token begins with loa_."""
    assert "mật khẩu" in await run("user", "add", "mai", "--name", "Lò Thị Mai", "--role", "author")
    assert "mật khẩu mới" in await run("user", "password", "mai")
    assert ["author"] == (await rows(run, "user", "list"))[0]["roles"]
    assert (await run("token", "create", "mai", "--days", "30")).startswith("loa_")
    with pytest.raises(Said):
        await run("user", "add", "mai", "--name", "Người khác")


async def test_the_second_step_is_taken_off_by_an_administrator(run: Run, house: House) -> None:
    """Who has one is listed; it is taken off once, by no author, and the journal knows by whom."""
    await run("user", "add", "mai", "--name", "Lò Thị Mai", "--role", "approver")
    await run("user", "add", "quan", "--name", "Quản Trị", "--role", "administrator")
    await run("user", "add", "lan", "--name", "Nguyễn Thị Lan", "--role", "author")
    assert "chưa bật" in await run("user", "second-step", "mai")
    async with house.database.write() as tx:
        row, steps = await person_by_login(tx, "mai"), SecondSteps(house)
        code = TOTP(await steps.offer(tx, row.id, "")).at(house.clock.now())
        await steps.turn_on(tx, Whose(row.id, "mai", row.name), "", code, "")
    told = (await rows(run, "user", "second-step", "mai"))[0]
    assert (house.clock.now().isoformat(), 10) == (told["second_step_since"], told["recovery_codes"])
    listed = {row["login"]: row["second_step_since"] is not None for row in await rows(run, "user", "list")}
    assert {"mai": True, "quan": False, "lan": False} == listed
    with pytest.raises(NotAllowed):
        await run("user", "second-step", "mai", "--off", "--as", "Nguyễn Thị Lan")
    assert "đã gỡ" in await run("user", "second-step", "mai", "--off", "--as", "quan")
    assert "chưa bật" in await run("user", "second-step", "mai")
    async with house.database.read() as connection:
        deed = await house.journal.last(connection, "person/mai")
    assert ("take_off_second_step", "Quản Trị") == (deed.verb, deed.person)
    for login, error in (("mai", Conflict), ("khong-co", BadInput)):
        with pytest.raises(error):
            await run("user", "second-step", login, "--off", "--as", "quan")


async def test_an_account_has_only_its_roles(run: Run) -> None:
    """`--as` a person with an account means that person's rights."""
    await run("user", "add", "mai", "--name", "Lò Thị Mai", "--role", "author")
    item = (await rows(run, "item", "import", "sop-cop.txt", "--submit"))[0]["id"]
    with pytest.raises(NotAllowed):
        await run("item", "approve", item, "--as", "Lò Thị Mai")


async def test_outlets_are_listed_paused_and_resumed(run: Run) -> None:
    """Health in one word each; a pause has its reason."""
    await run("outlet", "pause", "tram", "--note", "đài sửa máy")
    states = {row["name"]: (row["state"], row["trouble"]) for row in await rows(run, "outlet", "list")}
    assert {"portal": ("ok", ""), "tram": ("paused", "đài sửa máy")} == states
    await run("outlet", "resume", "tram")
    assert {"ok"} == {row["state"] for row in await rows(run, "outlet", "list")}
    assert "feed.xml" in await run("outlet", "test", "tram")


async def test_themes_can_be_edited(run: Run) -> None:
    """The six of the founding plan are there; one is added, one retired."""
    assert 6 == len(await rows(run, "theme", "list"))
    await run("theme", "save", "Chuyển đổi số", "--position", "0")
    await run("theme", "retire", "dien-hinh")
    names = [row["id"] for row in await rows(run, "theme", "list")]
    assert ("chuyen-doi-so", 6, False) == (names[0], len(names), "dien-hinh" in names)


async def test_read_line_by_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line out for each line in, empty ones too."""
    monkeypatch.setattr("sys.stdin", io.StringIO("Số 36/KH-UBND\n\nngày 22/3/2017\n"))
    lines = (await run("read", "--lines")).split("\n")
    assert ["", ""] == [lines[1], lines[3]]
    assert lines[2].startswith("ngày hai mươi hai tháng ba năm hai nghìn không trăm mười bảy")


async def test_speak_writes_a_broadcast_ready_file(run: Run, tmp_path: Path) -> None:
    """A mastered MP3 at -16 LUFS, measured on the file itself."""
    await run("speak", "sop-cop.txt", "-o", "out.mp3")
    measured = measure((tmp_path / "out.mp3").read_bytes())
    assert -17 <= measured.lufs <= -15
    assert measured.true_peak_db <= -1.0


@pytest.mark.parametrize(("suffix", "lead"), [("wav", b"RIFF"), ("opus", b"OggS"), ("flac", b"fLaC")])
async def test_speak_in_the_format_of_the_suffix(run: Run, tmp_path: Path, suffix: str, lead: bytes) -> None:
    """The file is of the kind its name says, and its figures are printed."""
    (tmp_path / "ngan.txt").write_text("Xin chào bà con.", encoding="utf-8")
    said = await run("speak", "ngan.txt", "-o", f"out.{suffix}")
    data = (tmp_path / f"out.{suffix}").read_bytes()
    assert data.startswith(lead)
    measured = measure(data)
    assert abs(measured.lufs + 16) <= 0.5
    assert f"{measured.lufs:.1f} LUFS, đỉnh {measured.true_peak_db:.1f} dBTP" in said


async def test_record_binds_a_persons_voice(run: Run, tmp_path: Path) -> None:
    """The item is a draft again with the recording measured; who gave it may not approve; a text file is refused."""
    item = await approved(run)
    (tmp_path / "doc.wav").write_bytes(riff(speechlike(3).pcm, 22050, 1))
    made = (await rows(run, "item", "record", item, "doc.wav", "--as", "Lò Văn Thái"))[0]
    assert "draft" == made["state"]
    assert abs(made["recording"]["loudness"] + 16) <= 0.3
    shown = (await rows(run, "item", "show", item))[0]
    assert shown["recording"]["sha256"] == made["recording"]["sha256"]
    with pytest.raises(NotAllowed):
        await run("item", "approve", item, "--as", "Lò Văn Thái")
    await run("item", "approve", item, "--as", "Lê Văn Duyệt")
    with pytest.raises(BadInput, match="sound file"):
        await run("item", "record", item, "sop-cop.txt", "--as", "Lò Văn Thái")
    with pytest.raises(BadInput):
        await run("item", "record", item, "khong-co.mp3", "--as", "Lò Văn Thái")


async def test_speak_refuses_what_cannot_be_read(run: Run, tmp_path: Path) -> None:
    """An empty file and a voice that is not there, in words; nothing is written."""
    (tmp_path / "trong.txt").write_text(" \n", encoding="utf-8")
    with pytest.raises(BadInput):
        await run("speak", "trong.txt", "-o", "out.mp3")
    with pytest.raises(Said):
        await run("speak", "sop-cop.txt", "-o", "out.mp3", "--voice", "khong-co")
    with pytest.raises(BadInput, match="suffix"):
        await run("speak", "sop-cop.txt", "-o", "out.doc")
    assert not (tmp_path / "out.mp3").exists()


async def test_doctor_finds_what_is_wrong(run: Run) -> None:
    """Every finding has its name; a paused outlet is one."""
    assert all(row["well"] for row in await rows(run, "doctor"))
    await run("outlet", "pause", "tram", "--note", "đài sửa máy")
    findings = [json.loads(line) for line in (await run("doctor", "--json", code=1)).splitlines()]
    assert ["điểm phát tram"] == [row["name"] for row in findings if not row["well"]]


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("now", "2026-11-23T08:00"),
        ("+90m", "2026-11-23T09:30"),
        ("09:15", "2026-11-23T09:15"),
        ("07:00", "2026-11-24T07:00"),
        ("2026-12-01", "2026-12-01T00:00"),
        ("2026-12-01 05:00", "2026-12-01T05:00"),
        ("01/12/2026 05:00", "2026-12-01T05:00"),
        ("2026-12-01T05:00:00+00:00", "2026-12-01T12:00"),
    ],
)
async def test_moments_as_people_write_them(house: House, written: str, local: str) -> None:
    """All in the office's zone unless another is named."""
    assert local == moment(house, written, "at").astimezone(house.settings.office.zone).isoformat()[:16]


@pytest.mark.parametrize("written", ["", "mai", "25:00", "31/02/2026", "+", "+5", "2026-13-01"])
async def test_other_moments_are_refused(house: House, written: str) -> None:
    """The field is named."""
    with pytest.raises(BadInput) as caught:
        moment(house, written, "at")
    assert "at" == caught.value.field


@pytest.mark.parametrize("written", ["", "5", "h", "1w", "-1h"])
def test_other_lengths_are_refused(written: str) -> None:
    """A length of time has its unit."""
    with pytest.raises(BadInput):
        span(written, "every")


def test_settings_are_asked_for_by_no_command_at_import() -> None:
    """The parser is built without any configuration."""
    assert _parser().prog == "loa"
    assert Settings().office.locale == "vi"


async def test_an_as_run_log_becomes_evidence(run: Run, house: House, tmp_path: Path) -> None:
    """Lines of what was sent are kept once, the others told; a file that is none changes nothing."""
    item = await approved(run)
    (title,) = [one["title"] for one in await rows(run, "item", "list") if one["id"] == item]
    async with house.database.write() as tx:
        found = await find_item(tx, item)
    await record(house, found)
    await run("schedule", "add", "--item", item, "--outlet", "tram", "--at", "now", "--as", "Lê Văn Duyệt")
    await house.runner.drain()
    (tmp_path / "log.csv").write_text(
        f'Start Time,Title\n2026-11-23 08:30:00,"{title}"\n2026-11-23 09:00:00,Bài hát\n', encoding="utf-8"
    )
    for kept, known in ((1, 0), (0, 1)):
        (told,) = await rows(run, "outlet", "aired", "tram", "log.csv", "--as", "Lê Văn Duyệt")
        assert (kept, known, ["Bài hát"]) == (told["kept"], told["known"], [one["title"] for one in told["unmatched"]])
    (delivery,) = [one["id"] for one in await rows(run, "delivery", "list") if one["outlet"] == "tram"]
    assert "aired" in [one["stage"] for one in (await rows(run, "delivery", "show", delivery))[0]["receipts"]]
    for name, words in (("log.csv", "portal"), ("khong-co.csv", "tram")):
        with pytest.raises(BadInput):
            await run("outlet", "aired", words, name, "--as", "Lê Văn Duyệt")


async def test_a_backup_knows_every_table(tmp_path: Path) -> None:
    """A process of the command line alone, which no test has loaded anything into, has a table for each in the database."""
    database = Database(f"sqlite:///{tmp_path / 'loa.db'}")
    await migrate(database)
    async with database.read() as connection:
        built = {*await connection.run_sync(lambda sync: inspect(sync).get_table_names())} - {"schema_version"}
    await database.close()
    told = "import desk.cli; from db.types import metadata; print(*metadata.tables)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", told, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert built == set(out.decode().split())
