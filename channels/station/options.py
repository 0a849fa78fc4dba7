"""Options that radio and television stations have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from channels.channel import Options
from channels.options import ShelfKey, TimeZone
from config.words import Word


class StationOptions(Options):
    """Who pulls: a station with a key of its own, and somebody who answers the telephone."""

    token: ShelfKey = Field(
        default=SecretStr(""),
        description=Word(
            "Khóa của riêng đài này, gắn vào địa chỉ (?token=...) hoặc làm mật khẩu Basic. Để trống nếu chỉ dùng "
            "khóa cấp ở trang Điểm phát.",
            "Key of this station alone, put into the address (?token=...) or used as Basic "
            "password. Leave empty if only keys issued on the Outlets page are used.",
        ),
    )
    phone: str = Field(
        default="",
        description=Word(
            "Điện thoại của người trực đài, để gọi khi đài chưa lấy bản tin.",
            "Phone number of the person on duty at the station, to call when it has not fetched a bulletin.",
        ),
    )
    keep_days: Annotated[int, Field(ge=1, le=366)] = Field(
        default=14,
        description=Word(
            "Bản tin không ghi hạn thì ở trong danh sách bao nhiêu ngày.",
            "Days that a bulletin without an end date stays in the list.",
        ),
    )
    timezone: TimeZone = Field(
        default="Asia/Ho_Chi_Minh", description=Word("Múi giờ của giờ phát.", "Time zone of the slots.")
    )
    urgent_alert_seconds: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=120,
        description=Word(
            "Tin khẩn cấp chưa được lấy sau bao nhiêu giây thì báo.",
            "Seconds after which an urgent item that has not been fetched is reported.",
        ),
    )
