"""What there is to tell of a contest: how many took part and when, from where, how well; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from config.words import Word
from content.contests.entries.store import Entry
from content.contests.question import Question

UNSAID = Word("không ghi", "not given")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of a contest; `questions` is how often each was asked and answered rightly, by id. Days are the office's."""

    begun: int
    finished: int
    mean: float | None
    all_right: int
    by_day: Mapping[str, int]
    by_place: Mapping[str, int]
    by_way: Mapping[str, int]
    questions: Mapping[str, tuple[int, int]]


def figures(everybody: Sequence[Entry], questions: Sequence[Question], zone: tzinfo) -> Figures:
    """Of all who took part."""
    key = {one.id: one.right for one in questions}
    done = [one for one in everybody if one.finished_at is not None]
    asked, right, marks = Counter[str](), Counter[str](), []
    for one in done:
        rights = [id for id, choice in zip(one.questions, one.answers, strict=True) if key.get(id) == choice]
        asked.update(one.questions)
        right.update(rights)
        marks.append((len(rights), len(one.questions)))
    days = Counter(f"{one.begun_at.astimezone(zone):%Y-%m-%d}" for one in everybody)
    return Figures(
        begun=len(everybody),
        finished=len(done),
        mean=round(sum(mark for mark, _ in marks) / len(marks), 2) if marks else None,
        all_right=sum(mark == of for mark, of in marks),
        by_day=dict(sorted(days.items())),
        by_place=dict(Counter(one.place or UNSAID for one in everybody).most_common()),
        by_way=dict(Counter(one.way.value for one in everybody).most_common()),
        questions={id: (right[id], asked[id]) for id in key if asked[id]},
    )
