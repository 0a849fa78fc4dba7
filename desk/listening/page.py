"""The page of listening tests: a sentence, two voices without names, one choice; and what all choices came to."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import BadInput, NotFound, Word
from content.mastering import SilentSpeech, master
from content.voice import Voice, VoiceError, speak
from db.types import new_id
from desk.answer import Answer, Done, Shown, Trouble, Visit
from desk.listening import store
from desk.listening.store import Pair
from desk.shape import shape
from desk.shapes.speech import TallyTold

SENTENCES = (
    "Kính mời bà con theo dõi bản tin truyền thanh của xã.",
    "Bộ phận một cửa nhận hồ sơ vào các buổi sáng trong tuần.",
    "Người dân nộp hồ sơ trực tuyến được giảm một nửa lệ phí.",
    "Đề nghị các hộ ven suối chủ động di dời trước khi trời tối.",
    "Ủy ban nhân dân xã tiếp công dân vào ngày mười lăm hằng tháng.",
    "Trẻ em dưới sáu tuổi được khám sức khỏe miễn phí tại trạm y tế.",
    "Mọi thắc mắc xin liên hệ văn phòng trong giờ hành chính.",
    "Hội nghị bắt đầu lúc bảy giờ ba mươi phút tại nhà văn hóa bản.",
)
SAME, SKIP = "same", "skip"
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Tally:
    """How two voices stand against each other: titles, how often each was better, how often neither."""

    one: str
    other: str
    for_one: int
    for_other: int
    same: int


@shape(list[TallyTold])
async def show(visit: Visit) -> Answer:
    """GET /voices: the question this person has open, or a new one; what everybody answered so far."""
    voices = {voice.name: voice for voice in visit.house.voices}
    async with visit.house.database.write() as tx:
        pair = await store.open_pair(tx, visit.login)
        if pair is None or not {pair.first, pair.second} <= set(voices):
            pair = await _ask(visit, tx, pair, tuple(voices.values()))
        tallies = await _tallies(tx, {name: Word(voice.title_vi, voice.title_en) for name, voice in voices.items()})
    plain = [
        {"voices": [one.one, one.other], "better": [one.for_one, one.for_other], "same": one.same} for one in tallies
    ]
    return Shown("voices.html", {"pair": pair, "tallies": tallies}, plain)


async def _ask(visit: Visit, tx: AsyncConnection, old: Pair | None, voices: Sequence[Voice]) -> Pair | None:
    if old is not None:
        await store.drop_pair(tx, old.id, visit.login)  # one of its voices is no longer used
    if len(voices) < 2:
        return None
    now = visit.house.clock.now()
    first, second = _chance.sample([voice.name for voice in voices], 2)
    pair = Pair(new_id(now), visit.login, _chance.choice(SENTENCES), first, second, now)
    await store.add_pair(tx, pair)
    return pair


async def _tallies(connection: AsyncConnection, titles: dict[str, str]) -> list[Tally]:
    counted: Counter[tuple[frozenset[str], str]] = Counter()
    for row in await store.answers(connection):
        counted[frozenset({row.first, row.second}), row.better] += row.times
    found = []
    for one, other in combinations(titles, 2):
        pair = frozenset({one, other})
        tally = Tally(titles[one], titles[other], counted[pair, one], counted[pair, other], counted[pair, SAME])
        found += [tally] if tally.for_one + tally.for_other + tally.same else []
    return found


async def judge(visit: Visit) -> Answer:
    """POST /voices/{id}: `first`, `second` or `same` is better; `skip` asks another question."""
    id, choice = visit.part("id"), visit.text("better")
    if choice not in {"first", "second", SAME, SKIP}:
        raise BadInput("Chọn giọng A, giọng B hoặc như nhau", "Choose first, second or same", field="better")
    async with visit.house.database.write() as tx:
        if choice == SKIP:
            await store.drop_pair(tx, id, visit.login)
            return Done("/voices", Word("Đã đổi câu khác.", "Another sentence."))
        pair = await _mine(tx, visit)
        better = SAME if choice == SAME else pair.first if choice == "first" else pair.second
        await store.judge(tx, id, visit.login, better, visit.house.clock.now())
    return Done("/voices", Word("Đã ghi nhận. Mời nghe câu tiếp theo.", "Noted. Here is the next one."), {"id": id})


async def sound(visit: Visit) -> Answer:
    """GET /voices/{id}/{side}: the sentence of an open question by voice `a` or `b`, both equally loud."""
    async with visit.house.database.read() as connection:
        pair = await _mine(connection, visit)
    name = {"a": pair.first, "b": pair.second}.get(visit.part("side"))
    voices = [voice for voice in visit.house.voices if voice.name == name]
    if not voices:
        raise NotFound("Không có giọng này", "There is no such voice")
    try:
        spoken = await speak(pair.sentence, voices)
        finished = await asyncio.to_thread(master, spoken.speech, visit.house.press.mastering)
    except VoiceError as error:
        raise Trouble(503, f"Giọng này chưa đọc được: {error.reason_vi}", error.reason_en) from None
    except SilentSpeech as error:
        raise Trouble(503, error.vi, error.en) from None
    return web.Response(
        body=finished.data, content_type="audio/mpeg", headers={"Cache-Control": "private, max-age=3600"}
    )


async def _mine(connection: AsyncConnection, visit: Visit) -> Pair:
    pair = await store.open_pair(connection, visit.login)
    if pair is None or pair.id != visit.part("id"):
        raise NotFound("Câu này đã được trả lời", "This question has been answered")
    return pair
