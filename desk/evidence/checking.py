"""A bundle checked by what it holds itself, offline: what is right, and exactly which file or line is wrong. Blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.words import BadInput
from content.item import Revision
from db.journal import START, Journal
from desk.evidence.manifest import (
    MANIFEST,
    TEXT_FILES,
    Allowed,
    Entry,
    Manifest,
    TextFacts,
    read,
    sum_of,
    unsigned,
    written,
)
from desk.evidence.opening import Opened, opened
from desk.evidence.stamp import Stamp, fingerprint_of, is_signed, same_fingerprint


class Standing(StrEnum):
    """Whether something is right, wrong, or only to be known."""

    RIGHT = "right"
    WRONG = "wrong"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `about` is the file, or the line of the journal."""

    standing: Standing
    about: str
    vi: str
    en: str

    def text(self, locale: str) -> str:
        """What was found, in the reader's language."""
        return self.en if locale.startswith("en") else self.vi


@dataclass(frozen=True, slots=True)
class Known:
    """What the one who checks knows from elsewhere: the office's fingerprint, or, being the office, its keys."""

    fingerprint: str = ""
    stamp: Stamp | None = None
    journal: Journal | None = None


def check(file: Path, known: Known) -> Iterator[Finding]:
    """Everything there is to say of a bundle. Raises BadInput for what is no bundle, or is made to do harm."""
    with opened(file) as bundle:
        data = bundle.whole(MANIFEST)
        manifest, plain = read(data)
        yield from _check_signature(manifest, plain, data, known)
        yield from _check_files(bundle, manifest)
        for allowed in manifest.approved:
            yield from _check_text(bundle, manifest, allowed)
        yield from _check_journal(manifest, known)
        for absent in manifest.absent:
            said = f"không có trong gói từ khi lập: {absent.why}"
            yield Finding(Standing.NOTE, absent.path, said, f"was not put in when the bundle was made: {absent.why}")


def _right(about: str, vi: str, en: str) -> Finding:
    return Finding(Standing.RIGHT, about, vi, en)


def _wrong(about: str, vi: str, en: str) -> Finding:
    return Finding(Standing.WRONG, about, vi, en)


def _check_signature(manifest: Manifest, plain: dict[str, Any], data: bytes, known: Known) -> Iterator[Finding]:
    """The manifest is as it was signed, and by whom."""
    if data != written(plain):
        yield _wrong(MANIFEST, "không còn đúng từng chữ như Loa ghi", "is not written as Loa writes it")
    signature = manifest.signature
    if signature is None:
        yield _wrong(MANIFEST, "không có chữ ký", "is not signed")
        return
    public = bytes.fromhex(signature.public_key)
    if not is_signed(public, bytes.fromhex(signature.value), unsigned(plain)):
        yield _wrong(MANIFEST, "đã bị sửa sau khi ký", "was changed after it was signed")
        return
    mark = fingerprint_of(public)
    if signature.fingerprint != mark:
        yield _wrong(MANIFEST, "dấu khóa ghi trong tệp không phải của khóa đã ký", "names another key's fingerprint")
    wanted = known.stamp.fingerprint if known.stamp else known.fingerprint
    if not wanted:
        yield _right(MANIFEST, "đúng chữ ký kèm theo", "its signature holds")
        vi = f"ký bằng khóa có dấu {mark}: hãy so với dấu khóa cơ quan cho biết bằng đường khác"
        yield Finding(
            Standing.NOTE, MANIFEST, vi, f"signed with the key {mark}: compare it with what the office told you"
        )
    elif same_fingerprint(wanted, mark):
        yield _right(MANIFEST, f"đúng chữ ký của cơ quan, dấu khóa {mark}", f"signed by the office, key {mark}")
    else:
        yield _wrong(MANIFEST, f"ký bằng khóa khác, dấu {mark}", f"signed with another key, {mark}")


def _check_files(bundle: Opened, manifest: Manifest) -> Iterator[Finding]:
    """All that is listed is there and as it was; nothing else is there."""
    listed = {one.path: one for one in manifest.files}
    there = [path for path in bundle.paths if path != MANIFEST]
    if len(listed) != len(manifest.files):
        yield _wrong(MANIFEST, "ghi một tệp hai lần", "lists a file twice")
    bad = 0
    for path, file in listed.items():
        finding = _check_file(bundle, path, file) if path in there else _wrong(path, "bị thiếu", "is missing")
        if finding is not None:
            bad += 1
            yield finding
    for path in there:
        if path not in listed:
            bad += 1
            yield _wrong(path, "bị thêm vào", "was added")
    if not bad:
        yield _right(
            "", f"{len(listed)} tệp đúng cỡ và SHA-256, không thiếu, không thừa", f"{len(listed)} files are right"
        )


def _check_file(bundle: Opened, path: str, file: Any) -> Finding | None:
    try:
        found = bundle.measured(path)
    except BadInput as fault:
        return _wrong(path, fault.vi.partition(": ")[2] or fault.vi, fault.en.partition(": ")[2] or fault.en)
    if found == file:
        return None
    vi = f"đã bị sửa: SHA-256 ghi {file.sha256}, nay {found.sha256}"
    return _wrong(path, vi, f"was changed: sha256 {file.sha256} is said, {found.sha256} is found")


