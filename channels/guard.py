"""Keeps outbound calls out of private networks: an address is checked, and the connection goes to that very address."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from channels.answer import Refused
from channels.pool import Place

LookUp = Callable[[str, int], Awaitable[Sequence[Place]]]


class PrivateAddress(Refused):
    """The address leads into a private network that the configuration does not allow."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(
            "private_address",
            f"{host} là địa chỉ nội bộ ({address}); thêm mạng này vào [http] allow nếu đúng là đối tác",
            f"{host} is a private address ({address}); add its network to [http] allow if it really is a partner",
        )


async def look_up(host: str, port: int) -> Sequence[Place]:
    """The system's addresses of a name, in the order it prefers; OSError or UnicodeError when there are none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [Place(family, address) for family, _, _, _, address in found]


class Guard:
    """Keeps private addresses out; the connection goes to the very address that was checked."""

    def __init__(
        self, allowed: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network], look_up: LookUp = look_up
    ) -> None:
        self._allowed = allowed
        self._look_up = look_up

    def check(self, host: str, address: str) -> None:
        """Raises PrivateAddress unless the address is out in the world or in an allowed network."""
        ip = _inner(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))
        if ip.is_global and not ip.is_multicast:
            return
        if any(ip.version == network.version and ip in network for network in self._allowed):
            return
        raise PrivateAddress(host, str(ip))

    async def resolve(self, host: str, port: int) -> Sequence[Place]:
        """The addresses of a name that pass; PrivateAddress when all lead inside."""
        passed, refusal = [], None
        for place in await self._look_up(host, port):
            try:
                self.check(host, place.address[0])
                passed.append(place)
            except PrivateAddress as error:
                refusal = error
        if refusal is not None and not passed:
            raise refusal
        return passed


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address a transition address stands for (v4-mapped, 6to4, NAT64 of RFC 6052), else the address itself."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
