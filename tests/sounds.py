"""Recordings without a voice: real MP3 files of a hum, made in milliseconds, and items that have one."""

from __future__ import annotations

import hashlib
import io
import math
import struct
from datetime import timedelta

import av

from content import store as content_store
from content.item import Item
from content.recordings import store as recording_store
from desk.app import House

RATE = 44100


def hum(seconds: float, pitch: float = 220.0, rise: float = 0.0) -> bytes:
    """An MP3 as the house makes them: 128 kb/s, constant, mono, 44.1 kHz. `rise` in Hz a second makes it a sweep."""
    pcm = b"".join(
        struct.pack("<h", round(9000 * math.sin(2 * math.pi * (pitch + rise * at / RATE / 2) * at / RATE)))
        for at in range(round(seconds * RATE))
    )
    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"fflags": "+bitexact"}) as out:
        stream = out.add_stream("libmp3lame", rate=RATE, layout="mono")
        stream.bit_rate = 128_000
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.planes[0].update(pcm)
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def pitch_of(item: Item) -> int:
    """A pitch of an item's own, in Hz."""
    return 200 + int(hashlib.sha256(item.id.encode()).hexdigest(), 16) % 400


async def record(house: House, item: Item, seconds: float = 1.5, data: bytes | None = None) -> bytes:
    """Give an item a finished recording of its own; its bytes."""
    data = hum(seconds, pitch_of(item)) if data is None else data
    sha256, now = hashlib.sha256(data).hexdigest(), house.clock.now()
    name = f"{sha256[:2]}/{sha256}.mp3"
    (house.recordings / name).parent.mkdir(parents=True, exist_ok=True)
    (house.recordings / name).write_bytes(data)
    async with house.database.write() as tx:
        key = house.press.key_of(await content_store.find_revision(tx, item.revision))
        lease = now + timedelta(minutes=1)
        await recording_store.claim_recording(house.database, tx, key, owner="test", now=now, lease_until=lease)
        made = {"name": name, "bytes": len(data), "seconds": seconds, "sha256": sha256, "tries": 1}
        await recording_store.save_recording(tx, key, "test", state="made", made_at=now, **made)
    return data