def _check_text(bundle: Opened, manifest: Manifest, allowed: Allowed) -> Iterator[Finding]:
    """The digest that was approved is really that of the texts, and the recording that was heard the one at hand."""
    about = f"{allowed.folder}/"
    try:
        revision = _revision(bundle, allowed.folder)
    except BadInput as fault:
        yield _wrong(about, f"không tính được mã nội dung ({fault.vi})", f"no digest can be made ({fault.en})")
        return
    if (revision.digest, revision.id, revision.number, revision.item) != (
        *(allowed.digest, allowed.revision, allowed.number, manifest.item),
    ):
        vi = f"văn bản không khớp mã đã duyệt: duyệt {allowed.digest}, văn bản cho {revision.digest}"
        yield _wrong(about, vi, f"the texts give {revision.digest}, {allowed.digest} was approved")
    else:
        who = f"{allowed.approved_by}, {allowed.approved_at.isoformat()}"
        yield _right(about, f"bản {allowed.number} đúng mã nội dung đã duyệt ({who})", f"is what was approved ({who})")
    yield from _check_proof(manifest, allowed)


def _check_proof(manifest: Manifest, allowed: Allowed) -> Iterator[Finding]:
    """The slip and the recording that was heard are there, and the journal tells the same of the approval."""
    files, absent = {one.path: one.sha256 for one in manifest.files}, {one.path for one in manifest.absent}
    for path in (allowed.slip, allowed.audio):
        if path is not None and path not in files and path not in absent:
            yield _wrong(path, "không có trong manifest", "is not in the manifest")
    if allowed.audio in files and files[allowed.audio] != allowed.recording:
        yield _wrong(str(allowed.audio), "không phải bản ghi âm đã nghe khi duyệt", "is not what was heard at approval")
    noted = [one for one in manifest.journal if one.verb == "approve" and one.detail.get("digest") == allowed.digest]
    said = [one for one in noted if one.person == allowed.approved_by]
    if not said:
        yield _wrong(f"{allowed.folder}/", "sổ ghi việc không có dòng duyệt này", "the journal has no such approval")
    heard = allowed.recording or ""
    if said and all(one.detail.get("recording", heard) != heard for one in said):
        yield _wrong(f"{allowed.folder}/", "sổ ghi một bản ghi âm khác", "the journal names another recording")


def _revision(bundle: Opened, folder: str) -> Revision:
    """The revision of a folder's files. Raises BadInput."""
    try:
        facts = TextFacts.model_validate_json(bundle.whole(f"{folder}/revision.json"))
        texts = {name: bundle.whole(f"{folder}/{file}").decode() for name, file in TEXT_FILES.items()}
    except (ValidationError, UnicodeDecodeError):
        raise BadInput("tệp sai mẫu", "a file is not of this form") from None
    return facts.revision(texts)


def _check_journal(manifest: Manifest, known: Known) -> Iterator[Finding]:
    """The lines are in order, hang together, and end where the journal ended; with the office's key each is its own."""
    bad, before = 0, None
    for entry in manifest.journal:
        about = f"journal {entry.seq}"
        for vi, en in _faults_of(entry, before, manifest, known):
            bad += 1
            yield _wrong(about, vi, en)
        before = entry
    if (
        before
        and (before.seq, before.hash) != (manifest.head.seq, manifest.head.hash)
        and before.seq >= manifest.head.seq
    ):
        bad += 1
        yield _wrong("journal", "cuối sổ không khớp dòng cuối", "the journal's end does not match its last line")
    if bad:
        return
    count = len(manifest.journal)
    if known.journal:
        yield _right(
            "journal", f"{count} dòng đúng băm có khóa của cơ quan", f"{count} lines bear the office's keyed hash"
        )
        return
    yield _right(
        "journal", f"{count} dòng đúng tổng, đúng thứ tự, nối nhau ở chỗ liền nhau", f"{count} lines hang together"
    )
    vi = "băm nối cả sổ có khóa: chỉ cơ quan kiểm được (loa audit verify --own-key); chữ ký bảo đảm các dòng này chưa bị sửa từ khi lập gói"
    en = "the chain's hashes are keyed: only the office can check them (--own-key); by the signature, unchanged since the bundle was made"
    yield Finding(Standing.NOTE, "journal", vi, en)


def _faults_of(entry: Entry, before: Entry | None, manifest: Manifest, known: Known) -> Iterator[tuple[str, str]]:
    """What is wrong with a line, the line before it in the bundle being `before`."""
    if sum_of(entry.previous, entry.deed) != entry.sha256:
        yield "đã bị sửa: nội dung không khớp tổng của dòng", "was changed: it does not give its sum"
    if known.journal and known.journal.link(entry.previous, entry.deed) != entry.hash:
        yield "không đúng băm có khóa của cơ quan", "does not bear the office's keyed hash"
    if before and entry.seq <= before.seq:
        yield "sai thứ tự", "is out of order"
    if before and entry.seq == before.seq + 1 and entry.previous != before.hash:
        yield "không nối với dòng trước", "does not follow the line before"
    if (entry.seq == 1) != (entry.previous == START) or entry.seq > manifest.head.seq:
        yield "không thể ở chỗ này trong sổ", "cannot stand here in the journal"
    if not entry.thing.startswith(("item/", "schedule/")) or (
        entry.thing.startswith("item/") and entry.thing != f"item/{manifest.item}"
    ):
        yield "không phải việc của tin này", "is about something else"
