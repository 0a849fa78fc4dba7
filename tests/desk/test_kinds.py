"""`loa outlet kinds`: the configuration an engineer begins with, drawn from each kind's options."""

from __future__ import annotations

import tomllib

import pytest

from channels.channel import find_channels
from desk.commands.kinds import skeleton

KINDS = find_channels()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_option_is_there_with_its_help(kind: str) -> None:
    """What must be given stands open; with all comments opened it is TOML too, and every default is the kind's own."""
    channel = KINDS[kind]
    lines = list(skeleton(channel))
    fields = channel.options.model_fields
    open_ = tomllib.loads("\n".join(lines))["outlets"]["TEN"]
    assert {name.removesuffix("_file") for name in open_} == {"kind"} | {
        name for name, field in fields.items() if field.is_required()
    }
    whole = tomllib.loads("\n".join([*lines[1:3], *(line.removeprefix("# ") for line in lines[3:])]))["outlets"]["TEN"]
    assert {name if name in fields else name.removesuffix("_file") for name in whole} == {"kind", *fields}
    assert all(
        field.description in line for field, line in zip(fields.values(), lines[3:], strict=True) if field.description
    )
    for name, value in whole.items():
        if name in fields and isinstance(value, bool | int | float) and not fields[name].is_required():
            assert value == fields[name].get_default(call_default_factory=True)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_secret_is_read_from_a_file(kind: str) -> None:
    """No line asks for a secret to be written into the configuration itself."""
    for line in skeleton(KINDS[kind]):
        key = line.removeprefix("# ").partition(" ")[0]
        assert not (key.endswith(("password", "secret", "token", "api_key", "secret_key")))
