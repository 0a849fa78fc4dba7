"""Each kind of tampering is found and named; hostile files do no harm; the command says it in words."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.clock import FakeClock
from config.words import BadInput
from content.item import Item
from db.journal import Deed
from desk.app import House
from desk.evidence.checking import Known, Standing, check
from desk.evidence.manifest import Manifest, read, signed, sum_of, unsigned, written
from desk.evidence.opening import opened
from desk.evidence.stamp import Stamp, is_signed, same_fingerprint
from tests.desk.evidence.scene import approved_twice, bundle_of, changed, files_of, packed, sent
from tests.desk.test_commands import Run, run  # noqa: F401 (a fixture)

Json = dict[str, Any]


@pytest.fixture
async def item(house: House, clock: FakeClock) -> Item:
    """An item with a past."""
    item = await approved_twice(house, clock)
    await sent(house, clock, item)
    return item


@pytest.fixture
async def bundle(house: House, item: Item) -> bytes:
    """Its bundle."""
    return await bundle_of(house, item)


@pytest.fixture
def wrong(tmp_path: Path) -> Callable[..., list[tuple[str, str]]]:
    """What is wrong with a bundle: where, and what."""

    def wrong(data: bytes, known: Known = Known()) -> list[tuple[str, str]]:  # noqa: B008 (never changed)
        file = tmp_path / "goi.zip"
        file.write_bytes(data)
        return [(one.about, one.vi) for one in check(file, known) if one.standing is Standing.WRONG]

    return wrong


Wrong = Callable[..., list[tuple[str, str]]]


def of_manifest(bundle: bytes, change: Callable[[Json], None]) -> bytes:
    """The bundle with its manifest changed, written as Loa writes it."""

    def again(data: bytes) -> bytes:
        plain = json.loads(data)
        change(plain)
        return written(plain)

    return changed(bundle, "manifest.json", again)


async def test_a_text_is_changed(bundle: bytes, wrong: Wrong) -> None:
    """The file is named, and the revision whose digest it no longer gives."""
    found = wrong(changed(bundle, "texts/r2/short.txt", lambda data: data.replace("tiêm".encode(), "nghỉ".encode())))
    assert ["texts/r2/short.txt", "texts/r2/"] == [about for about, _ in found]
    assert "đã bị sửa: SHA-256" in found[0][1] and "văn bản không khớp mã đã duyệt" in found[1][1]


async def test_a_byte_of_audio_is_changed(bundle: bytes, wrong: Wrong) -> None:
    """One bit is enough."""
    [audio] = [name for name in files_of(bundle) if name.startswith("audio/")]
    [(about, said)] = wrong(changed(bundle, audio, lambda data: data[:500] + bytes([data[500] ^ 1]) + data[501:]))
    assert audio == about and "đã bị sửa" in said


async def test_a_row_is_added(bundle: bytes, wrong: Wrong) -> None:
    """To a table."""
    [(about, _)] = wrong(changed(bundle, "deliveries.csv", lambda data: data + b"x,,,,,,,confirmed,1,,,,\r\n"))
    assert "deliveries.csv" == about


async def test_files_are_added_and_removed(bundle: bytes, wrong: Wrong) -> None:
    """Each by its name."""
    files = files_of(bundle)
    assert [("slips/r3.pdf", "bị thêm vào")] == wrong(packed({**files, "slips/r3.pdf": b"%PDF"}))
    for path in files:
        rest = packed({name: data for name, data in files.items() if name != path})
        if path == "manifest.json":
            with pytest.raises(BadInput, match="manifest"):
                wrong(rest)
        else:
            assert (path, "bị thiếu") in wrong(rest)
    swapped = {**files, "slips/r1.pdf": files["slips/r2.pdf"], "slips/r2.pdf": files["slips/r1.pdf"]}
    assert ["slips/r1.pdf", "slips/r2.pdf"] == [about for about, _ in wrong(packed(swapped))]


def _of_another(plain: Json) -> None:
    plain["made_by"] = "Nguyễn Văn Khác"


def _one_less(plain: Json) -> None:
    plain["files"].pop()


def _less_said(plain: Json) -> None:
    del plain["journal"][1]


def _approved_earlier(plain: Json) -> None:
    plain["approved"][0]["approved_at"] = "2026-01-01T00:00:00Z"


def _no_signature(plain: Json) -> None:
    plain["signature"] = None


@pytest.mark.parametrize("change", [_of_another, _one_less, _less_said, _approved_earlier, _no_signature])
async def test_the_manifest_is_changed(bundle: bytes, wrong: Wrong, change: Callable[[Json], None]) -> None:
    """Anything in it, by anybody without the office's key."""
    found = wrong(of_manifest(bundle, change))
    assert "manifest.json" == found[0][0]
    assert found[0][1] in {"đã bị sửa sau khi ký", "không có chữ ký"}


