"""The lexicon: its data, its conditions, additions by an office, and refusal of bad rows."""

import pytest

from content.reading import Entry, Lexicon, LexiconError, load_lexicon, read

HEADER = "abbr\tspoken\tdomain\tcondition\tstatus\n"


def test_every_reading_is_its_own_reading() -> None:
    """What the lexicon says needs no reading of its own."""
    for entry in load_lexicon().entries:
        assert read(entry.spoken).text == entry.spoken, entry


def test_no_row_is_hidden() -> None:
    """A form has no two rows with the same condition, and none behind a row that always holds."""
    seen: dict[str, list[str]] = {}
    for entry in load_lexicon().entries:
        earlier = seen.setdefault(f"{entry.domain == 'host'} {entry.abbr}", [])
        assert entry.condition not in earlier, entry
        assert "" not in earlier or entry.condition == "symbol", entry
        earlier.append(entry.condition)


def test_table_comes_back_as_it_was() -> None:
    """from_tsv reads what to_tsv writes."""
    table = load_lexicon().to_tsv()
    assert Lexicon.from_tsv(table).to_tsv() == table


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("UBND\tủy ban", "line 2, column domain"),
        ("UBND\tỦy ban\tx\t\tnew", "line 2, column spoken"),
        ("UBND\tủy ban 2\tx\t\tnew", "line 2, column spoken"),
        (" \tủy ban\tx\t\tnew", "line 2, column abbr"),
        ("UBND\tủy ban\tx\tsometimes\tnew", "line 2, column condition"),
        ("UBND\tủy ban\tx\tbefore:\tnew", "line 2, column condition"),
        ("UBND\tủy ban\tx\tsymbol:5\tnew", "line 2, column condition"),
        ("UBND\tủy ban\tx\t\tnew\tmore", "line 2, column after status"),
    ],
)
def test_bad_rows_name_line_and_column(row: str, message: str) -> None:
    """Someone who edits the table is told where it is wrong."""
    with pytest.raises(LexiconError, match=message):
        Lexicon.from_tsv(f"{HEADER}{row}\n")


def test_wrong_header_is_refused() -> None:
    """A table of another shape is no lexicon."""
    with pytest.raises(LexiconError, match="line 1"):
        Lexicon.from_tsv("abbr,spoken\n")


def test_an_office_adds_its_own_entry() -> None:
    """An added entry is read, and the lexicon of the house stays as it was."""
    own = load_lexicon().with_entries([Entry("KTTH", "kinh tế tổng hợp")])
    assert read("phòng KTTH", own).text == "phòng kinh tế tổng hợp"
    assert read("phòng KTTH").unknown == ("KTTH",)


def test_an_added_entry_comes_first() -> None:
    """An office may overrule the house, outside symbols too."""
    own = load_lexicon().with_entries([Entry("BTC", "ban tiếp công dân"), Entry("zalo", "za lô")])
    assert read("BTC hội thi", own).text == "ban tiếp công dân hội thi"
    assert read("Zalo", own).text == "za lô"
    assert read("15/TT-BTC", own).text == "mười lăm, thông tư, bộ tài chính"


def test_conditional_entries_come_before_general_ones() -> None:
    """Within one addition, the row that asks for more is asked first."""
    own = load_lexicon().with_entries([Entry("XY", "một"), Entry("XY", "hai", condition="before:số")])
    assert read("XY số 5, XY", own).text == "hai số năm, một"


@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        ("before:number", "XYZ 5", "XYZ a"),
        ("before:name", "XYZ Lan", "XYZ lan"),
        ("before:digits", "XYZ: 0212 387", "XYZ: 5 xã"),
        ("before:xã|bản", "XYZ bản", "XYZ bảng"),
        ("after:xã", "xã XYZ", "xãx XYZ"),
        ("after:number", "5 XYZ", "năm XYZ"),
        ("near:thi", "thi ở xã XYZ", "thiết ở xã XYZ"),
    ],
)
def test_conditions(condition: str, holds: str, fails: str) -> None:
    """Each kind of condition looks at whole words around the form."""
    own = load_lexicon().with_entries([Entry("XYZ", "đúng rồi", condition=condition)])
    assert "đúng rồi" in read(holds, own).text
    assert "đúng rồi" not in read(fails, own).text


def test_small_letters_hold_for_capitals() -> None:
    """A word of the lexicon in small letters is known in capitals; a capital form in small letters if unmistakable."""
    assert read("WEBSITE, Website, ubnd").text == "oép xai, oép xai, ủy ban nhân dân"


def test_short_forms_defined_by_the_text_are_learned() -> None:
    """The text's own definition is read once and holds from there on, before the lexicon."""
    reading = read("Ban Quản lý chợ (BQLC). BQLC họp.")
    assert reading.text == "ban quản lý chợ. ban quản lý chợ họp."
    assert [piece.rule for piece in reading.pieces if piece.written == "(BQLC)"] == ["definition"]


def test_the_text_decides_between_meanings() -> None:
    """Where just one of the full names stands in the text, the short form means that one."""
    assert read("BCH họp").unknown == ("BCH",)
    assert "ban chỉ huy họp" in read("Ban Chỉ huy gồm năm người.\nBCH họp.").text


def test_an_own_reading_goes_before_every_rule() -> None:
    """Symbols, dates and plain words too can be read otherwise, in the case they are written in, as whole words."""
    own = load_lexicon().with_entries(
        [Entry("36/KH-UBND", "kế hoạch ba mươi sáu"), Entry("26/3", "hai sáu tháng ba"), Entry("pin", "pin điện")]
    )
    reading = read("Theo 36/KH-UBND, nhân 26/3 thay pin Pinô và 126/3", own)
    assert reading.text == (
        "theo kế hoạch ba mươi sáu, nhân hai sáu tháng ba thay pin điện pinô và một trăm hai mươi sáu trên ba"
    )
    assert [piece.written for piece in reading.pieces if piece.rule == "own"] == ["36/KH-UBND", "26/3", "pin"]


def test_the_later_addition_comes_first() -> None:
    """What one item lays down goes before what the office laid down."""
    office = load_lexicon().with_entries([Entry("HTKV", "hội trường khu vực")])
    item = office.with_entries([Entry("HTKV", "hợp tác khu vực")])
    assert read("HTKV", item).text == "hợp tác khu vực"
