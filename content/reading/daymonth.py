"""Whether two numbers with a slash or a dash between them are a day and its month, and whether "ngày" is said."""

import re

from content.reading.scene import Scene
from content.reading.vocabulary import (
    AFTER_DATE,
    COUNTED_NOUNS,
    DAY_NAMED,
    FEASTS,
    JOINING,
    MAYBE_FEASTS,
    NEAR_NOW,
    PARTS_OF_DAY,
    PROPORTION,
    TIME_WORDS,
    WEEKDAYS,
)

FOLLOWING = re.compile(r" ([^\W\d_]{1,10})")
KNOWN_FEASTS = frozenset(
    {(3, 2), (27, 2), (8, 3), (26, 3), (10, 3), (30, 4), (1, 5), (7, 5), (15, 5), (19, 5), (1, 6), (21, 6), (28, 6)}
    | {(27, 7), (19, 8), (26, 8), (2, 9), (10, 10), (15, 10), (20, 10), (9, 11), (18, 11), (20, 11), (22, 12)}
)
MONTHS = 12
AROUND_THE_CLOCK = (24, 7)
LONGEST_NAME = 10  # words in the name of a day, as in "Ngày Sách và Văn hóa đọc Việt Nam 21/4"


def is_day(day: int, month: int) -> bool:
    """Tell whether the numbers can be a day and a month at all."""
    return 1 <= day <= 31 and 1 <= month <= 12


def with_day(scene: Scene, day: int) -> str:
    """Say "ngày" before a day that stands alone, and never twice."""
    named = scene.said() in DAY_NAMED or _shares_day(scene)
    return scene.numbers.cardinal(day) if named else f"ngày {scene.numbers.cardinal(day)}"


def names_feast(scene: Scene) -> bool:
    """Tell whether the date is the name of a feast, as in "lễ 30/4 và 1/5": it is said without "ngày"."""
    before = scene.heard(2)
    joined = scene.said() in JOINING and before.rule == "date" and scene.heard(3).spoken not in DAY_NAMED
    return _follows_feast(scene) or _named_day(scene) or (joined and not before.spoken.startswith("ngày"))


def slash_is_date(scene: Scene, day: int, month: int, end: int) -> bool:
    """Tell whether 22/3 is a date here, and not a ratio: 2/3 số hộ, đến nay 10/12 xã."""
    before = scene.said()
    if before in DAY_NAMED | PARTS_OF_DAY | FEASTS:
        return True
    following = FOLLOWING.match(scene.text, end)
    if following and following[1] in COUNTED_NOUNS:
        return False
    if before in TIME_WORDS | {"giờ", "phút"} or _is_known_feast(scene, day, month) or _named_day(scene):
        return True
    if (following and following[1] in AFTER_DATE) or _is_no_ratio(before, day, month):
        return True
    return (before in JOINING and _continues_dates(scene)) or (before in (",", "-") and _follows_weekday(scene))


def _follows_weekday(scene: Scene) -> bool:
    """Look before the pause for a weekday or "hôm nay": thứ Hai, 5/10."""
    return (
        scene.said(2) in NEAR_NOW or scene.said(2) == "nhật" or (scene.said(2) in WEEKDAYS and scene.said(3) == "thứ")
    )


def dash_is_date(scene: Scene, day: int, month: int, end: int) -> bool:
    """Tell whether 3-2 is a date here, and not a range: after ngày, a part of the day or a feast."""
    before = scene.said()
    if before in PARTS_OF_DAY or (before in ("từ", "đến") and day > month and end):
        return True
    known = before in MAYBE_FEASTS and (day, month) in KNOWN_FEASTS
    if before in DAY_NAMED | FEASTS or known:
        return True
    return before in ("và", ",", "hoặc") and scene.heard(2).rule == "date"


def _is_no_ratio(before: str, day: int, month: int) -> bool:
    """Nothing is 22 parts of 3; but a service runs 24/7, and blood pressure is 13/8."""
    return day > MONTHS and (day, month) != AROUND_THE_CLOCK and before not in PROPORTION | {"áp", "đồ"}


def _follows_feast(scene: Scene) -> bool:
    named = scene.lately(7) & (FEASTS | MAYBE_FEASTS) and scene.heard().rule == "word"
    return bool(named) and scene.said() not in TIME_WORDS - MAYBE_FEASTS


def _is_known_feast(scene: Scene, day: int, month: int) -> bool:
    """Ask less of a day that everyone celebrates: Giỗ Tổ Hùng Vương 10/3."""
    named = scene.said() in MAYBE_FEASTS or scene.lately(7) & (FEASTS | MAYBE_FEASTS)
    return bool(named) and (day, month) in KNOWN_FEASTS


def dot_is_date(scene: Scene, day: int, month: int, end: int) -> bool:
    """Tell whether 5.4 is a date here: only where "ngày" says so."""
    return scene.said() in DAY_NAMED and bool(day and month and end)


def _shares_day(scene: Scene) -> bool:
    """In "ngày 15 và 16/4" and "các ngày 2, 3, 4/12" one "ngày" serves every number."""
    back = 1
    while scene.heard(back).spoken in {"và", ","} and scene.heard(back + 1).rule == "number":
        back += 2
    return back > 1 and scene.heard(back).spoken in DAY_NAMED


def _continues_dates(scene: Scene) -> bool:
    """In "các ngày 5, 6/4 và 12, 13/4" every number belongs to the dates."""
    back = 2
    while scene.heard(back).rule == "number" and scene.heard(back + 1).spoken in JOINING:
        back += 2
    last = scene.heard(back)
    return last.rule == "date" or (last.rule == "number" and scene.heard(back + 1).spoken in DAY_NAMED)


def _named_day(scene: Scene) -> bool:
    """In "Ngày Pháp luật 9/11" the date belongs to a day with a name: Ngày, and a capital after it."""
    for back in range(2, LONGEST_NAME + 1):
        if scene.heard(back).rule != "word":
            return False
        if scene.heard(back).spoken == "ngày":
            return scene.heard(back - 1).written[0].isupper()
    return False