async def test_the_manifest_is_written_otherwise(bundle: bytes, wrong: Wrong) -> None:
    """The same values in other words hide something from who reads the file: a name twice, blanks."""
    for old, new in ((b'"made_by"', b'"made_by": "X", "made_by"'), (b"{", b"{ ")):
        found = wrong(changed(bundle, "manifest.json", lambda data, old=old, new=new: data.replace(old, new, 1)))
        assert [("manifest.json", "không còn đúng từng chữ như Loa ghi")] == found


async def test_a_line_of_the_journal_is_changed(house: House, bundle: bytes, wrong: Wrong) -> None:
    """The line is named; with its sum made right again the signature shows it, and the office's key names it."""

    def blame(plain: Json) -> None:
        plain["journal"][2]["person"] = "Người Khác"

    def blame_well(plain: Json) -> None:
        blame(plain)
        entry = Manifest.model_validate(plain).journal[2]
        plain["journal"][2]["sha256"] = sum_of(entry.previous, entry.deed)

    line = f"journal {json.loads(files_of(bundle)['manifest.json'])['journal'][2]['seq']}"
    found = wrong(of_manifest(bundle, blame))
    assert (line, "đã bị sửa: nội dung không khớp tổng của dòng") in found
    found = wrong(of_manifest(bundle, blame_well))
    assert ("manifest.json", "đã bị sửa sau khi ký") in found and line not in [about for about, _ in found]
    found = wrong(of_manifest(bundle, blame_well), Known(stamp=house.stamp, journal=house.journal))
    assert (line, "không đúng băm có khóa của cơ quan") in found


async def test_somebody_else_signs(house: House, bundle: bytes, wrong: Wrong) -> None:
    """A forged bundle with a signature of its own is known by its key alone: so it must be compared."""
    forger = Stamp(b"f" * 32)

    def again(data: bytes) -> bytes:
        manifest, _ = read(data)
        entry = manifest.journal[2]
        deed = Deed(entry.seq, entry.at, "Người Khác", entry.verb, entry.thing, entry.detail)
        line = entry.model_copy(update={"person": "Người Khác", "sha256": sum_of(entry.previous, deed)})
        made = manifest.model_copy(update={"journal": [*manifest.journal[:2], line, *manifest.journal[3:]]})
        kept = made.approved[0].model_copy(update={"approved_by": "Người Khác"})
        return signed(made.model_copy(update={"approved": [kept, *made.approved[1:]], "signature": None}), forger)

    forged = changed(bundle, "manifest.json", again)
    assert [] == wrong(forged)
    [(about, said)] = wrong(forged, Known(house.stamp.fingerprint))
    assert "manifest.json" == about and f"ký bằng khóa khác, dấu {forger.fingerprint}" == said
    found = wrong(forged, Known(stamp=house.stamp, journal=house.journal))
    assert ["manifest.json", "journal 3"] == [about for about, _ in found]
    assert [] == wrong(bundle, Known(house.stamp.fingerprint.replace(" ", "")))


