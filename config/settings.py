"""What can be set, section by section, frozen; `config/loading.py` reads it."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError("zone", "không có múi giờ này (unknown time zone), ví dụ Asia/Ho_Chi_Minh") from None
    return name


def duration(text: Any) -> Any:
    """`90s`, `15m`, `12h`, `3d` or a sum such as `1h30m` as a timedelta; anything else is refused by name."""
    if isinstance(text, timedelta):
        return text
    found = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", str(text).strip())
    if not found or not any(found.groups()):
        raise PydanticCustomError("duration", "phải là khoảng thời gian như 90s, 15m, 12h, 3d (a duration)")
    try:
        days, hours, minutes, seconds = (int(group or 0) for group in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):
        raise PydanticCustomError("duration", "khoảng thời gian dài quá (too long a duration)") from None


def _hour(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise PydanticCustomError("hour", "phải là giờ dạng 07:00 (a time of day)")
    return text


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise PydanticCustomError("network", "phải là dải mạng như 10.20.0.0/16 (a network)") from None
    return text


def _named(kind: str, vi: str, en: str) -> AfterValidator:
    """The check of names of one kind of thing."""

    def check(name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
            raise PydanticCustomError(kind, f"tên {vi} chỉ gồm a-z, số và gạch ngang ({en}'s name)")
        return name

    return AfterValidator(check)


def _with_kind(options: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(options.get("kind"), str):
        raise PydanticCustomError("outlet", "thiếu kind (an outlet needs a kind)")
    return options


Duration = Annotated[timedelta, BeforeValidator(duration)]
Hour = Annotated[str, AfterValidator(_hour)]
Network = Annotated[str, AfterValidator(_network)]
OutletName = Annotated[str, _named("outlet", "điểm phát", "an outlet")]
RuleName = Annotated[str, _named("rule", "quy định", "a rule")]
VoiceName = Annotated[str, _named("voice", "giọng", "a voice")]
OutletTable = Annotated[dict[str, Any], AfterValidator(_with_kind)]


class Section(BaseModel):
    """One table of the file: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=True)


class DatabaseSettings(Section):
    """Where everything is kept."""

    url: str = Field("sqlite:///var/loa.db", pattern=r"^(sqlite:///|postgres(ql)?://)", repr=False)


class FilesSettings(Section):
    """Where recordings and keys are kept."""

    dir: Path = Path("var")


