"""Log lines: one event a line, for people or for programs, with context and without forgeries."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from config.logs import about, log, set_up

HOSTILE = "tin\n2026-11-23T01:00:00.000+00:00 info approved by='Mai'\r\x1b[2J\u2028\x85"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The process logs after a test as it did before."""
    root, loa = logging.getLogger(), logging.getLogger("loa")
    before = (root.handlers[:], root.level, loa.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    loa.setLevel(before[2])


def lines(said: pytest.CaptureFixture[str]) -> list[str]:
    """What went to standard error; nothing goes to standard output."""
    out, err = said.readouterr()
    assert "" == out
    return err.splitlines()


def only(said: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one JSON line that was written."""
    (line,) = said.readouterr().err.rstrip("\n").split("\n")
    return dict(json.loads(line))


def test_a_console_line_reads_from_left_to_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Moment, level, event, fields."""
    set_up("info", "console")
    log("planner").info("planned", schedule="x1", count=3, title="Tin bài")
    (line,) = lines(capsys)
    moment, rest = line.split(" ", 1)
    assert moment.endswith("+00:00")
    assert "info planned schedule='x1' count=3 title='Tin bài'" == rest


def test_a_json_line_has_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    """Vietnamese stays readable, and what JSON does not know is written as text."""
    set_up("info", "json")
    log("planner").warning("late", title="Tin bài", seconds=1.5, path=SecretStr("k"))
    line = only(capsys)
    assert line.pop("at").endswith("+00:00")
    assert {
        "level": "warning",
        "from": "loa.planner",
        "event": "late",
        "title": "Tin bài",
        "seconds": 1.5,
        "path": "**********",
    } == line


@pytest.mark.parametrize("kind", ["console", "json"])
def test_nothing_that_is_logged_can_forge_a_line(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """Line breaks and terminal codes in fields, context, and other libraries' messages are shown, not obeyed."""
    set_up("info", kind)
    with about(person=HOSTILE):
        log("desk").info("written", title=HOSTILE)
    logging.getLogger("aiohttp.server").warning("bad request: %s", HOSTILE)
    err = capsys.readouterr().err
    assert 2 == len(err.rstrip("\n").split("\n"))
    assert not set("\r\x1b") & set(err)
    if kind == "console":
        assert 2 == len(err.splitlines())


@pytest.mark.parametrize("kind", ["console", "json"])
def test_an_error_brings_its_trace_and_nothing_else_does(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """Inside an except block a warning stays a line; an error given by name is traced."""
    set_up("info", kind)
    fault = ValueError("x\n2026-11-23T01:00:00.000+00:00 info approved")
    try:
        raise fault
    except ValueError:
        log("worker").warning("failed")
        log("worker").error("failed")
    quiet = lines(capsys)
    assert 2 == len(quiet)
    assert "Traceback" not in "".join(quiet)
    log("worker").error("failed", error=fault, step="plan")
    loud = lines(capsys)
    assert "Traceback" in "".join(loud)
    assert "step" in loud[0]
    assert [] == [line for line in loud[1:] if not line.startswith("    ")]
    assert (1 if kind == "json" else 2) <= len(loud) <= (1 if kind == "json" else 20)


async def test_context_is_carried_to_the_end_of_its_block(capsys: pytest.CaptureFixture[str]) -> None:
    """Nested, into tasks begun inside, gone outside; a field of the line itself wins."""
    set_up("info", "json")
    with about(item="i1", person="Mai"):
        with about(delivery="d1", person="Hùng"):
            await asyncio.create_task(_say())
        log("x").info("inner", item="i2")
    log("x").info("outer")
    said = [json.loads(line) for line in lines(capsys)]
    kept = [{key: line[key] for key in ("item", "delivery", "person") if key in line} for line in said]
    assert [{"item": "i1", "delivery": "d1", "person": "Hùng"}, {"item": "i2", "person": "Mai"}, {}] == kept


async def _say() -> None:
    log("x").info("task")


def test_context_ends_when_its_block_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception does not leave somebody else's name on later lines."""
    set_up("info", "json")
    with pytest.raises(RuntimeError), about(person="Mai"):
        raise RuntimeError
    log("x").info("later")
    assert "person" not in only(capsys)


def test_levels_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Below the level nothing is said; other libraries speak from warning on."""
    set_up("warning", "console")
    log("x").info("no")
    log("x").debug("no")
    log("x").warning("yes")
    logging.getLogger("other").info("no")
    assert ["yes"] == [line.split()[2] for line in lines(capsys)]
    set_up("debug", "console")
    log("x").debug("now")
    assert ["now"] == [line.split()[2] for line in lines(capsys)]