def test_a_stamp(house: House) -> None:
    """The same key signs alike; another text, key or signature does not hold; what is no key is no fault."""
    stamp, text = Stamp(b"k" * 32), b"abc"
    signature = stamp.sign(text)
    assert signature == Stamp(b"k" * 32).sign(text) and is_signed(stamp.public, signature, text)
    assert not is_signed(stamp.public, signature, b"abd")
    assert not is_signed(house.stamp.public, signature, text)
    assert not is_signed(b"short", signature, text) and not is_signed(stamp.public, b"", text)
    assert same_fingerprint(stamp.fingerprint, stamp.fingerprint.replace(" ", ":").upper())


# --- hostile files -----------------------------------------------------------------------------------------------------


def _with(bundle: bytes, name: str, data: bytes = b"x", **more: Any) -> bytes:
    """The bundle with a member more, made by hand."""
    file = io.BytesIO(bundle)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        for attribute, value in more.items():
            setattr(info, attribute, value)
        archive.writestr(info, data)
    return file.getvalue()


def _overlapping(bundle: bytes) -> bytes:
    """Every name leads to the same large member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", os.urandom(10_000))
        first = archive.infolist()[0]
        for name in ("b", "c"):
            other = zipfile.ZipInfo(name)
            other.header_offset, other.CRC = first.header_offset, first.CRC
            other.file_size = other.compress_size = first.file_size
            archive.filelist.append(other)
            archive.NameToInfo[name] = other
        archive._didModify = True
    return file.getvalue()


def _encrypted(bundle: bytes) -> bytes:
    """The first member of the table of contents says it is encrypted."""
    place = bundle.index(b"PK\1\2") + 8
    (flags,) = struct.unpack_from("<H", bundle, place)
    return bundle[:place] + struct.pack("<H", flags | 1) + bundle[place + 2 :]


def _commented(bundle: bytes) -> bytes:
    file = io.BytesIO(bundle)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"xin chao"
    return file.getvalue()


def _endless(bundle: bytes) -> bytes:
    """It says that its table of contents has four gigabytes."""
    place = bundle.rindex(b"PK\5\6") + 12
    return bundle[:place] + struct.pack("<L", 2**32 - 2) + bundle[place + 4 :]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda bundle: b"", "không phải tệp ZIP"),
        (lambda bundle: b"day la van ban", "không phải tệp ZIP"),
        (lambda bundle: bundle[: len(bundle) // 2], "không phải tệp ZIP"),
        (lambda bundle: bundle[:-30], "không phải tệp ZIP"),
        (lambda bundle: _with(bundle, "../../etc/passwd"), "Tên tệp không hợp lệ"),
        (lambda bundle: _with(bundle, "/etc/passwd"), "Tên tệp không hợp lệ"),
        (lambda bundle: _with(bundle, "texts/./a"), "Tên tệp không hợp lệ"),
        (lambda bundle: _with(bundle, "C:\\a"), "Tên tệp không hợp lệ"),
        (lambda bundle: _with(bundle, "texts/"), "Tên tệp không hợp lệ"),
        (lambda bundle: _with(bundle, "tin\x1b[2J"), "Tên tệp không hợp lệ"),
        (lambda bundle: _with(bundle, "manifest.json"), "Tên tệp có hai lần"),
        (lambda bundle: _with(bundle, "Manifest.JSON"), "Tên tệp có hai lần"),
        (lambda bundle: _with(bundle, "a", b"\0" * 20_000_000), "bom ZIP"),
        (lambda bundle: _with(bundle, "a", external_attr=0o120777 << 16), "không phải tệp thường"),
        (_overlapping, "bom ZIP"),
        (_encrypted, "kiểu nén hoặc mã hóa lạ"),
        (_commented, "ghi chú lạ"),
        (_endless, "mục lục ZIP lớn bất thường"),
        (lambda bundle: changed(bundle, "manifest.json", lambda _: b"["), "không phải JSON"),
        (lambda bundle: changed(bundle, "manifest.json", lambda _: b"[" * 100_000), "không phải JSON"),
        (lambda bundle: changed(bundle, "manifest.json", lambda _: b"{}"), "sai mẫu"),
        (lambda bundle: changed(bundle, "manifest.json", lambda data: data.replace(b'"size"', b'"s"')), "sai mẫu"),
        (lambda bundle: packed({"manifest.json": b"\0" * 1_000_000}), "không phải JSON"),
    ],
)
async def test_hostile_files(
    bundle: bytes, tmp_path: Path, made: Callable[[bytes], bytes], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told in words; nothing is unpacked, nothing beside the file is made or changed."""
    file = tmp_path / "sub" / "goi.zip"
    file.parent.mkdir()
    file.write_bytes(made(bundle))
    monkeypatch.chdir(file.parent)
    with pytest.raises(BadInput) as caught:
        list(check(file, Known()))
    assert said in caught.value.vi and caught.value.en
    assert [file] == list(file.parent.iterdir())


