"""Splicing: finished MP3 files joined to one programme, packet by packet, without decoding them again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from config.lazy import lazily
from content.bulletin import Audio

if TYPE_CHECKING:
    import av
else:
    av = lazily("av")


def splice(directory: Path, parts: Sequence[Audio], title: str, office: str) -> tuple[Audio, bytes]:
    """One MP3 of these recordings in order: what it is, and its bytes. Blocks. Raises OSError for one that is not there.

    All are of one mastering: constant bit rate, one sampling rate, silence at both ends.
    """
    file = io.BytesIO()
    options = {"fflags": "+bitexact", "id3v2_version": "3", "write_xing": "0"}
    seconds = 0.0
    with av.open(file, "w", format="mp3", options=options) as out:
        out.metadata.update({"title": title, "artist": office, "language": "vie"})
        stream = None
        for part in parts:
            with av.open(io.BytesIO((directory / part.name).read_bytes()), "r") as source:
                if stream is None:
                    stream = out.add_stream_from_template(source.streams.audio[0])
                for packet in source.demux(source.streams.audio[0]):
                    if packet.size and packet.duration:
                        length = float(packet.duration * packet.time_base)
                        packet.pts = packet.dts = round(seconds / packet.time_base)
                        packet.stream = stream
                        out.mux(packet)
                        seconds += length
    data = file.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    return Audio(f"{sha256[:2]}/{sha256}.mp3", len(data), round(seconds, 3), sha256), data
