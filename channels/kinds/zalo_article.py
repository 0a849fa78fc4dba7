"""Kind `zalo_article`: an article of a Zalo Official Account, broadcast to everybody who follows it.

Endpoints and shapes: Zalo for Developers, article API v2.0 (create, verify) and broadcast (`/v2.0/oa/message`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from channels.answer import SendError
from channels.channel import (
    Callback,
    Channel,
    Form,
    Heard,
    Outlet,
    Pace,
    Quota,
    Receipt,
    Refused,
    To,
    Unavailable,
    Unsure,
    Word,
)
from channels.http import Http
from channels.options import WebAddress
from channels.reasons import Reason
from channels.zalo.account import ZaloAccount
from channels.zalo.calls import Said, ask, say
from channels.zalo.errors import HANOI, seconds_until, zalo_error
from channels.zalo.events import authentic_event, followed
from content.bulletin import Bulletin
from content.markup import plain_text
from content.short import cut_at_word

PROCESSING, ARTICLES_SPENT = -214, -223
TITLE, AUTHOR, DESCRIPTION = 150, 50, 300
OPENS, CLOSES = 6, 22
_LOOK_AGAIN = 30.0


class ZaloArticleOptions(ZaloAccount):
    """Options of an outlet that broadcasts articles."""

    cover_url: WebAddress = Field(
        description=Word(
            "Địa chỉ công khai của ảnh bìa (Zalo bắt buộc mỗi bài có ảnh bìa).",
            "Public address of the cover picture (Zalo requires one for every article).",
        )
    )
    author: str = Field(
        default="",
        max_length=AUTHOR,
        description=Word(
            "Tên tác giả dưới bài; để trống: tên cơ quan.",
            "Name of the author below the article; if empty: the name of the office.",
        ),
    )
    per_day: Annotated[int, Field(ge=1)] = Field(
        default=1,
        description=Word(
            "Số bài nhiều nhất một ngày (Zalo cho 1); Zalo chỉ phát từ 6:00 đến 21:59.",
            "Maximum articles a day (Zalo allows 1); Zalo broadcasts only from 6:00 to 21:59.",
        ),
    )
    review_minutes: Annotated[int, Field(ge=0, le=240)] = Field(
        default=30,
        description=Word(
            "Zalo duyệt một bài chừng bao nhiêu phút mới tới người quan tâm; lịch chỉ gửi tới đây thì Loa gửi sớm chừng ấy.",
            "Minutes that Zalo takes to review an article before it reaches followers; a "
            "schedule that sends only here is sent that much earlier.",
        ),
    )
    per_month: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description=Word(
            "Số bài nhiều nhất một tháng theo gói của OA (0: không hạn chế); hết thì bài chờ tới kỳ sau.",
            "Maximum articles a month by the plan of the OA (0: no limit); once used up, articles "
            "wait for the next period.",
        ),
    )
    month_begins: Annotated[int, Field(ge=1, le=28)] = Field(
        default=1,
        description=Word(
            "Ngày trong tháng mà gói của OA bắt đầu tính lại.",
            "Day of the month on which the OA's plan begins to count anew.",
        ),
    )


class ZaloArticle(Channel[ZaloArticleOptions]):
    """Create, verify, broadcast: what each step gave is kept before the next, so that a later try goes on from there."""

    kind = "zalo_article"
    title_vi = "Bài viết Zalo OA (phát tới mọi người quan tâm)"
    title_en = "Zalo Official Account article (to all followers)"
    form = Form.ARTICLE
    options = ZaloArticleOptions
    quiet_hours = True
    tried_vi = "Một bài ẩn được tạo và Zalo duyệt thử; không phát tới ai, không tính vào số bài của ngày."
    tried_en = "A hidden article is created and reviewed by Zalo; it reaches nobody and does not count towards the day's articles."
    # Its quota is counted here: the pace would count also the tries that only found the article still being processed.
    pace = Pace(at_once=1)

    async def send(self, bulletin: Bulletin, outlet: Outlet[ZaloArticleOptions], to: To, http: Http) -> Receipt:
        """One article to all followers. Unavailable while Zalo still processes it, at night, and when today's is sent."""
        article = _article(bulletin, outlet.options)
        _by_day(http.now())
        await _sent(outlet, http.now(), to)
        article_id = await _article_id(article, outlet, to, http)
        async with outlet.keep.alone("broadcast"):
            sent = await _sent(outlet, http.now(), to)
            # Written before it leaves: where the answer is lost, the day's broadcast counts as sent.
            await _keep_sent(outlet, sent.with_one(to.delivery))
            try:
                return await _broadcast(article_id, outlet, to, http)
            except Unsure:
                raise
            except SendError:
                await _keep_sent(outlet, sent)
                raise

    async def try_out(self, bulletin: Bulletin, outlet: Outlet[ZaloArticleOptions], to: To, http: Http) -> Receipt:
        """An article that nobody sees is created and verified, not broadcast."""
        hidden = {**_article(bulletin, outlet.options), "status": "hide"}
        try:
            return Receipt(
                await _article_id(hidden, outlet, to, http),
                Word("bài ẩn đã được duyệt", "the hidden article was approved"),
            )
        except Unavailable as error:
            if error.reason != Reason.BUSY:
                raise
            return Receipt(
                detail=Word("bài ẩn đã tới Zalo, đang chờ duyệt", "the hidden article is with Zalo, to be reviewed")
            )

    def repeatable(self, outlet: Outlet[ZaloArticleOptions]) -> bool:
        """Never: Zalo broadcasts an article as often as it is told to."""
        return False

    def lead(self, outlet: Outlet[ZaloArticleOptions]) -> timedelta:
        """Zalo reviews a broadcast before anybody sees it."""
        return timedelta(minutes=outlet.options.review_minutes)

    def retry_for(self, outlet: Outlet[ZaloArticleOptions]) -> timedelta:
        """Where a month's articles are counted, what is too many waits for the next month."""
        return timedelta(days=32 if outlet.options.per_month else 1)

    def confirm(self, callback: Callback, outlet: Outlet[ZaloArticleOptions]) -> Sequence[Heard]:
        """Who comes and goes; nobody reports a broadcast. Refused when not authentic."""
        return followed(authentic_event(callback, outlet.options))

    def hook_shared_by(self, outlet: Outlet[ZaloArticleOptions]) -> str:
        """An app has one webhook address for all it does."""
        return outlet.options.hook

    def quota_of(self, outlet: Outlet[ZaloArticleOptions]) -> Quota:
        """Articles a day, and a month of the account's package."""
        return _quota(outlet.options)

    async def quota(self, outlet: Outlet[ZaloArticleOptions], now: datetime) -> str:
        """Today's and, where they are counted, this month's articles."""
        sent, options = await _kept(outlet, now), outlet.options
        today = f"{len(sent.deliveries)} trên {options.per_day} bài của hôm nay đã phát"
        today_en = f"{len(sent.deliveries)} of today's {options.per_day} articles broadcast"
        if not options.per_month:
            return Word(today, today_en)
        _, again = _quota(options).month_of(_local(now))
        count, most = len(sent.monthly), options.per_month
        return Word(
            f"{today}; {count} trên {most} bài của kỳ này (tính lại từ {again:%d/%m/%Y})",
            f"{today_en}; {count} of {most} articles of this period (counted anew from {again:%d/%m/%Y})",
        )


