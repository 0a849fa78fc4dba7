"""Where in parcels there is what a reader looks for; pure. Of a parcel's hundreds only those are read that are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Row

from db.types import to_json

Marked = Mapping[int, Sequence[int]]
"""Places in parcels, in order."""
Portion = list[tuple[Row[Any], Sequence[int]]]
_PERSON = re.compile(r'\["(?!\])')
"""How each begins in the JSON of a parcel's people, and nothing else does: within a name a quotation mark is written \\", and
where one ends a name behind a bracket, a bracket follows."""
_decoder = json.JSONDecoder()


def portions(
    rows: Sequence[Row[Any]],
    letters: set[str],
    addresses: tuple[str, ...],
    marked: Marked | None,
    begin: tuple[int, int] | None,
    page: int,
) -> Iterator[Portion]:
    """Parcels with the places of what matches, as many together as fill a page: from `begin` on, of those `marked` if any are."""
    portion: Portion = []
    found = 0
    for row in rows:
        first = begin[1] + 1 if begin is not None and row.id == begin[0] else 0
        among = None if marked is None else marked.get(row.id, ())
        seqs = [seq for seq in places(row, letters, addresses, among) if seq >= first]
        if seqs:
            portion.append((row, seqs))
            found += len(seqs)
        if found >= page:
            yield portion
            portion, found = [], 0
    if portion:
        yield portion


def places(
    row: Row[Any], letters: set[str], addresses: tuple[str, ...], among: Sequence[int] | None = None
) -> Sequence[int]:
    """Where in a parcel, or among some of its places, something matches."""
    if among is None and letters and not addresses:
        return [found.start() for found in re.finditer(f"[{''.join(letters)}]", row.letters)]
    seqs = range(row.size) if among is None else among
    if addresses:
        seqs = [seq for seq in _places_of(row.recipients, addresses) if seq in seqs]
    return [seq for seq in seqs if row.letters[seq] in letters] if letters else seqs


def _places_of(recipients: str, addresses: tuple[str, ...]) -> list[int]:
    begins = (recipients.find(f"[{to_json(address)},") for address in addresses)
    return sorted(len(_PERSON.findall(recipients, 0, begin)) for begin in begins if begin >= 0)


def people(row: Row[Any], seqs: Sequence[int]) -> dict[int, list[str]]:
    """Address and name of those at these places."""
    begins = [found.start() for found in islice(_PERSON.finditer(row.recipients), seqs[-1] + 1)]
    return {seq: _decoder.raw_decode(row.recipients, begins[seq])[0] for seq in seqs}
