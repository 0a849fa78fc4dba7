"""The contract every pushing kind keeps in a bad world: one suite for all that are registered."""

from __future__ import annotations

import asyncio
import contextlib
import html
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.answer import SendError
from channels.channel import Channel, Form, Options, Refused, To, Unavailable, Unsure, find_channels
from channels.http import Http
from tests.channels.samples import Sample, find_samples

KINDS = find_channels()
WITHOUT_HTTP = {"email", "sms_gammu"}
"""Those that speak to a database or a mail server keep the same promises in a suite of their own, test_KIND.py."""
PUSHING = sorted(
    kind
    for kind, channel in KINDS.items()
    if not channel.shelf and channel.form is not Form.AUDIO and kind not in WITHOUT_HTTP
)
"""Those that push recordings have a suite of their own: test_recordings.py."""
PROMISES = (
    "success",
    "refusal_is_final",
    "an_unavailable_partner_is_tried_again",
    "private_address_is_refused_by_default",
    "vietnamese_at_the_limit_arrives_whole",
    "no_secret_in_any_error",
    "cancel_leaves_nothing_open",
    "same_id_on_a_retry",
)
"""What such a suite must have, by the names of its tests."""
SAMPLES = find_samples()


def test_every_pushing_kind_has_a_sample() -> None:
    """A new kind cannot come in untested."""
    assert sorted(SAMPLES) == PUSHING


@pytest.mark.parametrize("kind", sorted(WITHOUT_HTTP))
def test_a_kind_without_http_keeps_the_promises_elsewhere(kind: str) -> None:
    """It is no way round this suite."""
    suite = Path(__file__).with_name(f"test_{kind}.py").read_text(encoding="utf-8")
    assert kind in KINDS and [name for name in PROMISES if f"def test_{name}(" not in suite] == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_describes_itself(kind: str) -> None:
    """Titles in both languages, help on every option, and a pace: the house draws forms and docs from them."""
    channel = KINDS[kind]
    assert channel.kind == kind and channel.title_vi and channel.title_en
    assert all(field.description for field in channel.options.model_fields.values())
    assert channel.pace.per_second > 0 and channel.pace.at_once > 0


@dataclass
class Tried:
    """A kind under test with its sample and everything a send needs."""

    channel: Channel[Any]
    sample: Sample
    outlet: Any
    bulletin: Any

    def meets(self, world: Any, does: Any, *reactions: Any) -> None:
        """What comes of the requests with our words in them, one after the other; questions before each are answered."""
        answers = [does.reply(200, told) for told in self.sample.before]
        world.will(*[step for reaction in reactions for step in (*answers, reaction)])

    def told(self, world: Any) -> list[Any]:
        """The requests with our words in them; nothing else was asked but the questions before each."""
        step = len(self.sample.before) + 1
        assert len(world.asked) % step == 0
        return list(world.asked[step - 1 :: step])

    async def send(self, http: Http) -> Any:
        """One send."""
        return await self.channel.send(self.bulletin, self.outlet, self.sample.to, http)

    async def fails(self, http: Http, kind: type[SendError]) -> Any:
        """One send that must fail so."""
        with pytest.raises(kind) as caught:
            await self.send(http)
        return caught.value


@pytest.fixture(params=PUSHING)
def tried(request: pytest.FixtureRequest, world: Any, make: Any, does: Any) -> Tried:
    """Every pushing kind in turn, aimed at the world, which first answers what the kind asks before its message."""
    channel, sample = KINDS[request.param], SAMPLES[request.param]
    world.before = [does.reply(200, answer) for answer in sample.first]
    options: Options = channel.options(**sample.options(world.url))
    return Tried(channel, sample, make.outlet(options), make.bulletin())


