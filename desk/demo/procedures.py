"""Procedures of the demo: the commune's catalogue, then a decision that changes one, drafted for somebody to read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from content.procedures.procedure import Procedure, Status
from desk.app import House

UNIT = "Ủy ban nhân dân xã"
STOCK = (
    Procedure(
        *("1.001193", "Đăng ký khai sinh", "Hộ tịch", "Cấp xã", UNIT, "1 ngày làm việc", "8.000 đồng"),
        *("Tờ khai đăng ký khai sinh\nGiấy chứng sinh", "Luật Hộ tịch năm 2014", "", date(2026, 1, 1)),
    ),
    Procedure(
        *(
            "1.004873",
            "Cấp giấy xác nhận tình trạng hôn nhân",
            "Hộ tịch",
            "Cấp xã",
            UNIT,
            "3 ngày làm việc",
            "15.000 đồng",
        ),
        *("Tờ khai", "Luật Hộ tịch năm 2014", "", date(2026, 1, 1)),
    ),
    Procedure(
        *(
            "2.000488",
            "Cấp phiếu lý lịch tư pháp",
            "Lý lịch tư pháp",
            "Cấp tỉnh",
            "Công an tỉnh",
            "10 ngày",
            "200.000 đồng",
        ),
        *("Tờ khai\nBản sao căn cước", "Luật Lý lịch tư pháp năm 2009", "", date(2026, 1, 1)),
    ),
)


async def settle(house: House, by: str) -> None:
    """The stock, and a week ahead one that costs nothing any more: a draft waits to be read."""
    today = house.clock.now().astimezone(house.settings.office.zone).date()
    free = replace(STOCK[0], fee="Miễn phí", effective=today + timedelta(days=7), status=Status.AMENDED)
    async with house.database.write() as tx:
        await house.procedures.take_in(
            tx,
            [replace(one, effective=min(one.effective or today, today)) for one in STOCK],
            by,
            source="danh-muc-cua-xa.xlsx",
        )
    async with house.database.write() as tx:
        await house.procedures.take_in(tx, [free], by, source="quyet-dinh-sua-doi.xlsx")
    house.notifier.ring("item")
