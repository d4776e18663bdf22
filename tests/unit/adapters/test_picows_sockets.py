"""How the sockets of a dial are opened; nothing is connected here."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest
from picows import WSParsedURL

from wsengine import ConfigError
from wsengine.adapters.picows_sockets import Sockets, _Dialled, _look_up

TARGET = cast("WSParsedURL", SimpleNamespace(host="name.test", port=80))


class Made:
    """Stands for a socket."""

    family = socket.AF_INET

    def __init__(self) -> None:
        self.shut: list[int] = []

    def shutdown(self, how: int) -> None:
        self.shut.append(how)
        raise OSError("not connected any more")


async def test_a_socket_factory_may_be_a_function_or_a_coroutine() -> None:
    made: Any = Made()

    async def wait_and_make(target: WSParsedURL) -> socket.socket:
        assert target is TARGET
        await asyncio.sleep(3)
        return cast("socket.socket", made)

    assert await Sockets(wait_and_make).open(TARGET) is made
    assert await Sockets(lambda _: made).open(TARGET) is made


async def test_all_that_were_opened_are_cut_off() -> None:
    made: Any = [Made(), Made()]
    left = iter(made)
    sockets = Sockets(lambda _: next(left))
    sockets.shut_down()
    for one in made:
        assert await sockets.open(TARGET) is one
    sockets.shut_down()
    assert [one.shut for one in made] == [[socket.SHUT_RDWR]] * 2


# Sockets that have no options of TCP.

needs_unix_sockets = pytest.mark.skipif(
    not hasattr(socket, "AF_UNIX"), reason="there are no unix sockets here"
)


@needs_unix_sockets
async def test_a_unix_socket_ignores_the_options_of_tcp() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    number = ours.fileno()
    with theirs, await Sockets(lambda _: ours).open(TARGET) as opened:
        assert ours.fileno() == -1
        assert (opened.fileno(), opened.family) == (number, socket.AF_UNIX)
        assert not opened.getblocking()
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


@needs_unix_sockets
async def test_a_unix_socket_is_refused_where_the_library_would_crash() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with theirs, pytest.raises(ConfigError, match="leave use_aiofastnet=False out"):
        await Sockets(lambda _: ours, any_family=False).open(TARGET)
    assert ours.fileno() == -1


# The adapter's own.


@pytest.fixture
async def dialled(monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """The sockets that were to connect; the ports 1 and 2 refuse."""
    dialled: list[socket.socket] = []

    async def connect(opened: socket.socket, address: tuple[str, int]) -> None:
        dialled.append(opened)
        if address[1] < 3:
            raise ConnectionRefusedError(f"at {address[1]}")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", connect)
    return dialled


def resolve(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Have the name stand for addresses that differ in their port."""

    async def look_up(host: str, port: int, **_: Any) -> list[Any]:
        assert (host, port) == ("name.test", 80)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", one)) for one in ports]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)


async def test_the_first_address_that_takes_it(
    dialled: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, 1, 2, 3, 4)
    with await Sockets(None).open(TARGET) as opened:
        assert opened is dialled[-1]
        assert not opened.getblocking()
        assert [one.fileno() for one in dialled] == [-1, -1, opened.fileno()]


async def test_a_factory_may_leave_it_to_the_adapter(
    dialled: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, 3)
    with await Sockets(lambda _: None).open(TARGET) as opened:
        assert dialled == [opened]


async def test_where_all_refuse_the_first_tells_why(
    dialled: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, 2, 1)
    with pytest.raises(ConnectionRefusedError, match="at 2"):
        await Sockets(None).open(TARGET)
    assert [one.fileno() for one in dialled] == [-1, -1]


async def test_a_host_without_an_address(
    dialled: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch)
    with pytest.raises(OSError, match="no address"):
        await Sockets(None).open(TARGET)
    assert dialled == []


async def test_a_cancelled_dial_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[socket.socket] = []

    async def hang(opened: socket.socket, _: object) -> None:
        dialled.append(opened)
        await asyncio.sleep(100)

    resolve(monkeypatch, 1)
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", hang)
    opening = asyncio.create_task(Sockets(None).open(TARGET))
    await asyncio.sleep(1)
    opening.cancel()
    await asyncio.wait({opening})
    assert opening.cancelled()
    assert [one.fileno() for one in dialled] == [-1]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_needs_no_look_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", None)  # it would start a thread
    assert [found[4][:2] for found in await _look_up(host, 80)] == [(host, 80)]


async def test_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, 5)
    assert [found[4] for found in await _look_up("name.test", 80)] == [("127.0.0.1", 5)]


def test_a_socket_knows_its_peer_when_that_has_reset_it() -> None:
    with _Dialled(socket.AF_INET, socket.SOCK_STREAM) as dialled:
        with pytest.raises(OSError, match="not connected"):
            dialled.getpeername()
        dialled.peer = ("192.0.2.1", 80)
        assert dialled.getpeername() == ("192.0.2.1", 80)
