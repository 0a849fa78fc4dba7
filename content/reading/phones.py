"""Numbers that are not quantities: telephones, hotlines, short codes, accounts and identity numbers, digit by digit."""

import re

from content.reading.numbers import in_groups, one_by_one
from content.reading.scene import Said, Scene
from content.reading.vocabulary import CALLING, IDENTIFYING

INTERNATIONAL = re.compile(r"\+[ ]?84[ .-]?\(?[0-9]{1,4}\)?(?:[ .-]?[0-9]{2,4}){1,4}(?![0-9])")
BRACKETED = re.compile(r"\(\+?[0-9]{2,4}\)[ .-]?[0-9]{1,8}(?:[ .-]?[0-9]{2,4}){0,3}(?![0-9])")
GROUPED = re.compile(r"0[0-9]{2,4}(?:[ .-][0-9]{1,4}){2,4}(?![0-9]|[.,-][0-9])|0[0-9]{2,3}[ .-][0-9]{6,8}(?![0-9])")
JOINED = re.compile(r"0[0-9]{9,10}(?![0-9])")
SERVICE = re.compile(r"1[89]00(?:[ .-]?[0-9]{4,6}|(?:[ .-][0-9]{2,3}){2,3})(?![0-9]|[.,][0-9])")
SHORT = re.compile(r"[0-9]{3,5}(?![0-9]|[.,/-][0-9]|[^\W_]|%)")
WHOLE = re.compile(r"[0-9]{5,30}(?![0-9]|[.,][0-9])")
COUNTS = re.compile(
    r" (?:người|hộ|trường|bệnh|ca|lượt|xã|bản|đồng|triệu|nghìn|tỷ|cuộc|thôn|suất|hồ|em|cháu|đối|đơn|tin|km|m|kg|học)\b"
)
DOTTED = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10}){1,4}(?![0-9]|[.,][0-9])")
PARTED = re.compile(r"[0-9]{2,6}(?: [0-9]{2,6}){1,5}(?![0-9]|[.,][0-9])")
DIGITS = re.compile(r"[0-9]+")

LONGEST_CODE, SHORTEST_PHONE = 12, 9


def phone(scene: Scene, at: int) -> Said | None:
    """Read a telephone number digit by digit, with the pauses of its groups."""
    for pattern in (INTERNATIONAL, BRACKETED, GROUPED, JOINED, SERVICE):
        found = pattern.match(scene.text, at)
        if found and _long_enough(found[0]):
            return Said(_grouped(found[0]), found.end())
    return None


def _long_enough(written: str) -> bool:
    digits = sum(char.isdigit() for char in written)
    least = 8 if written.startswith("1") else SHORTEST_PHONE
    return least <= digits <= LONGEST_CODE + 2


def _grouped(written: str) -> str:
    groups: list[str] = DIGITS.findall(written)
    if len(groups) > 1:
        spoken = ", ".join(one_by_one(group) for group in groups)
    else:
        spoken = in_groups(groups[0], 4, 4) if groups[0].startswith("1") else in_groups(groups[0], 4, 3, 3, 4)
    return f"cộng {spoken}" if "+" in written else spoken


def short_code(scene: Scene, at: int) -> Said | None:
    """Read 113 or 1022 digit by digit after words of calling: gọi, tổng đài, đường dây nóng, cấp cứu."""
    found = SHORT.match(scene.text, at)
    if not found or not _is_called(scene) or COUNTS.match(scene.lower, found.end()):
        return None
    return Said(one_by_one(found[0]), found.end(), "phone")


def _is_called(scene: Scene) -> bool:
    before = scene.said()
    if before in (",", "hoặc", "và", ";"):
        return scene.heard(2).rule == "phone"
    return scene.ends_with(CALLING)


def _names_number(scene: Scene) -> bool:
    return bool(scene.lately(4) & {"khoản", "thuế", "mã", "cước", "danh", "hiệu", "thoại"})


def identity(scene: Scene, at: int) -> Said | None:
    """Read an account, tax or identity number digit by digit, and any number too long to be a quantity."""
    found = PARTED.match(scene.text, at) or DOTTED.match(scene.text, at)
    if found and scene.ends_with(IDENTIFYING):
        return Said(_grouped(found[0]), found.end(), "code")
    found = WHOLE.match(scene.text, at)
    if not found:
        return None
    lettered = scene.heard().rule == "spelled" and scene.heard(2).spoken == "số"
    named = lettered or scene.ends_with(IDENTIFYING) or (scene.said() == "số" and _names_number(scene))
    if not named and not (found[0].startswith("0") or len(found[0]) > LONGEST_CODE):
        return None
    return Said(in_groups(found[0], 4), found.end(), "code")
