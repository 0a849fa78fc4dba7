"""Letters and syllables."""

import pytest

from content.reading.letters import is_syllable, must_be_spelled, spell


@pytest.mark.parametrize(
    "word",
    [
        "ủy",
        "uỷ",
        "ban",
        "nghiêng",
        "quyết",
        "gì",
        "giếng",
        "khuỷu",
        "oằn",
        "xoèn",
        "yêu",
        "ý",
        "thuở",
        "quý",
        "quốc",
        "ngoài",
    ],
)
def test_syllables(word: str) -> None:
    """Vietnamese syllables are known, with either place of the tone mark."""
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["ubnd", "cchc", "zoom", "pcct", "đbqh", "iphone", "btc", "kh"])
def test_other_words(word: str) -> None:
    """Abbreviations and foreign words are not."""
    assert not is_syllable(word)


def test_spelling() -> None:
    """Letters have the names of the house style."""
    assert spell("đkg") == "đê ca giê"
    assert spell("wyx") == "vê kép i dài ích xì"


def test_only_consonants_must_be_spelled() -> None:
    """A word without a vowel cannot be said."""
    assert must_be_spelled("html")
    assert not must_be_spelled("com")
