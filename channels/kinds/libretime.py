"""Kind `libretime`: recordings put into a LibreTime library, each once, read back until LibreTime has taken it in.

Source: `POST /rest/media` (Basic, the API key as user) and API v2 (`Authorization: Api-Key`), read in the code of LibreTime of 2026-04.
"""

from __future__ import annotations

import asyncio
import hashlib
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from channels.channel import Channel, Form, Outlet, Pace, Receipt, Refused, To, Unsure, Word
from channels.http import Http
from channels.recordings import SENDING_SECONDS, PushOptions, Sending, sendings, sounds_of
from content.bulletin import Bulletin, Sound

DONE, FAILED = 0, 2
"""Of `import_status`; 1 is under way."""
LOOKS = 10
LOOK_SECONDS = 1.0
_BOUNDARY = "loa-7f3c9a51d2e84b06"


class LibreTimeOptions(PushOptions):
    """Options of a LibreTime station."""

    url: str = Field(
        pattern=r"^https?://[^\s/]+[^\s]*$",
        description=Word(
            "Địa chỉ LibreTime, ví dụ https://phat.xa.vn", "Address of LibreTime, for example https://phat.xa.vn"
        ),
    )
    api_key: SecretStr = Field(
        min_length=8,
        description=Word(
            "Khóa API trong tệp cấu hình của LibreTime (general.api_key).",
            "API key in the configuration file of LibreTime (general.api_key).",
        ),
    )


class LibreTime(Channel[LibreTimeOptions]):
    """A LibreTime station takes the files into its library; its playlists and smart blocks do the rest."""

    kind = "libretime"
    title_vi = "LibreTime (đẩy bản ghi âm vào thư viện)"
    title_en = "LibreTime (pushes recordings into the library)"
    form = Form.AUDIO
    carries = True
    options = LibreTimeOptions
    pace = Pace(per_second=1, at_once=1)

    def sounds(self, outlet: Outlet[LibreTimeOptions]) -> tuple[Sound, ...]:
        """What the station chose."""
        return sounds_of(outlet)

    tried_vi = "Một tệp âm thanh ngắn, đọc câu “Loa gửi thử”, được tải lên thư viện của đài; xóa nó ở đó."
    tried_en = "A short sound file that says “Loa gửi thử” is uploaded to the station's library; delete it there."

    async def send(self, bulletin: Bulletin, outlet: Outlet[LibreTimeOptions], to: To, http: Http) -> Receipt:
        """Every part that is not in the library yet; a repeat finds what is there by its MD5 and sends nothing twice."""
        ids = [await self._put(sending, outlet, http) for sending in sendings(bulletin, to, outlet.options)]
        return Receipt(
            ",".join(ids), Word("LibreTime đã nhận, đối chiếu MD5 khớp", "LibreTime has it; the MD5 sums match")
        )

    async def _put(self, sending: Sending, outlet: Outlet[LibreTimeOptions], http: Http) -> str:
        data = await outlet.load(sending.audio)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        known = await self._ask(f"files?{urlencode({'md5': md5})}", outlet, http)
        kept = [one for one in known if isinstance(one, dict) and one.get("import_status") != FAILED]
        id = str(kept[0]["id"]) if kept else await self._post(sending, data, outlet, http)
        await self._look_again(id, md5, sending, outlet, http)
        return id

    async def _post(self, sending: Sending, data: bytes, outlet: Outlet[LibreTimeOptions], http: Http) -> str:
        key = outlet.options.api_key.get_secret_value()
        headers = {
            "Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}",
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        }
        body = _form(sending.name, outlet.options.kind.media, data)
        url = f"{outlet.options.url.rstrip('/')}/rest/media"
        answer = await http.request("POST", url, headers=headers, body=body, hide=(key,), seconds=SENDING_SECONDS)
        told = answer.json()
        if not isinstance(told, dict) or "id" not in told:
            raise Unsure("answer", f"LibreTime trả lời lạ: {answer.shown()}", f"unexpected answer: {answer.shown()}")
        return str(told["id"])

    async def _look_again(
        self, id: str, md5: str, sending: Sending, outlet: Outlet[LibreTimeOptions], http: Http
    ) -> None:
        """Until LibreTime has analysed the file: only then can it be played."""
        for _ in range(LOOKS):
            file = await self._ask(f"files/{id}", outlet, http)
            status = file.get("import_status") if isinstance(file, dict) else None
            if status == FAILED or (status == DONE and file.get("md5") != md5):
                raise Refused(
                    "import", f"LibreTime không nhận tệp {sending.name}", f"LibreTime failed on {sending.name}"
                )
            if status == DONE:
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise Unsure("import", f"LibreTime chưa phân tích xong {sending.name}", f"{sending.name} is not analysed yet")

    async def _ask(self, path: str, outlet: Outlet[LibreTimeOptions], http: Http) -> Any:
        key = outlet.options.api_key.get_secret_value()
        url = f"{outlet.options.url.rstrip('/')}/api/v2/{path}"
        return (await http.request("GET", url, headers={"Authorization": f"Api-Key {key}"}, hide=(key,))).json()


def _form(name: str, media: str, data: bytes) -> bytes:
    """A multipart form with the one file (RFC 7578); our names are ASCII."""
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {media}\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
