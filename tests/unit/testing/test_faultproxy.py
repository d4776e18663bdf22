"""The fault proxy, by clients and servers that block: it does not need their loop."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from wsengine import ConfigError, EngineStateError
from wsengine.testing import Conditions, FaultProxy

SECONDS = 10.0


class Server:
    """Listens, and hands out both ends of each connection through a proxy."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.sockets: list[socket.socket] = []
        self.target = f"127.0.0.1:{listener.getsockname()[1]}"

    def dial(self, proxy: FaultProxy) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", proxy.port), SECONDS)
        self.sockets.append(client)
        return client

    def connect(self, proxy: FaultProxy) -> tuple[socket.socket, socket.socket]:
        client = self.dial(proxy)
        accepted, _ = self.listener.accept()
        accepted.settimeout(SECONDS)
        self.sockets.append(accepted)
        return client, accepted


@pytest.fixture
def server() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        server = Server(listener)
        yield server
        for end in server.sockets:
            end.close()


def exchange(client: socket.socket, server: socket.socket) -> None:
    client.sendall(b"up")
    assert server.recv(10) == b"up"
    server.sendall(b"down")
    assert client.recv(10) == b"down"


# Where it is.


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("127.0.0.1:80", "ws://127.0.0.1:{}"),
        ("ws://127.0.0.1:80", "ws://127.0.0.1:{}"),
        ("ws://127.0.0.1/feed?a=1", "ws://127.0.0.1:{}/feed?a=1"),
        ("wss://127.0.0.1/feed", "wss://127.0.0.1:{}/feed"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:{}/x"),
        ("ws://[::1]:80/", "ws://127.0.0.1:{}/"),
    ],
)
def test_its_url_is_that_of_the_target(target: str, shown: str) -> None:
    with FaultProxy(target) as proxy:
        assert proxy.url == shown.format(proxy.port)


@pytest.mark.parametrize("target", ["", "host", "gopher://host/", "ws://:80/", "host:port"])
def test_a_target_without_host_and_port_is_refused(target: str) -> None:
    with pytest.raises(ConfigError, match="target="):
        FaultProxy(target).start()


def test_before_its_start_it_is_nowhere() -> None:
    proxy = FaultProxy("127.0.0.1:80")
    for ask in (lambda: proxy.url, lambda: proxy.counts, proxy.heal):
        with pytest.raises(EngineStateError, match="not started"):
            ask()
    proxy.close()


def test_it_is_started_once(server: Server) -> None:
    with FaultProxy(server.target) as proxy, pytest.raises(EngineStateError, match="once"):
        proxy.start()


# What it does.


def test_it_passes_everything_on(server: Server) -> None:
    with FaultProxy(server.target) as proxy:
        exchange(*server.connect(proxy))
        exchange(*server.connect(proxy))
        counts = proxy.counts
    assert (counts.connections, counts.open) == (2, 2)
    assert (counts.bytes_up, counts.bytes_down) == (4, 8)


def test_a_cut_takes_all_and_spares_those_who_come_later(server: Server) -> None:
    with FaultProxy(server.target) as proxy:
        pairs = [server.connect(proxy) for _ in range(3)]
        assert proxy.cut() == 3
        assert [end.recv(10) for pair in pairs for end in pair] == [b""] * 6
        exchange(*server.connect(proxy))
        assert proxy.cut("rst") >= 1
        assert proxy.counts.cut_fin == 3


def test_a_cut_by_fin_is_a_fin_even_with_bytes_unread(server: Server) -> None:
    with FaultProxy(server.target) as proxy:
        client, accepted = server.connect(proxy)
        proxy.set(blackhole="both")
        client.sendall(bytes(100_000))
        accepted.sendall(bytes(100_000))
        proxy.cut("fin")
        assert (client.recv(10), accepted.recv(10)) == (b"", b"")


