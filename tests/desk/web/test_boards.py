"""Notice boards over the API, on the phone of whoever posts, by the code on a sheet: what is said of sheets, and what is refused."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse, FormData
from PIL import Image
from pypdf import PdfReader

from content.bulletin import BulletinClass
from content.item import Item
from db.types import to_json
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from tests.desk.web.test_items import hidden
from tests.sounds import record

KEY = "b" * 24
NAME = "bang-tin"
BOARD = {"kind": "board", "title": "Bảng tin Trung tâm", "name": NAME, "options.token": KEY, "options.screen": "true"}
PAGE = f"/board/{NAME}/t/{KEY}/"


@pytest.fixture
async def board(desk: Any) -> Any:
    """The desk with a notice board that has a screen."""
    quan = await desk.browser("quan")
    answer = await quan.post("/outlets", BOARD | {"options.place": "Trung tâm Phục vụ hành chính công"})
    assert 303 == answer.status, await answer.text()
    return desk


async def send(desk: Any, title: str, klass: BulletinClass = BulletinClass.NORMAL, **more: Any) -> Item:
    """A bulletin on the board's shelf and on the portal."""
    desk.clock.advance(2)
    item: Item = await desk.approved(title=title, **more)
    await record(desk.house, item)
    rule = Rule(once=desk.clock.now())
    await desk.schedule(items=(item.id,), outlets=(NAME, "portal"), rule=rule, klass=klass)
    await desk.house.runner.drain()
    return item


async def sheets(desk: Any) -> list[dict[str, Any]]:
    """What the API tells of the board's sheets."""
    answer = await desk.client.get("/api/v1/boards", headers=await desk.api("hung"))
    assert 200 == answer.status
    [told] = (await answer.json())["boards"]
    return list(told["sheets"])


async def log(desk: Any) -> list[tuple[str, str, str]]:
    """State, stage and words of the board's deliveries in the log."""
    async with desk.house.database.read() as connection:
        found = []
        async for delivery in log_store.walk(connection, log_store.Filter(outlets=(NAME,))):
            story = await log_store.story(connection, delivery.id)
            found += [(delivery.state.value, row.stage, row.detail) for row in story.receipts]
            found += [] if story.receipts else [(delivery.state.value, "", "")]
    return sorted(found)


def photo(kind: str = "JPEG", size: tuple[int, int] = (2000, 1000)) -> bytes:
    """A picture that says where and when it was taken."""
    made, image = io.BytesIO(), Image.new("RGB", size, "teal")
    exif = image.getexif()
    exif[0x0110] = "Máy của chị Hà"
    image.save(made, kind, exif=exif)
    return made.getvalue()


async def tap(desk: Any, deed: str, delivery: str, by: str = "Chị Hà", path: str = PAGE, **more: Any) -> ClientResponse:
    """A tap on the page's button."""
    form = FormData()
    for name, value in {"delivery": delivery, "deed": deed, "by": by}.items():
        form.add_field(name, value)
    if "photo" in more:
        form.add_field("photo", more.pop("photo"), filename="anh.jpg", content_type="image/jpeg")
    answer: ClientResponse = await desk.client.post(f"{path}said", data=form, allow_redirects=False, **more)
    return answer


async def text_of(answer: ClientResponse) -> str:
    """A page or an error, which has neither a traceback nor a secret in it."""
    text = await answer.text()
    assert "Traceback" not in text
    return text


async def test_a_sheet_lives_from_the_printer_to_the_bin(board: Any, words: Any) -> None:
    """Sent when it can be printed, confirmed when it hangs; over, it is to come down; both stand in the log once."""
    await send(board, "Lịch tiêm chủng", valid_until=board.clock.now() + timedelta(hours=5))
    [sheet] = await sheets(board)
    assert ("to_post", None) == (sheet["standing"], sheet["posted"])
    assert [("sent", "", "")] == await log(board)
    html = words(await text_of(await board.client.get(PAGE)))
    assert "Cần in và dán (1)" in html and sheet["code"] in html
    for _ in range(2):
        answer = await tap(board, "posted", sheet["delivery"], photo=photo())
        assert (303, "./") == (answer.status, answer.headers["Location"])
    [sheet] = await sheets(board)
    assert ("up", "Chị Hà", "tap", True) == (
        sheet["standing"],
        *(sheet["posted"][name] for name in ("by", "way", "photo")),
    )
    assert [("confirmed", "delivered", "Chị Hà, bấm trên trang của bảng tin, có ảnh")] == await log(board)
    board.clock.advance(6 * 3600)
    hung = await board.browser("hung")
    assert "Bảng tin Trung tâm: 1 tờ cần gỡ" in words(await hung.page("/"))
    assert "Cần gỡ (1)" in words(await text_of(await board.client.get(PAGE)))
    assert 303 == (await tap(board, "down", sheet["delivery"])).status
    [sheet] = await sheets(board)
    assert "down" == sheet["standing"]
    assert ("confirmed", "down", "Chị Hà, bấm trên trang của bảng tin") == (await log(board))[1]
    assert "Bảng tin chờ" not in await hung.page("/")
    page = words(await hung.page(f"/deliveries/{sheet['delivery']}"))
    assert "Đã gỡ khỏi bảng tin" in page and "ghi đã dán tờ tin" in page


