"""The thread of a fault proxy ends when it should, and never later."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Iterator

import pytest

from wsengine import EngineStateError
from wsengine.testing.faultproxy_conditions import Conditions
from wsengine.testing.faultproxy_server import ProxyServer, resolve

SECONDS = 10.0


@pytest.fixture
def target() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        yield listener


def make(target: socket.socket, *, drop_first: int = 0) -> tuple[ProxyServer, tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    addresses = resolve(*target.getsockname())
    server = ProxyServer(listener, addresses, Conditions(), seed=1, drop_first=drop_first)
    return server, listener.getsockname()


def threads() -> int:
    return sum(thread.name == "wsengine fault proxy" for thread in threading.enumerate())


def test_the_end_takes_connections_and_thread_along(target: socket.socket) -> None:
    server, address = make(target)
    assert threads() == 1
    with socket.create_connection(address, SECONDS) as client:
        accepted, _ = target.accept()
        server.close()
        server.close()
        assert client.recv(10) == b""
        accepted.settimeout(SECONDS)
        assert accepted.recv(10) == b""
        accepted.close()
    assert threads() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, SECONDS)


def test_after_the_end_it_tells_what_it_did_and_does_no_more(target: socket.socket) -> None:
    server, address = make(target, drop_first=1)
    # The reset may come before the connecting itself is over.
    with pytest.raises(ConnectionResetError), socket.create_connection(address, SECONDS) as client:
        client.recv(10)
    server.close()
    assert server.counts.dropped == 1
    with pytest.raises(EngineStateError, match="closed"):
        server.cut("fin")


def test_whoever_comes_at_the_end_is_let_go(target: socket.socket) -> None:
    """A socket that is left open fails the test, as a ResourceWarning."""
    for _ in range(20):
        server, address = make(target)
        with contextlib.suppress(OSError), socket.create_connection(address, SECONDS):
            server.close()
        server.close()
    gc.collect()


def test_a_name_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(OSError, match=r"not known|resolution|No address"):
        resolve("nobody.invalid", 80)
