"""The yearly plan on the desk: written, measured by what went out, late tasks told, copied; and who may."""

from __future__ import annotations

import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

HEAD = {"year": "2026", "number": "36/KH-UBND", "signed": "2026-01-23", "title": "Tuyên truyền cải cách 2026"}
TASK = {"year": "2026", "words": "Tin nhắn về hồ sơ", "theme": "mot-cua", "way": "sms", "owner": "Chị Lan"}
TASK |= {"rhythm": "quarter", "target": "12"}


async def written(desk: Any, *tasks: dict[str, str], login: str = "hung") -> Any:
    """A plan with these tasks; the browser of who wrote it."""
    browser = await desk.browser(login)
    assert 303 == (await browser.post("/plan", HEAD)).status
    for task in tasks:
        assert 303 == (await browser.post("/plan/tasks", TASK | task)).status
    return browser


async def told(desk: Any, query: str = "") -> dict[str, Any]:
    """A plan as JSON."""
    answer = await desk.client.get(f"/api/v1/plan{query}", headers=await desk.api("xem", "read"))
    plain: dict[str, Any] = await answer.json()
    assert 200 == answer.status, plain
    return plain


async def deeds(desk: Any, year: int = 2026) -> list[str]:
    """What the journal has of a plan."""
    async with desk.house.database.read() as connection:
        return [deed.verb for deed in await desk.house.journal.of(connection, f"plan/{year}")]


async def test_a_year_without_a_plan_teaches(desk: Any) -> None:
    """Who may write one finds the form, who may not is told who does; no form of a task yet."""
    page = await (await desk.browser("hung")).page("/plan")
    assert "Chưa có kế hoạch năm 2026" in page and 'name="objectives"' in page and 'name="words"' not in page
    page = await (await desk.browser("xem")).page("/plan")
    assert "Người phê duyệt hoặc quản trị lập kế hoạch" in page and '<form method="post" action="/plan' not in page
    answer = await desk.client.get("/api/v1/plan", headers=await desk.api("xem", "read"))
    assert (404, "year") == (answer.status, (await answer.json())["field"])


async def test_a_whole_number_may_be_written_with_a_point(desk: Any) -> None:
    """As JSON schemas have it; what is not whole is none."""
    headers = await desk.api("hung", "read", "write", "approve")
    told = [{"title": "Kế hoạch", "year": year} for year in (2031.5, 2031.0)]
    answers = [await desk.client.post("/api/v1/plan", headers=headers, json=one) for one in told]
    assert [400, 200] == [answer.status for answer in answers]


async def test_progress_stands_beside_each_task(desk: Any, words: Any) -> None:
    """How many of how many, what is expected by now, what counted with its evidence, and a text to write."""
    browser = await written(desk, {"theme": "", "target": "2"}, {"words": "Bài trên cổng", "way": "portal"})
    await desk.deliveries("cf")
    page = await browser.page("/plan")
    said = words(page)
    assert "Kế hoạch số 36/KH-UBND ngày 23/01/2026" in said and "1 trên 2 nhiệm vụ đang chậm" in said
    assert said.index("Bài trên cổng") < said.index("Tin nhắn về hồ sơ")
    assert "0/12 quý IV · đến nay cần 6, còn thiếu 6" in said
    assert "1/2 quý IV · đến nay cần 1" in said and '<progress max="2" value="1"' in page
    assert "/evidence.zip" in page and "Nhận hồ sơ hộ tịch trực tuyến" in said
    assert "/items/new?theme=mot-cua" not in page  # who approves writes nothing
    lan = await desk.browser("lan")
    page = await lan.page("/plan")
    assert "/items/new?theme=mot-cua" in page and "evidence.zip" not in page and 'action="/plan' not in page
    assert '<option value="mot-cua" selected>' in await lan.page("/items/new?theme=mot-cua")
    assert " style=" not in page
    plain = await told(desk)
    late, fine = plain["tasks"]
    assert ("behind", 6, 6, 0) == (late["standing"], late["expected"], late["gap"], late["now"]["done"])
    assert ("on_time", 1) == (fine["standing"], len(fine["counted"]))


