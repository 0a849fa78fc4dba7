"""Options of every kind that speaks for a Zalo Official Account."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import Field, SecretStr

from channels.channel import Options
from channels.options import BaseAddress


class ZaloAccount(Options):
    """An app on developers.zalo.me that may speak for an Official Account, and the addresses it is spoken to at."""

    app_id: str = Field(min_length=1, description="Mã ứng dụng (App ID) trên developers.zalo.me.")
    app_secret: SecretStr = Field(min_length=1, description="Khóa bí mật của ứng dụng, dùng để đổi token.")
    refresh_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Refresh token đầu tiên (lấy ở API Explorer); từ đó Loa tự đổi và giữ cặp mới. Token chỉ dùng được "
        "một lần: mỗi điểm phát cần một token riêng. Không khai thì chạy loa outlet authorize TÊN.",
    )
    access_token: SecretStr | None = Field(default=None, description="Access token đầu tiên, nếu có.")
    oa_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="OA Secret Key ở trang Webhook (khác khóa ứng dụng); cần để nhận phản hồi.",
    )
    oa_id: str = Field(default="", description="Mã Official Account, chỉ cần khi webhook ký bằng mã này.")
    signed_with: Literal["app_id", "oa_id"] = Field(
        default="app_id", description="Mã đứng đầu chuỗi ký của webhook: app_id theo tài liệu, một số nơi dùng oa_id."
    )
    appsecret_proof: bool = Field(default=False, description="Gửi kèm appsecret_proof khi ứng dụng bật yêu cầu này.")
    api_url: BaseAddress = Field(default="https://openapi.zalo.me", description="Địa chỉ API của Official Account.")
    business_url: BaseAddress = Field(
        default="https://business.openapi.zalo.me", description="Địa chỉ API tin theo mẫu (trạng thái tin theo mẫu)."
    )
    oauth_url: BaseAddress = Field(default="https://oauth.zaloapp.com/v4", description="Địa chỉ đổi token.")
    unshared = ("refresh_token",)

    @property
    def hook(self) -> str:
        """What outlets have in common that are called at one address."""
        return f"zalo {self.app_id}"


A = TypeVar("A", bound=ZaloAccount)
