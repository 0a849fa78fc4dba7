"""Options of every kind that speaks for a Zalo Official Account."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import Field, SecretStr

from channels.channel import Options
from channels.options import BaseAddress
from config.words import Word


class ZaloAccount(Options):
    """An app on developers.zalo.me that may speak for an Official Account, and the addresses it is spoken to at."""

    app_id: str = Field(
        min_length=1,
        description=Word(
            "Mã ứng dụng (App ID) trên developers.zalo.me.", "Application ID (App ID) at developers.zalo.me."
        ),
    )
    app_secret: SecretStr = Field(
        min_length=1,
        description=Word("Khóa bí mật của ứng dụng, dùng để đổi token.", "Secret key of the app, for changing tokens."),
    )
    refresh_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description=Word(
            "Refresh token đầu tiên (lấy ở API Explorer); từ đó Loa tự đổi và giữ cặp mới. Token chỉ dùng được "
            "một lần: mỗi điểm phát cần một token riêng. Không khai thì chạy loa outlet authorize TÊN.",
            "First refresh token (from API Explorer); from then on Loa changes it by itself and "
            "keeps the new pair. A token works once: every outlet needs its own. Without one, "
            "run loa outlet authorize NAME.",
        ),
    )
    access_token: SecretStr | None = Field(
        default=None, description=Word("Access token đầu tiên, nếu có.", "First access token, if there is one.")
    )
    oa_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description=Word(
            "OA Secret Key ở trang Webhook (khác khóa ứng dụng); cần để nhận phản hồi.",
            "OA Secret Key on the Webhook page (not the app's key); needed to receive callbacks.",
        ),
    )
    oa_id: str = Field(
        default="",
        description=Word(
            "Mã Official Account, chỉ cần khi webhook ký bằng mã này.",
            "ID of the Official Account, needed only when the webhook signs with it.",
        ),
    )
    signed_with: Literal["app_id", "oa_id"] = Field(
        default="app_id",
        description=Word(
            "Mã đứng đầu chuỗi ký của webhook: app_id theo tài liệu, một số nơi dùng oa_id.",
            "ID that the webhook's signed string begins with: app_id by the documentation, oa_id in some places.",
        ),
    )
    appsecret_proof: bool = Field(
        default=False,
        description=Word(
            "Gửi kèm appsecret_proof khi ứng dụng bật yêu cầu này.",
            "Send appsecret_proof along when the app requires it.",
        ),
    )
    api_url: BaseAddress = Field(
        default="https://openapi.zalo.me",
        description=Word("Địa chỉ API của Official Account.", "Address of the Official Account API."),
    )
    business_url: BaseAddress = Field(
        default="https://business.openapi.zalo.me",
        description=Word(
            "Địa chỉ API tin theo mẫu (trạng thái tin theo mẫu).",
            "Address of the template message API (status of template messages).",
        ),
    )
    oauth_url: BaseAddress = Field(
        default="https://oauth.zaloapp.com/v4", description=Word("Địa chỉ đổi token.", "Address for changing tokens.")
    )
    unshared = ("refresh_token",)

    @property
    def hook(self) -> str:
        """What outlets have in common that are called at one address."""
        return f"zalo {self.app_id}"


A = TypeVar("A", bound=ZaloAccount)