async def test_a_photo_is_drawn_anew(board: Any) -> None:
    """Small, upright, without the camera's words, whoever may read sees it; what is no photo changes nothing."""
    await send(board, "Lịch tiêm chủng")
    [sheet] = await sheets(board)
    for bad in (b"<svg onload=alert(1)>", b"%PDF-1.4", photo()[:400], photo("PNG", (12_000, 6_000))):
        answer = await tap(board, "posted", sheet["delivery"], photo=bad)
        assert 400 == answer.status and re.search("ảnh|Ảnh", await text_of(answer))
    assert [("sent", "", "")] == await log(board)
    await tap(board, "posted", sheet["delivery"], photo=photo("PNG"))
    hung = await board.browser("hung")
    answer = await hung.get(f"/boards/{NAME}/{sheet['delivery']}/photo")
    kept = await answer.read()
    assert "image/jpeg" == answer.headers["Content-Type"] and b"Ch" not in kept[:0] and "Máy".encode() not in kept
    image = Image.open(io.BytesIO(kept))
    assert ("JPEG", (1280, 640), 0) == (image.format, image.size, len(image.getexif()))
    assert 404 == (await hung.get(f"/boards/{NAME}/{sheet['delivery']}/photo?deed=down")).status


async def test_the_code_on_the_sheet_does_it_too(board: Any, words: Any) -> None:
    """Typed as people type; posting before it hangs, taking down only when it is over; a wrong one does nothing."""
    await send(board, "Lịch tiêm chủng", valid_until=board.clock.now() + timedelta(hours=5))
    [sheet] = await sheets(board)
    code, door = sheet["code"], f"/board/{NAME}/ma"
    assert "Lịch tiêm chủng" in await text_of(
        await board.client.get(door, params={"ma": code.lower().replace("-", " ")})
    )
    wrong = await board.client.get(door, params={"ma": "AAAA-AAAA"})
    assert 404 == wrong.status and "Không có tờ tin nào mang mã này" in words(await text_of(wrong))
    for fields, why in (
        ({"ma": "", "deed": "posted", "by": "Anh Pó"}, "Không có tờ tin nào"),
        ({"ma": code, "deed": "posted", "by": ""}, "Ghi tên người"),
        ({"ma": code, "deed": "burnt", "by": "Anh Pó"}, "Chọn đã dán hay đã gỡ"),
        ({"ma": code, "deed": "down", "by": "Anh Pó"}, "chưa ghi là đã dán"),
    ):
        answer = await board.client.post(door, data=fields, allow_redirects=False)
        assert answer.status in {400, 404} and why in words(await text_of(answer)), fields
    assert [("sent", "", "")] == await log(board)
    posted = {"ma": code, "deed": "posted", "by": "Anh Pó"}
    assert 303 == (await board.client.post(door, data=posted, allow_redirects=False)).status
    assert [("confirmed", "delivered", "Anh Pó, mã trên tờ")] == await log(board)
    early = await board.client.post(door, data=posted | {"deed": "down"}, allow_redirects=False)
    assert 400 == early.status and "còn hiệu lực" in words(await text_of(early))
    board.clock.advance(6 * 3600)
    assert 303 == (await board.client.post(door, data=posted | {"deed": "down"}, allow_redirects=False)).status
    assert ["delivered", "down"] == sorted(stage for _, stage, _ in await log(board))


