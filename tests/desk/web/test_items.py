"""Items on the desk: write, upload, submit, approve by a second person, send back, withdraw; in pages and in JSON."""

from __future__ import annotations

import re
from typing import Any

import aiohttp
import pytest

from channels.shelf import store as shelf_store
from content import store as content_store
from content.bulletin import Bulletin, BulletinClass, Part
from content.recordings import store as recording_store

TEXT = "Từ ngày 01/12/2026 xã nhận hồ sơ hộ tịch trực tuyến."


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


async def test_written_submitted_and_approved_by_a_second_person(desk: Any) -> None:
    """The whole way through the pages, with the journal telling it."""
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    answer = await lan.post("/items", {"title": "Hồ sơ trực tuyến", "body": TEXT, "klass": "priority", "act": "submit"})
    assert answer.status == 303
    place = answer.headers["Location"]
    assert "Chờ bạn duyệt" not in await lan.page(place)
    page = await hung.page(place)
    assert "Chờ bạn duyệt" in page and "ưu tiên" in page
    answer = await hung.post(f"{place}/approve", {"digest": hidden(page, "digest")})
    assert (answer.status, answer.headers["Location"]) == (303, place)
    page = await hung.page(place)
    assert "Đã duyệt" in page
    for words in ("viết tin", "trình duyệt", "Trần Văn Hùng"):
        assert words in page


async def test_what_was_done_is_said_once(desk: Any) -> None:
    """The word after a deed comes in a signed cookie and is forgotten when shown."""
    lan = await desk.browser("lan")
    answer = await lan.post("/items", {"title": "Tin", "body": TEXT})
    said = next(v for v in answer.headers.getall("Set-Cookie") if v.startswith("loa-said=")).split(";")[0]
    headers = {"Cookie": f"loa={lan.cookie}; {said}"}
    answer = await lan.get(answer.headers["Location"], headers=headers)
    assert "Đã lưu bản nháp." in await answer.text()
    assert 'loa-said=""' in answer.headers["Set-Cookie"]
    forged = {"Cookie": f"loa={lan.cookie}; loa-said=eA==.{'0' * 64}"}
    assert (await lan.get("/items", headers=forged)).status == 200


async def test_the_author_cannot_approve_on_the_page(desk: Any) -> None:
    """Somebody with both roles who wrote the text sees why, and the deed is refused."""
    item = await desk.submitted(by="Lò Thị Mai")
    mai = await desk.browser("mai")
    page = await mai.page(f"/items/{item.id}")
    assert "không tự duyệt được" in page
    assert f"/items/{item.id}/approve" not in page
    async with desk.house.database.read() as connection:
        digest = (await content_store.find_revision(connection, item.revision)).digest
    answer = await mai.post(f"/items/{item.id}/approve", {"digest": digest})
    assert answer.status == 403
    assert "cần người thứ hai" in await answer.text()


async def test_the_author_cannot_approve_by_json(desk: Any) -> None:
    """The same rule holds for programs, and writing does not give a token the right to approve."""
    item = await desk.submitted(by="Lò Thị Mai")
    headers = await desk.api("mai", "read", "write", "approve")
    plain = await (await desk.client.get(f"/api/v1/items/{item.id}", headers=headers)).json()
    told = {"digest": plain["digest"]}
    answer = await desk.client.post(f"/api/v1/items/{item.id}/approve", headers=headers, json=told)
    assert (answer.status, answer.content_type) == (403, "application/problem+json")
    hung = await desk.api("hung", "approve")
    answer = await desk.client.post(f"/api/v1/items/{item.id}/approve", headers=hung, json={})
    assert (answer.status, (await answer.json())["field"]) == (400, "digest")
    answer = await desk.client.post(f"/api/v1/items/{item.id}/approve", headers=hung, json=told)
    assert (answer.status, (await answer.json())["state"]) == (200, "approved")


@pytest.mark.parametrize("json", [False, True])
async def test_a_digest_that_has_changed_is_409(desk: Any, *, json: bool) -> None:
    """Whoever approves what they did not see is told so, and nothing is approved."""
    item = await desk.submitted()
    hung, lan = await desk.browser("hung"), await desk.browser("lan")
    seen = hidden(await hung.page(f"/items/{item.id}"), "digest")
    fields = {"title": "Tin khác", "body": TEXT, "act": "submit"}
    assert (await lan.post(f"/items/{item.id}", fields)).status == 303
    if json:
        headers = await desk.api("hung", "approve")
        answer = await desk.client.post(f"/api/v1/items/{item.id}/approve", headers=headers, json={"digest": seen})
    else:
        answer = await hung.post(f"/items/{item.id}/approve", {"digest": seen})
    assert answer.status == 409
    assert "đã thay đổi sau khi bạn mở" in await answer.text()
    assert "chờ duyệt" in await hung.page(f"/items/{item.id}")


