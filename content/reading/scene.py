"""What a rule sees while the text is scanned: the text, the place in it, and what has been said so far."""

from collections import deque
from typing import NamedTuple

from content.reading.fold import folded, lowered
from content.reading.lexicon import Lexicon
from content.reading.lexicon.conditions import Place
from content.reading.numbers import Numbers
from content.reading.pieces import Piece

PAUSES = ",.?!:;"
QUANTITIES = frozenset({"number", "decimal", "ratio", "unit", "time", "date", "ordinal", "rate", "range", "roman"})
COUNTED = frozenset({"number", "decimal", "ratio", "rate"})
MEASURED = COUNTED | {"unit", "money", "time"}
SCALES = frozenset({"nghìn", "ngàn", "triệu", "tỷ", "tỉ", "vạn"})
REACH = 90  # characters on either side that a condition may look at
MEMORY = 12
WORD_MEMORY = 40


class Said(NamedTuple):
    """The answer of a rule: the words, where the written form ends, and a rule name if it is not the rule's own."""

    spoken: str
    end: int
    rule: str = ""


NO_PIECE = Piece("", 0, 0, "", "start")


class Scene:
    """One text being read: rules look at it and answer, the scanner adds their answers as pieces."""

    def __init__(self, text: str, lexicon: Lexicon, numbers: Numbers) -> None:
        """Start at the beginning of a text in NFC."""
        self.source = text
        self.text = folded(text)
        self.lower = lowered(self.text)
        self.lexicon = lexicon
        self.numbers = numbers
        self.pieces: list[Piece] = []
        self.learned: dict[str, str] = {}
        self._mentioned: dict[str, bool] = {}
        self.unknown: dict[str, None] = {}
        self.line_start = True
        self._heard: deque[Piece] = deque(maxlen=MEMORY)
        self._words: deque[str] = deque(maxlen=WORD_MEMORY)

    def add(self, start: int, said: Said, rule: str) -> None:
        """Take in the answer of a rule."""
        piece = Piece(self.source[start : said.end], start, said.end, said.spoken, said.rule or rule)
        self.pieces.append(piece)
        if said.spoken:
            self._heard.append(piece)
            for word in said.spoken.split():
                self._words.append(word.rstrip(PAUSES) or word)
            self.line_start = self.line_start and said.spoken in PAUSES

    def new_line(self) -> None:
        """Forget what was said: a new line starts afresh."""
        self.line_start = True
        self._heard.clear()
        self._words.clear()

    def heard(self, back: int = 1) -> Piece:
        """Give the last piece that was said, or one further back."""
        return self._heard[-back] if back <= len(self._heard) else NO_PIECE

    def said(self, back: int = 1) -> str:
        """Give the last spoken word or pause, or one further back; empty at the start of a line."""
        return self._words[-back] if back <= len(self._words) else ""

    def mentions(self, phrase: str) -> bool:
        """Tell whether this phrase is written anywhere in the text."""
        if phrase not in self._mentioned:
            self._mentioned[phrase] = phrase in self.lower
        return self._mentioned[phrase]

    def ends_with(self, phrases: tuple[str, ...]) -> bool:
        """Tell whether the last words said are one of these phrases, whole words only; a colon after it is let pass."""
        words = list(self._words)[-6:]
        if words and words[-1] in (":", "("):
            words.pop()
        return f" {' '.join(words)}".endswith(tuple(f" {phrase}" for phrase in phrases))

    def lately(self, reach: int) -> frozenset[str]:
        """Give the last few spoken words."""
        return frozenset(self.said(back) for back in range(1, reach + 1))

    def touching(self, at: int) -> bool:
        """Tell whether the last piece that was said ends here, with one space at most between."""
        return self.text[self.heard().end : at] in ("", " ")

    def after_number(self, at: int) -> bool:
        """Tell whether a quantity was said directly before this place."""
        if not self.touching(at):
            return False
        return self.heard().rule in COUNTED or (self.said() in SCALES and self.heard(2).rule in COUNTED)

    def counted_lately(self, reach: int) -> bool:
        """Tell whether one of the last few pieces was a quantity or a unit."""
        return any(self.heard(back).rule in MEASURED for back in range(1, reach + 1))

    def place(self, start: int, end: int) -> Place:
        """Give the surroundings of the characters from start to end, within their line."""
        left = self.lower[max(0, start - REACH) : start].rpartition("\n")[2]
        right = self.text[end : end + REACH].partition("\n")[0]
        return Place(left, lowered(right), right, self.after_number(start))

    def next_char(self, at: int) -> str:
        """Give the character at this place, empty at the end."""
        return self.text[at : at + 1]
