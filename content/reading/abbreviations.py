"""Words and abbreviations: what the lexicon says, what the text itself has defined, and spelling as the last resort."""

import re

from content.reading.fold import lowered
from content.reading.letters import NAMES, is_syllable, must_be_spelled, spell
from content.reading.lexicon import HEAD, Entry
from content.reading.numbers import one_by_one
from content.reading.scene import Said, Scene
from content.reading.vocabulary import LETTERED_WORDS

WORD = re.compile(r"[^\W\d_]+")
PLAIN = re.compile(r"[^\W\d_]{2,12}(?=[ ,.;:]? )")
CODE = re.compile(r"(?=[0-9]{0,6}[^\W\d_])(?:[0-9]{1,6}|[^\W\d_]{1,6}){2,6}(?![^\W_])")
CODE_PART = re.compile(r"[^\W\d_]+|[0-9]+")
SIZE = re.compile(r"[0-9]+[xX][0-9]")
TAIL = re.compile(r"\.([0-9]{1,3})(?![^\W_]|[.,][0-9])")
LETTERED = re.compile(r"([0-9]{1,4})([a-zđA-ZĐ])(?![^\W_])")
PLATE = re.compile(r"([0-9]{2})-?([A-ZĐ]{1,2}[0-9]?)[ -]([0-9]{3,5})(?:\.([0-9]{2}))?(?![0-9])")
CHAIN = re.compile(r"[0-9]{1,6}(?:\.[A-ZĐ]?[0-9]{1,6}){1,8}(?![^\W_])")
DOSSIER = re.compile(r"(?:[A-ZĐ]{0,2}[0-9]{1,6}\.){1,6}[A-ZĐ]{0,2}[0-9]{1,8}(?:-[0-9]{2,8}){1,3}(?![^\W_])")
FORMULA = re.compile(r"[0-9]{1,2}(?:-[0-9]{1,2}){2,3}(?![^\W_]|[/-][0-9])")
MILESTONE = re.compile(r"([0-9]{1,4}) ?\+ ?([0-9]{1,4})(?![0-9])")
NEIGHBOUR_LEFT = re.compile(r"([^\W\d_]{1,12})[ ,]{1,2}$")
NEIGHBOUR_RIGHT = re.compile(r"[ ,]{1,2}([^\W\d_]{1,12})(?![^\W_])")
LEAST_EVIDENT = 3  # letters; shorter forms have too many meanings
PLATE_DIGITS = 5
LONGEST_NUMBER = 3  # digits of a code that are still said as one number


def own(scene: Scene, at: int) -> Said | None:
    """Read what the office itself, or the writer of this text, has laid down; it goes before every rule."""
    for entry in scene.lexicon.own(scene.lower[at]):
        end = at + len(entry.form)
        if _is_written(scene, entry, at, end) and entry.holds(scene.place(at, end), scene.text[at:end]):
            return Said(entry.spoken, end)
    return None


def from_lexicon(scene: Scene, at: int) -> Said | None:
    """Read the longest form of the lexicon that starts here and whose condition holds."""
    head = HEAD.match(scene.lower, at)
    if not head:
        return None
    for entry in scene.lexicon.starting(head[0]):
        end = at + len(entry.form)
        if _is_written(scene, entry, at, end) and entry.holds(scene.place(at, end), scene.text[at:end]):
            if entry.abbr.isupper() and _is_heading_word(scene, at, end):
                continue
            return Said(entry.spoken, end, "unit" if entry.domain == "unit" else "abbreviation")
    return None


def from_text(scene: Scene, at: int) -> Said | None:
    """Read a form of several meanings by the one full name that is written out elsewhere in the text."""
    found = WORD.match(scene.text, at)
    if not found or len(found[0]) < LEAST_EVIDENT or not found[0].isupper():
        return None
    written_out = {name for name in scene.lexicon.known(found[0]) if scene.mentions(name)}
    return Said(written_out.pop(), found.end(), "abbreviation") if len(written_out) == 1 else None


def _is_written(scene: Scene, entry: Entry, at: int, end: int) -> bool:
    if scene.lower[at:end] != lowered(entry.form):
        return False
    following = scene.next_char(end)
    exact = scene.text[at:end] == entry.form
    if following.isdigit() and (entry.any_case or not exact or "number" in entry.when.words):
        return True
    return not (entry.form[-1].isalnum() and following.isalnum())


def _is_heading_word(scene: Scene, at: int, end: int) -> bool:
    """In a heading in capitals, "AI" or "TU" is a word like its neighbours."""
    if not is_syllable(scene.lower[at:end]):
        return False
    left = NEIGHBOUR_LEFT.search(scene.text[max(0, at - 14) : at])
    right = NEIGHBOUR_RIGHT.match(scene.text, end)
    around = [found[1] for found in (left, right) if found]
    return any(word.isupper() and is_syllable(word.lower()) for word in around)


def learned(scene: Scene, at: int) -> Said | None:
    """Read a form by the full name that this very text gave for it."""
    found = WORD.match(scene.text, at) if scene.learned else None
    spoken = scene.learned.get(found[0]) if found else None
    return Said(spoken, found.end(), "abbreviation") if found and spoken else None


