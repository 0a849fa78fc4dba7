"""Kind `sftp`: recordings put into a folder over SFTP (Rivendell dropboxes, dated folders), read back byte for byte."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator

from channels.channel import Channel, Form, Outlet, Pace, Receipt, To, Word
from channels.http import Http
from channels.options import LONG, TimeZone
from channels.recordings import SENDING_SECONDS, PushOptions, Sending, sendings, sounds_of
from channels.ssh import Account, opened
from content.bulletin import Bulletin, Sound


class SftpOptions(PushOptions):
    """Options of a station reached by SFTP."""

    host: str = Field(min_length=1, description=Word("Máy nhận tệp.", "Machine that takes the files."))
    port: int = Field(default=22, ge=1, le=65535, description=Word("Cổng SSH.", "SSH port."))
    user: str = Field(min_length=1, description=Word("Tài khoản trên máy nhận.", "Account on that machine."))
    password: SecretStr = Field(
        default=SecretStr(""),
        description=Word("Mật khẩu; nên dùng private_key.", "Password; better to use private_key."),
    )
    private_key: SecretStr = Field(
        default=SecretStr(""),
        description=Word(
            "Khóa riêng OpenSSH (nên ghi private_key_file).", "OpenSSH private key (better given as private_key_file)."
        ),
        json_schema_extra=LONG,
    )
    host_key: str = Field(
        pattern=r"^(ssh-|ecdsa-)\S+ \S+",
        description=Word(
            "Khóa công khai của máy nhận, một dòng như trong known_hosts.",
            "Public key of that machine, one line as in known_hosts.",
        ),
    )
    path: str = Field(
        default="{date}/{name}",
        description=Word(
            "Nơi đặt tệp: {date} là ngày phát, {time} là giờ phát, {name} là tên riêng của tệp, {ending} là đuôi "
            "tệp. Ví dụ dropbox/{name} hoặc {date}-{time}{ending}.",
            "Where a file goes: {date} is the day of the broadcast, {time} its time, {name} the "
            "file's own name, {ending} its ending. For example dropbox/{name} or "
            "{date}-{time}{ending}.",
        ),
    )
    timezone: TimeZone = Field(
        default="Asia/Ho_Chi_Minh", description=Word("Múi giờ của {date} và {time}.", "Time zone of {date} and {time}.")
    )

    @property
    def account(self) -> Account:
        """Where to sign in."""
        password, key = self.password.get_secret_value(), self.private_key.get_secret_value()
        return Account(self.host, self.port, self.user, password, key, self.host_key)

    @model_validator(mode="after")
    def _whole(self) -> SftpOptions:
        if not self.password.get_secret_value() and not self.private_key.get_secret_value():
            raise ValueError("cần password hoặc private_key (one of them is needed)")
        try:
            shown = self.path.format(date="2026-01-31", time="0500", name="a.mp3", ending=".mp3")
        except (KeyError, IndexError, ValueError):
            raise ValueError("path chỉ dùng {date}, {time}, {name}, {ending} (path takes only these)") from None
        if ".." in shown.split("/") or shown.endswith("/"):
            raise ValueError("path phải là một tệp và không có .. (a file, no ..)")
        return self


class Sftp(Channel[SftpOptions]):
    """A station takes files into a folder of its own."""

    kind = "sftp"
    title_vi = "SFTP (đặt tệp vào thư mục của đài)"
    title_en = "SFTP (puts files into a station's folder)"
    form = Form.AUDIO
    carries = True
    options = SftpOptions
    pace = Pace(per_second=1, at_once=1)

    def sounds(self, outlet: Outlet[SftpOptions]) -> tuple[Sound, ...]:
        """What the station chose."""
        return sounds_of(outlet)

    tried_vi = "Một tệp âm thanh ngắn, đọc câu “Loa gửi thử”, được đặt vào thư mục của đài; xóa nó ở đó."
    tried_en = "A short sound file that says “Loa gửi thử” is put into the station's folder; delete it there."

    async def send(self, bulletin: Bulletin, outlet: Outlet[SftpOptions], to: To, http: Http) -> Receipt:
        """Every part under its own name, whole or not at all: written aside, read back, then given its name."""
        options = outlet.options
        files = sendings(bulletin, to, options)
        places = [_place(sending, bulletin, number, options) for number, sending in enumerate(files)]
        loaded = [await outlet.load(sending.audio) for sending in files]
        async with opened(options.account, http, SENDING_SECONDS) as folder:
            for sending, place, data in zip(files, places, loaded, strict=True):
                await folder.put(place, data, sending.audio.sha256)
        return Receipt(places[0], Word("đã đọc lại, khớp từng byte", "read back, the same byte for byte"))


def _place(sending: Sending, bulletin: Bulletin, number: int, options: SftpOptions) -> str:
    """Where a file goes; further parts of a bulletin never take the place of the first."""
    at = bulletin.issued_at.astimezone(ZoneInfo(options.timezone))
    ending = options.kind.ending
    named = options.path.format(date=f"{at:%Y-%m-%d}", time=f"{at:%H%M}", name=sending.name, ending=ending)
    if number and "{name}" not in options.path:
        return f"{named.removesuffix(ending)}-{number + 1}{ending}"
    return named
