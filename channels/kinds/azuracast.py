"""Kind `azuracast`: recordings put into a folder of an AzuraCast station, which a playlist there plays.

Source: `POST /api/station/{id}/files` (JSON: path, file in base64; X-API-Key) and `GET /api/station/{id}/file/{id}`, read in the
code of AzuraCast of 2026-08. A path that is there already is replaced, so that a repeat does no harm.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

from pydantic import Field, SecretStr

from channels.channel import Channel, Form, Outlet, Pace, Receipt, Refused, To, Unsure, Word
from channels.http import Http
from channels.recordings import SENDING_SECONDS, PushOptions, Sending, sendings, sounds_of
from content.bulletin import Bulletin, Sound

CLOSE = 1.5
"""Seconds by which AzuraCast's measure of a length may differ from ours."""


class AzuraCastOptions(PushOptions):
    """Options of an AzuraCast station."""

    url: str = Field(
        pattern=r"^https?://[^\s/]+[^\s]*$",
        description=Word(
            "Địa chỉ AzuraCast, ví dụ https://phat.xa.vn", "Address of AzuraCast, for example https://phat.xa.vn"
        ),
    )
    station: str = Field(
        min_length=1,
        pattern=r"^[\w.-]+$",
        description=Word(
            "Số hoặc tên ngắn của đài trong AzuraCast.", "Number or short name of the station in AzuraCast."
        ),
    )
    api_key: SecretStr = Field(
        min_length=8,
        description=Word(
            "Khóa API của một người có quyền quản lý tệp của đài.",
            "API key of somebody who may manage the station's files.",
        ),
    )
    folder: str = Field(
        default="loa",
        pattern=r"^[\w-]+(/[\w-]+)*$",
        description=Word(
            "Thư mục nhận tệp; gắn thư mục này vào một playlist.",
            "Folder that takes the files; assign this folder to a playlist.",
        ),
    )


class AzuraCast(Channel[AzuraCastOptions]):
    """An AzuraCast station takes the files into a folder."""

    kind = "azuracast"
    title_vi = "AzuraCast (đẩy bản ghi âm vào thư mục)"
    title_en = "AzuraCast (pushes recordings into a folder)"
    form = Form.AUDIO
    carries = True
    options = AzuraCastOptions
    pace = Pace(per_second=1, at_once=1)

    def sounds(self, outlet: Outlet[AzuraCastOptions]) -> tuple[Sound, ...]:
        """What the station chose."""
        return sounds_of(outlet)

    tried_vi = "Một tệp âm thanh ngắn, đọc câu “Loa gửi thử”, được tải lên thư viện của đài; xóa nó ở đó."
    tried_en = "A short sound file that says “Loa gửi thử” is uploaded to the station's library; delete it there."

    async def send(self, bulletin: Bulletin, outlet: Outlet[AzuraCastOptions], to: To, http: Http) -> Receipt:
        """Every part under its permanent path, then read back."""
        ids = [await self._put(sending, outlet, http) for sending in sendings(bulletin, to, outlet.options)]
        return Receipt(
            ",".join(ids),
            Word(
                "AzuraCast đã nhận, đọc lại khớp đường dẫn và độ dài",
                "AzuraCast has it; path and length match",
            ),
        )

    async def _put(self, sending: Sending, outlet: Outlet[AzuraCastOptions], http: Http) -> str:
        path = f"{outlet.options.folder}/{sending.name}"
        data = await outlet.load(sending.audio)
        body = json.dumps({"path": path, "file": b64encode(data).decode()}).encode()
        made = await self._ask("POST", "files", outlet, http, body)
        if not isinstance(made, dict) or "id" not in made:
            raise Unsure("answer", "AzuraCast trả lời lạ sau khi nhận tệp", "AzuraCast answered something else")
        id = str(made["id"])
        kept = await self._ask("GET", f"file/{quote(id, safe='')}", outlet, http)
        length = float(kept.get("length") or 0)
        if kept.get("path") != path or abs(length - sending.audio.seconds) > CLOSE:
            raise Refused(
                "read_back",
                f"AzuraCast giữ tệp khác với tệp đã gửi ({length:.1f} giây thay vì {sending.audio.seconds:.1f})",
                f"AzuraCast keeps another file than was sent ({length:.1f} s instead of {sending.audio.seconds:.1f})",
            )
        return id

    async def _ask(
        self, method: str, path: str, outlet: Outlet[AzuraCastOptions], http: Http, body: bytes = b""
    ) -> Any:
        key = outlet.options.api_key.get_secret_value()
        headers = {"X-API-Key": key} | ({"Content-Type": "application/json"} if body else {})
        url = f"{outlet.options.url.rstrip('/')}/api/station/{outlet.options.station}/{path}"
        return (
            await http.request(method, url, headers=headers, body=body, hide=(key,), seconds=SENDING_SECONDS)
        ).json()
