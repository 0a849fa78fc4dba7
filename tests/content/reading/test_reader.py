"""What holds for every text: clean words only, nothing lost, steady when read again, and work in step with length."""

import importlib
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from content.reading import Piece, Reading, read, reader
from content.reading import __path__ as reading_path
from content.reading.scene import Said, Scene

HERE = Path(__file__).parent
FOLDER = Path(next(iter(reading_path)))
MODULES = [
    ".".join(("content.reading", *file.relative_to(FOLDER).with_suffix("").parts))
    for file in sorted(FOLDER.rglob("*.py"))
]
PAUSES = ",.?!:;"

WRITTEN = sorted(
    {word for line in (HERE / "corpus.tsv").read_text("utf-8").splitlines()[1:] for word in line.split("\t")[1].split()}
)
scraps = st.sampled_from(WRITTEN)
odd = st.text(alphabet="aăđeiouyhkmnTUIVXLCĐ0123456789./-,:;()&%+'\"…–²½ⅣℂﬁΣ\u0301\u200b\n @$°_#€📢", max_size=12)
texts = st.lists(st.one_of(scraps, odd, st.text(max_size=6)), max_size=9).flatmap(
    lambda parts: st.sampled_from([" ".join(parts), "".join(parts), "\n".join(parts)])
)


@settings(max_examples=250, deadline=None)
@given(texts)
@example("15/CĐ-UBND\u0301")
def test_only_words_and_pauses_are_left(text: str) -> None:
    """The spoken text holds small letters, spaces, new lines and pause marks, and nothing else; it is in NFC."""
    spoken = read(text).text
    assert all(char in f" \n{PAUSES}" or (char.isalpha() and not char.isupper()) for char in spoken), spoken
    assert unicodedata.is_normalized("NFC", spoken)


@settings(max_examples=250, deadline=None)
@given(texts)
def test_reading_again_changes_nothing(text: str) -> None:
    """A spoken text is its own reading."""
    spoken = read(text).text
    assert read(spoken).text == spoken


@settings(max_examples=250, deadline=None)
@given(texts)
def test_every_character_belongs_to_one_piece(text: str) -> None:
    """Pieces lie in order, do not overlap, and leave out nothing but space."""
    written = unicodedata.normalize("NFC", text)
    end = 0
    for piece in read(text).pieces:
        assert end <= piece.start < piece.end
        assert not written[end : piece.start].strip()
        assert written[piece.start : piece.end] == piece.written
        end = piece.end
    assert not written[end:].strip()


@settings(max_examples=150, deadline=None)
@given(texts)
def test_southern_reading_differs_only_in_its_words(text: str) -> None:
    """The south says ngàn and lẻ and is otherwise the same."""
    north, south = read(text), read(text, variant="south")
    assert [piece.written for piece in north.pieces] == [piece.written for piece in south.pieces]
    assert len(north.text.split()) == len(south.text.split())


