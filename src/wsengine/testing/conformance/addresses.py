"""Checks of what is dialled besides IPv4: IPv6, several addresses, and unix sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...adapter import Adapter
from ..rawserver import RawServer
from .expectations import expect_equal, expect_refused
from .probe import Probe
from .registry import Chapter, CheckSkipped

check = Chapter("Addresses")

IPV6_LOOPBACK = "::1"
LOOPBACK = "127.0.0.1"
_HOLE = "127.0.0.2"
_NAME = "two.test"
_NAMES = (_NAME, _NAME.encode())


@check()
async def dials_ipv6(probe: Probe) -> None:
    """The host of the URL may be an IPv6 address; the header Host has it in brackets."""
    try:
        server = await probe.serve(host=IPV6_LOOPBACK)
    except OSError as error:
        raise CheckSkipped(f"this machine has no IPv6 loopback: {error}") from error
    connection, peer = await probe.connect(server=server)
    expect_equal(peer.request.one("host"), f"[::1]:{server.port}", "the request's Host")
    peer.text("hello")
    expect_equal(await connection.receive(), "hello", "the text")


@check(limit=5)
async def goes_on_where_an_address_does_not_answer(probe: Probe) -> None:
    """Of a host with two addresses the second is dialled soon where the first does not answer.

    As in RFC 8305: one of them may be of a network that is down, and no refusal comes from there.
    """
    port = probe.server.port
    with _black_hole(port), _two_addresses(_HOLE, LOOPBACK):
        dialling = probe.start(probe.dial(f"ws://{_NAME}:{port}/"))
        peer = await probe.server.next_peer()
        connection = await dialling
    expect_equal(peer.request.one("host"), f"{_NAME}:{port}", "the request's Host")
    peer.text("hello")
    expect_equal(await connection.receive(), "hello", "the text")


@check()
async def dials_a_unix_socket(probe: Probe) -> None:
    """An adapter for a unix socket talks to the server there, and tells that nobody listens."""
    if not hasattr(socket, "AF_UNIX"):
        raise CheckSkipped("this machine has no unix sockets")
    if probe.unix is None:
        raise CheckSkipped("not offered: no unix=... was given, which makes an adapter for a path")
    with TemporaryDirectory(prefix="wsengine-") as folder:
        path = str(Path(folder) / "socket")
        probe.adapter = await _enter(probe, probe.unix(path))
        error = await expect_refused(probe.dial("ws://localhost/"), "nobody listens")
        expect_equal(error.status, None, "error.status")
        server: RawServer = await probe.serve(path=path)
        connection, peer = await probe.connect(server=server, target="/here")
        expect_equal(peer.request.target, "/here", "the request's target")
        peer.text("hello")
        expect_equal(await connection.receive(), "hello", "the text")
        await connection.send("well met")
        expect_equal(await peer.next_message(), "well met", "the text at the server")


async def _enter(
    probe: Probe, made: Adapter | contextlib.AbstractAsyncContextManager[Adapter]
) -> Adapter:
    if isinstance(made, contextlib.AbstractAsyncContextManager):
        return await probe.use(made)
    return made


@contextlib.contextmanager
def _black_hole(port: int) -> Iterator[None]:
    """Have nothing answer at an address: the queue of a socket that nobody accepts from is full."""
    if not sys.platform.startswith("linux"):
        raise CheckSkipped("this machine has no second loopback address that does not answer")
    with contextlib.ExitStack() as sockets:
        hole = sockets.enter_context(socket.socket())
        try:
            hole.bind((_HOLE, port))
        except OSError as error:
            raise CheckSkipped(f"this machine has nothing free at {_HOLE}: {error}") from error
        hole.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((_HOLE, port))
        yield


@contextlib.contextmanager
def _two_addresses(*hosts: str) -> Iterator[None]:
    """Have a name stand for several addresses, whoever looks it up."""
    loop, by_system = asyncio.get_running_loop(), socket.getaddrinfo
    by_loop = loop.getaddrinfo

    def found(port: Any) -> list[Any]:
        return [by_system(host, int(port), type=socket.SOCK_STREAM)[0] for host in hosts]

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        return found(port) if host in _NAMES else by_system(host, port, *args, **kwargs)

    async def look_up_later(host: Any, port: Any, **kwargs: Any) -> Any:
        return found(port) if host in _NAMES else await by_loop(host, port, **kwargs)

    socket.getaddrinfo = look_up
    loop.getaddrinfo = look_up_later  # type: ignore[method-assign]  # uvloop asks no module
    try:
        yield
    finally:
        socket.getaddrinfo = by_system
        del loop.getaddrinfo
