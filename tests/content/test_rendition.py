"""Renditions: derived and edited, harmless, limits; nothing is cut without saying so."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from config.words import BadInput
from content.findings import SCRIPT_CHARACTERS, findings
from content.item import Draft, Revision
from content.markup import clean, plain_text, to_html
from content.rendition import CHAT_CHARACTERS, SHORT_CHARACTERS, derive_chat, derive_short, draft_of, render

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def made(**values: Any) -> Revision:
    """A revision of a draft with these values."""
    draft = replace(Draft(title="Lịch tiếp dân", body="Xã tiếp dân ngày 25/11. Mời bà con."), **values)
    return render(draft, id="r1", item="i1", number=1, writer="Mai", made_at=NOW)


def bad(revision: Revision) -> list[str]:
    """Renditions that may not be submitted."""
    return [finding.rendition for finding in findings(revision) if finding.bad]


def remarks(revision: Revision, rendition: str) -> str:
    """Everything that is said about one rendition."""
    return " | ".join(finding.vi for finding in findings(revision) if finding.rendition == rendition)


def test_all_renditions_come_from_the_body() -> None:
    """Article, script with the title, its words, short text with the first sentence, Zalo text."""
    revision = made()
    assert "<p>Xã tiếp dân ngày 25/11. Mời bà con.</p>" == revision.article
    assert "Lịch tiếp dân.\n\nXã tiếp dân ngày 25/11. Mời bà con." == revision.script
    assert "hai mươi lăm tháng mười một" in revision.spoken.lower()
    assert "Lịch tiếp dân. Xã tiếp dân ngày 25/11." == revision.short
    assert "Lịch tiếp dân\n\nXã tiếp dân ngày 25/11. Mời bà con." == revision.chat
    assert ("article", "script", "short", "chat") == revision.derived


def test_an_edited_rendition_is_kept_and_the_others_are_derived() -> None:
    """An edited article is what script and short text are made of."""
    revision = made(short="  Mời họp  ", article="<p>Bài khác.</p>")
    assert ("Mời họp", "<p>Bài khác.</p>") == (revision.short, revision.article)
    assert "Bài khác." in revision.script
    assert ("script", "chat") == revision.derived


def test_a_draft_of_a_revision_renders_the_same() -> None:
    """Opening and saving without a change changes nothing that can be heard or read."""
    revision = made(short="Mời họp", theme="mot-cua", byline="Như Thủy", valid_until=NOW)
    assert revision.digest == render(draft_of(revision), id="r2", item="i1", number=2, writer="x", made_at=NOW).digest
    assert "" == draft_of(revision).chat


def test_unicode_forms_render_alike() -> None:
    """Text typed on a Mac (NFD) is the same text."""
    text = {"title": "Sốp Cộp", "body": "Tuyên truyền cải cách hành chính."}
    apart = {key: unicodedata.normalize("NFD", value) for key, value in text.items()}
    assert made(**text).digest == made(**apart).digest


@pytest.mark.parametrize(
    "body", ["<script>alert(1)</script>", "<img src='https://x.vn/a.png'>", "&nbsp;", "***", "<!-- x -->"]
)
def test_a_body_without_words_is_refused(body: str) -> None:
    """Nothing would be published, read or sent."""
    with pytest.raises(BadInput) as caught:
        made(body=body)
    assert "body" == caught.value.field


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<script>alert(1)</script></p>",
        "<p onclick='x()' onmouseover=y()>a</p>",
        "<p style='background:url(https://e.vn/x)'>a</p>",
        "a<img src='https://e.vn/p.gif' onerror=alert(1)>",
        "a<iframe src='https://e.vn'></iframe>",
        "a<svg onload=alert(1)><script>alert(1)</script></svg>",
        "a<svg><style><img src=x onerror=alert(1)></style></svg>",
        "a<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "a<style>@import 'https://e.vn/x.css'</style>",
        "a<form action='https://e.vn'><input name=q><button formaction=javascript:x>b</button></form>",
        "a<object data=x></object><embed src=x><link rel=stylesheet href=x><meta http-equiv=refresh content=0><base href=x>",
        "a<video src=x autoplay></video><audio src=x></audio><picture><source srcset=x></picture>",
        "a<template><script>x()</script></template><noscript><img src=x></noscript>",
        "<A HREF='JaVaScRiPt:alert(1)'>a</A>",
        "<a href='java&#9;script:alert(1)'>a</a>",
        "<a href=' &#1;javascript:alert(1)'>a</a>",
        "<a href='data:text/html;base64,PHNjcmlwdD4='>a</a>",
        "<a href='vbscript:x'>a</a>",
        "<a href='//e.vn/x'>a</a>",
        "<a href='https:/\\e.vn'>a</a>",
        "<a href='https:///e.vn'>a</a>",
        "<a href='/login'>a</a>",
        "<a href='x' target=_blank class=y id=z>a</a>",
        "a<textarea></textarea><script>alert(1)</script>",
        "a<!--[if IE]><script>alert(1)</script><![endif]-->",
        'a<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "a<div style=x><div onclick=y>b</div></div>",
    ],
)
def test_nothing_that_runs_tracks_or_misleads_is_left(html: str) -> None:
    """Scripts, handlers, styles, remote things, forms and odd links are gone; the words are not."""
    for cleaned in (clean(html), clean(to_html(html)), made(body=html).article):
        for evil in ("script", "alert", "e.vn", "<img", "<svg", "<math", "<iframe", "<form", "<input", "style", "onc"):
            assert evil not in cleaned.lower()
        assert "href" not in cleaned
        assert "class=" not in cleaned
        assert plain_text(cleaned).startswith("a")


def test_wrapped_lines_are_one_sentence() -> None:
    """A text file broken at 80 columns is not cut off at its first line."""
    assert "A. Xã tiếp dân ngày 25." == derive_short("A", plain_text(to_html("Xã tiếp\ndân ngày 25. Mời.")))


@pytest.mark.parametrize("words", [1, 20, 28, 40, 400])
def test_a_short_text_that_was_cut_says_so(words: int) -> None:
    """Within 160 characters always; an ellipsis and a remark whenever the first sentence does not fit."""
    revision = made(body="tuyên " * words + ".")
    assert len(revision.short) <= SHORT_CHARACTERS
    cut = revision.short.endswith("…")
    assert cut == (len(f"Lịch tiếp dân. {'tuyên ' * words}.") > SHORT_CHARACTERS)
    assert cut == ("rút gọn" in remarks(revision, "short"))
    assert [] == bad(revision)


def test_a_long_title_alone_is_cut_with_an_ellipsis() -> None:
    """Also where there is no room for a single word of the body."""
    revision = made(title="Thông báo " * 29)
    assert revision.short.endswith("…")
    assert "rút gọn" in remarks(revision, "short")


def test_a_title_that_opens_the_text_is_not_said_twice() -> None:
    """Many bodies begin with their title."""
    assert "Lịch tiếp dân tháng 11." == derive_short("Lịch tiếp dân tháng 11.", "Lịch tiếp dân tháng 11. Mời.") + "."


@pytest.mark.parametrize("body", ["Câu ngắn. " * 400, "chữ " * 1000, "a" * 3000, "Một.\n\n" * 700, "b;" * 1200])
def test_a_zalo_text_that_was_cut_says_so(body: str) -> None:
    """Within 2,000 characters, at a paragraph, a sentence or at least a word."""
    revision = made(body=body)
    assert len(revision.chat) <= CHAT_CHARACTERS
    assert revision.chat.endswith("…")
    assert "rút gọn" in remarks(revision, "chat")
    kept = revision.chat[:-1]
    if " " in body:
        assert kept.endswith(("ngắn.", "chữ"))


def test_a_zalo_text_that_fits_is_whole() -> None:
    """Exactly 2,000 characters are not touched."""
    text = derive_chat("T", "a" * (CHAT_CHARACTERS - 3))
    assert CHAT_CHARACTERS == len(text)
    assert not text.endswith("…")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"short": "a" * 459}, []),
        ({"short": "a" * 460}, ["short"]),
        ({"short": "ạ" * 459}, []),
        ({"chat": "a" * CHAT_CHARACTERS}, []),
        ({"chat": "a" * (CHAT_CHARACTERS + 1)}, ["chat"]),
        ({"script": "a " * (SCRIPT_CHARACTERS // 2) + "b"}, ["script"]),
        ({"body": "chữ " * 10_000}, ["script"]),
    ],
)
def test_limits_stop_a_submission(values: dict[str, Any], expected: list[str]) -> None:
    """An edited text is never cut: it is refused with its length."""
    revision = made(**values)
    assert expected == bad(revision)
    for name, value in values.items():
        assert value.strip() == getattr(revision, name)


def test_segments_are_told_with_and_without_marks() -> None:
    """The writer sees what a text costs."""
    assert "2 tin có dấu, 1 tin không dấu" in remarks(made(short="Ủ" * 71), "short")


def test_unknown_abbreviations_are_told() -> None:
    """They would be spelled out on air."""
    assert "XQZW" in remarks(made(body="Theo XQZW của xã."), "script")


def test_a_body_of_the_greatest_length_is_rendered_at_once() -> None:
    """200,000 characters of nested tags do not hold the office up."""
    assert made(body="<div>" * 20_000 + "chữ" + "</div>" * 16_000).article
