"""Web and mail addresses: the scheme is dropped, dots are "chấm", known names come from the lexicon."""

import re

from content.reading.letters import NAMES, is_plain_syllable, must_be_spelled, spell
from content.reading.numbers import one_by_one
from content.reading.scene import Said, Scene

TOP = "vn|com|org|net|gov|edu|info|me|io|app|asia|tv|mobi|xyz|top|vip|shop|site|club|online|biz|ly"
ADDRESS = re.compile(
    r"(?P<scheme>(?:https?|ftp)://)?(?P<user>[A-Za-z0-9._+-]{1,64}@)?"
    rf"(?P<host>(?:[A-Za-z0-9_-]{{1,40}}\.){{1,6}}(?:{TOP})|(?<=/)[a-z0-9-]{{1,40}})"
    r"(?![\w-]|\.\w)(?P<path>(?::[0-9]{1,5})?(?:[/?#][\w/.=&%?#+~-]{0,300})?)",
    re.IGNORECASE,
)
MARKS = {
    ".": "chấm", "-": "gạch ngang", "_": "gạch dưới", "/": "xuyệt", "@": "a còng", ":": "hai chấm", "?": "hỏi",
    "=": "bằng", "&": "và", "#": "thăng", "%": "phần trăm", "+": "cộng", "~": "ngã",
}  # fmt: skip
TOKEN = re.compile(r"[^\W\d_]+|[0-9]+|[\W_]")
INSIDE = re.compile(r"[\w@/.-]")
LONGEST_NAME = 18
TRAILING = ".,;:!?-/"


def address(scene: Scene, at: int) -> Said | None:
    """Read a web or mail address: sopcop.sonla.gov.vn is "sốp cộp chấm sơn la chấm gờ o vê chấm vê nờ"."""
    if at and INSIDE.match(scene.text, at - 1) and not scene.text.startswith("http", at):
        return None
    found = ADDRESS.match(scene.text, at)
    if not found or ("." not in found["host"] and not found["scheme"]):
        return None
    start = found.end("scheme") if found["scheme"] else at
    written = scene.lower[start : found.end()].rstrip(TRAILING)
    end = found.end() if found[0].endswith("/") else start + len(written)
    return Said(_spoken(scene, written), end)


def _spoken(scene: Scene, written: str) -> str:
    words = []
    for token in TOKEN.findall(written):
        if token in MARKS:
            words.append(MARKS[token])
        elif token.isdigit():
            words.append(one_by_one(token) if token.startswith("0") or len(token) > 3 else scene.numbers.figure(token))
        elif token.isalpha():
            words.append(_label(scene, token))
    return " ".join(words)


def _label(scene: Scene, label: str) -> str:
    """Read one run of letters: a known name, Vietnamese syllables written together, a foreign word, or letters."""
    known = scene.lexicon.host(label)
    if known:
        return known
    if len(label) == 1 or must_be_spelled(label):
        return spell(label) if set(label) <= NAMES.keys() else label
    parts = _parts(scene, label) if len(label) > 3 else None
    return " ".join(parts) if parts else label


def _parts(scene: Scene, label: str) -> list[str] | None:
    """Cut "xasopcop" into names of the lexicon and, between them, syllables; a name counts less than two syllables."""
    best: list[tuple[int, list[str]] | None] = [(0, [])]
    for end in range(1, len(label) + 1):
        ways = []
        for start in range(max(0, end - LONGEST_NAME), end):
            head, tail = best[start], label[start:end]
            known = scene.lexicon.host(tail) if len(tail) > 1 else None
            if head and (known or (len(tail) > 1 and is_plain_syllable(tail))):
                ways.append((head[0] + (2 if known else 3), [*head[1], known or tail]))
        best.append(min(ways, default=None))
    return best[-1][1] if best[-1] else None