async def test_two_writers_do_not_overwrite_each_other(desk: Any) -> None:
    """Whoever saves on top of an older text gets 409 with all they typed."""
    item = await desk.draft()
    lan = await desk.browser("lan")
    base = hidden(await lan.page(f"/items/{item.id}/edit"), "base")
    assert (await lan.post(f"/items/{item.id}", {"title": "Một", "body": TEXT, "base": base})).status == 303
    answer = await lan.post(f"/items/{item.id}", {"title": "Hai", "body": "Chữ tôi đã gõ.", "base": base})
    assert answer.status == 409
    assert "Chữ tôi đã gõ." in await answer.text()


async def test_bodies_that_run_or_track_are_cleaned(desk: Any) -> None:
    """Scripts, handlers, remote images and odd links do not reach any page; nor does the title run."""
    evil = (
        "Chào <script>alert(1)</script> <img src=https://x.example/a.png onerror=alert(2)> "
        "[a](javascript:alert(3)) <a href='//x.example'>b</a> <svg onload=alert(4)></svg> [c](https://ok.example/)"
    )
    lan = await desk.browser("lan")
    answer = await lan.post("/items", {"title": "<b onmouseover=alert(5)>Tin", "body": evil, "article": ""})
    page = await lan.page(answer.headers["Location"])
    for bad in (
        "<script>alert",
        "<img src=",
        "onerror",
        'href="javascript',
        'href="//x.example',
        "<svg onload",
        "<b onm",
    ):
        assert bad not in page.split('class="prose"')[1].split("</article>")[0], bad
    assert '<a href="https://ok.example/"' in page
    assert "&lt;b onmouseover" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": ""}, "title"),
        ({"body": "  "}, "body"),
        ({"title": "x" * 301}, "title"),
        ({"valid_from": "2026-12-02T00:00", "valid_until": "2026-12-01T00:00"}, "valid_until"),
        ({"valid_until": "ngày mai"}, "valid_until"),
        ({"theme": "khong-co"}, "theme"),
        ({"klass": "high"}, "klass"),
        ({"short": "á" * 600, "act": "submit"}, "short"),
    ],
)
async def test_bad_input_is_told_at_its_field_and_kept(desk: Any, given: dict[str, str], field: str) -> None:
    """The form comes back as it was typed, with the message where it belongs, and nothing is stored."""
    lan = await desk.browser("lan")
    answer = await lan.post("/items", {"title": "Tin", "body": TEXT, "source": "Nguồn đã gõ"} | given)
    html = await answer.text()
    assert answer.status == 422
    assert f'id="e-{field}"' in html and "Nguồn đã gõ" in html
    async with desk.house.database.read() as connection:
        assert await content_store.list_items(connection) == []


async def test_a_document_fills_the_form(desk: Any) -> None:
    """An uploaded file is read into the form; nothing is stored before saving."""
    lan = await desk.browser("lan")
    form = aiohttp.FormData({"form_token": lan.form_token, "act": "read"})
    text = "---\ntitle: Lịch tiêm chủng\nclass: urgent\nshort: Tiem chung ngay 5\n---\n\nTrạm Y tế xã tiêm chủng."
    form.add_field("file", text.encode(), filename="C:\\tin\\lich.md", content_type="text/markdown")
    answer = await lan.ask("POST", "/items", data=form)
    html = await answer.text()
    assert answer.status == 200
    assert 'value="Lịch tiêm chủng"' in html and "Tiem chung ngay 5" in html and "lich.md" in html
    assert re.search(r'value="urgent" checked', html)
    async with desk.house.database.read() as connection:
        assert await content_store.list_items(connection) == []


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.exe", b"MZ", "chỉ nhận .md, .txt và .docx"),
        ("a.txt", b"\xff\xfe\x00\x01", "không phải UTF-8"),
        ("a.txt", b"  ", "rỗng"),
        ("a.docx", b"PK\x03\x04 not really", "a.docx"),
    ],
)
async def test_a_document_that_is_none_is_told_at_its_field(desk: Any, name: str, body: bytes, said: str) -> None:
    """A wrong, empty, broken or disguised file is named, with the reason."""
    lan = await desk.browser("lan")
    form = aiohttp.FormData({"form_token": lan.form_token, "act": "read", "title": "Đã gõ"})
    form.add_field("file", body, filename=name)
    answer = await lan.ask("POST", "/items", data=form)
    html = await answer.text()
    assert answer.status == 422
    assert 'id="e-file"' in html and said in html and "Đã gõ" in html


