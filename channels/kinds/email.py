"""Kind `email`: a letter to one person through the office's mail server (SMTP), with what it invites to as iCalendar."""

from __future__ import annotations

import re
import ssl
from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from html import escape
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator

from channels.channel import Channel, Form, Outlet, Pace, PacedOptions, Receipt, Refused, To, Word
from channels.email_address import EMAIL
from channels.http import Http
from channels.options import LONG
from channels.reasons import Reason
from channels.smtp import Account, Security, hand_over, trusting
from content.bulletin import Bulletin, Part, Purpose
from content.markup import plain_text
from content.meeting import ics

CALENDAR = "lich.ics"
WIRE = compat32.clone(linesep="\r\n")


class EmailOptions(PacedOptions):
    """Options of a mail server."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] = Field(
        description=Word(
            "Máy chủ thư (SMTP), ví dụ smtp.tinh.gov.vn; máy trong mạng nội bộ phải có trong [http] allow.",
            "Mail server (SMTP), for example smtp.tinh.gov.vn; one in the internal network must be in [http] allow.",
        )
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        default=587,
        description=Word(
            "Cổng: 587 với STARTTLS, 465 với TLS, 25 với máy chuyển tiếp nội bộ.",
            "Port: 587 with STARTTLS, 465 with TLS, 25 with an internal relay.",
        ),
    )
    security: Security = Field(
        default="starttls",
        description=Word(
            "Mã hóa: starttls, tls, hay none (không mã hóa, chỉ cho máy chuyển tiếp trong mạng của cơ quan).",
            "Encryption: starttls, tls or none (not encrypted, only for a relay in the office's own network).",
        ),
    )
    ca: str = Field(
        default="",
        max_length=100_000,
        json_schema_extra=LONG,
        description=Word(
            "Chứng thư gốc (PEM) của máy chủ thư nội bộ; để trống: các tổ chức chứng thực mà máy này tin.",
            "Root certificate (PEM) of an internal mail server; if empty: the authorities this machine trusts.",
        ),
    )
    username: str = Field(
        default="",
        max_length=320,
        description=Word("Tên đăng nhập; để trống: không đăng nhập.", "User name; if empty: no sign-in."),
    )
    password: SecretStr = Field(
        default=SecretStr(""), description=Word("Mật khẩu của hộp thư.", "Password of the mailbox.")
    )
    sender: str = Field(
        description=Word(
            "Địa chỉ thư của cơ quan, ví dụ ubnd.sopcop@sonla.gov.vn.",
            "Email address of the office, for example ubnd.sopcop@sonla.gov.vn.",
        )
    )
    sender_name: str = Field(
        default="",
        max_length=200,
        description=Word(
            "Tên người gửi; để trống: tên cơ quan trong bản tin.",
            "Name of the sender; if empty: the name of the office in the bulletin.",
        ),
    )
    reply_to: str = Field(
        default="",
        description=Word(
            "Địa chỉ nhận thư trả lời; để trống: địa chỉ gửi.", "Address for replies; if empty: the sender's address."
        ),
    )
    per_second: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=2.0, description=Word("Số thư nhiều nhất mỗi giây.", "Maximum emails a second.")
    )
    at_once: Annotated[int, Field(ge=1, le=50)] = Field(
        default=2, description=Word("Số thư nhiều nhất gửi cùng lúc.", "Maximum emails sent at once.")
    )

    @field_validator("sender", "reply_to")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not EMAIL.fullmatch(value):
            raise ValueError("phải là một địa chỉ thư điện tử (an e-mail address)")
        return value

    @field_validator("sender")
    @classmethod
    def _there(cls, value: str) -> str:
        if not value:
            raise ValueError("phải là một địa chỉ thư điện tử (an e-mail address)")
        return value

    @field_validator("ca")
    @classmethod
    def _certificate(cls, value: str) -> str:
        if value.strip():
            try:
                trusting(value)
            except (ssl.SSLError, ValueError, TypeError):
                raise ValueError("không phải chứng thư dạng PEM (no PEM certificate)") from None
        return value

    @model_validator(mode="after")
    def _sealed(self) -> EmailOptions:
        if self.security == "none" and self.username:
            raise ValueError(
                "không gửi mật khẩu qua đường không mã hóa: chọn starttls hoặc tls (no password without TLS)"
            )
        return self


class Email(Channel[EmailOptions]):
    """A mail server takes the same Message-ID as often as it is given: a send whose end is unknown is not repeated by itself."""

    kind = "email"
    title_vi = "Thư điện tử (SMTP)"
    title_en = "E-mail (SMTP)"
    form = Form.ARTICLE
    options = EmailOptions
    scheme = "email"
    tried_vi = "Một thư thử được gửi thật."
    tried_en = "A test email is really sent."
    pace = Pace(per_second=2.0, at_once=2)

    async def send(self, bulletin: Bulletin, outlet: Outlet[EmailOptions], to: To, http: Http) -> Receipt:
        """One letter to one address."""
        options = outlet.options
        if not EMAIL.fullmatch(to.address):
            raise Refused(Reason.NUMBER, "địa chỉ thư điện tử không hợp lệ", "not an e-mail address")
        message = letter(bulletin, outlet, to, http.now())
        secret = options.password.get_secret_value()
        account = Account(options.host, options.port, options.security, options.ca, options.username, secret)
        said = await hand_over(account, http, options.sender, to.address, message.as_bytes(policy=WIRE))
        return Receipt(str(message["Message-ID"]), said)

    def repeatable(self, outlet: Outlet[EmailOptions]) -> bool:
        """Never: few servers look at the Message-ID."""
        return False


def letter(bulletin: Bulletin, outlet: Outlet[EmailOptions], to: To, now: datetime) -> Message:
    """The letter itself: plain text and HTML, the sessions it invites to attached, links of this person's own in it.

    Headers are written by `Header`: the newer classes of Python 3.11 lose spaces where they fold Vietnamese.
    """
    options = outlet.options
    stop = "" if bulletin.purposes <= {Purpose.INTERNAL} else outlet.stop_link(to.delivery)
    meetings = [one for part in bulletin.parts for one in part.meetings]
    answer = outlet.reply_link(to.delivery) if meetings else ""
    texts = MIMEMultipart("alternative")
    texts.attach(MIMEText(_plain(bulletin, answer, stop), "plain", "utf-8"))
    texts.attach(MIMEText(_html(bulletin, answer, stop), "html", "utf-8"))
    message: Any = texts
    if meetings:
        message = MIMEMultipart("mixed")
        message.attach(texts)
        message.attach(_calendar(ics(meetings, bulletin.office, bulletin.issued_at, answer)))
    message["Subject"] = Header(_line(bulletin.title), "utf-8", header_name="Subject")
    message["From"] = _whom(options.sender_name or bulletin.office, options.sender)
    message["To"] = _whom(to.name, to.address)
    if options.reply_to:
        message["Reply-To"] = options.reply_to
    message["Date"] = format_datetime(now)
    own = re.sub(r"[^A-Za-z0-9.-]", "-", to.delivery)
    message["Message-ID"] = f"<{own}@{options.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if stop:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    whole: Message = message
    return whole


def _whom(name: str, address: str) -> Header:
    header = Header(header_name="Reply-To")
    if shown := _line(name):
        header.append(shown, "utf-8")
    header.append(f"<{address}>", "us-ascii")
    return header


def _calendar(drawn: str) -> MIMEText:
    calendar = MIMEText(drawn, "calendar", "utf-8")
    calendar.set_param("method", "PUBLISH")
    calendar.add_header("Content-Disposition", "attachment", filename=CALENDAR)
    return calendar


def _plain(bulletin: Bulletin, answer: str, stop: str) -> str:
    texts = [f"{part.title}\n\n{plain_text(part.article)}" for part in bulletin.parts]
    links = [f"Trả lời dự hay không: {answer}"] if answer else []
    links += [f"Thôi nhận tin: {stop}"] if stop else []
    return "\n\n".join([*texts, "\n".join([f"-- \n{bulletin.office}", *links])]) + "\n"


def _html(bulletin: Bulletin, answer: str, stop: str) -> str:
    foot = escape(bulletin.office)
    foot += f'<br><a href="{escape(stop)}">Thôi nhận tin</a>' if stop else ""
    button = f'<p><a href="{escape(answer)}"><strong>Trả lời: dự hay không dự</strong></a></p>' if answer else ""
    texts = "<hr>".join(map(_article, bulletin.parts))
    head = f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{escape(bulletin.title)}</title></head>'
    return f"{head}<body>{texts}{button}<hr><p><small>{foot}</small></p></body></html>\n"


def _article(part: Part) -> str:
    """An article is cleaned when it is written."""
    return f"<h1>{escape(part.title)}</h1>{part.article}"


def _line(text: str) -> str:
    """One line of what can be seen: nothing in it begins another header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
