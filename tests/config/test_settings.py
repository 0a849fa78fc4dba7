"""Settings: defaults, file, environment, secrets from files; every fault told at once and no secret shown."""

from __future__ import annotations

import contextlib
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, ValidationError

import config.settings
from config.loading import BadSettings, load, twofold
from config.settings import Settings, duration

DEFAULTS = Path(config.settings.__file__).with_name("default.toml")
SECRET = "rat-la-bi-mat-0123456789"


def plain(value: Any) -> Any:
    """A setting as the file would write it."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields if name != "source"}
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def written(tmp_path: Path, text: str | bytes, name: str = "loa.toml") -> Path:
    """A file with this text."""
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def problems(file: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    """What is wrong with a configuration."""
    with pytest.raises(BadSettings) as caught:
        load(file, environ or {})
    return caught.value.problems


def test_default_toml_has_every_key_with_its_default() -> None:
    """The file and the class say the same, key by key, and the file can be loaded."""
    file = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    for key in ("catch_up", "catch_up_urgent"):
        file["schedule"][key] = duration(file["schedule"][key]).total_seconds()
    assert plain(Settings()) == file
    assert plain(Settings()) == plain(load(DEFAULTS, {}))


def test_every_key_has_a_comment() -> None:
    """Nobody has to guess what a key does."""
    keys = [line for line in DEFAULTS.read_text(encoding="utf-8").splitlines() if re.match(r"\w+ =", line)]
    assert [] == [line for line in keys[:-1] if "#" not in line]


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    """Numbers, lists and texts of variables are taken; what is not named stays as in the file."""
    file = written(tmp_path, "[web]\nport = 1\nhost = '0.0.0.0'\n[voice]\nengines = ['gtts']\n")
    environ = {
        "LOA_WEB__PORT": "9000",
        "LOA_VOICE__ENGINES": "espeak, gtts,",
        "LOA_HTTP__ALLOW": '["10.0.0.0/8", "fd00::/8"]',
        "LOA_OUTLETS__TRAM__KIND": "radio",
        "LOA_OUTLETS__TRAM__TOKEN": "khoa-cua-tram",
        "LOA_CONFIG": "not a key",
        "PATH": "/bin",
    }
    settings = load(file, environ)
    assert (9000, "0.0.0.0") == (settings.web.port, settings.web.host)
    assert ("espeak", "gtts") == settings.voice.engines
    assert ("10.0.0.0/8", "fd00::/8") == settings.http.allow
    assert {"kind": "radio", "token": "khoa-cua-tram"} == settings.outlets["tram"]
    assert str(file) == settings.source


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    """The byte order mark that Windows puts in front is no error."""
    assert 8200 == load(written(tmp_path, b"\xef\xbb\xbf[web]\r\nport = 8200\r\n"), {}).web.port


def test_all_problems_are_told_at_once_with_source_and_key(tmp_path: Path) -> None:
    """One run shows everything there is to mend: the file or variable, the key, the reason."""
    file = written(
        tmp_path,
        """
        colour = "red"
        [web]
        port = "cổng"
        prot = 1
        [office]
        timezone = "Asia/Saigonn"
        locale = "fr"
        [schedule]
        catch_up = "mai"
        quiet_from = "25:00"
        [http]
        allow = ["10.0.0.1/8"]
        [outlets.Tram]
        kind = "radio"
        [outlets.sms]
        url = "https://sms.vn"
        """,
    )
    found = problems(file, {"LOA_LOG__LEVEL": "loud", "LOA_WEBB__PORT": "1"})
    expected = [
        f"{file}: [colour]: không có khóa này",
        f"{file}: [web] port: phải là số nguyên",
        f"{file}: [web] prot: không có khóa này",
        f"{file}: [office] timezone: không có múi giờ này",
        f"{file}: [office] locale: ",
        f"{file}: [schedule] catch_up: phải là khoảng thời gian",
        f"{file}: [schedule] quiet_from: phải là giờ",
        f"{file}: [http] allow.0: phải là dải mạng",
        f"{file}: [outlets.Tram]: tên điểm phát",
        f"{file}: [outlets.sms]: thiếu kind",
        "LOA_LOG__LEVEL: [log] level: ",
        "LOA_WEBB__PORT: [webb]: không có khóa này",
    ]
    assert [] == [start for start in expected if not any(one.startswith(start) for one in found)]
    assert len(expected) == len(found)


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("phải là số nguyên (an integer)", "an integer"),
        ("mẫu thiếu {id} (the template lacks {id})", "the template lacks {id}"),
        ("path (một tệp) sai", "path (một tệp) sai"),
        ("Input should be greater than 0 (zero)", "Input should be greater than 0 (zero)"),
    ],
)
def test_the_english_of_a_sentence_is_in_its_brackets(said: str, english: str) -> None:
    """At its end; whoever reads Vietnamese has the sentence as it is."""
    assert (twofold(said), twofold(said).en) == (said, english)


def test_a_broken_file_is_told_with_its_line(tmp_path: Path) -> None:
    """Not TOML, not UTF-8, not there: each a sentence with the file's name."""
    assert ["line 2" in one for one in problems(written(tmp_path, "[web]\nport 1\n"))] == [True]
    assert "TOML" in problems(written(tmp_path, b"[office]\nname = '\xff'\n"))[0]
    missing = tmp_path / "none.toml"
    assert [str(missing)] == [one.split(":")[0] for one in problems(missing)]


def test_a_table_that_is_a_value_is_told(tmp_path: Path) -> None:
    """`web = 1` is refused, also when a variable would go into it."""
    file = written(tmp_path, "web = 1\n")
    assert any("nhóm khóa" in one for one in problems(file))
    assert any("LOA_WEB__PORT" in one for one in problems(file, {"LOA_WEB__PORT": "2"}))