def plain_word(scene: Scene, at: int) -> Said | None:
    """Pass a lower-case word that nothing can change; by far the most frequent case."""
    found = PLAIN.match(scene.text, at)
    if not found or not found[0].islower() or scene.lexicon.starting(found[0]):
        return None
    return None if must_be_spelled(found[0]) else Said(found[0], found.end(), "word")


def word(scene: Scene, at: int) -> Said | None:
    """Read a word as it stands; spell it where it is made of capitals or consonants that no one can say."""
    found = WORD.match(scene.text, at)
    if not found:
        return None
    written, lower = found[0], scene.lower[at : found.end()]
    if not _needs_spelling(written, lower):
        return Said(lower, found.end())
    if written != lower and len(written) > 1:
        scene.unknown[written] = None
    return Said(spell(lower), found.end(), "letter" if len(written) == 1 else "spelled")


def _needs_spelling(written: str, lower: str) -> bool:
    if not set(lower) <= NAMES.keys():
        # An accented capital form such as "UỶ" is a word; letters of other scripts have no names here.
        return False
    if must_be_spelled(lower):
        return True
    if is_syllable(lower):
        return False
    capitals = sum(char.isupper() for char in written)
    return capitals > 1 and not _is_camel(written)


def _is_camel(written: str) -> bool:
    """Names such as TikTok or MobiFone: each capital opens a part that holds small letters."""
    parts = re.findall(r"[A-ZĐ][a-zđ]{2,20}", written)
    return "".join(parts) == written


def lettered_number(scene: Scene, at: int) -> Said | None:
    """Read 30c or 12A: a number and a letter, where no unit of that letter is meant."""
    found = LETTERED.match(scene.text, at)
    if not found:
        return None
    if scene.said() not in LETTERED_WORDS and _is_unit(scene, found[2]):
        return None
    return Said(f"{scene.numbers.label(found[1])} {spell(found[2].lower())}", found.end(), "code")


def _is_unit(scene: Scene, written: str) -> bool:
    return any(entry.domain == "unit" and entry.abbr == written for entry in scene.lexicon.starting(written.lower()))


def plate(scene: Scene, at: int) -> Said | None:
    """Read the number plate 26A-123.45, figure by figure after the province."""
    found = PLATE.match(scene.text, at)
    if not found or (found[4] is None and len(found[3]) != PLATE_DIGITS and "số" not in scene.lately(3)):
        return None
    spoken = [f"{scene.numbers.figure(found[1])} {_code(scene, found[2])}", one_by_one(found[3])]
    return Said(", ".join(spoken + ([one_by_one(found[4])] if found[4] else [])), found.end(), "code")


def chain(scene: Scene, at: int) -> Said | None:
    """Read versions and codes with dots: 2.0, 1.2.3, 000.00.12.H52."""
    found = CHAIN.match(scene.text, at)
    if not found:
        return None
    return Said(" chấm ".join(_code(scene, part) for part in found[0].split(".")), found.end(), "code")


def dossier(scene: Scene, at: int) -> Said | None:
    """Read the number of a dossier, H52.25.15-260405-0012: "chấm" for the dots, a pause for the dashes."""
    found = DOSSIER.match(scene.text, at)
    if not found or not any(char.isupper() for char in found[0]):
        return None
    groups = [" chấm ".join(_code(scene, part) for part in group.split(".")) for group in found[0].split("-")]
    return Said(", ".join(groups), found.end(), "code")


def code(scene: Scene, at: int) -> Said | None:
    """Read letters mixed with digits: H5N1, 12A1, PA05."""
    found = CODE.match(scene.text, at)
    if not found or found[0].isalpha() or not any(char.isupper() for char in found[0]):
        return None
    if _is_unit(scene, found[0].lstrip("0123456789")) or SIZE.match(found[0]):
        return None
    tail = TAIL.match(scene.text, found.end())
    spoken = _code(scene, found[0]) + (f" chấm {scene.numbers.label(tail[1])}" if tail else "")
    return Said(spoken, tail.end() if tail else found.end())


def _code(scene: Scene, written: str) -> str:
    words = []
    for part in CODE_PART.findall(written):
        if part.isdigit():
            words.append(scene.numbers.label(part) if len(part) <= LONGEST_NUMBER else one_by_one(part))
        else:
            lower = part.lower()
            words.append(lower if is_syllable(lower) and not part.isupper() else spell(lower))
    return " ".join(words)


def formula(scene: Scene, at: int) -> Said | None:
    """Read the shares of a fertiliser, NPK 16-16-8, with pauses for the dashes."""
    found = FORMULA.match(scene.text, at)
    if not found or not (scene.heard().rule == "spelled" or scene.said() in ("phân", "bón")):
        return None
    return Said(", ".join(scene.numbers.figure(part) for part in found[0].split("-")), found.end())


def milestone(scene: Scene, at: int) -> Said | None:
    """Read 302+500 after "km"."""
    found = MILESTONE.match(scene.text, at)
    if not found or scene.said() not in ("mét", "số", "lý", "trình"):
        return None
    first, second = (scene.numbers.figure(part) for part in found.groups())
    return Said(f"{first} cộng {second}", found.end(), "address")
