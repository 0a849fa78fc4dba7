"""What a reading is made of: the pieces, each tying written characters to the words that are said for them."""

from dataclasses import dataclass

UNCHANGED = frozenset({"word", "silent", "pause"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Some written characters and their spoken words; start and end count in the NFC form of the input.

    rule names the rule that spoke; it is "word" where nothing was changed and "silent" where nothing is said.
    """

    written: str
    start: int
    end: int
    spoken: str
    rule: str

    @property
    def is_changed(self) -> bool:
        """Whether something else is said than what is written."""
        return self.rule not in UNCHANGED and bool(self.spoken) and self.spoken != self.written.lower()


@dataclass(frozen=True, slots=True)
class Reading:
    """The spoken text of a whole input, its pieces in order, and the capital forms that had to be spelled out."""

    text: str
    pieces: tuple[Piece, ...]
    unknown: tuple[str, ...]
