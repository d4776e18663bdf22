"""Which address of a host is connected to, and that no other socket is left; in virtual time."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from wsengine.adapters.dialling import STAGGER, Dialled, _look_up, interleave, open_socket

HOST, PORT = "name.test", 80
REFUSED, UNREACHABLE, SILENT, SLOW = 1, 2, 3, 4
"""Ports, from which on the address answers; until then it does something else."""


class Dials:
    """What was to be connected, and when."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.ports: list[int] = []
        self.times: list[float] = []

    async def connect(self, opened: socket.socket, address: tuple[str, int]) -> None:
        """Stand for `sock_connect` of an event loop."""
        self.sockets.append(opened)
        self.ports.append(address[1])
        self.times.append(asyncio.get_running_loop().time())
        if address[1] == REFUSED:
            raise ConnectionRefusedError("refused")
        if address[1] == UNREACHABLE:
            raise OSError("unreachable")
        if address[1] == SILENT:
            await asyncio.sleep(100)
            raise TimeoutError("silent")
        if address[1] == SLOW:
            await asyncio.sleep(2 * STAGGER)

    @property
    def open(self) -> list[socket.socket]:
        """Which sockets are open."""
        return [one for one in self.sockets if one.fileno() != -1]


@pytest.fixture
async def dials(monkeypatch: pytest.MonkeyPatch) -> Dials:
    dials = Dials()
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", dials.connect)
    return dials


def resolve(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Have the name stand for addresses that differ in their port."""

    async def look_up(host: str, port: int, **_: Any) -> list[Any]:
        assert (host, port) == (HOST, PORT)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", one)) for one in ports]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)


@pytest.mark.parametrize(
    ("ports", "tried", "seconds"),
    [
        ([5], [5], 0),
        ([5, 6], [5], 0),
        ([REFUSED, 5, 6], [REFUSED, 5], 0),  # at once
        ([REFUSED, UNREACHABLE, 5], [REFUSED, UNREACHABLE, 5], 0),
        ([SILENT, 5], [SILENT, 5], STAGGER),
        ([SILENT, SILENT, REFUSED, 5], [SILENT, SILENT, REFUSED, 5], 2 * STAGGER),
        ([SLOW, SILENT], [SLOW, SILENT], 2 * STAGGER),  # it still may win
        ([SLOW, REFUSED], [SLOW, REFUSED], 2 * STAGGER),
    ],
)
async def test_the_first_address_that_answers(
    dials: Dials,
    monkeypatch: pytest.MonkeyPatch,
    ports: list[int],
    tried: list[int],
    seconds: float,
) -> None:
    resolve(monkeypatch, *ports)
    began = asyncio.get_running_loop().time()
    with await open_socket(HOST, PORT) as opened:
        assert asyncio.get_running_loop().time() - began == pytest.approx(seconds)
        assert dials.ports == tried
        assert dials.open == [opened]
        assert not opened.getblocking()
        assert opened.getpeername()[0] == "127.0.0.1"


async def test_of_two_that_answer_at_once_one_is_closed(
    dials: Dials, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(opened: socket.socket, _: object) -> None:
        dials.sockets.append(opened)
        await asyncio.sleep(5 - asyncio.get_running_loop().time() % 1)

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    resolve(monkeypatch, 5, 6, 7)
    with await open_socket(HOST, PORT) as opened:
        await asyncio.sleep(0)
        assert len(dials.sockets) == 3
        assert dials.open == [opened]


@pytest.mark.parametrize(
    ("ports", "error"),
    [
        ([REFUSED], "refused"),
        ([REFUSED, REFUSED], "refused"),
        ([UNREACHABLE, REFUSED], "refused"),  # which says that the host is there
        ([SILENT, REFUSED], "refused"),
        ([UNREACHABLE, SILENT], "unreachable"),
        ([], "no address"),
    ],
)
async def test_why_none_could_be_connected_to(
    dials: Dials, monkeypatch: pytest.MonkeyPatch, ports: list[int], error: str
) -> None:
    resolve(monkeypatch, *ports)
    with pytest.raises(OSError, match=error):
        await open_socket(HOST, PORT)
    assert dials.ports == ports
    assert dials.open == []


@pytest.mark.parametrize("ports", [[SILENT], [SILENT, SILENT, SILENT]])
@pytest.mark.parametrize("after", [0.0, STAGGER / 2, 3 * STAGGER])
async def test_a_cancelled_dial_leaves_no_socket(
    dials: Dials, monkeypatch: pytest.MonkeyPatch, ports: list[int], after: float
) -> None:
    resolve(monkeypatch, *ports)
    opening = asyncio.create_task(open_socket(HOST, PORT))
    await asyncio.sleep(after)
    opening.cancel()
    await asyncio.wait({opening})
    assert opening.cancelled()
    assert dials.open == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_one_that_is_cancelled_as_it_has_won_leaves_no_socket(
    dials: Dials, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(opened: socket.socket, address: tuple[str, int]) -> None:
        dials.sockets.append(opened)
        try:
            await asyncio.sleep(1 if address[1] == 5 else 100)
        except asyncio.CancelledError:
            opening.cancel()  # while the dial waits for this one
            raise

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    resolve(monkeypatch, 5, 6)
    opening = asyncio.create_task(open_socket(HOST, PORT))
    await asyncio.wait({opening})
    await asyncio.sleep(0)
    assert opening.cancelled()
    assert len(dials.sockets) == 2
    assert dials.open == []


def test_families_take_turns() -> None:
    addresses: Any = [("6", 1), ("6", 2), ("6", 3), ("4", 4), ("4", 5)]
    assert [place for _, place in interleave(addresses)] == [1, 4, 2, 5, 3]
    assert interleave([]) == []


async def test_a_family_that_is_silent_has_one_turn(
    dials: Dials, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(*_: Any, **__: Any) -> list[Any]:
        v6, v4 = socket.AF_INET6, socket.AF_INET
        found = [(v6, ("::1", SILENT)), (v6, ("::1", SILENT)), (v4, ("127.0.0.1", 5))]
        return [(family, socket.SOCK_STREAM, 0, "", to) for family, to in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    with await open_socket(HOST, PORT):
        assert dials.ports == [SILENT, 5]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_needs_no_look_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", None)  # it would start a thread
    assert [found[4][:2] for found in await _look_up(host, 80)] == [(host, 80)]


async def test_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, 5)
    assert [found[4] for found in await _look_up(HOST, PORT)] == [("127.0.0.1", 5)]


def test_a_socket_knows_its_peer_when_that_has_reset_it() -> None:
    with Dialled(socket.AF_INET, socket.SOCK_STREAM) as dialled:
        with pytest.raises(OSError, match="not connected"):
            dialled.getpeername()
        dialled.peer = ("192.0.2.1", 80)
        assert dialled.getpeername() == ("192.0.2.1", 80)
