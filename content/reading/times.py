"""Times of day: 7h30, 17h00, 07:30, 7g30, 22h, 14:05:30."""

import re

from content.reading.scene import Said, Scene
from content.reading.vocabulary import PROPORTION

CLOCK = re.compile(r"([0-9]{1,2}) ?(?:[hHgG]|:) ?([0-5][0-9])(?:'|p(?:h)?(?![^\W\d_]))?(?![0-9]|[.,:][0-9])")
SECONDS = re.compile(r"([0-9]{1,2})[:hg]([0-5][0-9])[:mp'](?: ?)([0-5][0-9])(?![0-9]|[.,:][0-9])")
HOUR = re.compile(r"([0-9]{1,3}) ?[hH](?![^\W_])")
FULL_HOUR = re.compile(r"00(?: phút)?(?![^\W_]|[.,:/-][0-9])")
MINUTES_FOLLOW = re.compile(r" ?phút")


def time(scene: Scene, at: int) -> Said | None:
    """Read a time of day; a full hour says no minutes."""
    found = SECONDS.match(scene.text, at)
    if found and int(found[1]) <= 24:
        hour, minute, second = (scene.numbers.cardinal(int(part)) for part in found.groups())
        return Said(f"{hour} giờ {minute} phút {second} giây", found.end())
    found = CLOCK.match(scene.text, at)
    if found and int(found[1]) <= 24 and not (":" in found[0] and scene.said() in PROPORTION):
        return Said(_clock(scene, found), found.end())
    found = HOUR.match(scene.text, at)
    if found:
        return Said(f"{scene.numbers.cardinal(int(found[1]))} giờ", found.end())
    return None


def no_minutes(scene: Scene, at: int) -> Said | None:
    """Say nothing for the 00 of "8 giờ 00 phút"."""
    found = FULL_HOUR.match(scene.lower, at) if scene.said() == "giờ" else None
    return Said("", found.end(), "silent") if found else None


def _clock(scene: Scene, found: re.Match[str]) -> str:
    hour = f"{scene.numbers.cardinal(int(found[1]))} giờ"
    if found[2] == "00":
        return hour
    minutes = scene.numbers.cardinal(int(found[2]))
    spoken_next = MINUTES_FOLLOW.match(scene.lower, found.end())
    return f"{hour} {minutes}" if spoken_next else f"{hour} {minutes} phút"
