"""Docs that lag fail the build: tables and lists in docs/ are held against the code."""

from __future__ import annotations

import ast
import re
import tomllib
from enum import StrEnum
from pathlib import Path

import pytest

from channels.channel import find_channels
from content.item import MOVES as ITEM_MOVES
from content.voice import find_voices
from desk.cli import _parser
from scheduler.delivery import MOVES
from tests.conftest import ROOT

FLOORS = ("config", "db", "content", "channels", "scheduler", "desk")
WORDS_NOT_USED = ("manager", "helper", "util", "common", "service", "info")


def text(name: str) -> str:
    """A file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def sources() -> list[Path]:
    """Every module of the product."""
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


@pytest.mark.parametrize(("heading", "moves"), [("Item", ITEM_MOVES), ("Delivery", MOVES)])
def test_states_are_those_of_the_code(heading: str, moves: dict[StrEnum, frozenset[StrEnum]]) -> None:
    """Each table of docs/states.md says exactly the moves the code allows."""
    section = text("docs/states.md").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| ?(.*?) ?\|$", section, re.MULTILINE)
    said = {state: {word.strip() for word in to.split(",") if word.strip()} for state, to in rows if state != "from"}
    assert {state.value: {to.value for to in allowed} for state, allowed in moves.items()} == said


def test_every_dependency_has_its_reason() -> None:
    """The table of docs/decisions/0002 names what pyproject.toml asks for, no more and no less."""
    asked = tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]
    names = [re.split(r"[\[<>=]", line)[0] for line in asked]
    said = re.findall(r"^\| ([\w-]+) \| ", text("docs/decisions/0002-dependencies.md"), re.MULTILINE)
    assert sorted(names, key=str.lower) == sorted([name for name in said if name != "package"], key=str.lower)


def test_kinds_are_listed() -> None:
    """docs/add-a-channel.md ends with the kinds there are."""
    listed = re.findall(r"`(\w+)`", text("docs/add-a-channel.md").split("Kinds today:")[1])
    assert [kind for kind in find_channels() if (ROOT / f"channels/kinds/{kind}.py").exists()] == listed


def test_the_example_channel_is_valid() -> None:
    """The code in docs/add-a-channel.md compiles and is short."""
    code = re.findall(r"```python\n(.*?)```", text("docs/add-a-channel.md"), re.DOTALL)[0]
    ast.parse(code)
    assert len(code.splitlines()) < 50


def test_every_voice_is_listed() -> None:
    """The table of docs/voices.md names the voices there are, no more and no less."""
    first_cells = re.findall(r"^\| (`[^|]*`) \|", text("docs/voices.md"), re.MULTILINE)
    ours = {name for name, voice in find_voices().items() if voice.__module__.startswith("content.voices")}
    assert set(re.findall(r"`([\w-]+)`", " ".join(first_cells))) == ours


def test_every_file_is_on_the_floor_plan() -> None:
    """A module that docs/floor-plan.md does not name is missing there."""
    plan = text("docs/floor-plan.md")
    folders = (
        "desk/commands",
        "desk/demo",
        "content/reading",
        "content/voices",
        "channels/kinds",
        "db/migrations",
    )
    missing = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name not in {"__init__.py", "__main__.py"}
        and not str(path.relative_to(ROOT)).startswith(folders)
        and path.name not in plan
    ]
    assert [] == missing


def test_every_module_says_what_lives_here() -> None:
    """The first line of each module's docstring is a sentence about it."""
    silent = [
        str(path) for path in sources() if not (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
    ]
    assert [] == silent


def test_words_not_used() -> None:
    """No module, class or function is called by a word that says nothing."""
    found = []
    for path in sources():
        names = [path.stem] + [
            node.name
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        found += [
            f"{path}: {name}"
            for name in names
            if name != "info" and any(word in re.findall(r"[a-z]+", name.lower()) for word in WORDS_NOT_USED)
        ]
    assert [] == found


def test_the_clock_is_read_in_one_place() -> None:
    """Nothing but config/clock.py asks the system for the time."""
    asks = re.compile(r"datetime\.now\(|datetime\.utcnow\(|time\.time\(|date\.today\(|time\.monotonic\(")
    found = [str(path.relative_to(ROOT)) for path in sources() if asks.search(path.read_text(encoding="utf-8"))]
    assert ["config/clock.py"] == found


def test_commands_in_the_readme_exist() -> None:
    """Each `loa ...` line of the README names a command and a verb the parser knows."""
    commands = next(
        action
        for action in _parser()._actions
        if hasattr(action, "choices") and action.choices and "item" in action.choices
    )
    lines = [line.split("#")[0].split() for line in text("README.md").splitlines() if line.startswith("loa ")]
    assert lines
    for words in lines:
        parser = commands.choices[words[1]]
        nested = [
            action for action in parser._actions if hasattr(action, "choices") and isinstance(action.choices, dict)
        ]
        assert not nested or words[2] in nested[0].choices


def test_every_promise_has_its_tests() -> None:
    """Each row of docs/promises.md names tests, and each of these exists."""
    rows = re.findall(r"^\| (\d+) \| .* \| (.*) \|$", text("docs/promises.md"), re.MULTILINE)
    assert [str(number) for number in range(1, len(rows) + 1)] == [number for number, _ in rows]
    assert len(rows) >= 14
    for number, proof in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", proof)
        assert named, f"promise {number} is not proven"
        for file, name in named:
            known = {
                node.name
                for node in ast.parse(text(file)).body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            assert name in known, f"promise {number}: there is no {name} in {file}"


def test_links_in_docs_lead_somewhere() -> None:
    """Relative links name files that exist."""
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"