def _article(bulletin: Bulletin, options: ZaloArticleOptions) -> dict[str, Any]:
    """The article as Zalo takes it; Refused when its title is too long or it has no words."""
    title, alone = bulletin.title, len(bulletin.parts) == 1
    lines = [
        line
        for part in bulletin.parts
        for line in (*(() if alone else (part.title,)), *plain_text(part.article).splitlines())
    ]
    if len(title) > TITLE:
        raise Refused(
            Reason.TEXT,
            f"tiêu đề dài {len(title)} ký tự, bài Zalo cho {TITLE}",
            f"the title has {len(title)} characters, a Zalo article takes {TITLE}",
        )
    if not lines:
        raise Refused(Reason.TEXT, "bài không có chữ nào", "the article has no words")
    return {
        "type": "normal",
        "title": title,
        "author": options.author or cut_at_word(bulletin.office, AUTHOR),
        "cover": {"cover_type": "photo", "photo_url": options.cover_url, "status": "show"},
        "description": cut_at_word(bulletin.short, DESCRIPTION),
        "body": [{"type": "text", "content": line} for line in lines],
        "status": "show",
        "comment": "hide",
    }


def _by_day(now: datetime) -> None:
    """Unavailable from 22:00 to 06:00 in Vietnam: Zalo takes no broadcast."""
    if not OPENS <= now.astimezone(HANOI).hour < CLOSES:
        raise Unavailable(
            Reason.HOURS,
            "Zalo chỉ phát bài từ 6:00 đến 21:59",
            "Zalo broadcasts from 06:00 to 21:59 only",
            retry_after=seconds_until(OPENS, now),
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What was broadcast on a day in Vietnam, and in the month of the account's package that began on `month`."""

    day: str
    deliveries: list[str]
    month: str
    monthly: list[str]

    def with_one(self, delivery: str) -> Sent:
        """With one more."""
        return replace(self, deliveries=[*self.deliveries, delivery], monthly=[*self.monthly, delivery])


async def _sent(outlet: Outlet[ZaloArticleOptions], now: datetime, to: To) -> Sent:
    """What was sent; Unavailable when that is, without this one, as much as a day or a month takes, until the next morning of one."""
    sent, options = await _kept(outlet, now), outlet.options
    if options.per_month and len({*sent.monthly} - {to.delivery}) >= options.per_month:
        _, again = _quota(options).month_of(_local(now))
        days = (again - _local(now)).days - 1
        raise Unavailable(
            Reason.QUOTA,
            "đã phát đủ số bài Zalo của tháng này theo gói của OA",
            "this month's articles have been broadcast",
            retry_after=days * 86_400 + seconds_until(0, now) + OPENS * 3600,
        )
    if len({*sent.deliveries} - {to.delivery}) >= options.per_day:
        raise Unavailable(
            Reason.QUOTA,
            "hôm nay đã phát đủ số bài Zalo của một ngày",
            "today's articles have been broadcast",
            retry_after=seconds_until(OPENS, now),
        )
    return sent


async def _kept(outlet: Outlet[ZaloArticleOptions], now: datetime) -> Sent:
    """What was kept, as far as it is of this day and this month."""
    kept = json.loads(await outlet.keep.get("broadcast") or "{}")
    day, month = _local(now).isoformat(), _quota(outlet.options).month_of(_local(now))[0].isoformat()
    deliveries: list[str] = kept["deliveries"] if kept.get("day") == day else []
    monthly: list[str] = kept["monthly"] if kept.get("month") == month else deliveries
    return Sent(day, deliveries, month, monthly)


async def _keep_sent(outlet: Outlet[ZaloArticleOptions], sent: Sent) -> None:
    await outlet.keep.put("broadcast", json.dumps(asdict(sent)))


def _local(now: datetime) -> date:
    return now.astimezone(HANOI).date()


def _quota(options: ZaloArticleOptions) -> Quota:
    return Quota(options.per_day, options.per_month, options.month_begins)


async def _article_id(article: dict[str, Any], outlet: Outlet[ZaloArticleOptions], to: To, http: Http) -> str:
    """The id of this delivery's article, which is created once. Unavailable while Zalo still processes it.

    When the answer to the creation was lost it is made anew: what was never verified nobody sees.
    """
    name, api = f"article {to.delivery}", f"{outlet.options.api_url}/v2.0/article"
    kept = json.loads(await outlet.keep.get(name) or "{}")
    if "id" in kept:
        return str(kept["id"])
    if "token" not in kept:
        made = await ask("POST", f"{api}/create", outlet, http, told=article)
        kept = {"token": _given(made, "token", http, to)}
        await outlet.keep.put(name, json.dumps(kept))
    verified = await ask("POST", f"{api}/verify", outlet, http, told=kept)
    try:
        article_id = _given(verified, "id", http, to)
    except Refused:
        # A token that Zalo knows no longer: a person's next try begins anew.
        await outlet.keep.put(name, "{}")
        raise
    await outlet.keep.put(name, json.dumps({"id": article_id}))
    return article_id


async def _broadcast(article_id: str, outlet: Outlet[ZaloArticleOptions], to: To, http: Http) -> Receipt:
    elements = [{"media_type": "article", "attachment_id": article_id}]
    payload = {"template_type": "media", "elements": elements}
    told = {"recipient": {"target": {}}, "message": {"attachment": {"type": "template", "payload": payload}}}
    said = await say("POST", f"{outlet.options.api_url}/v2.0/oa/message", outlet, http, told=told)
    if said.code:
        raise _error(said, http.now(), to)
    return Receipt(said.text("message_id"), Word(f"bài {article_id}", f"article {article_id}"))


def _given(said: Said, name: str, http: Http, to: To) -> str:
    """What a step must give for the next. Zalo may say nothing but success while it still works on an article."""
    if said.code:
        raise _error(said, http.now(), to)
    if not (value := said.text(name)):
        raise _processing(said)
    return value


def _error(said: Said, now: datetime, to: To) -> SendError:
    if said.code == PROCESSING:
        return _processing(said)
    if said.code == ARTICLES_SPENT:
        vi, en = (
            f"Zalo báo lỗi {said.code}, hết số bài được tạo: {said.message}",
            f"Zalo error {said.code}: {said.message}",
        )
        return Unavailable(Reason.QUOTA, vi, en, retry_after=seconds_until(OPENS, now))
    return zalo_error(said.code, said.message, now, to.delivery)


def _processing(said: Said) -> Unavailable:
    vi, en = f"Zalo đang xử lý bài: {said.message}", f"Zalo is still processing the article: {said.message}"
    return Unavailable(Reason.BUSY, vi, en, retry_after=_LOOK_AGAIN)
