"""Seals: one for each number, opened by the one key, and nobody's number for any other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.audience import shown
from channels.seal import BROKEN, ERASED, Seal, SealBroken

SEAL, OTHER = Seal(b"khoa thu"), Seal(b"khoa khac")
ADDRESSES = st.one_of(
    st.tuples(st.just("phone"), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)),
    st.tuples(st.just("zalo"), st.from_regex(r"[0-9]{6,25}", fullmatch=True)),
)


@settings(max_examples=200, deadline=None)
@given(ADDRESSES)
def test_a_number_has_one_seal_and_comes_out_as_it_went_in(given: tuple[str, str]) -> None:
    """Also a Zalo id that begins with noughts; sealing twice is sealing once; no digits of it can be seen."""
    scheme, address = given
    sealed = SEAL.close(scheme, address)
    assert sealed == SEAL.close(scheme, address) == SEAL.close(scheme, sealed) and sealed > "A"
    assert address == SEAL.open(sealed) and address.lstrip("+") not in sealed
    assert sealed in SEAL.forms(address) and address in SEAL.forms(address)
    assert sealed != OTHER.close(scheme, address)
    with pytest.raises(SealBroken):
        OTHER.open(sealed)


def test_a_vietnamese_number_takes_29_letters() -> None:
    """Seventeen more than it has itself: a delivery costs so many bytes more."""
    assert 29 == len(SEAL.close("phone", "+84912345678"))


def test_a_phone_and_a_zalo_id_of_the_same_digits_differ() -> None:
    """And neither opens as the other."""
    phone, zalo = SEAL.close("phone", "+84912345678"), SEAL.close("zalo", "84912345678")
    assert phone[1:] != zalo[1:]
    with pytest.raises(SealBroken):
        SEAL.open("Z" + phone[1:])


@pytest.mark.parametrize("address", ["portal", "tram-2", "", ERASED, "+84912345678"])
def test_what_is_no_seal_is_left_alone(address: str) -> None:
    """Outlets, what was erased, and numbers stored before there were seals."""
    assert address == SEAL.open(address) and (address.startswith("+") or address == SEAL.close("phone", address))


@pytest.mark.parametrize("broken", ["P", "Pabc", "P" + "A" * 28, "Z====", "Pé"])
def test_what_was_tampered_with_does_not_open(broken: str) -> None:
    """It is told as such, and nothing is sent to it."""
    with pytest.raises(SealBroken):
        SEAL.open(broken)
    people = [[broken, "Mai"], [SEAL.close("phone", "+84912345678"), "Lan"]]
    SEAL.open_all(people, range(2))
    assert [[BROKEN, "Mai"], ["+84912345678", "Lan"]] == people


def test_pages_show_three_digits() -> None:
    """Of what cannot be opened or is erased, words."""
    sealed = SEAL.close("phone", "+84912345678")
    assert ["+84…678", "+84…678", "portal", "đã xóa", "không mở được"] == [
        *(shown(SEAL, one) for one in (sealed, "+84912345678", "portal", ERASED)),
        shown(OTHER, sealed),
    ]


def test_a_text_comes_out_as_it_went_in_and_is_found_by_whom_it_names() -> None:
    """By a number in any writing; not by another one, nor with another key."""
    text = "phone=84912345678&text=Thôi nhận tin\n" * 50
    sealed = SEAL.close_text(text)
    assert (
        text == SEAL.open_text(sealed)
        and "912345678" not in sealed
        and ("", "") == (SEAL.close_text(""), SEAL.open_text(""))
    )
    marks = SEAL.marks(text).split()
    assert [SEAL.person_mark("+84912345678")] == marks and "912345678" not in marks[0]
    assert marks == SEAL.marks("số 0912345678").split() == SEAL.marks("+84912345678").split()
    assert not {*SEAL.marks("0912345679 lúc 20:15").split(), OTHER.person_mark("+84912345678")} & {*marks}
    with pytest.raises(SealBroken):
        OTHER.open_text(sealed)
