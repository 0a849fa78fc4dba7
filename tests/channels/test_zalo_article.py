"""The kind `zalo_article` and a strict Zalo on a real socket: three steps, each once; nights, days and lost answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from channels.channel import Receipt, Refused, To, Unavailable, Unsure
from channels.kinds.zalo_article import ZaloArticle, ZaloArticleOptions
from channels.reasons import Reason
from tests.channels.partners.zalo import COVER, HANOI, Zalo

KIND = ZaloArticle()
CREATING, VERIFYING, SENDING = "/v2.0/article/create", "/v2.0/article/verify", "/v2.0/oa/message"


@pytest.fixture
async def zalo(clock: Any) -> AsyncIterator[Zalo]:
    """An account with Zalo."""
    async with Zalo(clock) as zalo:
        yield zalo


@pytest.fixture
def outlet(zalo: Zalo, make: Any) -> Any:
    """The account's outlet."""
    return make.outlet(ZaloArticleOptions(**zalo.article_options()))


@pytest.fixture
def send(outlet: Any, http: Any, make: Any) -> Any:
    """Broadcasts one article; its parts can be changed."""

    async def one(name: str = "d-1", *parts: Any, **more: Any) -> Receipt:
        return await KIND.send(make.bulletin(*parts, **more), outlet, To(name, outlet.name), http)

    return one


async def fails(send: Any, kind: Any, reason: str, *args: Any, **more: Any) -> Any:
    """A send that must end so."""
    with pytest.raises(kind) as caught:
        await send(*args, **more)
    assert caught.value.reason == reason
    return caught.value


async def test_the_three_steps_are_golden(world: Any, http: Any, make: Any, does: Any) -> None:
    """Paths and bodies as Zalo's papers have them; the answer of each step is told in the next."""
    told = {"access_token": "access-3", "refresh_token": "refresh-2", "app_secret": "app-1", "app_id": "4"}
    options = ZaloArticleOptions(**told, cover_url=COVER, author="Đài xã", api_url=f"{world.url}/")
    answers = [{"token": "t-1"}, {"id": "a-1"}, {"message_id": "m-1"}]
    world.will(*(does.reply(200, json.dumps({"error": 0, "data": data}).encode()) for data in answers))
    article = (
        "<h2>Đêm nay</h2><p>Có <strong>mưa lớn</strong> &amp; gió.</p><ul><li>Tắt điện</li></ul><script>x</script>"
    )
    receipt = await KIND.send(
        make.bulletin(make.part(article=article)), make.outlet(options), To("d-1", "diem-1"), http
    )
    assert receipt == Receipt("m-1", "bài a-1")
    assert [(one.method, one.target) for one in world.asked] == [
        ("POST", CREATING),
        ("POST", VERIFYING),
        ("POST", SENDING),
    ]
    assert {one.headers["access_token"] for one in world.asked} == {"access-3"}
    created, verified, sent = (json.loads(one.body) for one in world.asked)
    assert created == {
        "type": "normal",
        "title": "Mưa lớn ở Mộc Châu",
        "author": "Đài xã",
        "cover": {"cover_type": "photo", "photo_url": COVER, "status": "show"},
        "description": "Mưa lớn từ đêm nay.",
        "body": [{"type": "text", "content": line} for line in ("Đêm nay", "Có mưa lớn & gió.", "Tắt điện")],
        "status": "show",
        "comment": "hide",
    }
    assert verified == {"token": "t-1"}
    element = {"media_type": "article", "attachment_id": "a-1"}
    payload = {"template_type": "media", "elements": [element]}
    assert sent == {"recipient": {"target": {}}, "message": {"attachment": {"type": "template", "payload": payload}}}


async def test_an_article_goes_to_all_followers(zalo: Zalo, send: Any) -> None:
    """Created, verified and broadcast once; the office is the author when none is named; parts have their titles."""
    receipt = await send()
    (one,) = zalo.broadcasts
    assert receipt.reference == "m-1" and zalo.articles[one.article_id]["author"] == "UBND xã Mộc Châu"
    assert zalo.calls == [CREATING, VERIFYING, SENDING] and not zalo.ledger.refused
    assert zalo.ledger.pairs == 1 and zalo.ledger.bad_refreshes == 0


async def test_a_test_reaches_nobody(zalo: Zalo, outlet: Any, http: Any, make: Any) -> None:
    """Created hidden and verified, or left to Zalo to verify; not broadcast, and the day is as free as before."""
    zalo.processing = 1
    for words in ("đang chờ duyệt", "đã được duyệt"):
        receipt = await KIND.try_out(make.bulletin(), outlet, To("test-1", outlet.name), http)
        assert receipt.detail.endswith(words)
    (article,) = zalo.articles.values()
    assert "hide" == article["status"] and not zalo.broadcasts
    assert "0 trên 1 bài" in await KIND.quota(outlet, http.now())


