"""Checks of what is dialled besides IPv4: IPv6, and unix sockets."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

from ...adapter import Adapter
from ..rawserver import RawServer
from .expectations import expect_equal, expect_refused
from .probe import Probe
from .registry import Chapter, CheckSkipped

check = Chapter("Addresses")

IPV6_LOOPBACK = "::1"


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
