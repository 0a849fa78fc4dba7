"""Cues: sentences laid over gaps, in lines that fit, at least as long as they can be read; as SRT and WebVTT."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from content.film.cues import LINE, LINES, SHORTEST, Cue, Gap, Line, boundaries, cues, lines, read_srt, srt, vtt

HOUR = 3600.0


def test_boundaries_are_found_in_the_gaps_of_speech() -> None:
    """Forty sentences said at a wavering pace, commas within them: every boundary in its gap, drift or not."""
    chance = random.Random(4)
    weights = [chance.randint(20, 160) for _ in range(40)]
    at, gaps, truth = 0.4, list[Gap](), list[float]()
    for place, weight in enumerate(weights):
        length = weight / 14 * chance.uniform(0.85, 1.15)
        commas = sorted(chance.uniform(0.2, 0.8) for _ in range(weight // 50))
        gaps += [Gap(at + length * share, at + length * share + 0.2) for share in commas]
        at += length
        if place < len(weights) - 1:
            gaps.append(Gap(at, at + 0.5))
            truth.append(at + 0.25)
            at += 0.5
    found = boundaries(weights, sorted(gaps), 0.4, at)
    assert [round(one, 3) for one in found] == [round(one, 3) for one in truth]


def test_without_gaps_the_time_is_shared_by_length() -> None:
    """Music under speech, or a reader who never stops."""
    assert boundaries([10, 30], [], 0.0, 8.0) == [2.0]


def test_a_sentence_is_cut_where_it_pauses() -> None:
    """Two lines of forty-two letters at most, of about the same length."""
    said = [
        Line("Mở đầu.", "mở đầu"),
        Line("Bà con mang theo căn cước và giấy tờ liên quan, nộp tại quầy số 1.", "x" * 80),
    ]
    found = cues(said, [Gap(2.0, 2.4)], 0.0, 12.0, shift=3.0)
    assert [one.lines for one in found] == [
        ("Mở đầu.",),
        ("Bà con mang theo căn cước và giấy", "tờ liên quan, nộp tại quầy số 1."),
    ]
    assert [round(one.begin, 1) for one in found] == [3.0, 5.2] and found[-1].end == 15.0


def test_a_short_sentence_stands_for_a_second() -> None:
    """What that takes comes off the next one, and the one behind it is on time again."""
    said = [
        Line(one, one) for one in ("Lịch tiêm chủng mở rộng tháng mười hai.", "Nhớ nhé.", "Xin cảm ơn bà con.", "Hết.")
    ]
    found = cues(said, [Gap(2.6, 2.9), Gap(3.2, 3.5), Gap(5.3, 5.5)], 0.0, 7.0)
    assert [(round(one.begin, 2), round(one.end, 2)) for one in found] == [
        (0, 2.75),
        (2.75, 3.75),
        (3.75, 5.4),
        (5.4, 7),
    ]


def test_more_than_anybody_reads_goes_on_behind_the_voice() -> None:
    """In two lines all the same, each for its second: a recording that says less than is written."""
    long = " ".join(["chữ"] * 80)
    found = cues([Line(long, long)], [], 0.0, 1.5)
    assert len(found) >= 4 and found[-1].end == len(found)
    assert len(cues([Line(long, long)], [], 0.0, 60.0)) == len(found)


def test_an_address_is_in_lines_that_fit() -> None:
    """Whole, in parts, with nothing lost."""
    address = "https://sopcop.sonla.gov.vn/tin-tuc/thong-bao/lich-tiem-chung-mo-rong-thang-12-nam-2026.html"
    found = cues([Line(f"Xem {address} nhé.", "xem " + "chấm " * 30)], [], 0.0, 20.0)
    assert address in "".join(line for one in found for line in one.lines)


def test_sentences_without_a_word_are_not_shown() -> None:
    """And nothing at all makes no cue."""
    assert cues([Line("…", " ")], [], 0.0, 5.0) == []
    assert [one.lines for one in cues([Line("***", ""), Line("Có.", "có")], [], 0.0, 5.0)] == [("Có.",)]


@given(st.lists(st.text("abcđêộ ,;:.", min_size=1, max_size=200), max_size=12), st.floats(1, HOUR))
def test_any_text_keeps_its_words_and_its_order(written: list[str], seconds: float) -> None:
    """Every letter once, in order, in two lines that fit, for a second at least; cues meet, and none runs back."""
    found = cues([Line(one, one) for one in written], [], 0.0, seconds)
    words = "".join("".join("".join(one.lines) for one in found).split())
    assert words == "".join("".join(one for one in written if one.strip()).split())
    assert all(one.end - one.begin >= SHORTEST - 1e-6 for one in found)
    assert all(len(one.lines) <= LINES and max(map(len, one.lines)) <= LINE for one in found)
    assert all(abs(one.end - two.begin) < 1e-6 for one, two in pairwise(found))
    assert not found or found[-1].end >= seconds - 1e-6


@given(st.text("abc đ", min_size=1, max_size=LINE * LINES - 12))
def test_lines_fit_the_screen(text: str) -> None:
    """Of words that do."""
    words = text.split()
    if all(len(word) <= 12 for word in words):
        assert len(lines(text)) <= LINES and all(len(line) <= LINE for line in lines(text))


def test_subtitles_as_files() -> None:
    """SubRip has commas and numbers, WebVTT points and escapes; what was written is read again."""
    found = [Cue(0.0, 1.5, ("A & B <c>", "hai")), Cue(3661.25, 3662.0, ("ba",))]
    assert srt(found) == ("1\n00:00:00,000 --> 00:00:01,500\nA & B <c>\nhai\n\n2\n01:01:01,250 --> 01:01:02,000\nba\n")
    assert vtt(found).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA &amp; B &lt;c&gt;\nhai\n\n")
    assert read_srt(srt(found).replace("\n", "\r\n")) == found
