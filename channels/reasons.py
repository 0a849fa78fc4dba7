"""Why partners do not take or deliver a message: their many codes brought down to a few reasons a person understands."""

from __future__ import annotations

from enum import StrEnum

from config.words import Word


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
    def title_vi(self) -> Word:
        """The name on screen."""
        return _TITLES[self]


_TITLES = {
    Reason.NUMBER: Word("số hoặc tài khoản không đúng, không tồn tại", "wrong or unknown number or account"),
    Reason.UNWILLING: Word("người nhận từ chối hoặc đã chặn", "refused or blocked by the recipient"),
    Reason.UNREACHABLE: Word("không tới được máy người nhận", "the recipient's phone could not be reached"),
    Reason.TEXT: Word("nội dung không được nhận", "text not accepted"),
    Reason.TEMPLATE: Word("nội dung không khớp mẫu đã đăng ký", "text does not match the registered template"),
    Reason.SENDER: Word("tên gửi chưa đăng ký", "sender name not registered"),
    Reason.ACCOUNT: Word("tài khoản gửi có vấn đề", "trouble with the sending account"),
    Reason.MONEY: Word("hết tiền trong tài khoản gửi", "no credit left in the sending account"),
    Reason.QUOTA: Word("hết hạn mức", "quota used up"),
    Reason.HOURS: Word("ngoài giờ được gửi", "outside the hours for sending"),
    Reason.BUSY: Word("đối tác quá tải", "partner overloaded"),
    Reason.OTHER: Word("lý do khác của đối tác", "another reason of the partner's"),
}
IN_WORDS: dict[str, str] = {
    **{reason.value: title for reason, title in _TITLES.items()},
    "connection": Word("không kết nối được tới đối tác", "no connection to the partner"),
    "timeout": Word("đối tác không trả lời kịp", "the partner did not answer in time"),
    "cut_off": Word("mất kết nối khi chờ đối tác trả lời", "connection lost while waiting for the partner's answer"),
    "answer": Word("đối tác trả lời không đọc được", "the partner's answer could not be read"),
    "partner_error": Word("đối tác báo lỗi của họ", "the partner reported an error of its own"),
    "refused": Word("đối tác không nhận, không rõ vì sao", "not accepted by the partner, reason unknown"),
    "credentials": Word("sai tài khoản hoặc khóa gửi", "wrong sending account or key"),
    "wrong_address": Word("sai địa chỉ đối tác", "wrong address of the partner"),
    "certificate": Word("chứng thư số của đối tác không hợp lệ", "the partner's certificate is not valid"),
}
"""Also what went wrong on the way to a partner: all that the log can be looked through for, besides kinds' own words."""


def in_words(reason: str) -> str:
    """A reason as people read it; a kind's own word stands for itself."""
    return IN_WORDS.get(reason, reason)
