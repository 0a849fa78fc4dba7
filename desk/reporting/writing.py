"""A report written from its figures: which sections it has, what each says and shows; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from config.words import Word, in_english
from desk.printing.roman import ROMAN
from desk.reporting import sentences, tables
from desk.reporting.content import Chart, Content, Handed, Section, Table
from desk.reporting.figures import Figures

Unnumbered = tuple[str, tuple[str, ...], Chart | None, Table]
"""What a Section has but for its number."""


def content_of(figures: Figures, handed: Handed | None, now: datetime) -> Content:
    """The report of these figures. `now` is the moment in the office's zone."""
    sections = (*_deliveries(figures), *_besides(figures))
    return Content(
        office=figures.office,
        about=Word(
            f"Kết quả thông tin, tuyên truyền {figures.title}",
            f"Results of public information, {in_english(figures.title)}",
        ),
        opening=sentences.opening(figures),
        headlines=sentences.headlines(figures),
        sections=tuple(Section(number, *one) for number, one in zip(ROMAN[1:], sections, strict=False)),
        notes=sentences.notes(figures),
        standing=sentences.standing(handed, now),
        digest=handed.digest if handed else figures.digest,
        year=(handed.at if handed else now).year,
    )


def _deliveries(figures: Figures) -> Iterator[Unnumbered]:
    """What was sent, in all and seen from every side."""
    whole = figures.whole
    heading = Word("Kết quả gửi", "What was sent")
    yield heading, sentences.of_outcomes(whole), tables.ring(whole), tables.of_outcomes(whole)

    heading = Word("Theo tuần", "By week") if figures.by_week else Word("Theo tháng", "By month")
    drawn = tables.of_lines("columns", figures.stretches, whole, Word("Kỳ", "Period"))
    yield heading, sentences.of_time(figures), *drawn

    drawn = tables.of_lines("bars", figures.themes, None, Word("Chủ đề", "Theme"))
    yield Word("Theo chủ đề", "By theme"), sentences.of_themes(figures.themes), *drawn

    drawn = tables.of_lines("bars", figures.channels, whole, Word("Kênh", "Channel"))
    yield Word("Theo kênh", "By channel"), sentences.of_channels(figures.channels), *drawn

    drawn = tables.of_lines("bars", figures.outlets, whole, Word("Điểm phát", "Outlet"))
    yield Word("Theo điểm phát", "By outlet"), (), *drawn

    if figures.units:
        drawn = tables.of_lines("bars", figures.units, whole, Word("Đơn vị", "Unit"))
        yield Word("Theo đơn vị", "By unit"), sentences.of_units(figures.units), *drawn


def _besides(figures: Figures) -> Iterator[Unnumbered]:
    """What an office did besides, where it did: no section of nothing."""
    if figures.feedback is not None:
        heading = Word("Hỏi đáp, góp ý", "Questions and remarks")
        yield heading, sentences.of_feedback(figures.feedback), None, tables.of_feedback(figures.feedback)
    if figures.classes:
        heading = Word("Lớp tập huấn", "Training classes")
        yield heading, sentences.of_classes(figures.classes), None, tables.of_classes(figures.classes)
    if figures.plan is not None:
        heading = Word("Thực hiện kế hoạch", "Progress of the plan")
        yield heading, sentences.of_plan(figures.plan), None, tables.of_tasks(figures.plan)