def test_the_name_of_the_source_is_no_key(tmp_path: Path) -> None:
    """`source` is told by Loa; somebody who writes it has mistyped something else."""
    assert any("[source]" in one for one in problems(written(tmp_path, "source = 'x'\n")))


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """NAME_FILE in the environment and `name_file` in TOML stand for the content, without the last line end."""
    secret = written(tmp_path, f"{SECRET}\n", "secret")
    file = written(
        tmp_path, f"[security]\nkey_file = '{secret}'\n[outlets.tram]\nkind='radio'\ntoken_file='{secret}'\n"
    )
    settings = load(file, {})
    assert SECRET == settings.security.key.get_secret_value()
    assert SECRET == settings.outlets["tram"]["token"]
    assert SECRET == load(None, {"LOA_SECURITY__KEY_FILE": str(secret)}).security.key.get_secret_value()


def test_the_environment_wins_over_a_secret_file_of_the_file(tmp_path: Path) -> None:
    """A key given in the environment is used, whatever `key_file` says."""
    secret = written(tmp_path, "from-file", "secret")
    file = written(tmp_path, f"[security]\nkey_file = '{secret}'\n")
    assert "from-environment" == load(file, {"LOA_SECURITY__KEY": "from-environment"}).security.key.get_secret_value()


def test_a_secret_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The problem names the configuration file, the key and the missing file; both at once is refused too."""
    file = written(tmp_path, f"[security]\nkey = 'a'\nkey_file = '{tmp_path}/none'\n")
    found = problems(file)
    assert [True, True] == [one.startswith(f"{file}: [security] key_file: ") for one in found]
    (other,) = problems(None, {"LOA_SECURITY__KEY_FILE": "/none"})
    assert other.startswith("LOA_SECURITY__KEY_FILE: ")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither in what an error says nor in how settings print themselves."""
    file = written(
        tmp_path,
        f"[database]\nurl='mysql://loa:{SECRET}@db'\n[security]\nkey=['{SECRET}']\n[web]\npublic_url='x:{SECRET}'\n"
        f"[outlets.tram]\ntoken='{SECRET}'\n",
    )
    found = problems(file, {"LOA_WEB__PORT": SECRET})
    assert 5 == len(found)
    assert SECRET not in "\n".join(found)
    good = {
        "database": {"url": f"postgresql://loa:{SECRET}@db/loa"},
        "security": {"key": SECRET},
        "outlets": {"tram": {"kind": "radio", "token": SECRET}},
    }
    assert SECRET not in repr(Settings.model_validate(good)) + str(Settings.model_validate(good))
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**good, "web": {"port": SECRET}})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "zone", ["", "Hà Nội", "../etc/passwd", "Asia", "Asia/Ho_Chi_Minh\0", "UTC+7", "/etc/localtime"]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    """Also what would lead out of the zone database."""
    assert ["LOA_OFFICE__TIMEZONE: [office] timezone"] == [
        one.rsplit(": ", 1)[0] for one in problems(None, {"LOA_OFFICE__TIMEZONE": zone})
    ]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("12h", 43200), ("3d", 259200), ("1h30m", 5400), (" 1d1s ", 86401)]
)
def test_durations_are_read(text: str, seconds: int) -> None:
    """Days, hours, minutes and seconds, alone or in a row."""
    assert timedelta(seconds=seconds) == duration(text)


@pytest.mark.parametrize(
    "text", ["", " ", "12", "1.5h", "-1h", "30m1h", "12 giờ", "1w", "9" * 12 + "d", "9" * 5000 + "s"]
)
def test_bad_durations_are_refused_by_name(text: str) -> None:
    """Bare numbers, wrong order, other units and eternities."""
    assert ["LOA_SCHEDULE__CATCH_UP: [schedule] catch_up"] == [
        one.rsplit(": ", 1)[0] for one in problems(None, {"LOA_SCHEDULE__CATCH_UP": text})
    ]


@pytest.mark.parametrize("name", ["", "Tram", "1tram", "trạm", "a_b", "a" * 41, "a/b", "a b", "a\n"])
def test_bad_outlet_names_are_refused(name: str) -> None:
    """A name is part of web addresses and must need no quoting."""
    with pytest.raises(ValidationError):
        Settings.model_validate({"outlets": {name: {"kind": "portal"}}})


@given(st.dictionaries(st.from_regex(r"LOA_[A-Z_]{0,20}", fullmatch=True), st.text(max_size=20), max_size=4))
def test_any_environment_is_either_taken_or_told(environ: dict[str, str]) -> None:
    """No variable whatever breaks the reading itself."""
    with contextlib.suppress(BadSettings):
        load(None, environ)


def test_the_public_address_has_no_slash_at_its_end() -> None:
    """Addresses are made by adding to it; an IPv6 host is bracketed."""
    assert "https://loa.vn" == Settings.model_validate({"web": {"public_url": "https://loa.vn/"}}).web.base_url
    assert "http://[::1]:8100" == Settings.model_validate({"web": {"host": "::1"}}).web.base_url


@pytest.mark.parametrize("template", ["{offices}", "{office", "{office!r}", "{date:>9999}", "{}", "{office.x}"])
def test_an_announcement_names_what_there_is(tmp_path: Path, template: str) -> None:
    """What cannot be filled in is told when the file is read, not at five in the morning."""
    told = problems(written(tmp_path, f'[radio]\nopening = "{template}"\n'))
    assert len(told) == 1
    assert "[radio] opening" in told[0]
    assert "weekday" in told[0]
