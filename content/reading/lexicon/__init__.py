"""The lexicon: written forms and the words said for them; the tables beside this file are its data."""

from content.reading.lexicon.entries import HEAD, Entry, Lexicon, LexiconError, load_lexicon

__all__ = ["HEAD", "Entry", "Lexicon", "LexiconError", "load_lexicon"]
