"""Settings of one process, read once: defaults, the file, the environment; every bad key is told together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.settings import Settings
from config.words import Said, Word

PREFIX = "LOA_"


class BadSettings(Said):
    """The configuration cannot be used: every problem with its file, key and reason."""

    def __init__(self, problems: list[str]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Cấu hình có lỗi:\n{listed}", f"The configuration cannot be used:\n{listed}")
        self.problems = problems


def load(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from defaults, then the TOML file, then LOA_SECTION__KEY variables. Raises BadSettings with every problem."""
    problems: list[str] = []
    tree = _read_file(file, problems) if file else {}
    _read_secret_files(tree, problems, f"{file}: ")
    origin = {(section, key): str(file) for section, table in tree.items() if isinstance(table, dict) for key in table}
    _overlay(tree, origin, environ, problems)
    if "source" in tree:  # told by us, never by the file
        problems.append(f"{file}: [source]: {REASONS['extra_forbidden']}")
    try:
        settings = Settings.model_validate({**tree, "source": str(file or "")})
    except ValidationError as error:
        problems += [_problem(detail, origin, file) for detail in error.errors()]
        raise BadSettings(problems) from None
    if problems:
        raise BadSettings(problems)
    return settings


def _read_file(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problems.append(f"{file}: không đọc được ({error.strerror})")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file}: không phải TOML hợp lệ: {error}")
    return {}


def _overlay(
    tree: dict[str, Any], origin: dict[tuple[str, str], str], environ: Mapping[str, str], problems: list[str]
) -> None:
    """Lay LOA_SECTION__KEY over the file; LOA_SECTION__KEY_FILE names a file that holds the value."""
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and "__" in name[len(PREFIX) :]):
        path = variable.removeprefix(PREFIX).lower().split("__")
        value = environ[variable]
        if path[-1].endswith("_file"):
            path[-1] = path[-1].removesuffix("_file")
            value = _secret_file(value, variable, problems)
        table = tree
        for step in path[:-1]:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                problems.append(f"{variable}: {step} không phải là một nhóm khóa (not a table)")
                break
        else:
            table[path[-1]] = _parse(value, path)
            origin[(path[0], path[1])] = variable


def _parse(value: str, path: list[str]) -> Any:
    """A list is written as TOML or with commas; everything else is text that the field itself converts."""
    if value.startswith("["):
        try:
            return tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            return value
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if path[-1] in {"engines", "allow", "off"}
        else value
    )


def _read_secret_files(table: dict[str, Any], problems: list[str], file: str, path: tuple[str, ...] = ()) -> None:
    """`token_file = "..."` in the file stands for `token` with the content of that file."""
    for key in list(table):
        value = table[key]
        if isinstance(value, dict):
            _read_secret_files(value, problems, file, (*path, key))
        elif path and key.endswith("_file") and isinstance(value, str):
            named, plain = file + _key([*path, key]), key.removesuffix("_file")
            if plain in table:
                problems.append(f"{named}: chỉ ghi {plain} hoặc {key}, không ghi cả hai (both are given)")
            table[plain] = _secret_file(value, named, problems)
            del table[key]


def _secret_file(name: str, key: str, problems: list[str]) -> str:
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{key}: không đọc được tệp {name} ({error})")
        return ""


_ENGLISH = re.compile(r".*\((.+)\)", re.DOTALL)
REASONS = {
    "extra_forbidden": "không có khóa này (unknown key)",
    "int_parsing": "phải là số nguyên (an integer)",
    "int_type": "phải là số nguyên (an integer)",
    "float_parsing": "phải là số (a number)",
    "float_type": "phải là số (a number)",
    "string_type": "phải là chuỗi (a string)",
    "bool_type": "phải là true hoặc false (a boolean)",
    "bool_parsing": "phải là true hoặc false (a boolean)",
    "list_type": "phải là danh sách (a list)",
    "tuple_type": "phải là danh sách (a list)",
    "dict_type": "phải là một nhóm khóa (a table)",
    "model_type": "phải là một nhóm khóa (a table)",
    "model_attributes_type": "phải là một nhóm khóa (a table)",
    "missing": "bắt buộc phải có (required)",
    "string_too_short": "không được để trống hoặc quá ngắn (too short)",
    "string_too_long": "dài quá (too long)",
    "too_short": "phải có ít nhất một giá trị (at least one)",
    "string_pattern_mismatch": "viết không đúng dạng (not in the right form)",
}


def reason_of(detail: ErrorDetails) -> Word:
    """One validation error as a sentence for people, without the value (it may be a secret)."""
    return twofold(REASONS.get(detail["type"], detail["msg"].removeprefix("Value error, ")))


def twofold(said: str) -> Word:
    """A sentence that ends with its English in brackets; one in English alone is as it is."""
    english = None if said.isascii() else _ENGLISH.fullmatch(said)
    return Word(said, english[1] if english else said)


def _problem(detail: ErrorDetails, origin: Mapping[tuple[str, str], str], file: Path | None) -> str:
    steps = [str(step) for step in detail["loc"]]
    exact = origin.get((steps[0], steps[1])) if len(steps) > 1 else None
    source = exact or next((name for (section, _), name in origin.items() if section == steps[0]), str(file or ""))
    return f"{source + ': ' if source else ''}{_key(steps)}: {reason_of(detail)}"


def _key(steps: list[str]) -> str:
    """Where a key stands, as the file writes it."""
    if steps[0] in {"outlets", "voices"} and len(steps) > 1:
        return f"[{steps[0]}.{steps[1]}] {'.'.join(step for step in steps[2:] if step != '[key]')}".strip()
    return f"[{steps[0]}] {'.'.join(steps[1:])}".strip()