async def test_withdrawn_comes_down_and_what_never_hung_is_left(board: Any, words: Any) -> None:
    """Withdrawing what hangs asks for it to come down; what was not posted yet is not to be posted any more."""
    first, second = await send(board, "Tin thứ nhất"), await send(board, "Tin thứ hai")
    told = {one["title"]: one["delivery"] for one in await sheets(board)}
    await tap(board, "posted", told["Tin thứ nhất"])
    hung = await board.browser("hung")
    for item in (first, second):
        assert 303 == (await hung.post(f"/items/{item.id}/withdraw", {"note": "Sai ngày"})).status
    standing = {one["title"]: one["standing"] for one in await sheets(board)}
    assert {"Tin thứ nhất": "to_take_down", "Tin thứ hai": "never"} == standing
    answer = await tap(board, "posted", told["Tin thứ hai"])
    assert 409 == answer.status and "đừng dán" in words(await text_of(answer))
    assert "Đã bị thu hồi hoặc thay bằng bản sửa" in words(await text_of(await board.client.get(PAGE)))


async def test_a_corrected_sheet_is_replaced(board: Any) -> None:
    """What hangs of a text that was put right in place is told as to come down, and the new sheet as to be posted."""
    item = await send(board, "Lịch tiêm chủng")
    [sheet] = await sheets(board)
    await tap(board, "posted", sheet["delivery"])
    board.clock.advance(60)
    lan, hung = await board.browser("lan"), await board.browser("hung")
    place = f"/items/{item.id}"
    fields = {"title": "Lịch tiêm chủng (sửa)", "body": "Ngày 12/12/2026.", "act": "submit"}
    await lan.post(place, fields | {"base": hidden(await lan.page(f"{place}/edit"), "base")})
    await record(board.house, item)
    await hung.post(f"{place}/approve", {"digest": hidden(await hung.page(place), "digest")})
    await board.house.runner.drain()
    standing = {one["title"]: one["standing"] for one in await sheets(board)}
    assert {"Lịch tiêm chủng": "to_take_down", "Lịch tiêm chủng (sửa)": "to_post"} == standing


async def test_only_with_the_key_and_from_its_own_page(board: Any) -> None:
    """A wrong key, another site, a sheet of nobody, an outlet that is no board."""
    await send(board, "Lịch tiêm chủng")
    [sheet] = await sheets(board)
    assert 401 == (await board.client.get(f"/board/{NAME}/")).status
    assert 401 == (await board.client.get(f"/board/{NAME}/t/sai/")).status
    assert 401 == (await board.client.get(f"/board/{NAME}/in/{sheet['delivery']}-a4.pdf")).status
    assert 401 == (await tap(board, "posted", sheet["delivery"], path=f"/board/{NAME}/t/sai/")).status
    assert 403 == (await tap(board, "posted", sheet["delivery"], headers={"Sec-Fetch-Site": "cross-site"})).status
    assert 404 == (await tap(board, "posted", "0000000000000-0")).status
    assert 404 == (await board.client.post(f"{PAGE}aired", data={"delivery": sheet["delivery"]})).status
    assert 404 == (await board.client.get("/board/dai-xa/ma")).status
    assert [("sent", "", "")] == await log(board)


async def test_the_sheet_prints_on_both_papers(board: Any, words: Any) -> None:
    """A heading as the decree has it, Vietnamese letters, the code; one page, the larger one the same magnified."""
    await send(board, "Nhận hồ sơ hộ tịch trực tuyến", BulletinClass.URGENT)
    [sheet] = await sheets(board)
    sizes = {}
    for paper in ("a4", "a3"):
        answer = await board.client.get(f"{PAGE}in/{sheet['delivery']}-{paper}.pdf")
        assert (200, "application/pdf") == (answer.status, answer.headers["Content-Type"])
        [page] = PdfReader(io.BytesIO(await answer.read())).pages
        sizes[paper] = [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]]
        text = " ".join(page.extract_text().split())
        for expected in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "UBND XÃ SỐP CỘP", "KHẨN CẤP", sheet["code"]):
            assert expected in text, text
        assert "Từ ngày 01/12/2026 xã nhận hồ sơ hộ tịch trực tuyến." in text
        assert "Đọc trên cổng thông tin" in text and "Nghe bản tin" in text
    assert {"a4": [210, 297], "a3": [297, 420]} == sizes
    answer = await board.client.get(f"/board/{NAME}/nghe/{sheet['delivery']}.mp3")
    assert (200, "audio/mpeg") == (answer.status, answer.headers["Content-Type"])
    await send(board, "Bài rất dài", body="Một câu dài về việc của xã trong tháng này. " * 400)
    long = (await sheets(board))[-1]
    headers = await board.api("hung")
    answer = await board.client.get(
        f"/api/v1/boards/{NAME}/{long['delivery']}/sheet", params={"paper": "a3"}, headers=headers
    )
    assert 1 < len(PdfReader(io.BytesIO(await answer.read())).pages)
    answer = await board.client.get(
        f"/api/v1/boards/{NAME}/{long['delivery']}/sheet", params={"paper": "a5"}, headers=headers
    )
    assert 400 <= answer.status < 500 and "paper" in await text_of(answer)


