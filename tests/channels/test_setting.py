"""What a form asks of options: every kind's can be drawn, filled in and read back; secrets are told to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from channels.channel import Channel, find_channels
from channels.setting.entry import Ask, Entry, entries_of, without_secrets
from channels.setting.filled import table_of, with_kept
from config.words import Word, in_english
from desk.demo.sms_gateway import SmsGateway

KEY, OTHER = "khoa-rat-bi-mat", "khoa-khac-cung-bi-mat"
STATION = {
    "token": KEY * 2,
    "keep_days": 7,
    "loudness": -23.0,
    "sounds": ["low", "opus"],
    "slots": [
        {"name": "sang", "time": "05:00", "days": "mon-sat", "minutes": 10, "normal": False},
        {"name": "chieu", "time": "17:00", "order": "newest"},
    ],
}
GATEWAY = SmsGateway().options("https://sms.vn") | {
    "headers": {"X-Key": KEY, "X-Other": OTHER},
    "per_second": 2.5,
    "retry_statuses": [418, 507],
    "receipts": {
        "status": "st",
        "delivered": ["1", "2"],
        "reference": "id",
        "proof": "query",
        "name": "k",
        "secret": KEY,
    },
}


@pytest.fixture(scope="module")
def channels() -> dict[str, Channel[Any]]:
    """All kinds of the house."""
    return find_channels()


def every(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Entries, and those inside them."""
    for one in entries:
        yield one
        yield from every([*one.entries, *(inner for row in one.rows for inner in row)])


def typed(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """The fields that a browser sends of a form on which nothing was changed."""
    form: dict[str, list[str]] = {}
    for one in every(entries):
        if one.ask in {Ask.TICK, Ask.PART}:
            form |= {one.name: ["1"]} if one.value else {}
        elif one.ask is Ask.TICKS:
            form |= {one.name: list(one.value)}
        elif one.ask not in {Ask.ROWS, Ask.PAIRS}:
            form |= {one.name: [one.value]}
    return form


@pytest.mark.parametrize(("kind", "table"), [("radio", STATION), ("sms_http", GATEWAY)])
def test_a_form_that_is_sent_as_it_was_drawn_changes_nothing(
    channels: dict[str, Channel[Any]], kind: str, table: dict[str, Any]
) -> None:
    """Numbers, choices, lists, rows, pairs and parts come back as they were; secrets, which were not shown, too."""
    model = channels[kind].options
    entries = entries_of(model, table, table, "o.")
    assert not any(secret in str(one.value) for one in every(entries) for secret in (KEY, OTHER))
    found = table_of(model, typed(entries), table, "o.")
    assert model.model_validate(table) == model.model_validate(found)
    assert {key: value for key, value in found.items() if key not in table} == {}


def test_every_kind_can_be_drawn(channels: dict[str, Channel[Any]]) -> None:
    """Each option is asked for by a label in words, once; what is left blank on a blank form is what holds by itself."""
    for kind in channels.values():
        entries = entries_of(kind.options, {}, {})
        assert sorted(kind.options.model_fields) == sorted(one.name for one in entries)
        assert all(one.label and one.label != one.option.key for one in entries), kind.kind
        assert table_of(kind.options, typed(entries), {}) == {}


def test_every_option_is_asked_for_in_english(channels: dict[str, Channel[Any]]) -> None:
    """Labels and helps have their English, parted as the Vietnamese is; so has what a trial does."""
    for kind in channels.values():
        for one in every(entries_of(kind.options, {}, {})):
            told = (one.label, one.help) if one.help else (one.label,)
            assert all(isinstance(words, Word) and words.en for words in told), (kind.kind, one.name)
        assert kind.title == kind.title_vi
        assert kind.title.en == kind.title_en
        assert ("tried_vi" in vars(type(kind))) == ("tried_en" in vars(type(kind)))
    port = next(one for one in entries_of(channels["email"].options, {}, {}) if one.name == "port")
    assert [in_english(words) for words in (port.label, port.help)] == [
        "Port",
        "587 with STARTTLS, 465 with TLS, 25 with an internal relay",
    ]


def test_rows_are_added_and_dropped(channels: dict[str, Channel[Any]]) -> None:
    """The open row at the end is filled in; a ticked one goes; numbers are read as people write them."""
    model = channels["radio"].options
    form = typed(entries_of(model, STATION, STATION))
    form |= {"slots.0.drop": ["1"], "slots.2.name": ["trua"], "slots.2.time": ["11:30"], "slots.2.minutes": ["7,5"]}
    found = table_of(model, form, STATION)
    assert [("chieu", None), ("trua", 7.5)] == [(one["name"], one.get("minutes")) for one in found["slots"]]
    form["keep_days"] = ["bảy"]
    assert "bảy" == table_of(model, form, STATION)["keep_days"]


def test_a_secret_is_kept_changed_and_dropped(channels: dict[str, Channel[Any]]) -> None:
    """Left open it stays, written anew it is another, ticked it goes; of pairs by their names."""
    model = channels["sms_http"].options
    form = typed(entries_of(model, GATEWAY, GATEWAY))
    form |= {"headers.0.value": ["moi-tinh"], "headers.1.drop": ["1"], "receipts.secret": ["cung-moi-tinh"]}
    found = table_of(model, form, GATEWAY)
    assert {"X-Key": "moi-tinh"} == found["headers"] and "cung-moi-tinh" == found["receipts"]["secret"]
    station = channels["radio"].options
    assert "token" not in table_of(station, {"token": [""], "token.drop": ["1"]}, STATION)
    typing = entries_of(station, {"token": "vua-go"}, {})
    assert ["vua-go"] == [one.value for one in typing if one.name == "token"]


def test_programs_are_told_names_of_secrets_alone(channels: dict[str, Channel[Any]]) -> None:
    """What is told can be given back as it is; a secret goes when it is given as null."""
    model = channels["sms_http"].options
    shown, secrets = without_secrets(model, GATEWAY)
    assert {"headers.X-Key", "headers.X-Other", "receipts.secret"} <= set(secrets)
    assert not any(secret in str(shown) for secret in (KEY, OTHER, GATEWAY["secrets_in_body"]["key"]))
    back = with_kept(
        model, shown | {"headers": {"X-Key": None}, "secrets_in_body": GATEWAY["secrets_in_body"]}, GATEWAY
    )
    assert {"X-Key": KEY} == back["headers"] and KEY == back["receipts"]["secret"]
    station = channels["radio"].options
    assert "token" in with_kept(station, {}, STATION) and "token" not in with_kept(station, {"token": None}, STATION)
