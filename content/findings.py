"""What a person should know of a revision before it goes on: limits kept or broken, texts shortened, words unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from content.advert import (
    LABEL_LAW,
    LABELS,
    MARKED_ROOM,
    PLAIN_ROOM,
    REFUSAL_LAW,
    advert_length,
    is_labelled,
    tells_how_to_refuse,
)
from content.bulletin import Purpose
from content.item import Revision
from content.reading import Lexicon
from content.rendition import CHAT_CHARACTERS, read_script
from content.short import SmsLength, misread, sms_length, unaccented

SMS_SEGMENTS = 3
MISREADINGS = 5
"""So many are told; who has more writes another text."""
SCRIPT_CHARACTERS = 30_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one rendition that a person should know; `bad` stops a submission."""

    rendition: str
    bad: bool
    vi: str
    en: str


def findings(revision: Revision, lexicon: Lexicon | None = None) -> list[Finding]:
    """What a person should know before this revision goes on: limits kept or broken, texts shortened, words unknown."""
    adverts = _advert_findings(revision) if revision.purpose is Purpose.ADVERTISING else ()
    return [*_short_findings(revision), *adverts, *_chat_findings(revision), *_script_findings(revision, lexicon)]


def beside(told: Iterable[Finding], rendition: str) -> list[Finding]:
    """Of these, what a page says beside one rendition; the price of an SMS is shown with its text already."""
    mine = [one for one in told if one.rendition == rendition]
    return mine[1:] if rendition == "short" else mine


def lengths_of(revision: Revision, short: str = "") -> tuple[SmsLength, SmsLength]:
    """What its SMS text, or `short` with everything filled in, costs with marks and without, by what it is for."""
    text = short or revision.short
    return length_of(revision, text), length_of(revision, unaccented(text))


def length_of(revision: Revision, text: str) -> SmsLength:
    """What a text costs that goes out for what this one is for."""
    return (advert_length if revision.purpose is Purpose.ADVERTISING else sms_length)(text)


def _short_findings(revision: Revision) -> Iterator[Finding]:
    marked, bare = lengths_of(revision)
    yield Finding(
        "short",
        False,
        f"{len(revision.short)} ký tự: {marked.segments} tin có dấu, {bare.segments} tin không dấu",
        f"{len(revision.short)} characters: {marked.segments} segments with accents, {bare.segments} without",
    )
    if ambiguous := misread(revision.short)[:MISREADINGS]:
        told = "; ".join(f"“{one.written}” thành “{one.bare}” ({one.read_as})" for one in ambiguous)
        better = ", ".join(one.instead for one in ambiguous if one.instead)
        yield Finding(
            "short",
            False,
            f"Bỏ dấu dễ hiểu nhầm: {told}" + (f"; nên viết: {better}" if better else ""),
            f"Easily misread without accents: {', '.join(one.written for one in ambiguous)}",
        )
    if bare.segments > SMS_SEGMENTS:
        yield Finding(
            "short",
            True,
            f"Tin SMS dài {bare.segments} tin, tối đa {SMS_SEGMENTS}",
            f"The SMS text takes {bare.segments} segments, at most {SMS_SEGMENTS}",
        )
    if "short" in revision.derived and revision.short.endswith("…"):
        yield Finding(
            "short", False, "Tin SMS được rút gọn từ bài, nên viết lại", "The SMS text was cut; better write it"
        )


def _advert_findings(revision: Revision) -> Iterator[Finding]:
    marked, bare = lengths_of(revision)
    yield Finding(
        "short",
        False,
        f"Quảng cáo, 1/2/3 tin: {PLAIN_ROOM} ký tự không dấu (đang có {bare.units}), {MARKED_ROOM} có dấu"
        f" (đang có {marked.units}); nhà mạng thêm nhãn của họ",
        f"Advertising, 1/2/3 segments: {PLAIN_ROOM} characters without accents (now {bare.units}), {MARKED_ROOM} with"
        f" (now {marked.units}); the operator adds its label",
    )
    if not is_labelled(revision.short):
        vi = f"Tin quảng cáo phải bắt đầu bằng {' hoặc '.join(LABELS)} ({LABEL_LAW})"
        yield Finding("short", True, vi, f"Advertising begins with {' or '.join(LABELS)} ({LABEL_LAW.en})")
    if not tells_how_to_refuse(revision.short):
        yield Finding(
            "short",
            True,
            f"Tin quảng cáo phải chỉ cách từ chối, ví dụ “Từ chối: soạn TC gửi 1234” ({REFUSAL_LAW})",
            f"Advertising says how to refuse it, for instance “Từ chối: soạn TC gửi 1234” ({REFUSAL_LAW.en})",
        )


def _chat_findings(revision: Revision) -> Iterator[Finding]:
    length = len(revision.chat)
    if length > CHAT_CHARACTERS:
        yield Finding(
            "chat",
            True,
            f"Tin Zalo {length} ký tự, tối đa {CHAT_CHARACTERS}",
            f"The Zalo text has {length} characters, at most {CHAT_CHARACTERS}",
        )
    elif "chat" in revision.derived and revision.chat.endswith("…"):
        yield Finding("chat", False, "Tin Zalo được rút gọn từ bài", "The Zalo text was cut from the body")


def _script_findings(revision: Revision, lexicon: Lexicon | None) -> Iterator[Finding]:
    if len(revision.script) > SCRIPT_CHARACTERS:
        yield Finding(
            "script",
            True,
            f"Lời đọc {len(revision.script)} ký tự, tối đa {SCRIPT_CHARACTERS}",
            f"The script has {len(revision.script)} characters, at most {SCRIPT_CHARACTERS}",
        )
    if revision.language.lower().split("-")[0] != "vi" and not revision.recorded:
        yield Finding(
            "script",
            False,
            "Tin không phải tiếng Việt: cần tải lên bản ghi âm giọng người thì đài mới phát được",
            "Not in Vietnamese: stations need the recording of a person, to be uploaded",
        )
    unknown = read_script(revision.script, revision.readings, lexicon).unknown
    if unknown:
        listed = ", ".join(unknown[:10])
        yield Finding(
            "script", False, f"Chữ viết tắt chưa biết, đọc từng chữ cái: {listed}", f"Unknown, spelled out: {listed}"
        )