async def test_success(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """An accepted message gives the partner's own id."""
    tried.meets(world, does, does.reply(200, tried.sample.success))
    receipt = await tried.send(http)
    assert receipt.reference == tried.sample.reference
    assert len(tried.told(world)) == 1 and len(world.asked_before) == len(tried.sample.first)


async def test_refusal_is_final(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """What the partner will never take is Refused."""
    tried.meets(world, does, does.reply(*tried.sample.refusal))
    assert (await tried.fails(http, Refused)).vi


async def test_too_many_with_seconds(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """429 with a hint in seconds."""
    tried.meets(world, does, does.reply(429, b"slow down", Retry_After="17"))
    assert (await tried.fails(http, Unavailable)).retry_after == 17


async def test_too_many_with_a_date(tried: Tried, world: Any, http: Http, does: Any, clock: Any) -> None:
    """429 with a hint as a date, which counts from the partner's own clock."""
    told = (clock.now() + timedelta(hours=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    until = (clock.now() + timedelta(hours=5, seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    tried.meets(world, does, does.reply(429, b"", Retry_After=until, Date=told))
    assert (await tried.fails(http, Unavailable)).retry_after == 90


async def test_broken_partner(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """500 may have been taken; 503 was not."""
    tried.meets(world, does, does.reply(500, b"oops"), does.reply(503, b"later", Retry_After="3"))
    await tried.fails(http, Unsure)
    assert (await tried.fails(http, Unavailable)).retry_after == 3


async def test_time_out(tried: Tried, world: Any, does: Any, clock: Any) -> None:
    """A partner that takes the request and is silent leaves us unsure."""
    http = Http(clock, ["127.0.0.0/8"], total_seconds=0.1)
    tried.meets(world, does, world.hang)
    assert (await tried.fails(http, Unsure)).reason == "timeout"
    await http.close()


async def test_cut_off_answer(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """Half an answer, or none, is no answer; and it is not silently asked again."""
    for reaction in (does.cut, does.drop):
        tried.meets(world, does, reaction)
        world.asked.clear()
        assert (await tried.fails(http, Unsure)).reason == "cut_off"
        assert len(tried.told(world)) == 1


async def test_oversized_answer(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """More than 64 KB is not read."""
    tried.meets(world, does, does.reply(200, b" " * (64 * 1024) + tried.sample.success))
    assert (await tried.fails(http, Unsure)).reason == "answer_size"


async def test_error_inside_success(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """A 200 that says no is no success; nor is one that cannot be read."""
    if tried.sample.inside is None:
        tried.meets(world, does, does.reply(200, b'{"error": 1}'))
        await tried.send(http)
        return
    tried.meets(world, does, does.reply(200, tried.sample.inside), does.reply(200, b"<html>Loi</html>"))
    await tried.fails(http, Refused)
    await tried.fails(http, Unsure)


async def test_private_address_is_refused_by_default(tried: Tried, world: Any, clock: Any) -> None:
    """Without leave from the configuration nothing inside is called."""
    http = Http(clock)
    assert (await tried.fails(http, Refused)).reason == "private_address"
    assert world.connections == 0
    await http.close()


async def test_vietnamese_at_the_limit_arrives_whole(
    tried: Tried, world: Any, http: Http, does: Any, make: Any
) -> None:
    """As many characters as the kind allows, with marks, quotes, braces and backslashes, arrive as they are."""
    start = 'Đường "Trường Chinh" {id} \\ 100% & Nghĩa Lộ: ướt, ngập? ỗ ẵ ỵ\n'
    text = (start + "ở" * 2000)[: tried.channel.limit or 2000]
    article = "<p>" + "<br>".join(html.escape(text).split("\n")) + "</p>"
    tried.bulletin = make.bulletin(make.part(short=text, chat=text, article=article))
    tried.meets(world, does, does.reply(200, tried.sample.success))
    await tried.send(http)
    assert tried.sample.said([*world.asked_before, *tried.told(world)][tried.sample.carrier]) == text


async def test_no_secret_in_any_error(tried: Tried, world: Any, http: Http, does: Any, clock: Any) -> None:
    """A partner that repeats all it was told, or that is not there, does not bring a secret into our log."""
    short = Http(clock, ["127.0.0.0/8"], total_seconds=0.5)
    texts = []
    for status in (200, 302, 400, 401, 404, 410, 422, 429, 500, 503):
        tried.meets(world, does, does.echo_with(status))
        with contextlib.suppress(SendError):
            try:
                receipt = await tried.send(http)
                texts += [receipt.detail, receipt.reference]
            except SendError as error:
                texts += [str(error), error.vi, error.en, repr(error), repr(error.__context__)]
    for reaction, client in ((does.drop, http), (world.hang, short)):
        tried.meets(world, does, reaction)
        error = await tried.fails(client, Unsure)
        texts += [str(error), error.vi, error.en, repr(error)]
    await short.close()
    assert len(texts) > 20
    for secret in tried.sample.secrets:
        assert not [text for text in texts if secret in text]


async def test_cancel_leaves_nothing_open(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """A send that is cancelled half-way closes its connection and leaves no task."""
    tried.meets(world, does, world.hang)
    send = asyncio.create_task(tried.send(http))
    await world.came.wait()
    send.cancel()
    with pytest.raises(asyncio.CancelledError):
        await send
    await world.left.wait()
    assert world.open == 0
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks() - {asyncio.current_task()}}
    assert names <= {"World.serve", "StreamReader.read", "Event.wait"}, "only the world's own tasks may be left"


async def test_same_id_on_a_retry(tried: Tried, world: Any, http: Http, does: Any) -> None:
    """A partner that deduplicates hears the same id on every try; a kind without an id says it cannot be repeated."""
    tried.meets(world, does, does.drop, does.reply(200, tried.sample.success))
    await tried.fails(http, Unsure)
    if tried.sample.named is None:
        assert not tried.channel.repeatable(tried.outlet)
        return
    assert tried.channel.repeatable(tried.outlet)
    await tried.send(http)
    assert [tried.sample.named(asked) for asked in tried.told(world)] == ["d-1", "d-1"]


def test_a_new_kind_is_one_new_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file dropped into the folder of kinds is found, and sends; nothing else is touched."""
    import channels.kinds

    (tmp_path / "telegraph.py").write_text(
        '"""Kind `telegraph`."""\n'
        "from channels.channel import Channel, Form, Options, Receipt\n"
        "class Telegraph(Channel[Options]):\n"
        '    kind, title_vi, title_en, form = "telegraph", "Điện báo", "Telegraph", Form.SHORT\n'
        "    async def send(self, bulletin, outlet, to, http):\n"
        '        return Receipt(f"stop {bulletin.short} stop")\n'
    )
    monkeypatch.setattr(channels.kinds, "__path__", [*channels.kinds.__path__, str(tmp_path)])
    monkeypatch.setattr(Channel, "registry", dict(Channel.registry))
    kinds = find_channels()
    assert set(kinds) == {*KINDS, "telegraph"}
    receipt = asyncio.run(kinds["telegraph"].send(_Words(), None, To("d", ""), None))  # type: ignore[arg-type]
    assert receipt.reference == "stop Mưa stop"


class _Words:
    short = "Mưa"
