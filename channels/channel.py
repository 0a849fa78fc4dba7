"""The whole contract between the house and a channel, on one page.

A channel is a class in one file of `channels/kinds/` (or in a package that names it under the entry point group
`loa.channels`). It knows the message, not the house: it sees a Bulletin, an Outlet with its options, and the one
outbound HTTP client. Defining the class registers it.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from channels.answer import Refused, Unavailable, Unsure
from channels.http import Http
from channels.shelf.fetched import Proof
from channels.site.visits import NOBODY, Visits
from channels.slots import Programme, Timetable
from config.words import Word
from content.bulletin import Audio, Bulletin, Part, Sound

__all__ = [
    "Asked",
    "Callback",
    "Channel",
    "Confirmation",
    "Form",
    "Heard",
    "Keep",
    "Options",
    "Outlet",
    "Pace",
    "PacedOptions",
    "Page",
    "Polling",
    "Programme",
    "Proof",
    "Pull",
    "Receipt",
    "Refused",
    "Shelved",
    "Timetable",
    "To",
    "Told",
    "Unavailable",
    "Unsure",
    "Visits",
    "WithFallback",
    "Word",
    "Wrote",
    "find_channels",
]


class Options(BaseModel):
    """Base of a kind's options: unknown keys refused, `SecretStr` fields never shown again, `description` is the help."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    unshared: ClassVar[tuple[str, ...]] = ()
    """Names of secrets that no two outlets can have in common, for instance what is used up by the first use."""

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value inside, for masking a partner's echo (`Http.request(hide=...)`); asked for at each send."""
        return tuple(_secrets(self))


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for _, inner in value:
            yield from _secrets(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _secrets(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner)


O = TypeVar("O", bound=Options)  # noqa: E741 (one letter, as the typing docs do; O for options)


class Form(StrEnum):
    """The rendition a channel takes."""

    ARTICLE = "article"
    SCRIPT = "script"
    AUDIO = "audio"
    SHORT = "short"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Pace:
    """How an outlet may be used: sends a second, sends under way at once, and sends a day of the office (0: any number)."""

    per_second: float = 20.0
    at_once: int = 32
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class Quota:
    """How many sends a partner takes a day, and a month that begins on a day of the month; 0 of either: it is not counted."""

    per_day: int = 0
    per_month: int = 0
    month_begins: int = 1

    def __bool__(self) -> bool:
        """Whether anything is counted."""
        return bool(self.per_day or self.per_month)

    def month_of(self, day: date) -> tuple[date, date]:
        """When the quota's month began that a day lies in, and when the next one begins."""
        last = day if day.day >= self.month_begins else day.replace(day=1) - timedelta(days=1)
        begun = last.replace(day=self.month_begins)
        return begun, (begun.replace(day=28) + timedelta(days=4)).replace(day=self.month_begins)


class PacedOptions(Options):
    """Options of an outlet that may be used as fast as a contract allows; a kind with other defaults has them in its own."""

    per_second: float = Field(
        default=20.0,
        gt=0,
        le=1_000_000,
        description=Word("Số lượt gửi nhiều nhất mỗi giây.", "Maximum deliveries a second."),
    )
    at_once: int = Field(
        default=16,
        ge=1,
        le=1000,
        description=Word("Số lượt nhiều nhất gửi cùng lúc.", "Maximum deliveries sent at once."),
    )
    per_day: int = Field(
        default=0,
        ge=0,
        description=Word(
            "Số lượt nhiều nhất một ngày, theo hợp đồng với nhà cung cấp (0: không hạn chế).",
            "Maximum deliveries a day, by the contract with the provider (0: no limit).",
        ),
    )

    @property
    def pace(self) -> Pace:
        """As these options have it."""
        return Pace(self.per_second, self.at_once, self.per_day)


class WithFallback(PacedOptions):
    """Options of an outlet another one may take over from."""

    fallback: str = Field(
        default="",
        description=Word(
            "Tên điểm phát dự phòng (cùng gửi tới số điện thoại): khi nhà cung cấp này hỏng liên tục, tin chưa gửi được "
            "chuyển sang đó, không ai nhận hai lần.",
            "Name of the fallback outlet (one that also sends to phone numbers): when this "
            "provider keeps failing, what has not been sent goes there, and nobody receives it "
            "twice.",
        ),
    )


class Keep(Protocol):
    """A small sealed memory an outlet has in the database, for tokens that rotate."""

    async def get(self, name: str) -> str | None:
        """The value last put, or None."""

    async def put(self, name: str, value: str) -> None:
        """Store durably before returning."""

    def alone(self, name: str) -> AbstractAsyncContextManager[None]:
        """One holder at a time over all processes."""


Load = Callable[[Audio], Awaitable[bytes]]
"""Reads a finished recording; Unavailable while it is not there."""


async def no_recordings(audio: Audio) -> bytes:
    """For outlets outside a house."""
    raise Unavailable("audio_missing", f"không có tệp {audio.name}", f"there is no file {audio.name}")


def no_link(delivery: str) -> str:
    """For outlets outside a house."""
    return ""


@dataclass(frozen=True)
class Outlet(Generic[O]):
    """A configured destination on a channel; `base_url` is the public address its shelf is mounted under."""

    name: str
    title: str
    options: O
    base_url: str
    keep: Keep
    load: Load = no_recordings
    stop_link: Callable[[str], str] = no_link
    """The address by which whom a delivery reaches refuses further messages."""
    reply_link: Callable[[str], str] = no_link
    """The address by which they say whether they come to what it invites to."""
    code: Callable[[str], str] = no_link
    """The digits that whom a delivery reaches is to type in somewhere."""


class To(NamedTuple):
    """One delivery's addressee. `delivery` is the same on every try: give it to the partner as its idempotency key."""

    delivery: str
    address: str
    name: str = ""


class Receipt(NamedTuple):
    """The partner accepted. `reference` is the partner's own id or the public address."""

    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a partner says later about one delivery, named by our id or by the partner's reference.

    `aired` is a further stage of a delivered one: the station has played it. Software that knows nothing of our ids tells
    the `title`, when it began (seconds since 1970), for how long, and from which playlist. `down` is the further stage of
    what hung somewhere: it was taken down.
    """

    delivered: bool
    delivery: str = ""
    reference: str = ""
    reason: str = ""
    detail: str = ""
    aired: bool = False
    title: str = ""
    began: float = 0.0
    seconds: float = 0.0
    slot: str = ""
    down: bool = False

    @property
    def stage(self) -> str:
        """The stage in one word: failed, delivered, aired or down."""
        if not self.delivered:
            return "failed"
        return "aired" if self.aired else "down" if self.down else "delivered"


class Asked(NamedTuple):
    """A delivery the partner is asked about: whom it went to, and the partner's own id of it if it gave one."""

    to: To
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Polling:
    """When a partner is asked what became of what it took: `after` the sending, then with growing pauses, `within` a time.

    A question is about `at_once` deliveries; `paced`: it counts in the outlet's pace as a send does.
    """

    after: timedelta
    within: timedelta
    at_once: int = 1
    paced: bool = True


@dataclass(frozen=True, slots=True)
class Callback:
    """A partner's call to `/hooks/{outlet}`, bytes as received; header names in lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """What a person tells an outlet: that they want nothing more, or (`wants`) that they do again; `how` is kept on record.

    With `undoes` they want again only what they had refused in that way: whoever follows an account anew has not taken
    back what they said elsewhere.
    """

    scheme: str
    address: str
    wants: bool
    how: str
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a person writes to an outlet: a question or remark for the office. `message` is the partner's own id of it, if it has one."""

    scheme: str
    address: str
    text: str
    message: str = ""


Told = Confirmation | Heard | Wrote
"""All that a partner may call to say."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One bulletin standing on an outlet's shelf since `since`; `name` is unique and permanent on that shelf.

    `until` is when it is over by itself, `withdrawn_at` when the office took it back; `replaced` is the slug of the item in
    whose favour it ended.
    """

    delivery: str
    name: str
    bulletin: Bulletin
    since: datetime
    until: datetime | None = None
    withdrawn_at: datetime | None = None
    replaced: str = ""


@dataclass(frozen=True, slots=True)
class Pull:
    """A request for something on a shelf: `path` is what follows the outlet's mount, without a leading slash.

    `key` is the part of the address that let the asker in (`t/{token}/`), for addresses that are written into the answer.
    `past` is what stood on the shelf and does no longer.
    """

    path: str
    query: Mapping[str, str]
    now: datetime
    key: str = ""
    programmes: Sequence[Programme] = ()
    past: Sequence[Shelved] = ()
    visits: Visits = NOBODY


@dataclass(frozen=True, slots=True)
class Page:
    """What a pull gets: `body`, or `audio` (a stored recording). Sent to its last byte, it proves `proves`.

    `file` is the name it is accounted by, when that is not the last part of the path.
    """

    content_type: str
    body: bytes = b""
    audio: Audio | None = None
    changed_at: datetime | None = None
    status: int = 200
    proves: tuple[Proof, ...] = ()
    file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Channel(ABC, Generic[O]):
    """A way out. One instance serves all its outlets; it holds no state."""

    kind: ClassVar[str]
    title_vi: ClassVar[str]
    title_en: ClassVar[str]
    form: ClassVar[Form]
    options: ClassVar[type[Options]] = Options
    limit: ClassVar[int] = 0
    """Most characters of the rendition; 0 means none."""
    scheme: ClassVar[str] = ""
    """How its recipients are addressed (`phone`, `zalo`); empty: the outlet itself is the only address."""
    quiet_hours: ClassVar[bool] = False
    """Whether people are disturbed by it, so that quiet hours hold (urgent bulletins are exempt)."""
    carries: ClassVar[bool] = False
    """Whether a bulletin takes other texts along through it (lồng ghép): they are its last parts, each naming its `ride`."""
    replaces: ClassVar[bool] = False
    """Whether a later text of an item takes the place of the one it was sent before, at the partner's."""
    waits_for: ClassVar[tuple[Sound, ...]] = ()
    """Sounds of a recording without which nothing goes out; whatever else `sounds` names follows when it is made."""
    shelf: ClassVar[str] = ""
    """Where its shelf is mounted (`portal`, `radio`); empty: it pushes."""
    shelf_public: ClassVar[bool] = False
    """Whether the shelf can be pulled without the outlet's token."""
    shelf_most: ClassVar[int] = 200
    """How much of a shelf is drawn, the newest of it."""
    shelf_grace: ClassVar[timedelta] = timedelta()
    """For how long what is over can still be fetched by whoever has just read the list."""
    tried_vi: ClassVar[str] = "Một tin thử được gửi thật, và tính tiền như mọi tin."
    """What `try_out` does, for whoever is about to press the button."""
    tried_en: ClassVar[str] = "A test message is really sent, and charged as any message is."
    pace: ClassVar[Pace] = Pace()

    registry: ClassVar[dict[str, Channel[Any]]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "kind" in cls.__dict__:
            Channel.registry[cls.kind] = cls()

    @property
    def title(self) -> Word:
        """What it is called on screen."""
        return Word(self.title_vi, self.title_en)

    @abstractmethod
    async def send(self, bulletin: Bulletin, outlet: Outlet[O], to: To, http: Http) -> Receipt:
        """Send once. Raises Refused (never again), Unavailable (later) or Unsure (may have left)."""

    async def try_out(self, bulletin: Bulletin, outlet: Outlet[O], to: To, http: Http) -> Receipt:
        """A test of all that a send needs, which reaches nobody but whom the office names; raises as `send` does."""
        return await self.send(bulletin, outlet, to, http)

    def repeatable(self, outlet: Outlet[O]) -> bool:
        """Whether a send may be repeated because the partner knows our delivery id (or repeating does no harm)."""
        return True

    def pace_of(self, outlet: Outlet[O]) -> Pace:
        """The outlet's pace; the kind's own unless its options say otherwise."""
        return outlet.options.pace if isinstance(outlet.options, PacedOptions) else self.pace

    def has_place(self, outlet: Outlet[O], name: str) -> bool:
        """Whether its messages have a place of their own for this: the `short` text; `ma_du_thi`, a contest's code."""
        return name == "short"

    def lead(self, outlet: Outlet[O]) -> timedelta:
        """How long its partner takes from the sending until people see it: what goes to it is sent so much earlier."""
        return timedelta()

    def retry_for(self, outlet: Outlet[O]) -> timedelta:
        """How long a delivery is tried before it is given up."""
        return timedelta(hours=24)

    def confirm(self, callback: Callback, outlet: Outlet[O]) -> Sequence[Told]:
        """Read a partner's callback. Raises Refused when it is not authentic; unknown events give an empty list."""
        raise Refused("callback", "kênh này không nhận phản hồi", "this channel takes no callbacks")

    def hook_shared_by(self, outlet: Outlet[O]) -> str:
        """What outlets have in common whose partner calls one address about all of them; empty: each has its own."""
        return ""

    async def ask(self, to: To, reference: str, outlet: Outlet[O], http: Http) -> Confirmation | None:
        """Ask the partner what became of a delivery; None when it cannot say."""
        return None

    def polling(self, outlet: Outlet[O]) -> Polling | None:
        """When the partner is asked about what it took; None: it reports by itself, or has nothing to say."""
        return None

    async def ask_all(self, asked: Sequence[Asked], outlet: Outlet[O], http: Http) -> Sequence[Confirmation]:
        """One question about several deliveries (`Polling.at_once`): what is known, each named by our id. Raises as `send` does."""
        said = [await self.ask(one.to, one.reference, outlet, http) for one in asked]
        return [one for one in said if one is not None]

    async def listen(self, after: str, outlet: Outlet[O], http: Http) -> tuple[Sequence[Heard | Wrote], str]:
        """What people answered behind the mark `after` (empty: from now on), and the mark to go on from. Raises as `send` does."""
        return (), after

    def quota_of(self, outlet: Outlet[O]) -> Quota:
        """What its partner takes a day and a month: by default what the pace says of a day."""
        return Quota(self.pace_of(outlet).per_day)

    async def quota(self, outlet: Outlet[O], now: datetime) -> str:
        """What is used of quotas that the pace does not count, in words for the outlet's page (a `Word`); empty: there are none."""
        return ""

    async def withdraw(self, part: Part, outlet: Outlet[O], http: Http) -> Receipt:
        """Take back at the partner's what was sent of an item (`part` names it, its texts are empty); asked of kinds that `replaces`.

        Nothing there to be taken back is done too, and asking twice does no harm. Raises as `send` does.
        """
        raise Refused("withdraw", "kênh này không thu lại được", "this channel takes nothing back")

    def sounds(self, outlet: Outlet[O]) -> tuple[Sound, ...]:
        """What recordings the outlet takes besides the one that was heard at approval."""
        return ()

    def timetable(self, outlet: Outlet[O]) -> Timetable | None:
        """The slots its partner airs in; None: whatever comes goes out when it comes."""
        return None

    def token_of(self, outlet: Outlet[O]) -> str:
        """The token a partner pulls the shelf with; empty: none is asked for."""
        return ""

    def feed(self, pull: Pull, shelf: Sequence[Shelved], outlet: Outlet[O]) -> Page | None:
        """Draw what is pulled (pure); None is a 404."""
        return None


def find_channels() -> dict[str, Channel[Any]]:
    """All kinds by name: the files of `channels/kinds/`, then installed plug-ins."""
    kinds = importlib.import_module("channels.kinds")
    for module in pkgutil.iter_modules(kinds.__path__):
        importlib.import_module(f"channels.kinds.{module.name}")
    for plugin in entry_points(group="loa.channels"):
        plugin.load()
    return dict(sorted(Channel.registry.items()))