async def test_a_task_has_its_page(desk: Any, words: Any) -> None:
    """Stretch by stretch; changed there, taken out there, and each deed is in the journal."""
    browser = await written(desk, {})
    id = (await told(desk))["tasks"][0]["id"]
    page = await browser.page(f"/plan/tasks/{id}")
    assert "Quý II 12 0 12" in words(page) and 'value="Chị Lan"' in page
    change = {name: value for name, value in TASK.items() if name != "year"} | {"target": "3"}
    assert 303 == (await browser.post(f"/plan/tasks/{id}", change)).status
    assert 3 == (await told(desk))["tasks"][0]["target"]
    assert 303 == (await browser.post(f"/plan/tasks/{id}/remove")).status
    assert [] == (await told(desk))["tasks"] and 404 == (await browser.get(f"/plan/tasks/{id}")).status
    assert ["save_plan", "add_task", "change_task", "remove_task"] == await deeds(desk)
    assert "bỏ nhiệm vụ" in words(await browser.page("/plan"))


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("/plan", HEAD | {"title": ""}, "title"),
        ("/plan", HEAD | {"signed": "hôm qua"}, "signed"),
        ("/plan/tasks", TASK | {"words": ""}, "words"),
        ("/plan/tasks", TASK | {"theme": "khong-co"}, "theme"),
        ("/plan/tasks", TASK | {"target": "nhiều"}, "target"),
        ("/plan/tasks", TASK | {"rhythm": "once"}, "deadline"),
        ("/plan/tasks/{id}", TASK | {"deadline": "2026-06-30"}, "deadline"),
    ],
)
async def test_bad_input_is_told_at_its_field_and_changes_nothing(
    desk: Any, path: str, fields: dict[str, str], field: str
) -> None:
    """What was typed is still there; neither plan nor journal has a trace."""
    browser = await written(desk, {})
    before, noted = await told(desk), await deeds(desk)
    answer = await browser.post(path.format(id=before["tasks"][0]["id"]), fields)
    page = await answer.text()
    assert 422 == answer.status and f'href="#f-{field}"' in page and f'id="e-{field}"' in page
    assert before == await told(desk) and noted == await deeds(desk)


async def test_last_years_plan_is_copied(desk: Any, words: Any) -> None:
    """In one act, once; unsigned, with every task and its deadline a year on."""
    browser = await written(desk, {}, {"words": "Đợt cao điểm", "rhythm": "once", "deadline": "2026-06-30"})
    assert "Chép kế hoạch năm khác" in await browser.page("/plan?year=2027")
    assert 303 == (await browser.post("/plan/copy", {"year": "2027", "from": "2026"})).status
    plain = await told(desk, "?year=2027")
    assert ("", None, "Tuyên truyền cải cách 2027") == (plain["number"], plain["signed"], plain["title"])
    assert {None, "2027-06-30"} == {one["deadline"] for one in plain["tasks"]}
    assert 409 == (await browser.post("/plan/copy", {"year": "2027"})).status
    answer = await browser.post("/plan/copy", {"year": "2030", "from": "2029"})
    assert 422 == answer.status and "Năm 2029 chưa có kế hoạch" in await answer.text()
    assert ["copy_plan"] == await deeds(desk, 2027) and 2 == len((await told(desk, "?year=2027"))["tasks"])
    assert "chưa có số" in words(await browser.page("/plan?year=2027"))


async def test_a_theme_out_of_use_stays_with_its_task(desk: Any) -> None:
    """It may be saved again there, and is offered to no other."""
    browser = await written(desk, {})
    id = (await told(desk))["tasks"][0]["id"]
    assert 303 == (await browser.post("/themes/mot-cua/retire")).status
    assert '<option value="mot-cua" selected>' in await browser.page(f"/plan/tasks/{id}")
    assert 303 == (await browser.post(f"/plan/tasks/{id}", TASK)).status
    assert 422 == (await browser.post("/plan/tasks", TASK)).status