async def test_several_items_are_one_article(zalo: Zalo, send: Any, make: Any) -> None:
    """Each under its title."""
    await send("d-1", make.part(), make.part("it2", title="Tiêm chủng", article="<p>Sáng mai.</p>"))
    (article,) = zalo.articles.values()
    assert article["title"] == "Mưa lớn ở Mộc Châu (+1)"
    lines = [block["content"] for block in article["body"]]
    assert lines == ["Mưa lớn ở Mộc Châu", "Từ đêm nay có mưa lớn.", "Tiêm chủng", "Sáng mai."]


async def test_lengths(zalo: Zalo, send: Any, make: Any) -> None:
    """A title of 150 passes, one more never leaves; lead and author are cut at a word as Zalo's lists show them."""
    office, short = "Ủy ban nhân dân " * 5, "mưa lớn " * 60
    await send("d-1", make.part(title="ở" * 150, short=short), office=office)
    (article,) = zalo.articles.values()
    assert len(article["title"]) == 150
    assert len(article["description"]) <= 300 and article["description"].endswith("mưa…")
    assert len(article["author"]) <= 50 and article["author"].endswith("…")
    calls = len(zalo.calls)
    error = await fails(send, Refused, Reason.TEXT, "d-2", make.part(title="ở" * 151))
    assert "151" in error.vi and "150" in error.vi
    await fails(send, Refused, Reason.TEXT, "d-2", make.part(article="<p> </p>"))
    assert len(zalo.calls) == calls


# --- each step once ---


async def test_while_zalo_works_on_it_the_next_try_goes_on(zalo: Zalo, send: Any, clock: Any) -> None:
    """Put off by its hint, twice; then the article that was created first is broadcast, and there is only one."""
    zalo.processing = 2
    for _ in range(2):
        error = await fails(send, Unavailable, Reason.BUSY)
        assert error.retry_after == 30 and not error.person and not zalo.broadcasts
        clock.advance(error.retry_after)
    assert (await send()).reference == "m-1"
    assert len(zalo.created) == 1 and zalo.calls == [CREATING, *[VERIFYING] * 3, SENDING]


async def test_success_without_an_id_is_still_processing(
    zalo: Zalo, world: Any, http: Any, make: Any, does: Any
) -> None:
    """No error and no id: asked again later."""
    outlet = make.outlet(ZaloArticleOptions(**zalo.article_options(api_url=world.url)))
    world.will(does.reply(200, b'{"error": 0, "data": {"token": "t"}}'), does.reply(200, b'{"error": 0}'))
    with pytest.raises(Unavailable) as caught:
        await KIND.send(make.bulletin(), outlet, To("d-1", "diem-1"), http)
    assert caught.value.reason is Reason.BUSY and len(world.asked) == 2


@pytest.mark.parametrize(("path", "articles"), [(CREATING, 2), (VERIFYING, 1)])
async def test_a_lost_answer_before_the_broadcast_is_no_doubt(zalo: Zalo, send: Any, path: str, articles: int) -> None:
    """Nobody got anything: Unavailable. A token that was lost is asked for anew, one that is known is not."""
    zalo.losing = {path}
    await fails(send, Unavailable, "cut_off")
    assert (await send()).reference == "m-1"
    assert len(zalo.created) == articles and len(zalo.broadcasts) == 1


async def test_a_lost_answer_of_the_broadcast_is_unsure(zalo: Zalo, send: Any, outlet: Any) -> None:
    """The followers have it: never repeated by the kind, and it counts as the day's broadcast."""
    zalo.losing = {SENDING}
    await fails(send, Unsure, "cut_off")
    assert len(zalo.broadcasts) == 1 and not KIND.repeatable(outlet)
    await fails(send, Unavailable, Reason.QUOTA, "d-2")
    assert len(zalo.created) == 1 and zalo.calls.count(SENDING) == 1


async def test_a_person_may_try_again_what_is_unsure(zalo: Zalo, send: Any, clock: Any) -> None:
    """With the same article; while Zalo takes it no more today, the day stays used."""
    zalo.losing = {SENDING}
    await fails(send, Unsure, "cut_off")
    error = await fails(send, Unavailable, Reason.QUOTA)
    assert "-211" in error.vi
    assert (await fails(send, Unavailable, Reason.QUOTA, "d-2")).retry_after == 22 * 3600
    clock.advance(22 * 3600)
    await send()
    assert len(zalo.created) == 1 and len({one.article_id for one in zalo.broadcasts}) == 1


async def test_a_token_zalo_knows_no_longer(zalo: Zalo, send: Any) -> None:
    """Refused; what a person tries again begins anew."""
    zalo.processing = 1
    await fails(send, Unavailable, Reason.BUSY)
    zalo.created.clear()
    await fails(send, Refused, Reason.TEXT)
    assert (await send()).reference == "m-1"


