"""How much of an answer has arrived: what the other side's system acknowledged, not what ours took from us to send.

On a slow line the system holds whole bulletins that are still to be sent, and a station that hangs up never gets them.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
import termios

SOONEST, LATEST = 0.001, 0.25
SILENT_SECONDS = 60.0
"""Nothing acknowledged for so long: the line is dead, though nobody has said so."""
INFO_BYTES, ACKNOWLEDGED_AT = 192, 120
"""Linux, `struct tcp_info`: `tcpi_bytes_acked` is a 64-bit count from the connection's beginning."""


class Arrival:
    """Follows the bytes written from now on to a connection, also for a last look when it has ended."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # A descriptor of our own: the loop closes its own as soon as the other side has hung up.
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        known = self._acknowledged()
        self._before = None if known is None else known + self._unacknowledged()

    def bytes(self, written: int) -> int:
        """How many of the `written` bytes have arrived; all of them where the system does not tell."""
        known = self._acknowledged()
        return written if known is None or self._before is None else min(max(0, known - self._before), written)

    async def of(self, written: int) -> None:
        """Wait until all `written` bytes have arrived, the connection ends or nothing arrives any more."""
        loop = asyncio.get_running_loop()
        pause, arrived, since = SOONEST, -1, loop.time()
        while (now := self.bytes(written)) < written and not self._transport.is_closing():
            if now > arrived:
                arrived, since = now, loop.time()
            elif loop.time() - since > SILENT_SECONDS:
                return
            await asyncio.sleep(pause)  # the system wakes nobody when an acknowledgement comes
            pause = min(2 * pause, LATEST)

    def close(self) -> None:
        """Let the connection go."""
        self._socket.close()

    def _acknowledged(self) -> int | None:
        if not hasattr(socket, "TCP_INFO"):
            return None
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
        return struct.unpack_from("Q", info, ACKNOWLEDGED_AT)[0] if len(info) >= ACKNOWLEDGED_AT + 8 else None

    def _unacknowledged(self) -> int:
        """What waits in our own buffer and in the system's (tcp(7), SIOCOUTQ)."""
        waiting = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return self._transport.get_write_buffer_size() + int(struct.unpack("i", waiting)[0])