async def test_the_first_page_says_that_it_is_behind(desk: Any, words: Any) -> None:
    """To those who may act on it, and only while a task is late."""
    await written(desk, {"target": "1"})
    assert "Kế hoạch năm chậm" not in await (await desk.browser("lan")).page("/")
    await written(desk, {"words": "Nhiều tin"})
    assert "Kế hoạch năm chậm ở 1 nhiệm vụ Nhiều tin (0/12)" in words(await (await desk.browser("lan")).page("/"))
    for login in ("xem", "dai"):
        assert "Kế hoạch năm chậm" not in await (await desk.browser(login)).page("/")


async def test_the_report_has_a_section_of_the_plan(desk: Any, words: Any) -> None:
    """On the page and in all three files; without a plan there is none."""
    browser = await desk.browser("hung")
    assert "Thực hiện kế hoạch" not in await browser.page("/reports?period=2026-11")
    await written(desk, {})
    said = words(await browser.page("/reports?period=2026-11"))
    assert "VI. Thực hiện kế hoạch" in said and "Tin nhắn về hồ sơ (Chị Lan) 4 0 0,0" in said
    for form in ("docx", "xlsx", "pdf"):
        answer = await browser.get(f"/reports?period=2026-11&form={form}")
        assert 200 == answer.status and await answer.read(), form


async def test_a_program_changes_only_what_it_looked_at(desk: Any) -> None:
    """If-Match holds for a task as for every thing: what was changed meanwhile is not written over."""
    await written(desk, {})
    headers = await desk.api("hung")
    path = f"/api/v1/plan/tasks/{(await told(desk))['tasks'][0]['id']}"
    seen = (await desk.client.get(path, headers=headers)).headers["ETag"]
    change = {"words": "Bản tin", "rhythm": "month", "target": 2}
    for status in (200, 412):
        answer = await desk.client.post(path, headers={**headers, "If-Match": seen}, json=change)
        assert status == answer.status, await answer.text()


async def test_evidence_is_attached_task_by_task(desk: Any) -> None:
    """What the reform index asks for, in the plan's order: issued when, how much done, by which ways; each text with its address."""
    risky = '=HYPERLINK("http://x","a")'
    browser = await written(desk, {"theme": "", "target": "1"}, {"words": risky, "way": "", "theme": ""})
    await desk.deliveries("cf")
    answer = await browser.get("/plan/evidence.xlsx?year=2026")
    assert 200 == answer.status and "minh-chung-2026.xlsx" in answer.headers["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(await answer.read()))
    rows = book.get_sheet_by_name("Kế hoạch").to_python()
    assert "Kế hoạch số 36/KH-UBND ngày 23/01/2026: Tuyên truyền cải cách 2026" == rows[0][0]
    assert ["23/01/2026", "0/2 nhiệm vụ đạt chỉ tiêu cả năm", "1: tin nhắn SMS"] == [row[1] for row in rows[1:4]]
    assert [1.0, "Tin nhắn về hồ sơ", "Mọi chủ đề", "tin nhắn SMS", "Chị Lan", 4.0, 1.0, 25.0, "đạt"] == rows[6]
    assert [risky, 48.0, 1.0] == [rows[7][place] for place in (1, 5, 6)]
    texts = book.get_sheet_by_name("Minh chứng").to_python()
    assert [(1.0, "23/11/2026"), (2.0, "23/11/2026")] == [(row[0], row[2]) for row in texts[1:]]
    assert ["Nhận hồ sơ hộ tịch trực tuyến", "tin nhắn SMS"] == texts[1][3:5] and texts[1][6].endswith("/evidence.zip")
    assert 404 == (await browser.get("/plan/evidence.xlsx?year=2027")).status