async def test_over_the_api(board: Any) -> None:
    """Said by a program, once; what it may not and what is not there is told as a problem."""
    await send(board, "Lịch tiêm chủng")
    [sheet] = await sheets(board)
    path, headers = f"/api/v1/boards/{NAME}/{sheet['delivery']}", await board.api("hung")
    form = FormData()
    form.add_field("by", "Chị Hà")
    form.add_field("photo", photo("WEBP"), filename="a.webp", content_type="image/webp")
    answer = await board.client.post(f"{path}/posted", data=form, headers=headers)
    told = await answer.json()
    assert (200, "up", "desk", True) == (
        answer.status,
        told["standing"],
        told["posted"]["way"],
        told["posted"]["photo"],
    )
    answer = await board.client.post(f"{path}/down", json={}, headers=headers)
    assert (200, "down", "Trần Văn Hùng") == (
        answer.status,
        (told := await answer.json())["standing"],
        told["down"]["by"],
    )
    for method, address, status in (
        ("POST", f"/api/v1/boards/{NAME}/0000000000000-0/posted", 404),
        ("POST", f"/api/v1/boards/dai-xa/{sheet['delivery']}/posted", 404),
        ("GET", f"/api/v1/boards/khong-co/{sheet['delivery']}/sheet", 404),
    ):
        answer = await board.client.request(method, address, headers=headers)
        assert status == answer.status and "application/problem+json" == answer.content_type
    viewer = await board.api("xem")
    assert 403 == (await board.client.post(f"{path}/posted", json={}, headers=viewer)).status


async def test_a_key_is_printed_once(board: Any, words: Any) -> None:
    """As a station's, on a sheet that says how to post."""
    hung = await board.browser("hung")
    html = await (await hung.post(f"/outlets/{NAME}/key")).text()
    assert "Cần in và dán" in words(html) and "<svg" in html
    [key] = set(re.findall(r"/t/([\w-]{24})/", html))
    assert 200 == (await board.client.get(f"/board/{NAME}/t/{key}/")).status
    assert 404 == (await hung.post("/outlets/sms/key")).status


async def test_the_screen_is_told_what_is_in_force(board: Any, words: Any) -> None:
    """Urgent first; unchanged costs a 304; without a script it is a list; a board without a screen has none."""
    await send(board, "Lịch tiêm chủng", valid_until=board.clock.now() + timedelta(hours=5))
    now = f"/board/{NAME}/screen/now.json"
    answer = await board.client.get(now)
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert ["Lịch tiêm chủng"] == [one["title"] for one in json.loads(await answer.text())["sheets"]]
    assert 304 == (await board.client.get(now, headers=tag)).status
    await send(board, "Lũ ống trên suối", BulletinClass.URGENT)
    answer = await board.client.get(now, headers=tag)
    assert ["urgent", "normal"] == [one["class"] for one in json.loads(await answer.text())["sheets"]]
    html = await text_of(await board.client.get(f"/board/{NAME}/screen/"))
    assert "Trung tâm Phục vụ hành chính công" in words(html) and KEY not in html
    assert "text/javascript" == (await board.client.get(f"/board/{NAME}/screen/worker.js")).content_type
    board.clock.advance(6 * 3600)
    assert 1 == len(json.loads(await (await board.client.get(now)).text())["sheets"])
    quan = await board.browser("quan")
    plain = {"kind": "board", "title": "Bảng bản Pe", "name": "ban-pe"}
    assert 303 == (await quan.post("/outlets", plain)).status
    answer = await board.client.get("/board/ban-pe/screen/")
    assert 404 == answer.status and "không có màn hình" in words(await text_of(answer))


@pytest.mark.parametrize(
    ("options", "field"),
    [({"token": "ngắn"}, "token"), ({"paper": "a0"}, "paper"), ({"lit_from": "25:00"}, "lit_from")],
)
async def test_a_bad_option_is_named(desk: Any, options: dict[str, str], field: str) -> None:
    """By its field, and no outlet is made."""
    body = to_json({"kind": "board", "title": "Bảng", "name": "bang", "options": options})
    headers = await desk.api("quan") | {"Content-Type": "application/json"}
    answer = await desk.client.post("/api/v1/outlets", data=body, headers=headers)
    assert 400 <= answer.status < 500 and field in await text_of(answer)
    assert 404 == (await desk.client.get("/api/v1/outlets/bang", headers=headers)).status
