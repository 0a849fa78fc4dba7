"""The announcement of changed procedures in plain words: field by field, from when, where to file; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from content.item import Draft
from content.procedures.procedure import Difference, Procedure, Status

ALONE = 3
"""So many changed at once get an announcement each; more are told together, one announcement for each field of work."""
LISTED = 100
"""So many are told in one announcement: more than that nobody listens to, and the next one goes on."""
SPOKEN = 5
"""So many are read out; of the rest it is said where they are found."""
LONG = 300
"""A value longer than this is not repeated: the announcement says that it changed, the procedure's page how."""
QUIET = frozenset({"code", "effective", "decision", "legal_basis", "status"})
"""Told by the first sentence, or of no use to whoever files."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One procedure as it is now, with what is otherwise than before."""

    now: Procedure
    differences: tuple[Difference, ...]
    is_new: bool


def grouped(changes: Sequence[Changed]) -> list[list[Changed]]:
    """What is announced together: each by itself while they are few, else by field of work."""
    if len(changes) <= ALONE:
        return [[one] for one in changes]
    ordered = sorted(changes, key=lambda one: (one.now.field.casefold(), one.now.code))
    fields = [list(same) for _, same in groupby(ordered, key=lambda one: one.now.field.casefold())]
    return [same[begin : begin + LISTED] for same in fields for begin in range(0, len(same), LISTED)]


def announcement(changes: Sequence[Changed]) -> Draft:
    """The draft that tells of these; for a person to read, correct and hand in."""
    return _of_one(changes[0]) if len(changes) == 1 else _of_many(changes)


def _of_one(one: Changed) -> Draft:
    now, what = one.now, _verb(one)
    since = _since(now.effective)
    title = f"Thủ tục {_cut(now.name, 200)} {what}{since}"
    parts = [_sentence(f"{_by(now)}thủ tục {now.name} (mã {now.code}) {what}{since}")]
    if lines := _lines(one):
        parts.append("\n".join(f"- {line}" for line in lines))
    parts.append(_where(now))
    short = f"Thủ tục {_cut(now.name, 90)} (mã {now.code}) {what}{since}."
    return Draft(title=title, body="\n\n".join(part for part in parts if part), short=short, source=now.decision)


def _of_many(changes: Sequence[Changed]) -> Draft:
    field = changes[0].now.field
    about = f"{len(changes)} thủ tục hành chính" + (f" lĩnh vực {field}" if field else "")
    days = {one.now.effective for one in changes}
    since = _since(days.pop()) if len(days) == 1 else ""
    title = f"Thay đổi {about}{since}"
    decisions = sorted({one.now.decision for one in changes} - {""})
    by = f"Theo {', '.join(decisions)}, " if decisions else ""
    parts = [_sentence(f"{by}{about} có thay đổi{since}")]
    for one in changes:
        told = [
            _sentence(f"{one.now.name} (mã {one.now.code}): {_verb(one)}{'' if since else _since(one.now.effective)}")
        ]
        parts.append("\n".join([f"**{told[0]}**", "", *(f"- {line}" for line in _lines(one))]).strip())
    places = sorted({_place(one.now) for one in changes} - {""})
    if places:
        parts.append(f"Nơi nộp hồ sơ: {'; '.join(places)}.")
    script = [parts[0], *(_sentence(f"{one.now.name}: {_verb(one)}") for one in changes[:SPOKEN])]
    if len(changes) > SPOKEN:
        script.append(
            f"Còn {len(changes) - SPOKEN} thủ tục khác; mời bà con xem trên cổng thông tin hoặc hỏi bộ phận một cửa."
        )
    return Draft(
        title=_cut(title, 300),
        body="\n\n".join(parts),
        script="\n\n".join(script),
        short=f"{_cut(title, 140)}. Xem cổng thông tin hoặc hỏi bộ phận một cửa.",
        source=_cut(", ".join(decisions), 300),
    )


def _verb(one: Changed) -> str:
    if not one.now.status.is_in_force:
        return one.now.status.title_vi
    return Status.NEW.title_vi if one.is_new else "có thay đổi"


def _lines(one: Changed) -> list[str]:
    """Of a procedure that is new what it asks for, of a changed one what was and what is; of one that is gone nothing."""
    if not one.now.status.is_in_force:
        return []
    told = [each for each in one.differences if each.field not in QUIET]
    if one.is_new:
        return [
            _sentence(f"{each.title_vi}: {_value(each.after)}") for each in told if each.field not in {"name", "field"}
        ]
    return [_told(each) for each in told]


def _told(each: Difference) -> str:
    if max(len(each.before), len(each.after)) > LONG:
        return _sentence(f"{each.title_vi}: đã thay đổi, xem trang của thủ tục")
    before, after = (_value(text) if text else "không quy định" for text in (each.before, each.after))
    return _sentence(f"{each.title_vi}: trước đây {before}, nay {after}")


def _value(text: str) -> str:
    return _cut(" ".join(text.split()), LONG).rstrip(". ")


def _by(now: Procedure) -> str:
    decision = now.decision
    if not decision:
        return ""
    return (
        f"Theo {decision}, " if decision.lower().startswith(("quyết định", "qđ")) else f"Theo Quyết định {decision}, "
    )


def _since(day: date | None) -> str:
    return f" từ ngày {day:%d/%m/%Y}" if day else ""


def _where(now: Procedure) -> str:
    if not now.status.is_in_force or not (place := _place(now)):
        return ""
    return f"Nơi nộp hồ sơ: {place}."


def _place(now: Procedure) -> str:
    """Where people file, and at which level of units: as the catalogue names them."""
    level = f"cấp {now.level.lower().removeprefix('cấp ')}" if now.level else ""
    return now.authority + (f" ({level})" if level and level not in now.authority.lower() else "")


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"


def codes(changes: Iterable[Changed]) -> list[str]:
    """Which procedures an announcement speaks of."""
    return [one.now.code for one in changes]
