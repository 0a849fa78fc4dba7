"""Quantities: whole numbers with thousands, decimals, fractions and ratios, ordinals, labels with leading zeros."""

import re

from content.reading.numbers import in_groups, one_by_one
from content.reading.scene import Said, Scene
from content.reading.vocabulary import ABOUT, COUNTING, FRACTION_OF, IN_ADDRESS, LABELLED, LISTED, SPANS

THOUSANDS = re.compile(r"([0-9]{1,3}(?:\.[0-9]{3}){1,5})(?:,([0-9]{1,9}))?(?![0-9]|\.[0-9])")
COMMA_THOUSANDS = re.compile(r"([0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.([0-9]{1,3}))?(?![0-9]|,[0-9])")
DECIMAL = re.compile(r"([0-9]{1,15}),([0-9]{1,9})(?![0-9]|,[0-9])")
MEASURES = "%|°|[kKMGm]?Hz|[MG]B|triệu|tỷ|tỉ|nghìn|ngàn|tấn|tạ|kg|km|ha|c?m|m2|l|lít|điểm|độ|lần"
RANGE_END = r"(?: ?- ?[0-9]{1,9}(?:[.,][0-9]{1,3})?)?"
POINT = re.compile(rf"([0-9]{{1,9}})\.([0-9]{{1,2}})(?={RANGE_END} ?(?:{MEASURES})(?![^\W_]))")
LESS_THAN_ONE = re.compile(r"(0)\.([0-9]{1,3})(?![0-9]|[.,][0-9])")
SLASHED = re.compile(r"([0-9]{1,4})/([0-9]{1,4})(?![0-9]|[/.,-][0-9])(?= ?([^\W\d_]{1,10})?)")
LIST = re.compile(r"[0-9]{1,2},[1-9][0-9]?(?![0-9])")
HOUSE = re.compile(r"[0-9]{1,4}(?:/[0-9]{1,4}){1,3}(?![^\W_]|[/.,-][0-9])")
FIRST_YEAR = 1900
WHOLE = re.compile(r"[0-9]{1,18}(?![0-9])")
ENDLESS = re.compile(r"[0-9]+")


def fraction_or_ratio(scene: Scene, at: int) -> Said | None:
    """Read N/M that is no date: "phần" before số or diện tích, else "trên"."""
    found = SLASHED.match(scene.text, at)
    if not found:
        return None
    top, bottom = int(found[1]), int(found[2])
    if top + 1 == bottom and top > FIRST_YEAR:
        return Said(f"{scene.numbers.cardinal(top)} đến {scene.numbers.cardinal(bottom)}", found.end(), "range")
    following = found[3].lower() if found[3] else ""
    within = scene.lower.startswith(" trong số", found.end())
    is_part = within or following in FRACTION_OF or scene.said() in ABOUT or (top == 1 and following in SPANS)
    if is_part and 0 < top < bottom <= 10:
        spoken = f"{scene.numbers.cardinal(top)} phần {scene.numbers.month(bottom)}"
    elif scene.said() == "thứ":
        spoken = f"{scene.numbers.ordinal(top)} trên {scene.numbers.cardinal(bottom)}"
    else:
        spoken = f"{scene.numbers.cardinal(top)} trên {scene.numbers.cardinal(bottom)}"
    return Said(spoken, found.end(), "ratio")


def house_number(scene: Scene, at: int) -> Said | None:
    """Read 12/3 and 12/34/5 with "xuyệt" after số, ngõ, hẻm."""
    found = HOUSE.match(scene.text, at)
    if not found or scene.said() not in IN_ADDRESS or scene.said(2) in COUNTING:
        return None
    return Said(" xuyệt ".join(scene.numbers.label(part) for part in found[0].split("/")), found.end())


def grouped(scene: Scene, at: int) -> Said | None:
    """Read thousands written with dots, 1.250.000, or with commas where that is plain from the zeros."""
    found = THOUSANDS.match(scene.text, at)
    if found and not found[1].startswith("0"):
        whole = found[1].replace(".", "")
        if scene.said() == "thứ":
            return Said(scene.numbers.ordinal(int(whole)), found.end(), "ordinal")
        spoken = scene.numbers.decimal(whole, found[2]) if found[2] else scene.numbers.figure(whole)
        return Said(spoken, found.end(), "number")
    found = COMMA_THOUSANDS.match(scene.text, at)
    if found and (found[1].count(",") > 1 or found[1].endswith(",000")):
        whole = found[1].replace(",", "")
        spoken = scene.numbers.decimal(whole, found[2]) if found[2] else scene.numbers.figure(whole)
        return Said(spoken, found.end(), "number")
    return None


def decimal(scene: Scene, at: int) -> Said | None:
    """Read 93,58, and 98.5 where a unit follows."""
    if (scene.said() in LISTED or scene.text[at - 1 : at] == ",") and LIST.match(scene.text, at):
        return None
    found = DECIMAL.match(scene.text, at) or LESS_THAN_ONE.match(scene.text, at) or POINT.match(scene.text, at)
    return Said(scene.numbers.decimal(found[1], found[2]), found.end()) if found else None


def number(scene: Scene, at: int) -> Said | None:
    """Read a whole number by what stands before it: an ordinal, a month, a label, or else a quantity."""
    found = WHOLE.match(scene.text, at)
    if not found:
        return None
    written, before = found[0], scene.said()
    if before == "thứ":
        return Said(scene.numbers.ordinal(int(written)), found.end(), "ordinal")
    if before == "tháng" and len(written) <= 2:
        return Said(scene.numbers.month(int(written)), found.end())
    if written.startswith("0") and (len(written) > 2 or written == "00" or _is_label(scene)):
        return Said(one_by_one(written) if len(written) < 5 else in_groups(written, 4), found.end())
    return Said(scene.numbers.cardinal(int(written)), found.end())


def _is_label(scene: Scene) -> bool:
    back = 2 if scene.said() == ":" else 1
    counts = scene.said(back) == "số" and scene.said(back + 1) in COUNTING
    return scene.ends_with(LABELLED) and not counts


def endless(scene: Scene, at: int) -> Said | None:
    """Read digits that are too many for a number, one by one."""
    found = ENDLESS.match(scene.text, at)
    assert found is not None
    return Said(in_groups(found[0], 4), found.end(), "code")
