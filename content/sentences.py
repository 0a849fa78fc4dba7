"""Sentences of a script as a person checks them: what is written, beside what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from content.reading import Piece, Reading
from content.reading.prose import paragraph, text

ENDS = frozenset(".?!;…")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: the words that are said, and its written stretches, each with the piece that is said otherwise, if any."""

    spoken: str
    stretches: tuple[tuple[str, Piece | None], ...]


def by_line(script: str, reading: Reading) -> list[list[Sentence]]:
    """The whole script (NFC, as it was read), a list for each of its lines; what has no word has nothing `spoken`."""
    lines: list[list[Sentence]] = []
    found = list(_sentences(script, reading))
    ends = [pieces[0].start for pieces in found[1:]] + [len(script)] * bool(found)
    for place, (pieces, end) in enumerate(zip(found, ends, strict=True)):
        if not place or "\n" in script[found[place - 1][-1].end : pieces[0].start]:
            lines.append([])
        lines[-1].append(Sentence(_spoken(pieces), tuple(_stretches(script, pieces, end))))
    return lines


def _sentences(script: str, reading: Reading) -> Iterator[Sequence[Piece]]:
    """Pieces of each sentence; a closing quote that follows its end at once is still of it."""
    held: list[Piece] = []
    is_over = False
    for piece in reading.pieces:
        if held and ("\n" in script[held[-1].end : piece.start] or (is_over and piece.start > held[-1].end)):
            yield held
            held, is_over = [], False
        held.append(piece)
        is_over = _ends(piece) or (is_over and not piece.spoken)
    if held:
        yield held


def _ends(piece: Piece) -> bool:
    return piece.rule == "pause" and piece.written[-1:] in ENDS


def _spoken(pieces: Sequence[Piece]) -> str:
    return text([paragraph(piece.spoken for piece in pieces)])


def _stretches(script: str, pieces: Sequence[Piece], end: int) -> Iterator[tuple[str, Piece | None]]:
    at = pieces[0].start
    for piece in pieces:
        if piece.is_changed:
            if piece.start > at:
                yield script[at : piece.start], None
            yield piece.written, piece
            at = piece.end
    if end > at:
        yield script[at:end], None