def test_a_cut_by_rst_is_seen_as_one(server: Server) -> None:
    with FaultProxy(server.target) as proxy:
        client, accepted = server.connect(proxy)
        exchange(client, accepted)
        assert proxy.cut("rst") == 1
        for end in (client, accepted):
            with pytest.raises(ConnectionResetError):
                end.recv(10)


def test_the_first_connections_are_dropped(server: Server) -> None:
    with FaultProxy(server.target, drop_first=2) as proxy:
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                server.dial(proxy).recv(10)
        exchange(*server.connect(proxy))
        proxy.drop_next()
        with pytest.raises(ConnectionResetError):
            server.dial(proxy).recv(10)
        proxy.drop_next(100)
        proxy.heal()
        exchange(*server.connect(proxy))
        assert proxy.counts.dropped == 3


@pytest.mark.parametrize("direction", ["up", "down"])
def test_one_direction_is_half_open(server: Server, direction: Any) -> None:
    with FaultProxy(server.target, blackhole=direction) as proxy:
        client, accepted = server.connect(proxy)
        held, other = (client, accepted) if direction == "up" else (accepted, client)
        held.sendall(b"held")
        other.sendall(b"passed")
        assert held.recv(10) == b"passed"
        proxy.set(blackhole=None)
        assert other.recv(10) == b"held"


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_byte_is_corrupted_in_one_direction(server: Server, direction: Any) -> None:
    with FaultProxy(server.target, seed=1) as proxy:
        client, accepted = server.connect(proxy)
        proxy.corrupt(direction=direction)
        client.sendall(bytes(20))
        accepted.sendall(bytes(20))
        assert (accepted.recv(20) == bytes(20)) is (direction == "down")
        assert (client.recv(20) == bytes(20)) is (direction == "up")
        assert proxy.counts.corrupted == 1
        proxy.corrupt(5, direction="up")
        proxy.heal()
        exchange(client, accepted)


def test_conditions_are_changed_one_by_one_and_healed_together(server: Server) -> None:
    with FaultProxy(server.target, split=True) as proxy:
        proxy.set(delay=0.001)
        assert proxy.conditions == Conditions(split=True, delay=0.001)
        proxy.heal()
        assert proxy.conditions == Conditions()
        with pytest.raises(ConfigError, match="rate="):
            proxy.set(rate=-1)
        with pytest.raises(TypeError):
            proxy.set(weather="rain")
        with pytest.raises(ConfigError, match="how="):
            proxy.cut("off")  # type: ignore[arg-type]


def test_seeds_are_kept_or_drawn() -> None:
    assert FaultProxy("127.0.0.1:80", seed=7).seed == 7
    assert "seed 7" in repr(FaultProxy("127.0.0.1:80", seed=7))
    assert FaultProxy("127.0.0.1:80").seed != FaultProxy("127.0.0.1:80").seed


# Its thread.


async def test_a_blocked_loop_does_not_stop_it(server: Server) -> None:
    async with FaultProxy(server.target) as proxy:
        asyncio.get_running_loop()
        exchange(*server.connect(proxy))  # blocks this loop at every step


def test_nothing_is_left(server: Server) -> None:
    before = threading.active_count()
    with FaultProxy(server.target, blackhole="both", delay=3600) as proxy:
        client, _ = server.connect(proxy)
        client.sendall(b"held")
    assert threading.active_count() == before
    assert proxy.counts.open == 0
    with pytest.raises(EngineStateError, match="closed"):
        proxy.cut()


def test_what_two_threads_set_at_once_is_all_set(server: Server) -> None:
    with FaultProxy(server.target) as proxy, ThreadPoolExecutor(2) as threads:
        for _ in range(50):
            proxy.heal()
            both = threading.Barrier(2)

            def change(both: threading.Barrier = both, **conditions: Any) -> None:
                both.wait(SECONDS)
                proxy.set(**conditions)

            changes = [threads.submit(change, delay=1.0), threads.submit(change, split=True)]
            for one in changes:
                one.result(SECONDS)
            assert (proxy.conditions.delay, proxy.conditions.split) == (1.0, True)
