"""Words in two languages."""

from copy import deepcopy

from config.words import Word, in_english, joined


def test_a_word_is_its_vietnamese_with_the_english_beside_it() -> None:
    """Whoever knows nothing of languages has the Vietnamese."""
    word = Word("đã gửi", "sent")
    assert word == "đã gửi"
    assert word.en == in_english(word) == "sent"
    assert in_english("đã gửi") == "đã gửi"


def test_parts_and_cases_keep_both() -> None:
    """As titles are written at the head of a sentence: abbreviations stay."""
    word = Word("tin SMS", "SMS text")
    assert (word[:1].upper(), word[:1].upper().en, word[1:].en) == ("T", "S", "MS text")
    assert (word.capitalize(), word.capitalize().en) == ("Tin SMS", "SMS text")
    assert (word.upper(), word.upper().en) == ("TIN SMS", "SMS TEXT")
    assert ("một " + word[:4] + "thư", ("một " + word[:4] + "thư").en) == ("một tin thư", "một SMS thư")
    assert (word.lower(), word.lower().en) == ("tin sms", "sms text")


def test_a_copy_keeps_both() -> None:
    """Values of a page are copied."""
    assert in_english(deepcopy({"title": Word("nháp", "draft")})["title"]) == "draft"


def test_words_are_joined_in_both() -> None:
    """Names without English stand as they are."""
    row = joined((Word("loa", "speaker"), "SMS"), "; ")
    assert (row, row.en) == ("loa; SMS", "speaker; SMS")
