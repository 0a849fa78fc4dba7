"""A test through an outlet: one real message that says what it is, and all that was said to the partner and answered."""

from __future__ import annotations

from dataclasses import dataclass

from channels.answer import SendError
from channels.audience import normal_address
from channels.channel import Form, To
from channels.outlet import InService
from channels.overheard import Exchange, Overheard
from channels.past import store as past_store
from channels.past.store import Turn
from config.words import BadInput, Conflict, Word
from content.bulletin import Audio, Bulletin, BulletinClass, Part, Variant
from content.files import Origin
from content.mastering import Tags
from content.voice import VoiceError
from db.types import new_id
from desk.app import House

TITLE = "Tin gửi thử"
WORDS = "Loa gửi thử, xin bỏ qua tin này."


@dataclass(frozen=True, slots=True)
class Trial:
    """How it went: in words for a person, and every request with its answer where the partner is spoken to over HTTP."""

    good: bool
    vi: str
    en: str
    exchanges: tuple[Exchange, ...]


async def try_out(house: House, at: InService, to: str, by: str) -> Trial:
    """Send one; it is no delivery, stands in the journal and in the outlet's past. Raises BadInput, Conflict."""
    if at.channel.shelf:
        raise Conflict(
            f"{at.outlet.title} không gửi đi: đối tác tự đến lấy ở {at.outlet.base_url}/",
            f"Nothing is sent by {at.name}: the partner fetches from {at.outlet.base_url}/",
        )
    address, now = _address(at, to), house.clock.now()
    bulletin = await _bulletin(house, at)
    async with house.database.write() as tx:
        await house.journal.note(tx, now, by, "test_outlet", f"outlet/{at.name}")
    http = Overheard(house.http, at.outlet.options.secrets)
    try:
        receipt = await at.channel.try_out(bulletin, at.outlet, To(f"test-{bulletin.id}", address), http)
        what = receipt.detail or receipt.reference
        good, vi, en = True, f"đối tác đã nhận{what and f' ({what})'}", f"accepted{what and f' ({what})'}"
    except SendError as error:
        good, vi, en = False, error.vi, error.en
    async with house.database.write() as tx:
        await past_store.note(tx, at.name, house.clock.now(), Turn.TRIED, by, vi)
    house.notifier.ring("outlet")
    return Trial(good, vi, en, tuple(http.exchanges))


def _address(at: InService, to: str) -> str:
    """Whom it goes to, in the channel's writing. Raises BadInput."""
    if not at.channel.scheme:
        return at.name
    if not to.strip():
        what = {"phone": Word("số điện thoại", "phone number"), "email": Word("địa chỉ thư", "e-mail address")}.get(
            at.channel.scheme, Word("mã Zalo của người nhận", "recipient’s Zalo id")
        )
        raise BadInput(f"Ghi {what} nhận tin thử", f"Say where to: {what.en}", field="to")
    try:
        return normal_address(at.channel.scheme, to.strip())
    except BadInput as fault:
        raise BadInput(fault.vi, fault.en, field="to") from None


async def _bulletin(house: House, at: InService) -> Bulletin:
    now = house.clock.now()
    id, office = new_id(now), house.settings.office.name
    audio = await _audio(house, at) if at.channel.form is Form.AUDIO else None
    part = Part("test", "test", "", "gui-thu", TITLE, f"<p>{WORDS}</p>", WORDS, WORDS, WORDS, audio=audio)
    return Bulletin(id, BulletinClass.NORMAL, office, now, None, (part,))


async def _audio(house: House, at: InService) -> Audio:
    """The words spoken, in every sound the outlet takes."""
    tags = Tags(title=TITLE, office=house.settings.office.name)
    try:
        made = await house.studio.record(WORDS, tags)
    except VoiceError as error:
        raise Conflict(f"Chưa có giọng nào đọc được câu thử: {error.reason_vi}", error.reason_en) from None
    variants = []
    for sound in at.channel.sounds(at.outlet):
        file = await house.studio.vary(made.master, sound, tags, Origin(made.voice))
        variants.append(Variant(sound, file.name, file.bytes, file.sha256))
    return Audio(made.name, made.bytes, made.seconds, made.sha256, tuple(variants))
