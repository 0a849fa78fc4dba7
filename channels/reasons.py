"""Why partners do not take or deliver a message: their many codes brought down to a few reasons a person understands."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Given as `reason` of Refused, Unavailable and Confirmation; the partner's own code and words stand beside it."""

    NUMBER = "number"
    UNWILLING = "unwilling"
    UNREACHABLE = "unreachable"
    TEXT = "text"
    TEMPLATE = "template"
    SENDER = "sender"
    ACCOUNT = "account"
    MONEY = "money"
    QUOTA = "quota"
    HOURS = "hours"
    BUSY = "busy"
    OTHER = "other"

    @property
    def title_vi(self) -> str:
        """The name on screen."""
        return _TITLES[self]


_TITLES = {
    Reason.NUMBER: "số hoặc tài khoản không đúng, không tồn tại",
    Reason.UNWILLING: "người nhận từ chối hoặc đã chặn",
    Reason.UNREACHABLE: "không tới được máy người nhận",
    Reason.TEXT: "nội dung không được nhận",
    Reason.TEMPLATE: "nội dung không khớp mẫu đã đăng ký",
    Reason.SENDER: "tên gửi chưa đăng ký",
    Reason.ACCOUNT: "tài khoản gửi có vấn đề",
    Reason.MONEY: "hết tiền trong tài khoản gửi",
    Reason.QUOTA: "hết hạn mức",
    Reason.HOURS: "ngoài giờ được gửi",
    Reason.BUSY: "đối tác quá tải",
    Reason.OTHER: "lý do khác của đối tác",
}
IN_WORDS: dict[str, str] = {
    **{reason.value: title for reason, title in _TITLES.items()},
    "connection": "không kết nối được tới đối tác",
    "timeout": "đối tác không trả lời kịp",
    "cut_off": "mất kết nối khi chờ đối tác trả lời",
    "answer": "đối tác trả lời không đọc được",
    "partner_error": "đối tác báo lỗi của họ",
    "refused": "đối tác không nhận, không rõ vì sao",
    "credentials": "sai tài khoản hoặc khóa gửi",
    "wrong_address": "sai địa chỉ đối tác",
    "certificate": "chứng thư số của đối tác không hợp lệ",
}
"""Also what went wrong on the way to a partner: all that the log can be looked through for, besides kinds' own words."""


def in_words(reason: str) -> str:
    """A reason as people read it; a kind's own word stands for itself."""
    return IN_WORDS.get(reason, reason)