# --- nights and days ---


@pytest.mark.parametrize(("hours", "wait"), [(14, 8), (20, 2), (21.99, 0.01)])
async def test_at_night_it_waits_for_six(zalo: Zalo, send: Any, clock: Any, hours: float, wait: float) -> None:
    """From 22:00 to 06:00 in Vietnam Zalo is not even asked; at six it goes."""
    clock.advance(hours * 3600)
    error = await fails(send, Unavailable, Reason.HOURS)
    assert error.retry_after == pytest.approx(wait * 3600) and not zalo.calls
    clock.advance(error.retry_after)
    assert (await send()).reference == "m-1"


async def test_the_last_minute_of_the_day_is_in_time(zalo: Zalo, send: Any, clock: Any) -> None:
    """21:59:59 passes, also with Zalo."""
    clock.advance(14 * 3600 - 1)
    assert (await send()).reference == "m-1"


async def test_one_a_day(zalo: Zalo, send: Any, clock: Any) -> None:
    """The second waits for the next morning and is not even created; then it goes."""
    await send()
    calls = len(zalo.calls)
    error = await fails(send, Unavailable, Reason.QUOTA, "d-2")
    assert error.retry_after == 22 * 3600 and not error.person and len(zalo.calls) == calls
    clock.advance(error.retry_after)
    await send("d-2")
    assert [one.at.astimezone(HANOI).day for one in zalo.broadcasts] == [23, 24]


async def test_what_zalo_refused_does_not_count(zalo: Zalo, send: Any) -> None:
    """The day is still free for another article."""
    zalo.forced[SENDING] = -248
    await fails(send, Refused, Reason.TEXT)
    assert (await send("d-2")).reference == "m-1"


async def test_a_broadcast_somebody_else_made_counts(zalo: Zalo, send: Any, make: Any, http: Any) -> None:
    """Zalo's own count, -211: tomorrow, with the article that was created today."""
    other = make.outlet(ZaloArticleOptions(**zalo.article_options(refresh_token=zalo._pair()[1], per_day=2)))
    await KIND.send(make.bulletin(), other, To("x-1", "khac"), http)
    error = await fails(send, Unavailable, Reason.QUOTA)
    assert error.retry_after >= 16 * 3600
    assert len(zalo.created) == 2 and len(zalo.broadcasts) == 1


@pytest.mark.parametrize(
    ("path", "code", "kind", "reason"),
    [
        (CREATING, -223, Unavailable, Reason.QUOTA),
        (CREATING, -224, Unavailable, Reason.ACCOUNT),
        (CREATING, -201, Refused, Reason.TEXT),
        (SENDING, -234, Unavailable, Reason.HOURS),
        (SENDING, -221, Unavailable, Reason.ACCOUNT),
    ],
)
async def test_what_zalo_says(zalo: Zalo, send: Any, path: str, code: int, kind: Any, reason: Reason) -> None:
    """Codes of every step; afterwards the article still goes, once."""
    zalo.forced[path] = code
    error = await fails(send, kind, reason)
    assert str(code) in error.vi
    assert (await send()).reference == "m-1" and len(zalo.broadcasts) == 1 == len(zalo.created)


@pytest.mark.parametrize(
    ("path", "wrong", "code"),
    [
        (CREATING, {"title": "ở" * 151}, -201),
        (CREATING, {"author": "a" * 51}, -201),
        (CREATING, {"description": "a" * 301}, -201),
        (CREATING, {"cover": {}}, -201),
        (CREATING, {"body": []}, -201),
        (VERIFYING, {"token": "unknown"}, -201),
        (SENDING, {"recipient": {"target": {}}}, -201),
        (CREATING, {}, -216),
    ],
)
async def test_the_simulated_zalo_is_strict(zalo: Zalo, send: Any, http: Any, path: str, wrong: Any, code: int) -> None:
    """What the kind never says is refused when something else says it."""
    await send()
    (article,) = zalo.created.values()
    told = json.dumps((article if path == CREATING else {}) | wrong).encode()
    token = zalo.first[0] if wrong else "stranger"
    answer = await http.request("POST", f"{zalo.url}{path}", headers={"access_token": token}, body=told)
    assert answer.json()["error"] == code and len(zalo.created) == len(zalo.broadcasts) == 1


@pytest.mark.parametrize("wrong", [{"cover_url": "bia.jpg"}, {"author": "a" * 51}, {"per_day": 0}, {"app_secret": ""}])
def test_wrong_options(zalo: Zalo, wrong: dict[str, Any]) -> None:
    """Each is an error that repeats no secret; a cover must be given."""
    for told in (zalo.article_options(**wrong), zalo.options()):
        with pytest.raises(ValidationError) as caught:
            ZaloArticleOptions(**told)
        assert zalo.oa_secret not in str(caught.value)
