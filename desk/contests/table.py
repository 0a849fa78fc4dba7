"""Questions of a file (CSV or a workbook): every row checked, every fault told with its line and column."""

from __future__ import annotations

from collections.abc import Mapping

from channels.rows import RowFault, places_of, read_rows
from config.unmarked import unmarked
from config.words import BadInput
from content.contests.question import LETTERS, Question, check

COLUMNS = {
    "theme": ("theme", "chu de"),
    "text": ("question", "cau hoi", "noi dung", "noi dung cau hoi"),
    **{
        f"choice_{letter}": (
            letter.lower(),
            f"lua chon {letter.lower()}",
            f"phuong an {letter.lower()}",
            f"choice_{letter.lower()}",
        )
        for letter in LETTERS
    },
    "right": ("right", "dap an", "dap an dung"),
    "source": ("source", "nguon", "can cu", "van ban"),
}
TITLES = {
    "theme": "chủ đề",
    "text": "câu hỏi",
    **{f"choice_{letter}": f"lựa chọn {letter}" for letter in LETTERS},
    "choices": "các lựa chọn",
    "right": "đáp án",
    "source": "nguồn",
}
NEEDED = ("theme", "text", "choice_A", "choice_B", "right", "source")
MOST = 5000


def read_questions(data: bytes, themes: Mapping[str, str]) -> tuple[list[Question], list[RowFault]]:
    """The questions of a file, by theme (an id or a title of `themes`), and what is wrong with it.

    Raises BadInput when it is no such file at all. Takes a while.
    """
    rows = read_rows(data)
    _, header = next(rows, (0, []))
    places = places_of(header, COLUMNS)
    if missing := [TITLES[name] for name in NEEDED if name not in places]:
        raise BadInput(
            f"Dòng đầu thiếu cột: {', '.join(missing)}",
            f"The first line lacks columns: {', '.join(missing)}",
            field="file",
        )
    known = {unmarked(word): id for id, title in themes.items() for word in (id, title)}
    found, faults = list[Question](), list[RowFault]()
    for number, (line, row) in enumerate(rows):
        if number == MOST:
            raise BadInput(f"Nhiều hơn {MOST} câu hỏi", f"More than {MOST} questions", field="file")
        cells = {name: " ".join(row[at].split()) if at < len(row) else "" for name, at in places.items()}
        try:
            one = _question(cells, known)
            check(one)
        except BadInput as fault:
            faults.append(RowFault(line, fault.field or "text", fault.vi, fault.en))
            continue
        found.append(one)
    if not found and not faults:
        raise BadInput("Tệp không có câu hỏi nào", "There is no question in the file", field="file")
    return found, faults


def _question(cells: Mapping[str, str], themes: Mapping[str, str]) -> Question:
    """Raises BadInput with its column."""
    theme = themes.get(unmarked(cells["theme"]))
    if theme is None:
        raise BadInput(
            f"không có chủ đề “{cells['theme'][:40]}”", f"there is no theme {cells['theme'][:40]!r}", field="theme"
        )
    choices = tuple(filter(None, (cells.get(f"choice_{letter}", "") for letter in LETTERS)))
    right = cells["right"].upper().rstrip(".")
    filled = [letter for letter in LETTERS if cells.get(f"choice_{letter}")]
    if right not in filled:
        raise BadInput(
            f"đáp án “{cells['right'][:20]}” phải là chữ của một lựa chọn có ghi ({', '.join(filled)})",
            f"the answer is the letter of a choice ({', '.join(filled)})",
            field="right",
        )
    return Question("", theme, cells["text"], choices, filled.index(right), cells["source"])
