"""Procedure: one administrative procedure as the catalogue has it, and two of them compared field by field; pure.

Fields are those that Circular 02/2017/TT-VPCP has published of each procedure; the code is the national database's (`d.dddddd`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from config.unmarked import unmarked
from config.words import BadInput, Word

CODE = re.compile(r"\d\.\d{6}", re.ASCII)
LONGEST = {
    "name": 500,
    "field": 200,
    "level": 100,
    "authority": 500,
    "time_limit": 1_000,
    "fee": 1_000,
    "dossier": 20_000,
    "legal_basis": 10_000,
    "decision": 200,
}
FIRST_YEAR, LAST_YEAR = 1990, 2100


class Status(StrEnum):
    """What the last decision did to a procedure."""

    NEW = "new"
    AMENDED = "amended"
    REPLACED = "replaced"
    ABOLISHED = "abolished"

    @property
    def title_vi(self) -> Word:
        """The word on screen and in decisions."""
        return {
            "new": Word("mới ban hành", "newly issued"),
            "amended": Word("sửa đổi, bổ sung", "amended"),
            "replaced": Word("được thay thế", "replaced"),
            "abolished": Word("bị bãi bỏ", "abolished"),
        }[self.value]

    @property
    def is_in_force(self) -> bool:
        """Whether people may still ask for it."""
        return self in {Status.NEW, Status.AMENDED}


_STATUSES: dict[str, Word] = {one.title_vi: one.title_vi for one in Status}
TITLES = {
    "code": Word("mã", "code"),
    "name": Word("tên thủ tục", "name of the procedure"),
    "field": Word("lĩnh vực", "field"),
    "level": Word("cấp thực hiện", "level"),
    "authority": Word("cơ quan thực hiện", "authority"),
    "time_limit": Word("thời hạn giải quyết", "time limit"),
    "fee": Word("phí, lệ phí", "fees and charges"),
    "dossier": Word("thành phần hồ sơ", "documents required"),
    "legal_basis": Word("căn cứ pháp lý", "legal basis"),
    "decision": Word("quyết định công bố", "decision that announced it"),
    "effective": Word("ngày có hiệu lực", "in force from"),
    "status": Word("tình trạng", "status"),
}
"""Every field in the order of the catalogue, with its word in a sentence."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure. `effective` is the office's day from which it stands as told here; None when the catalogue has none."""

    code: str
    name: str
    field: str = ""
    level: str = ""
    authority: str = ""
    time_limit: str = ""
    fee: str = ""
    dossier: str = ""
    legal_basis: str = ""
    decision: str = ""
    effective: date | None = None
    status: Status = Status.NEW

    @property
    def folded(self) -> str:
        """What it is searched by."""
        return unmarked(f"{self.code} {self.name} {self.field} {self.authority} {self.decision}")

    def is_in_force(self, today: date) -> bool:
        """Whether people may ask for it on this day as it is told here."""
        return self.status.is_in_force and (self.effective is None or self.effective <= today)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is otherwise than before, both as people read them."""

    field: str
    before: str
    after: str

    @classmethod
    def from_record(cls, field: str, before: str, after: str) -> Difference:
        """As it was kept: what was said of the status is read in two languages again."""
        if field == "status":
            before, after = (_STATUSES.get(said, said) for said in (before, after))
        return cls(field, before, after)

    @property
    def title_vi(self) -> Word:
        """The field's word."""
        return TITLES[self.field]


def differences(before: Procedure | None, after: Procedure) -> tuple[Difference, ...]:
    """Each field that changed, in the catalogue's order; of a procedure that was unknown all that is filled in.

    Spaces, line ends and Unicode forms make no difference.
    """
    then, now = (written(before) if before else dict.fromkeys(TITLES, "")), written(after)
    return tuple(Difference(name, then[name], now[name]) for name in TITLES if _same(then[name]) != _same(now[name]))


def written(one: Procedure) -> dict[str, str]:
    """Every field as people read it."""
    fields: dict[str, Any] = asdict(one)
    day = f"{one.effective:%d/%m/%Y}" if one.effective else ""
    return {name: str(fields[name]) for name in TITLES} | {"effective": day, "status": one.status.title_vi}


def check(one: Procedure) -> None:
    """Raise BadInput naming the first field that cannot stand."""
    if not CODE.fullmatch(one.code):
        raise BadInput(
            f"mã “{one.code[:20]}” không đúng dạng 1.234567",
            f"the code {one.code[:20]!r} is not like 1.234567",
            field="code",
        )
    if not one.name:
        raise BadInput("thiếu tên thủ tục", "the name is missing", field="name")
    for name, most in LONGEST.items():
        if len(getattr(one, name)) > most:
            raise BadInput(f"{TITLES[name]} dài quá {most} ký tự", f"{name}: more than {most} characters", field=name)
        if re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", getattr(one, name)):
            raise BadInput(f"{TITLES[name]} có ký tự không dùng được", f"{name}: an unusable character", field=name)
    if one.effective and not FIRST_YEAR <= one.effective.year <= LAST_YEAR:
        raise BadInput(
            f"năm {one.effective.year} không thể là năm có hiệu lực",
            f"no procedure takes effect in {one.effective.year}",
            field="effective",
        )


def _same(text: str) -> Sequence[str]:
    return unicodedata.normalize("NFC", text).split()


def as_of(today: date, one: Procedure, changes: Sequence[tuple[Difference, ...]]) -> tuple[Procedure | None, int]:
    """The procedure as it stands on a day, and how many of its changes (the newest first) do not hold yet.

    None while nothing of it holds: the last of the changes is the one that brought it.
    """
    for undone, told in enumerate(changes):
        if one.effective is None or one.effective <= today:
            return one, undone
        if undone == len(changes) - 1:
            break
        one = _undone(one, told)
    return None, len(changes)


def _undone(one: Procedure, told: Sequence[Difference]) -> Procedure:
    """As it was before a change."""
    before: dict[str, Any] = {each.field: each.before for each in told}
    if "effective" in before:
        day = before["effective"]
        before["effective"] = datetime.strptime(day, "%d/%m/%Y").date() if day else None  # noqa: DTZ007 (a day)
    if "status" in before:
        before["status"] = next(status for status in Status if status.title_vi == before["status"])
    return replace(one, **before)