HOSTILE = [
    "1",
    ".",
    "/",
    "-",
    "1.",
    "1/",
    "1-",
    "1,",
    "1:",
    "(",
    "(AB",
    "A",
    "a",
    "a.",
    "a@",
    "A/",
    "'",
    "1h",
    "+",
    "I",
]
HOSTILE += ["1 ", "TT ", "BTV ", "TP. ", "0 123 ", "\n-", '"', "km/h", "1.000", "( AB)", "a-", "…", "0", "8 - ", "x1"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_grows_with_length(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the hostile text asks the rules twice as often, and 200 kB ask each rule at most once a character."""
    asked: Counter[str] = Counter()

    def counted(name: str, rule: reader.Rule) -> reader.Rule:
        def ask(scene: Scene, at: int) -> Said | None:
            asked[name] += 1
            return rule(scene, at)

        return ask

    for table in ("DIGIT_RULES", "LETTER_RULES", "SIGN_RULES"):
        rules = getattr(reader, table)
        names = tuple((name, counted(rule.__name__, rule)) for name, rule in rules)
        monkeypatch.setattr(reader, table, names)
    counts = []
    for length in (400, 800):
        asked.clear()
        read((unit * length)[:length])
        assert max(asked.values()) <= length
        counts.append(sum(asked.values()))
    assert counts[1] <= 2.2 * counts[0] + 50


def endless_repeats(parsed: Any) -> list[Any]:
    """Collect the repeats without an upper bound that go over more than one kind of character."""
    found = []
    for code, argument in parsed:
        if str(code) in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] == re._constants.MAXREPEAT:  # type: ignore[attr-defined]
            found += [] if len(argument[2]) == 1 and str(argument[2][0][0]) in ("IN", "LITERAL", "ANY") else [argument]
        for part in argument if isinstance(argument, tuple) else [argument]:
            branches = part if isinstance(part, list) else [part]
            for branch in branches:
                found += endless_repeats(branch) if isinstance(branch, re._parser.SubPattern) else []  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("module", MODULES)
def test_patterns_are_bounded(module: str) -> None:
    """No pattern repeats without bound, unless over one kind of character: so none can run away."""
    imported = importlib.import_module(module)
    for pattern in (value for value in vars(imported).values() if isinstance(value, re.Pattern)):
        assert not endless_repeats(re._parser.parse(pattern.pattern)), pattern.pattern  # type: ignore[attr-defined]


@pytest.mark.parametrize("unit", ["1", ".", "/", "A"])
def test_two_hundred_kilobytes_are_read(unit: str) -> None:
    """A hostile text of 200 kB is read to its end."""
    length = 200_000 if unit in "1.A" else 8_000
    pieces = read((unit * length)[:length]).pieces
    assert pieces[-1].end == length


def test_reading_gives_pieces_with_rules() -> None:
    """Each piece tells what was written, where, what is said, and by which rule."""
    reading = read("UBND xã có 02 bộ")
    assert isinstance(reading, Reading)
    assert reading.pieces[0] == Piece("UBND", 0, 4, "ủy ban nhân dân", "abbreviation")
    assert [piece.rule for piece in reading.pieces] == ["abbreviation", "word", "word", "number", "word"]
    assert reading.text == "ủy ban nhân dân xã có hai bộ"


def test_offsets_count_in_nfc() -> None:
    """A text in decomposed form has the offsets of its composed form."""
    assert read(unicodedata.normalize("NFD", "Ủy ban 5")).pieces[-1].start == len("Ủy ban ")


def test_signs_that_are_not_said_are_silent_pieces() -> None:
    """Quotes and emoji are kept as pieces without words."""
    silent = [piece.written for piece in read("“một cửa” 📢").pieces if piece.rule == "silent"]
    assert silent == ["“", "”", "📢"]


def test_paragraphs_stay_apart() -> None:
    """Each line that says something is a line of the spoken text."""
    assert read("THÔNG BÁO\n\n- Ngày 5/4;\r\n***\n+ Họp").text == "thông báo\nngày năm tháng tư;\nhọp"


def test_pauses_do_not_pile_up() -> None:
    """Of several marks in a row the strongest stays, and none opens a line."""
    assert read("(xã), bản… ?").text == "xã, bản?"


def test_unknown_capitals_are_spelled_and_reported() -> None:
    """A form that no row of the lexicon decides is spelled by its letters and reported once."""
    reading = read("KTTH và KTTH")
    assert reading.text == "ca tê tê hát và ca tê tê hát"
    assert reading.unknown == ("KTTH",)


def test_headings_in_capitals_are_words() -> None:
    """Vietnamese words in capitals are not spelled."""
    assert read("ỦY BAN NHÂN DÂN XÃ SỐP CỘP").unknown == ()


def test_unknown_variant_is_refused() -> None:
    """Only the two regions are known."""
    with pytest.raises(ValueError, match="variant"):
        read("1", variant="west")


def test_south() -> None:
    """The south says ngàn and lẻ."""
    assert read("1.005 hộ", variant="south").text == "một ngàn không trăm lẻ năm hộ"


def test_empty_text() -> None:
    """Nothing written is nothing said."""
    assert read(" \n ") == Reading("", (), ())
