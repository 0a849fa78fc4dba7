"""Official written Vietnamese turned into the words a trained announcer reads: read(text) gives a Reading."""

from content.reading.lexicon import Entry, Lexicon, LexiconError, load_lexicon
from content.reading.pieces import Piece, Reading
from content.reading.reader import read

__all__ = ["Entry", "Lexicon", "LexiconError", "Piece", "Reading", "load_lexicon", "read"]
