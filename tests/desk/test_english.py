"""The desk's templates in English: every text has one, and says as much as the Vietnamese."""

from __future__ import annotations

import re

import pytest
from jinja2 import DictLoader

from config.words import Word
from desk import english
from desk.english import Catalogue, English, segments
from tests.desk.english import missing, unused

SLOT = re.compile(r"\{(\d+)(?::[^{}|]*\|[^{}|]*)?\}")


def test_every_text_has_its_english() -> None:
    """Nothing of a template is left out, nothing of the catalogue is left over: `python -m tests.desk.english` lists both."""
    assert [] == list(missing())
    assert [] == list(unused())


def test_the_english_prints_what_the_vietnamese_prints() -> None:
    """Every expression within a text stands in both, however often."""
    entries = [pair for file in Catalogue().files.values() for pair in file.items()]
    assert [] == [text for text, told in entries if set(SLOT.findall(text)) != set(SLOT.findall(told))]


def test_a_text_ends_at_tags_and_statements() -> None:
    """Expressions are part of it, icons are not; its outer spaces stay."""
    source = (
        '<p title="Tên {{ a }}">{{ icon("x") }} Gửi {{ n }} người\n  {% if m %}ngay{% endif %}<code>x = 1</code></p>'
    )
    told: list[str] = []
    assert source == segments(source, lambda text: told.append(text) or text)  # type: ignore[func-returns-value]
    assert ["Tên {1}", "Gửi {1} người", "ngay"] == told


def _page(monkeypatch: pytest.MonkeyPatch, source: str, **values: object) -> str:
    known = Catalogue()
    known.files = {
        "shared": {
            "Gửi {1} người": "Sent to {1} {1:person|people}",
            "Lưu": "Save",
            "Xem “{1}” ở {2}": "In {2} see “{1}”",
        }
    }
    monkeypatch.setattr(english, "catalogue", lambda: known)
    return English(loader=DictLoader({"page.html": source}), autoescape=True).get_template("page.html").render(values)


def test_a_number_has_its_plural(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is printed."""
    source = "<p>  Gửi {{ n }} người </p>"
    assert "<p>  Sent to 1 person </p>" == _page(monkeypatch, source, n=1)
    assert "<p>  Sent to 21 people </p>" == _page(monkeypatch, source, n=21)


def test_expressions_may_change_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """As English needs it."""
    assert "In b see “a”" == _page(monkeypatch, "Xem “{{ 'a' }}” ở {{ 'b' }}")


def test_literals_and_words_are_told_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """In expressions, sums, joined lists, attributes and halves of pairs; what is compared stays as it is."""
    word = Word("nháp", "draft")
    fault = type("Fault", (), {"vi": "sai", "en": "wrong"})()
    told = _page(
        monkeypatch,
        "<a aria-label=\"Lưu\">{{ 'Lưu' if word == 'nháp' }} {{ word[:1] | upper }}{{ word[1:] }} {{ \"a \" ~ word }} "
        "{{ [word, 'b'] | join(', ') }} {{ fault.vi }} {{ [fault] | map(attribute='vi') | first }}</a>",
        word=word,
        fault=fault,
    )
    assert '<a aria-label="Save">Save Draft a draft draft, b wrong wrong</a>' == told


def test_what_has_no_english_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole and escaped once."""
    assert "Ghi &lt;b&gt; &amp; hết" == _page(monkeypatch, "Ghi {{ a }} &amp; hết", a="<b>")
