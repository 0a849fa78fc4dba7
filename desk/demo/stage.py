"""The demo's stage: the whole house serving on this machine, and partners of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.clock import Clock, SystemClock
from config.settings import Settings
from desk import serving
from desk.app import House, opened
from desk.demo import television
from desk.demo.mail import MailSandbox
from desk.demo.sms_gateway import SmsGateway
from desk.demo.station import Station
from desk.demo.zalo import ZaloSandbox

STATION_KEY = "tram-xa-sop-cop-2026"
BOARD_KEY = "bang-tin-sop-cop-2026"
POSTER = "Lường Văn Pó"
SLOT = "thu"
SLOT_AHEAD = timedelta(minutes=3)


@dataclass
class Stage:
    """What the demo needs on its stage: the house, its partners, where files go."""

    house: House
    sms: SmsGateway
    zalo: ZaloSandbox
    station: Station
    mail: MailSandbox
    directory: Path
    pages: list[Path] = field(default_factory=list)
    programme: Path | None = None
    clip: Path | None = None

    @property
    def station_page(self) -> str:
        """Where the station's officer taps."""
        return f"{self.house.outlets['tram-xa'].outlet.base_url}/t/{STATION_KEY}/"

    @property
    def television_page(self) -> str:
        """Where the television desk takes its clips."""
        return f"{self.house.outlets[television.NAME].outlet.base_url}/t/{television.KEY}/"

    @property
    def board_page(self) -> str:
        """Where whoever posts prints and taps."""
        return f"{self.house.outlets['bang-tin'].outlet.base_url}/t/{BOARD_KEY}/"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def demo_settings(
    directory: Path,
    port: int,
    sms: SmsGateway,
    zalo: ZaloSandbox,
    mail: MailSandbox,
    slot_ahead: timedelta = SLOT_AHEAD,
) -> Settings:
    """Settings of the demo: nothing leaves this machine, and quiet hours are off so that it runs at any time of day.

    The station airs in some minutes, whatever the time is.
    """
    slot_time = f"{(SystemClock().now() + slot_ahead).astimezone(ZoneInfo('Asia/Ho_Chi_Minh')):%H:%M}"
    return Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{directory / 'loa.db'}"},
            "files": {"dir": str(directory)},
            "web": {"port": port},
            "office": {"name": "Ủy ban nhân dân xã Sốp Cộp"},
            "voice": {"engines": ["espeak"]},
            "schedule": {"quiet_from": "00:00", "quiet_to": "00:00"},
            "http": {"allow": ["127.0.0.0/8"]},
            "log": {"level": "warning"},
            "outlets": {
                "cong-thong-tin": {"kind": "portal", "title": "Cổng thông tin xã"},
                "tram-xa": {
                    "kind": "radio",
                    "title": "Trạm truyền thanh xã",
                    "token": STATION_KEY,
                    "phone": "0212 3878 123",
                    "slots": [{"name": SLOT, "title": "Chương trình thử", "time": slot_time, "minutes": 20}],
                    "alert_minutes": 1,
                },
                "bang-tin": {
                    "kind": "board",
                    "title": "Bảng tin Trung tâm Phục vụ hành chính công",
                    "token": BOARD_KEY,
                    "place": "Sảnh trụ sở UBND xã",
                    "people": POSTER,
                    "screen": True,
                    "lit_from": "00:00",
                    "lit_until": "00:00",
                },
                television.NAME: television.OPTIONS,
                "sms": {"kind": "sms_http", "title": "Tin nhắn SMS", "price": 350, **sms.options()},
                "zalo": {"kind": "zalo_oa", "title": "Zalo OA của xã", **zalo.options()},
                "thu": {"kind": "email", "title": "Thư điện tử của xã", "per_second": 20, **mail.options()},
            },
        }
    )


@contextlib.asynccontextmanager
async def stage(
    directory: Path, port: int, slot_ahead: timedelta = SLOT_AHEAD, clock: Clock | None = None
) -> AsyncIterator[Stage]:
    """The house serving, its partners listening and calling back, a station polling that airs so much later."""
    base, clock = f"http://127.0.0.1:{port}", clock or SystemClock()
    sms = SmsGateway(f"{base}/hooks/sms", clock=clock, latency=0.15, receipt_after=1.0)
    zalo = ZaloSandbox(f"{base}/hooks/zalo", clock=clock, latency=0.1, webhook_after=1.5)
    feed = f"{base}/radio/tram-xa/feed.xml?token={STATION_KEY}"
    letters = directory / "thu"
    await asyncio.to_thread(letters.mkdir, parents=True, exist_ok=True)
    mail = MailSandbox(letters, clock=clock)
    async with sms, zalo, mail, Station(feed, directory / "tram-xa", clock=clock) as station:
        settings = demo_settings(directory, port, sms, zalo, mail, slot_ahead)
        async with opened(settings, clock) as house, serving.desk(house):
            yield Stage(house, sms, zalo, station, mail, directory)
