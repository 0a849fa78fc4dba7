"""Private networks stay closed to the outbound client."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from channels.answer import Refused, Unavailable
from channels.guard import Guard, PrivateAddress
from channels.http import Http
from channels.pool import Place

INSIDE = [
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[2002:7f00:1::]", "[64:ff9b::a00:1]", "[fe80::1%25eth0]",
]  # fmt: skip


@pytest.mark.parametrize("host", INSIDE)
async def test_inside_addresses_are_refused(host: str, clock: Any) -> None:
    """Private, loopback, link-local, CGNAT, multicast, and IPv6 that stands for one of them."""
    http = Http(clock)
    with pytest.raises(PrivateAddress) as caught:
        await http.request("POST", f"http://{host}/?key=secret", body=b"x")
    assert "secret" not in str(caught.value)
    await http.close()


@pytest.mark.parametrize(
    "host", ["2130706433", "127.1", "0x7f.1", "017700000001", "①②⑦.⓪.⓪.①", "localhost", "LOCALHOST."]
)
async def test_inside_addresses_in_disguise_are_refused(host: str, world: Any, clock: Any) -> None:
    """Old ways to write an address, and names that lead inside, do not get through."""
    http = Http(clock)
    with pytest.raises((Refused, Unavailable)):
        await http.request("POST", f"http://{host}:{world.url.rpartition(':')[2]}/", body=b"x")
    assert world.connections == 0
    await http.close()


async def test_a_network_can_be_allowed(world: Any, clock: Any) -> None:
    """The configuration opens one network, also under its v4-mapped name, and no other."""
    http = Http(clock, ["127.0.0.0/30"])
    await http.request("POST", world.url)
    await http.request("POST", world.url.replace("127.0.0.1", "localhost"))
    for host in ("127.0.0.9", "10.0.0.1"):
        with pytest.raises(PrivateAddress):
            await http.request("POST", f"http://{host}/")
    await http.close()


async def test_of_a_name_with_two_addresses_only_the_outer_is_called() -> None:
    """A name that leads both in and out (rebinding) never leads in."""
    found = [Place(socket.AF_INET, (host, 80)) for host in ("10.0.0.1", "93.184.215.14", "fe80::1%eth0")]

    async def look_up(*_: Any) -> Any:
        return found

    guard = Guard([], look_up)
    assert await guard.resolve("partner.example", 80) == found[1:2]
    found[1] = Place(socket.AF_INET, ("192.168.0.1", 80))
    with pytest.raises(PrivateAddress):
        await guard.resolve("partner.example", 80)