async def test_sending_back_needs_a_reason_and_shows_it(desk: Any) -> None:
    """The writer reads why."""
    item = await desk.submitted()
    hung = await desk.browser("hung")
    answer = await hung.post(f"/items/{item.id}/send-back", {"note": " "})
    assert answer.status == 422
    assert 'id="e-note"' in await answer.text()
    assert (await hung.post(f"/items/{item.id}/send-back", {"note": "Thiếu số liệu"})).status == 303
    assert "“Thiếu số liệu”" in await (await desk.browser("lan")).page(f"/items/{item.id}")


async def test_withdrawing_clears_the_shelves_in_the_same_deed(desk: Any) -> None:
    """A withdrawn item stands on no shelf any more."""
    item = await desk.approved()
    part = Part(item.id, "r", "d", "slug", "T", "<p>x</p>", "x", "x", "x")
    now = desk.clock.now()
    async with desk.house.database.write() as tx:
        bulletin = Bulletin("b", BulletinClass.NORMAL, "UBND", now, None, (part,))
        await shelf_store.put_on_shelf(tx, "portal", "d-1", bulletin, now)
    answer = await (await desk.browser("hung")).post(f"/items/{item.id}/withdraw", {"note": "Sai ngày"})
    assert answer.status == 303
    async with desk.house.database.read() as connection:
        assert await shelf_store.on_shelf(connection, "portal", now) == []
        assert (await content_store.find_item(connection, item.id)).state == "withdrawn"


async def test_the_recording_can_be_heard_in_parts(desk: Any) -> None:
    """Before it is made the page says so; then it is served with ranges, and its hash goes with the approval."""
    item = await desk.submitted()
    hung = await desk.browser("hung")
    assert (await hung.get(f"/items/{item.id}/audio")).status == 404
    assert "Đang thu âm" in await hung.page(f"/items/{item.id}")
    async with desk.house.database.write() as tx:
        revision = await content_store.find_revision(tx, item.revision)
        key, now = desk.house.press.key_of(revision), desk.clock.now()
        await recording_store.claim_recording(desk.house.database, tx, key, owner="o", now=now, lease_until=now)
        told = {"state": "made", "name": "ab.mp3", "sha256": "ab" * 32, "bytes": 10, "seconds": 62.0, "voice": "espeak"}
        await recording_store.save_recording(tx, key, "o", **told)
    desk.house.recordings.mkdir(parents=True, exist_ok=True)
    (desk.house.recordings / "ab.mp3").write_bytes(b"0123456789")
    page = await hung.page(f"/items/{item.id}")
    assert "1 phút" in page and "<audio" in page
    answer = await hung.get(f"/items/{item.id}/audio", headers={"Range": "bytes=2-4"})
    assert (answer.status, await answer.read(), answer.content_type) == (206, b"234", "audio/mpeg")
    fields = {"digest": hidden(page, "digest"), "recording": hidden(page, "recording")}
    assert (await hung.post(f"/items/{item.id}/approve", fields)).status == 303
    async with desk.house.database.read() as connection:
        assert (await content_store.approvals_of(connection, item.revision))[-1].recording == "ab" * 32


async def test_programs_write_submit_and_withdraw(desk: Any) -> None:
    """The verbs of the pages, as JSON."""
    headers = await desk.api("lan", "read", "write", "approve")
    told = {"title": "Tin từ chương trình", "body": TEXT, "class": "urgent", "valid_until": "2026-12-31T00:00:00+07:00"}
    answer = await desk.client.post("/api/v1/items", headers=headers, json=told)
    plain = await answer.json()
    assert (answer.status, plain["state"], plain["class"]) == (201, "draft", "urgent")
    assert plain["valid_until"] == "2026-12-30T17:00:00+00:00"
    place = f"/api/v1/items/{plain['id']}"
    assert (await (await desk.client.post(f"{place}/submit", headers=headers)).json())["state"] == "in_review"
    answer = await desk.client.post(f"{place}/submit", headers=headers)
    assert answer.status == 409
    answer = await desk.client.post(f"{place}/withdraw", headers=headers, json={"note": "Nhầm"})
    assert (await answer.json())["state"] == "withdrawn"
    answer = await desk.client.post("/api/v1/items", headers=headers, json={"title": "T"})
    assert (answer.status, (await answer.json())["field"]) == (400, "body")


async def test_list_filters_and_searches(desk: Any) -> None:
    """By state, and by words of the title in any case."""
    await desk.draft(title="Tiêm chủng mở rộng")
    await desk.submitted(title="Cảnh báo mưa lớn")
    browser = await desk.browser("xem")
    page = await browser.page("/items?state=in_review")
    assert "Cảnh báo mưa lớn" in page and "Tiêm chủng" not in page
    page = await browser.page("/items?q=tiêm")
    assert "Tiêm chủng mở rộng" in page and "Cảnh báo" not in page
    assert "Không có tin nào khớp" in await browser.page("/items?q=khongco")
