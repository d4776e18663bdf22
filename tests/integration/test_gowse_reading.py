"""What gowse does wrong with messages and pings; each docstring quotes what was measured there."""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from typing import Any

import pytest

from wsengine import Close, ConnectionClosed, ConnectOptions, Endpoint, Session

from .conftest import MakeEngine
from .measuring import until
from .recorder import Recorder
from .rude import CLOSE, PING, Peer, RudeServer, close_frame, flood
from .servers import PoliteServer, echo, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


async def test_four_workers_keep_the_order(make_engine: MakeEngine) -> None:
    """gowse: "147 k of 200 k messages enter OnMessage out of order"."""
    messages = 100_000

    class Orders(Endpoint):
        expected = 0
        out_of_order = 0

        async def on_message(self, session: Session, message: Any) -> None:
            self.out_of_order += int(message) != self.expected
            self.expected += 1
            if self.expected % 10 == 0:
                await asyncio.sleep(0)

    endpoint = Orders()
    async with (
        RudeServer(flood(messages)) as server,
        make_engine(server.url, endpoint, workers=4),
    ):
        await until(lambda: endpoint.expected == messages, timeout=40)
    assert endpoint.out_of_order == 0


class Weighs(Endpoint):
    """Counts messages, and what is allocated at some of them."""

    WARM, TRACED, LAST = 20_000, 80_000, 100_000

    def __init__(self) -> None:
        self.count = 0
        self.blocks: dict[int, int] = {}
        self.traced: dict[int, int] = {}

    def on_message(self, session: Session, message: Any) -> None:
        self.count += 1
        if self.count == self.TRACED:
            tracemalloc.start()  # not before: it makes everything ten times slower
            self.traced[self.count] = tracemalloc.get_traced_memory()[0]
        if self.count == self.LAST:
            self.traced[self.count] = tracemalloc.get_traced_memory()[0]
        if self.count in (self.WARM, self.LAST):
            self.blocks[self.count] = sys.getallocatedblocks()


async def test_memory_does_not_grow_with_messages(make_engine: MakeEngine) -> None:
    """gowse: "328 bytes kept per message, for ever"."""
    endpoint = Weighs()
    try:
        async with (
            RudeServer(flood(endpoint.LAST)) as server,
            make_engine(server.url, endpoint),
        ):
            await until(lambda: endpoint.count == endpoint.LAST, timeout=50)
    finally:
        tracemalloc.stop()
    first, last = endpoint.blocks.values()
    assert last - first < 0.05 * (endpoint.LAST - endpoint.WARM), "allocated blocks"
    first, last = endpoint.traced.values()
    assert last - first < 5 * (endpoint.LAST - endpoint.TRACED), "allocated bytes"


async def test_messages_larger_than_the_defaults_of_libraries(make_engine: MakeEngine) -> None:
    """gowse: "a 40 kB message: lost, OnReadError 610 k times in 3 s, no reconnect"."""
    sizes = [40_000, 2 * 1024 * 1024, 10 * 1024 * 1024]
    endpoint = Recorder()
    async with (
        PoliteServer(greet(*("x" * size for size in sizes)), compression=None) as server,
        make_engine(server.url, endpoint),
    ):
        await until(lambda: len(endpoint.messages) == len(sizes))
    assert [len(message) for message in endpoint.messages] == sizes


async def test_a_message_above_max_message_size(make_engine: MakeEngine) -> None:
    """gowse: "lost, OnReadError 610 k times in 3 s, no reconnect"; and no read limit at all."""
    most = 40_000
    endpoint = Recorder()
    options = ConnectOptions(proxy=None, max_message_size=most)
    async with (
        PoliteServer(greet("x" * most, "y" * (most + 1)), greet("next")) as server,
        make_engine(server.url, endpoint, options=options),
    ):
        await until(lambda: "next" in endpoint.messages)
        seen = await server.seen_close(0)
    assert seen is not None
    assert seen[0] == 1009
    assert endpoint.messages == ["x" * most, "next"]
    assert endpoint.closes[0].code == 1009
    assert endpoint.closes[0].client_initiated
    assert endpoint.read_errors == []


async def test_large_writes_against_an_echo_server(make_engine: MakeEngine) -> None:
    """gowse: "write and read deadlock on the adapter's mutex"."""
    size, count = 1024 * 1024, 20
    endpoint = Recorder()
    async with PoliteServer(echo, compression=None, max_size=None) as server:
        options = ConnectOptions(proxy=None, compression=None)
        async with make_engine(server.url, endpoint, options=options):
            session = endpoint.sessions[0]
            async with asyncio.timeout(20):
                await asyncio.gather(
                    *(session.send(bytes([number]) * size) for number in range(count))
                )
            await until(lambda: len(endpoint.messages) == count)
    assert endpoint.messages == [bytes([number]) * size for number in range(count)]


async def test_pings_pending_when_the_server_closes(make_engine: MakeEngine) -> None:
    """gowse: "one is told, two wait out their time"."""

    async def close_after_three_pings(peer: Peer) -> None:
        await peer.accept()
        for _ in range(3):
            await peer.read()
        await peer.send(CLOSE, close_frame(4001, "no pong"))
        await peer.read()

    endpoint = Recorder()
    async with (
        RudeServer(close_after_three_pings) as server,
        make_engine(server.url, endpoint, reconnect=None),
    ):
        pings = (endpoint.sessions[0].ping() for _ in range(3))
        async with asyncio.timeout(2):
            outcomes = await asyncio.gather(*pings, return_exceptions=True)
        assert [opcode for opcode, _ in server.peers[0].frames[:3]] == [PING] * 3
    for outcome in outcomes:
        assert isinstance(outcome, ConnectionClosed)
        assert outcome.close == Close(4001, "no pong")


async def test_sequential_pings(make_engine: MakeEngine) -> None:
    """gowse: "a sequential ping misses its pong in 5 of 529"."""
    async with PoliteServer() as server, make_engine(server.url, Recorder()) as engine:
        assert engine.session is not None
        async with asyncio.timeout(20):
            round_trips = [await engine.session.ping() for _ in range(529)]
    # A clock may stand still over a round trip: uvloop's goes by milliseconds.
    assert all(0 <= seconds < 20 for seconds in round_trips)
