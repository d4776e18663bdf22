"""How the sockets of a dial are opened; nothing is connected here."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest
from picows import WSParsedURL

from wsengine import ConfigError
from wsengine.adapters import picows_sockets as module
from wsengine.adapters.picows_sockets import Sockets

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
async def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the adapter itself was to connect to."""
    opened: list[tuple[str, int]] = []

    async def open_socket(host: str, port: int) -> Made:
        opened.append((host, port))
        return Made()

    monkeypatch.setattr(module, "open_socket", open_socket)
    return opened


async def test_without_a_factory_the_adapter_connects(opened: list[tuple[str, int]]) -> None:
    sockets = Sockets(None)
    made: Any = await sockets.open(TARGET)
    assert opened == [("name.test", 80)]
    sockets.shut_down()
    assert made.shut == [socket.SHUT_RDWR]


async def test_a_factory_may_leave_it_to_the_adapter(opened: list[tuple[str, int]]) -> None:
    await Sockets(lambda _: None).open(TARGET)
    assert opened == [("name.test", 80)]
