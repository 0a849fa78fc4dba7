"""Who holds a lease: a name for this very process, and whether another process of this machine still lives."""

from __future__ import annotations

import os
import platform
import socket
import uuid
from pathlib import Path


def own_name() -> str:
    """`machine/pid/incarnation`: never the same twice, also when a process id is used again."""
    return f"{_machine()}/{os.getpid()}/{_started(os.getpid()) or uuid.uuid4().hex[:12]}"


def is_dead(owner: str) -> bool:
    """Whether the owner surely lives no more: a process of this machine that is gone. False when it cannot be known."""
    machine, _, rest = owner.partition("/")
    pid, _, started = rest.partition("/")
    if machine != _machine() or not pid.isdigit() or not started.isdigit():
        return False
    return _started(int(pid)) != started


def _machine() -> str:
    """The host, its boot and its process name space: process ids mean nothing outside of them."""
    if platform.system() != "Linux":
        return f"{socket.gethostname()}-{uuid.getnode():x}"
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]
    space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    return f"{socket.gethostname()}-{boot}-{space}"


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot (proc(5), field 22 of stat); empty when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # the command in brackets may itself hold spaces and brackets; a zombie has ended
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state == "Z" else fields[18]
