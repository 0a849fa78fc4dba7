"""A contest of the demo: a bank of questions, and a quiz that is open for a week; another is still being planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from content.contests.contest import Plan
from content.contests.question import Question
from desk.app import House

THEME = "mot-cua"
BANK = (
    (
        "Người dân nộp hồ sơ thủ tục hành chính trực tuyến ở đâu?",
        "Cổng Dịch vụ công",
        "Nhà trưởng bản",
        "Bưu cục tỉnh khác",
    ),
    ("Bộ phận một cửa làm việc gì?", "Nhận hồ sơ và trả kết quả", "Bán tem thư", "Sửa điện"),
    ("Khai sinh cho trẻ chậm nhất bao nhiêu ngày?", "60 ngày", "1 năm", "5 năm"),
    ("Ai được góp ý về thái độ phục vụ của cán bộ?", "Mọi người dân", "Chỉ cán bộ xã", "Chỉ trưởng bản"),
    ("Hồ sơ trễ hạn thì cơ quan phải làm gì?", "Xin lỗi và hẹn lại ngày trả", "Không cần báo", "Hủy hồ sơ"),
    ("Căn cước công dân do cơ quan nào cấp?", "Công an", "Trạm y tế", "Trường học"),
)
OPEN, LATER = timedelta(days=7), timedelta(days=30)
SOURCES = ("Nghị định 61/2018/NĐ-CP", "Luật Hộ tịch năm 2014, Điều 15", "Luật Căn cước năm 2023")


async def settle(
    house: House, by: str, leader: str, outlets: tuple[str, ...], code: str, *, board: bool = False
) -> str:
    """The contest that is open, by id: written by one, approved by the other, so that its announcement goes out by itself."""
    now = house.clock.now()
    plan = Plan(
        title="Tìm hiểu cải cách hành chính",
        rules="Mọi người dân trong xã được dự thi.\n\nNgười tổ chức và ra câu hỏi không dự thi.",
        opens_at=now,
        closes_at=now + OPEN,
        outlets=outlets,
        prizes=(("Giải nhất", 1), ("Giải nhì", 2), ("Giải ba", 3)),
        count=5,
        places=("Bản Nà Khoang", "Bản Pe", "Bản Hua Mường"),
        code_outlet=code,
        board=board,
    )
    found = [
        Question("", THEME, text, (right, *wrong), 0, SOURCES[place % len(SOURCES)])
        for place, (text, right, *wrong) in enumerate(BANK)
    ]
    async with house.database.write() as tx:
        await house.contests.take_in(tx, found, by, unit="", source="cau-hoi.xlsx")
        one = await house.contests.write(tx, plan, by, unit="")
        await house.contesting.submit(tx, one.id, by)
    async with house.database.write() as tx:
        digest = (await house.contesting.look(tx, one.id)).digest
        await house.contesting.approve(tx, one.id, leader, digest=digest)
        coming = replace(plan, title="Tìm hiểu Luật Căn cước", opens_at=now + LATER, closes_at=now + LATER + OPEN)
        await house.contests.write(tx, coming, by, unit="")
    for topic in ("item", "schedule"):
        house.notifier.ring(topic)
    return one.id
