"""Entries of the lexicon, how they are found by their first letters, and the tables they are read from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from config.words import BadInput
from content.reading.fold import folded, lowered
from content.reading.letters import is_syllable
from content.reading.lexicon.conditions import Condition, ConditionError, Place, parse

COLUMNS = ("abbr", "spoken", "domain", "condition", "status")
HEAD = re.compile(r"[^\W\d_]+|[0-9]+|.", re.DOTALL)
SPOKEN = re.compile(r"[^\W\d_]+(?:,? [^\W\d_]+){0,30}")
HOST = "host"


class LexiconError(BadInput):
    """A row of a lexicon that cannot be used; the sentence names the line and the column, `field` is the column."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a written form, what is said, its domain, the condition under which it holds, and how sure we are."""

    abbr: str
    spoken: str
    domain: str = "office"
    condition: str = ""
    status: str = "added"
    when: Condition = field(init=False, compare=False, repr=False)
    form: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Check the row: a wrong one must fail where it is written, not on the air."""
        if not self.abbr.strip() or self.abbr != self.abbr.strip():
            raise _bad("abbr", "trống, hoặc có dấu cách ở hai đầu", "empty, or spaces around it")
        if not SPOKEN.fullmatch(self.spoken) or self.spoken != lowered(folded(self.spoken)):
            vi = f"chỉ gồm chữ thường và dấu phẩy, không phải “{self.spoken}”"
            raise _bad("spoken", vi, f"only lower-case words and commas, not {self.spoken!r}")
        object.__setattr__(self, "form", folded(self.abbr))
        try:
            object.__setattr__(self, "when", parse(self.condition))
        except ConditionError as error:
            raise _bad("condition", f"điều kiện không hiểu được: {error}", str(error)) from None

    @property
    def any_case(self) -> bool:
        """A form written in lower case holds in capitals too."""
        return self.form == lowered(self.form)

    def holds(self, place: Place, written: str) -> bool:
        """Tell whether this row may speak for the form as written at this place."""
        if written == self.form:
            return self.when.holds(place)
        if self.any_case and len(self.form) > 1:
            return self.when.holds(place)
        # "ubnd" is UBND, but "an" is not AN; and conditions are not asked of a form in the wrong case.
        return self.when.always and not is_syllable(lowered(self.form)) and len(self.form) > 2


class Lexicon:
    """Entries found by the first letters of their written form; never changed, only extended into a new one."""

    __slots__ = ("_by_head", "_hosts", "_own", "_symbols", "entries")

    def __init__(self, entries: Iterable[Entry], own: Iterable[Entry] = ()) -> None:
        """Index the entries; where several hold for a form, the earlier one wins. `own` go before every rule."""
        self.entries = tuple(entries)
        self._own: dict[str, list[Entry]] = {}
        for entry in sorted(own, key=lambda entry: (-len(entry.form), entry.when.always)):
            self._own.setdefault(lowered(entry.form[0]), []).append(entry)
        self._by_head: dict[str, list[Entry]] = {}
        self._symbols: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        for entry in self.entries:
            self._index(entry)
        for rows in self._by_head.values():
            rows.sort(key=lambda entry: -len(entry.form))

    def _index(self, entry: Entry) -> None:
        if entry.domain == HOST:
            self._hosts.setdefault(entry.abbr, entry.spoken)
            return
        if not entry.when.symbol:
            head = HEAD.match(lowered(entry.form))
            self._by_head.setdefault(head[0] if head else "", []).append(entry)

    def with_entries(self, entries: Iterable[Entry]) -> "Lexicon":
        """Give a lexicon in which these entries come before all others and before every rule: an office's own readings."""
        added = tuple(sorted(entries, key=lambda entry: entry.when.always))
        kept = (entry for entries in self._own.values() for entry in entries)
        return Lexicon((*added, *self.entries), (*added, *kept))

    def own(self, char: str) -> list[Entry]:
        """Give the office's own entries that start with this lower-case character, longest first."""
        return self._own.get(char, [])

    def starting(self, head: str) -> list[Entry]:
        """Give the entries whose written form starts with this lower-case run of letters, longest first."""
        return self._by_head.get(head, [])

    def host(self, label: str) -> str | None:
        """Give the reading of one label of a web address: "sonla" is "sơn la"."""
        return self._hosts.get(label)

    def in_symbol(self, segment: str) -> str | None:
        """Give the reading of one part of a document symbol: KH is "kế hoạch" there, in any case of its letters."""
        if not self._symbols:
            self._index_symbols()
        return self._symbols.get(segment) or self._symbols.get(lowered(segment))

    def _index_symbols(self) -> None:
        rows = [entry for entry in self.entries if entry.when.symbol]
        rows += [entry for entry in self.entries if entry.when.always and entry.domain not in ("unit", HOST)]
        for entry in rows:
            self._symbols.setdefault(entry.abbr, entry.spoken)
            self._symbols.setdefault(lowered(entry.abbr), entry.spoken)

    def known(self, abbr: str) -> list[str]:
        """Give every reading of a form, whatever its condition."""
        head = HEAD.match(lowered(abbr))
        found = [entry.spoken for entry in self.starting(head[0] if head else "") if entry.abbr == abbr]
        in_symbol = self.in_symbol(abbr)
        return [*found, in_symbol] if in_symbol else found

    @classmethod
    def from_tsv(cls, text: str) -> "Lexicon":
        """Read a table with the columns abbr, spoken, domain, condition and status; a bad row names line and column."""
        lines = text.splitlines()
        if not lines or tuple(lines[0].split("\t")) != COLUMNS:
            listed = ", ".join(COLUMNS)
            raise LexiconError(f"dòng 1: các cột phải là {listed}", f"line 1: the columns must be {listed}")
        return cls(_entry(number, line) for number, line in enumerate(lines[1:], 2) if line.strip())

    def to_tsv(self) -> str:
        """Write the table that from_tsv reads."""
        rows = [COLUMNS, *((e.abbr, e.spoken, e.domain, e.condition, e.status) for e in self.entries)]
        return "".join("\t".join(row) + "\n" for row in rows)


def _entry(number: int, line: str) -> Entry:
    cells = line.split("\t")
    if len(cells) != len(COLUMNS):
        missing = COLUMNS[len(cells)] if len(cells) < len(COLUMNS) else "after status"
        raise LexiconError(
            f"dòng {number}, cột {missing}: có {len(cells)} ô thay vì {len(COLUMNS)}",
            f"line {number}, column {missing}: {len(cells)} cells instead of {len(COLUMNS)}",
            field=missing,
        )
    try:
        return Entry(*cells)
    except LexiconError as error:
        raise LexiconError(f"dòng {number}, {error.vi}", f"line {number}, {error.en}", field=error.field) from None


def _bad(column: str, vi: str, en: str) -> LexiconError:
    return LexiconError(f"cột {column}: {vi}", f"column {column}: {en}", field=column)


@cache
def load_lexicon() -> Lexicon:
    """Load the lexicon of the house from its data files."""
    folder = files("content.reading.lexicon")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".tsv"))
    tables = [Lexicon.from_tsv((folder / name).read_text("utf-8")).entries for name in names]
    return Lexicon(entry for table in tables for entry in table)
