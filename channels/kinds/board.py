"""Kind `board`: a notice board at an office or in a village, with sheets of paper and perhaps a screen beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from channels.board.screen import screen_json
from channels.channel import Channel, Form, Options, Outlet, Page, Pull, Receipt, Refused, Shelved, To, Word
from channels.http import Http
from channels.options import LONG, ShelfKey
from content.bulletin import Bulletin

HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class BoardOptions(Options):
    """Options of a notice board."""

    token: ShelfKey = Field(
        default=SecretStr(""),
        description=Word(
            "Khóa của riêng bảng tin này, gắn vào địa chỉ trang dán tin. Để trống nếu chỉ dùng khóa cấp ở trang Điểm phát.",
            "Key of this notice board alone, put into the address of the page for posting. Leave "
            "empty if only keys issued on the Outlets page are used.",
        ),
    )
    place: str = Field(
        default="",
        max_length=200,
        description=Word(
            "Nơi đặt bảng tin, in ở tờ hướng dẫn và trên màn hình.",
            "Where the board stands, printed on the instruction sheet and shown on the screen.",
        ),
    )
    paper: Literal["a4", "a3"] = Field(
        default="a4", description=Word("Khổ giấy thường in: a4 hoặc a3.", "Usual paper size: a4 or a3.")
    )
    people: str = Field(
        default="",
        max_length=1000,
        description=Word(
            "Những người dán tin, mỗi dòng một người; để trống thì ai bấm tự ghi tên.",
            "People who post, one a line; if empty, whoever taps writes their own name.",
        ),
        json_schema_extra=LONG,
    )
    phone: str = Field(
        default="",
        max_length=40,
        description=Word(
            "Điện thoại của người phụ trách, in ở tờ hướng dẫn.",
            "Phone number of the person in charge, printed on the instruction sheet.",
        ),
    )
    screen: bool = Field(
        default=False,
        description=Word(
            "Có màn hình hay máy tính bảng đặt cạnh bảng (trang toàn màn hình).",
            "There is a screen or tablet beside the board (a full-screen page).",
        ),
    )
    screen_seconds: Annotated[int, Field(ge=5, le=120)] = Field(
        default=12,
        description=Word("Màn hình để mỗi trang bao nhiêu giây.", "Seconds for which the screen shows each page."),
    )
    lit_from: str = Field(
        default="06:00",
        pattern=HOUR,
        description=Word(
            "Màn hình sáng từ mấy giờ (giờ của máy).", "Hour at which the screen lights up (by the device's clock)."
        ),
    )
    lit_until: str = Field(
        default="21:00",
        pattern=HOUR,
        description=Word(
            "Màn hình tối từ mấy giờ; tin khẩn cấp làm sáng lại ngay.",
            "Hour at which the screen goes dark; an urgent item lights it up at once.",
        ),
    )

    @property
    def names(self) -> list[str]:
        """Those who post, in order."""
        return [line.strip() for line in self.people.splitlines() if line.strip()]


class Board(Channel[BoardOptions]):
    """Sent when its sheet can be printed, confirmed when somebody says that it hangs."""

    kind = "board"
    title_vi = "Bảng tin (tờ in và màn hình)"
    title_en = "Notice board (printed sheets and a screen)"
    form = Form.ARTICLE
    options = BoardOptions
    shelf = "board"

    async def send(self, bulletin: Bulletin, outlet: Outlet[BoardOptions], to: To, http: Http) -> Receipt:
        """Lay it ready to be printed; the reference is the board's address, which opens with the board's key."""
        if not bulletin.parts:
            raise Refused("empty", "bản tin không có phần nào", "the bulletin has no part")
        return Receipt(f"{outlet.base_url.rstrip('/')}/")

    def token_of(self, outlet: Outlet[BoardOptions]) -> str:
        """The board's token in the configuration, if it has one there."""
        return outlet.options.token.get_secret_value()

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[BoardOptions]) -> Page | None:
        """`screen.json`, what hangs now, for screens; the desk draws everything else."""
        if pull.path != "screen.json":
            return None
        options = outlet.options
        lit = (options.lit_from, options.lit_until)
        body = screen_json(shelf, pull.now, lit, options.screen_seconds)
        return Page("application/json; charset=utf-8", body)