async def test_flipped_bits_are_found_or_do_no_harm(bundle: bytes, tmp_path: Path) -> None:
    """Wherever a byte is broken: a finding or a clear refusal, never another fault; what is read is never another text."""
    files, file = files_of(bundle), tmp_path / "goi.zip"
    for place in range(0, len(bundle), max(1, len(bundle) // 150)):
        file.write_bytes(bundle[:place] + bytes([bundle[place] ^ 0x41]) + bundle[place + 1 :])
        try:
            findings = list(check(file, Known()))
        except BadInput:
            continue
        if all(one.standing is not Standing.WRONG for one in findings):
            with opened(file) as same:
                assert files == {path: same.whole(path) for path in same.paths}


# --- the command -------------------------------------------------------------------------------------------------------


async def test_the_command(run: Run, house: House, bundle: bytes, tmp_path: Path) -> None:  # noqa: F811
    """What is right, what is wrong, and the exit code; the fingerprint by itself."""
    (tmp_path / "goi.zip").write_bytes(bundle)
    said = await run("audit", "verify", "goi.zip")
    assert "Gói bằng chứng nguyên vẹn" in said and house.stamp.fingerprint in said and "✗" not in said
    assert house.stamp.fingerprint == (await run("audit", "key")).strip()
    said = await run("audit", "verify", "goi.zip", "--own-key")
    assert "đúng băm có khóa của cơ quan" in said and "·" not in said
    await run("audit", "verify", "goi.zip", "--key", house.stamp.fingerprint)
    (tmp_path / "goi.zip").write_bytes(changed(bundle, "texts/r1/chat.txt", lambda _: b"\x1b[2Jkhac"))
    said = await run("audit", "verify", "goi.zip", code=1)
    assert "✗ texts/r1/chat.txt: đã bị sửa" in said and "2 chỗ sai" in said and "\x1b" not in said
    told = json.loads(await run("audit", "verify", "goi.zip", "--json", code=1))
    assert told["whole"] is False and {"wrong", "right", "note"} == {one["standing"] for one in told["findings"]}
    with pytest.raises(BadInput, match="cannot be read"):
        await run("audit", "verify", "khong-co.zip")


async def test_without_a_key(run: Run, house: House, bundle: bytes, tmp_path: Path) -> None:  # noqa: F811
    """On another machine there is none, and none is made."""
    (tmp_path / "goi.zip").write_bytes(bundle)
    key = house.settings.files.dir / "loa.key"
    key.rename(tmp_path / "away")
    with pytest.raises(BadInput, match="There is no key"):
        await run("audit", "verify", "goi.zip", "--own-key")
    await run("audit", "verify", "goi.zip")
    assert not key.exists()


def test_what_is_signed_does_not_depend_on_layout() -> None:
    """Canonical JSON without the signature."""
    assert unsigned({"b": 1, "a": "ế", "signature": {"x": 1}}) == '{"a":"ế","b":1}'.encode()