class WebSettings(Section):
    """The server; `public_url` is what partners and readers see, by default the host and port."""

    host: str = "127.0.0.1"
    port: int = Field(8100, ge=0, le=65535)
    metrics_port: int = Field(0, ge=0, le=65535)
    public_url: str = Field("", pattern=r"^(https?://[^\s/]+.*)?$")

    @property
    def base_url(self) -> str:
        """The public address without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")


class ApiSettings(Section):
    """What a token may ask of the API, in requests a minute; each process counts for itself."""

    per_minute: int = Field(6000, ge=1, le=1_000_000)


Level = Literal["", "centre", "province", "commune"]
"""The levels of Decree 49/2024/NĐ-CP since districts are gone; empty: the office has not said."""


class OfficeSettings(Section):
    """Who speaks, of which level, in which zone, in which language errors are told."""

    level: Level = ""
    name: str = Field("Ủy ban nhân dân xã", min_length=1, max_length=200)
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Ho_Chi_Minh"
    locale: Literal["vi", "en"] = "vi"

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.timezone)


class VoiceSettings(Section):
    """Voices in order of preference, loudness of the finished file in LUFS (EBU R128), whether it says it is a machine."""

    engines: tuple[str, ...] = Field(("gtts", "kokoro-vi", "espeak"), min_length=1)
    loudness: float = Field(-16.0, ge=-31, le=-9)
    variant: Literal["north", "south"] = "north"
    say_synthetic: bool = False


def _template(text: str) -> str:
    """An announcement may name what is filled in, and nothing else."""
    try:
        found = [piece for piece in Formatter().parse(text) if piece[1] is not None]
        names = {str(name) + (spec or "") + (conversion or "") for _, name, spec, conversion in found}
    except ValueError:
        names = {"{"}
    if names - ANNOUNCED:
        listed = ", ".join(sorted(ANNOUNCED))
        raise PydanticCustomError("template", f"trong ngoặc nhọn chỉ dùng được {listed} (unknown field)")
    return text


ANNOUNCED = {"office", "sender", "session", "weekday", "date"}
"""What `content.programme.announcement` fills in."""
Template = Annotated[str, AfterValidator(_template)]


class RadioSettings(Section):
    """What stands around the items of a joined programme; an empty announcement is left out. `pause` in seconds."""

    opening: Template = "Đây là chương trình phát thanh của {office}, buổi {session} {weekday}, ngày {date}."
    closing: Template = "Chương trình phát thanh của {sender} đến đây là hết. Xin cảm ơn bà con đã lắng nghe."
    sender: str = ""
    chime: bool = True
    pause: float = Field(1.0, ge=0.3, le=1.3)


class ScheduleSettings(Section):
    """Quiet hours of channels that disturb people, and how late a missed run may still be caught up."""

    quiet_from: Hour = "22:00"
    quiet_to: Hour = "07:00"
    catch_up: Duration = timedelta(hours=12)
    catch_up_urgent: Duration = timedelta(minutes=15)


class PolicySettings(Section):
    """Which of the house's rules are off, the office's own, and how many messages a person gets a day and a week (0: any)."""

    off: tuple[str, ...] = ()
    person_day: int = Field(0, ge=0, le=1000)
    person_week: int = Field(0, ge=0, le=1000)
    rules: dict[RuleName, dict[str, Any]] = {}


class HttpSettings(Section):
    """Private networks (CIDR) that outbound calls may reach; none by default."""

    allow: tuple[Network, ...] = ()


class ProcedureSettings(Section):
    """Where catalogues of procedures are looked for, every so many minutes: files of a folder, an https address, or neither."""

    folder: str = ""
    address: str = Field("", pattern=r"^(https?://\S+)?$")
    every: int = Field(60, ge=1, le=10_080)


class SecuritySettings(Section):
    """The key that seals tokens and chains the journal; made in the files directory at first start when not given."""

    key: SecretStr = SecretStr("")


class SignInSettings(Section):
    """Who must give a code from their phone after the password; everybody may. Approvers and administrators are advised to.

    With `oidc_issuer` people may also come in by the account they have there (OpenID Connect): `oidc_claim` says who they
    are, in full, or of an address of `oidc_domain` what stands before its @. It must be the login of an account here.
    """

    second_step: Literal["advised", "approvers", "everybody"] = "advised"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_claim: str = "preferred_username"
    oidc_domain: str = ""
    oidc_title: str = "tài khoản của cơ quan"

    @model_validator(mode="after")
    def _whole(self) -> SignInSettings:
        place = urlsplit(self.oidc_issuer)
        if self.oidc_issuer and (place.scheme, place.hostname) != ("http", "127.0.0.1") and place.scheme != "https":
            raise ValueError("oidc_issuer: cần địa chỉ https:// (must be https)")
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("oidc_client_id: thiếu (missing)")
        return self


class ClassSettings(Section):
    """For how many days the people of training classes are kept by name after the last session."""

    keep_days: int = Field(1825, ge=1, le=36500)


class FeedbackSettings(Section):
    """How many days what people write to the office, and how to reach them, is kept; whether answers to SMS and Zalo are."""

    keep_days: int = Field(365, ge=1, le=3650)
    replies: bool = True


class PeopleSettings(Section):
    """The key that seals people's addresses; when not given, one is derived from that of `security`."""

    key: SecretStr = SecretStr("")


class LogSettings(Section):
    """What the process says about itself."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(Section):
    """Everything a process needs before it knows what it is about."""

    database: DatabaseSettings = DatabaseSettings()
    files: FilesSettings = FilesSettings()
    web: WebSettings = WebSettings()
    api: ApiSettings = ApiSettings()
    office: OfficeSettings = OfficeSettings()
    voice: VoiceSettings = VoiceSettings()
    voices: dict[VoiceName, dict[str, Any]] = Field({}, repr=False)
    radio: RadioSettings = RadioSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    policy: PolicySettings = PolicySettings()
    http: HttpSettings = HttpSettings()
    procedures: ProcedureSettings = ProcedureSettings()
    security: SecuritySettings = SecuritySettings()
    sign_in: SignInSettings = SignInSettings()
    people: PeopleSettings = PeopleSettings()
    feedback: FeedbackSettings = FeedbackSettings()
    classes: ClassSettings = ClassSettings()
    log: LogSettings = LogSettings()
    outlets: dict[OutletName, OutletTable] = Field({"portal": {"kind": "portal"}}, repr=False)
    source: str = ""
