"""Settings of one process: `load(file, environ)` reads them once and reports every bad key together."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from config.words import Said

PREFIX = "LOA_"


class BadSettings(Said):
    """The configuration cannot be used: every problem with its file, key and reason."""

    def __init__(self, problems: list[str]) -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"Cấu hình có lỗi:\n{listed}", f"The configuration cannot be used:\n{listed}")
        self.problems = problems


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


def _outlet_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
        raise PydanticCustomError("outlet", "tên điểm phát chỉ gồm a-z, số và gạch ngang (an outlet's name)")
    return name


def _voice_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
        raise PydanticCustomError("voice", "tên giọng chỉ gồm a-z, số và gạch ngang (a voice's name)")
    return name


def _rule_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
        raise PydanticCustomError("rule", "tên quy định chỉ gồm a-z, số và gạch ngang (a rule's name)")
    return name


def _with_kind(options: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(options.get("kind"), str):
        raise PydanticCustomError("outlet", "thiếu kind (an outlet needs a kind)")
    return options


Duration = Annotated[timedelta, BeforeValidator(duration)]
Hour = Annotated[str, AfterValidator(_hour)]
Network = Annotated[str, AfterValidator(_network)]
OutletName = Annotated[str, AfterValidator(_outlet_name)]
RuleName = Annotated[str, AfterValidator(_rule_name)]
VoiceName = Annotated[str, AfterValidator(_voice_name)]
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


class SecuritySettings(Section):
    """The key that seals tokens and chains the journal; made in the files directory at first start when not given."""

    key: SecretStr = SecretStr("")


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
    office: OfficeSettings = OfficeSettings()
    voice: VoiceSettings = VoiceSettings()
    voices: dict[VoiceName, dict[str, Any]] = Field({}, repr=False)
    radio: RadioSettings = RadioSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    policy: PolicySettings = PolicySettings()
    http: HttpSettings = HttpSettings()
    security: SecuritySettings = SecuritySettings()
    people: PeopleSettings = PeopleSettings()
    log: LogSettings = LogSettings()
    outlets: dict[OutletName, OutletTable] = Field({"portal": {"kind": "portal"}}, repr=False)
    source: str = ""


def load(file: Path | None, environ: Mapping[str, str]) -> Settings:
    """Settings from defaults, then the TOML file, then LOA_SECTION__KEY variables. Raises BadSettings with every problem."""
    problems: list[str] = []
    tree = _read_file(file, problems) if file else {}
    _read_secret_files(tree, problems, f"{file}: ")
    origin = {(section, key): str(file) for section, table in tree.items() if isinstance(table, dict) for key in table}
    _overlay(tree, origin, environ, problems)
    if "source" in tree:  # told by us, never by the file
        problems.append(f"{file}: [source]: {REASONS['extra_forbidden']}")
    try:
        settings = Settings.model_validate({**tree, "source": str(file or "")})
    except ValidationError as error:
        problems += [_problem(detail, origin, file) for detail in error.errors()]
        raise BadSettings(problems) from None
    if problems:
        raise BadSettings(problems)
    return settings


def _read_file(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problems.append(f"{file}: không đọc được ({error.strerror})")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"{file}: không phải TOML hợp lệ: {error}")
    return {}


def _overlay(
    tree: dict[str, Any], origin: dict[tuple[str, str], str], environ: Mapping[str, str], problems: list[str]
) -> None:
    """Lay LOA_SECTION__KEY over the file; LOA_SECTION__KEY_FILE names a file that holds the value."""
    for variable in sorted(name for name in environ if name.startswith(PREFIX) and "__" in name[len(PREFIX) :]):
        path = variable.removeprefix(PREFIX).lower().split("__")
        value = environ[variable]
        if path[-1].endswith("_file"):
            path[-1] = path[-1].removesuffix("_file")
            value = _secret_file(value, variable, problems)
        table = tree
        for step in path[:-1]:
            table = table.setdefault(step, {})
            if not isinstance(table, dict):
                problems.append(f"{variable}: {step} không phải là một nhóm khóa (not a table)")
                break
        else:
            table[path[-1]] = _parse(value, path)
            origin[(path[0], path[1])] = variable


def _parse(value: str, path: list[str]) -> Any:
    """A list is written as TOML or with commas; everything else is text that the field itself converts."""
    if value.startswith("["):
        try:
            return tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            return value
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if path[-1] in {"engines", "allow", "off"}
        else value
    )


def _read_secret_files(table: dict[str, Any], problems: list[str], file: str, path: tuple[str, ...] = ()) -> None:
    """`token_file = "..."` in the file stands for `token` with the content of that file."""
    for key in list(table):
        value = table[key]
        if isinstance(value, dict):
            _read_secret_files(value, problems, file, (*path, key))
        elif path and key.endswith("_file") and isinstance(value, str):
            named, plain = file + _key([*path, key]), key.removesuffix("_file")
            if plain in table:
                problems.append(f"{named}: chỉ ghi {plain} hoặc {key}, không ghi cả hai (both are given)")
            table[plain] = _secret_file(value, named, problems)
            del table[key]


def _secret_file(name: str, key: str, problems: list[str]) -> str:
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{key}: không đọc được tệp {name} ({error})")
        return ""


REASONS = {
    "extra_forbidden": "không có khóa này (unknown key)",
    "int_parsing": "phải là số nguyên (an integer)",
    "int_type": "phải là số nguyên (an integer)",
    "float_parsing": "phải là số (a number)",
    "float_type": "phải là số (a number)",
    "string_type": "phải là chuỗi (a string)",
    "bool_parsing": "phải là true hoặc false (a boolean)",
    "tuple_type": "phải là danh sách (a list)",
    "dict_type": "phải là một nhóm khóa (a table)",
    "model_type": "phải là một nhóm khóa (a table)",
    "model_attributes_type": "phải là một nhóm khóa (a table)",
    "missing": "bắt buộc phải có (required)",
    "string_too_short": "không được để trống hoặc quá ngắn (too short)",
    "string_too_long": "dài quá (too long)",
    "too_short": "phải có ít nhất một giá trị (at least one)",
    "string_pattern_mismatch": "viết không đúng dạng (not in the right form)",
}


def reason_of(detail: ErrorDetails) -> str:
    """One validation error as a sentence for people, without the value (it may be a secret)."""
    return REASONS.get(detail["type"], detail["msg"])


def _problem(detail: ErrorDetails, origin: Mapping[tuple[str, str], str], file: Path | None) -> str:
    steps = [str(step) for step in detail["loc"]]
    exact = origin.get((steps[0], steps[1])) if len(steps) > 1 else None
    source = exact or next((name for (section, _), name in origin.items() if section == steps[0]), str(file or ""))
    return f"{source + ': ' if source else ''}{_key(steps)}: {reason_of(detail)}"


def _key(steps: list[str]) -> str:
    """Where a key stands, as the file writes it."""
    if steps[0] in {"outlets", "voices"} and len(steps) > 1:
        return f"[{steps[0]}.{steps[1]}] {'.'.join(step for step in steps[2:] if step != '[key]')}".strip()
    return f"[{steps[0]}] {'.'.join(steps[1:])}".strip()
