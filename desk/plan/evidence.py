"""Evidence of a plan, task by task, as a spreadsheet: what the reform index asks of outreach.

Decision 876/QĐ-BNV scores in "direction and management" that a plan was issued, the share of it that was done, and how many forms
were used; points differ by year and province, so figures are given and no points. Blocks.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from desk.cells import PLAIN_TEXT
from desk.plan.plan import Plan, Way
from desk.plan.progress import Progress, Sent

PLAIN = {"in_memory": True, "strings_to_numbers": False, **PLAIN_TEXT}
TASKS = (
    "STT",
    "Nhiệm vụ",
    "Chủ đề",
    "Hình thức",
    "Phụ trách",
    "Chỉ tiêu năm",
    "Đã thực hiện",
    "Tỷ lệ (%)",
    "Tình trạng",
)
TEXTS = ("Nhiệm vụ số", "Nhiệm vụ", "Ngày phát", "Tin", "Đã phát bằng", "Địa chỉ tin", "Gói bằng chứng")


def drawn(
    plan: Plan, found: Sequence[Progress], themes: Mapping[str, str], items: Mapping[str, str], base: str
) -> bytes:
    """Two sheets: the plan with its tasks, and every text that counted; `items` are titles, `base` the desk's address."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, PLAIN) as book:
        forms = book.add_format({"bold": True, "quote_prefix": True}), book.add_format({"quote_prefix": True})
        book.set_properties({"title": f"Minh chứng {plan.name}"})
        _fill(book.add_worksheet("Kế hoạch"), forms, [*_head(plan, found), TASKS, *_tasks(found, themes)])
        _fill(book.add_worksheet("Minh chứng"), forms, [TEXTS, *_texts(found, items, base)])
    return file.getvalue()


def _head(plan: Plan, found: Sequence[Progress]) -> list[tuple[Any, ...]]:
    used = {way for one in found for sent in one.counted for way in sent.ways}
    done = [one for one in found if _done(one) >= _target(one)]
    share = f"{len(done)}/{len(found)} nhiệm vụ đạt chỉ tiêu cả năm"
    return [
        (f"{plan.name}: {plan.title}",),
        ("Ban hành kế hoạch", plan.signed.strftime("%d/%m/%Y") if plan.number and plan.signed else "chưa ký"),
        ("Mức độ hoàn thành", share),
        ("Hình thức đã dùng", f"{len(used)}: {_named(used)}" if used else "chưa có"),
        (),
    ]


def _tasks(found: Sequence[Progress], themes: Mapping[str, str]) -> list[tuple[Any, ...]]:
    return [
        (
            *(number, one.task.words, themes.get(one.task.theme, one.task.theme) or "Mọi chủ đề"),
            *(one.task.way.title_vi if one.task.way else "mọi hình thức", one.task.owner),
            *(_target(one), _done(one), round(100 * _done(one) / _target(one), 1), one.standing.title_vi),
        )
        for number, one in enumerate(found, 1)
    ]


def _texts(found: Sequence[Progress], items: Mapping[str, str], base: str) -> list[tuple[Any, ...]]:
    return [
        (
            *(number, one.task.words, f"{sent.day:%d/%m/%Y}", sent.title or items.get(sent.item, sent.item)),
            *(_named(sent.ways), *_places(sent, base)),
        )
        for number, one in enumerate(found, 1)
        for sent in reversed(one.counted)
    ]


def _places(sent: Sent, base: str) -> tuple[str, str]:
    """Where it is looked at, and where its evidence is: of a class its list to sign."""
    if sent.course:
        return f"{base}/classes/{sent.course}", f"{base}/classes/{sent.course}/list.pdf"
    return f"{base}/items/{sent.item}", f"{base}/items/{sent.item}/evidence.zip"


def _target(one: Progress) -> int:
    return sum(part.target for part in one.parts)


def _done(one: Progress) -> int:
    return sum(part.done for part in one.parts)


def _named(ways: frozenset[Way] | set[Way]) -> str:
    return ", ".join(way.title_vi for way in Way if way in ways)


def _fill(sheet: Any, forms: tuple[Any, Any], rows: Sequence[tuple[Any, ...]]) -> None:
    """Texts as texts, never a formula or a link; the heads in bold."""
    bold, plain = forms
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 8, 26)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell, bold if row in {TASKS, TEXTS} else plain)
            else:
                sheet.write_number(number, column, cell)
