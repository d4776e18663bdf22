"""A client of a fault proxy and its server are told of the end as they should be."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from wsengine.testing.faultproxy_conditions import Conditions
from wsengine.testing.faultproxy_pair import LINGER, Address, Pair
from wsengine.testing.faultproxy_way import Network


class Stage:
    """A client and a server with a pair between them, all on one loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.network = Network(Conditions(), 1)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.address: Address = (socket.AF_INET, self.listener.getsockname())

    async def begin(self, addresses: list[Address] | None = None) -> None:
        with socket.create_server(("127.0.0.1", 0)) as entrance:
            self.client = socket.create_connection(entrance.getsockname())
            accepted, _ = entrance.accept()
        for end in (self.client, accepted):
            end.setblocking(False)
        self.pair = Pair(self.network, 1, accepted, addresses or [self.address])
        self.task = asyncio.create_task(self.pair.run())
        self.task.add_done_callback(lambda _: self.pair.close())

    async def meet(self) -> None:
        await self.begin()
        self.server, _ = await self.loop.sock_accept(self.listener)
        self.server.setblocking(False)

    async def pass_through(self) -> None:
        await self.loop.sock_sendall(self.client, b"ping")
        assert await self.loop.sock_recv(self.server, 100) == b"ping"
        await self.loop.sock_sendall(self.server, b"pong")
        assert await self.loop.sock_recv(self.client, 100) == b"pong"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    stage.task.cancel()
    await asyncio.wait({stage.task})
    for name in ("listener", "client", "server"):
        if hasattr(stage, name):
            getattr(stage, name).close()


async def test_both_directions_pass(stage: Stage) -> None:
    await stage.meet()
    await stage.pass_through()
    assert stage.network.counts.open == 1


async def test_it_ends_when_both_sides_have(stage: Stage) -> None:
    await stage.meet()
    stage.client.shutdown(socket.SHUT_WR)
    assert await stage.loop.sock_recv(stage.server, 100) == b""
    assert not stage.task.done()  # the server may still speak
    stage.server.close()
    assert await stage.loop.sock_recv(stage.client, 100) == b""
    await stage.task
    assert stage.network.counts.open == 0


async def test_a_side_that_breaks_off_breaks_off_the_other(stage: Stage) -> None:
    await stage.meet()
    stage.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    stage.server.close()
    with pytest.raises(ConnectionResetError):
        await stage.loop.sock_recv(stage.client, 100)
    await stage.task


async def test_a_cut_by_fin_is_an_end_for_both(stage: Stage) -> None:
    await stage.meet()
    await stage.pass_through()
    stage.pair.cut("fin")
    await stage.pair.severed.wait()
    assert await stage.loop.sock_recv(stage.client, 100) == b""
    assert await stage.loop.sock_recv(stage.server, 100) == b""
    assert not stage.task.done()  # until they close, too
    began = stage.loop.time()
    await stage.task
    assert stage.loop.time() - began <= LINGER + 0.1
    assert stage.network.counts.cut_fin == 1


async def test_a_cut_by_rst_is_an_error_for_both(stage: Stage) -> None:
    await stage.meet()
    await stage.pass_through()
    stage.pair.cut("rst")
    await stage.pair.severed.wait()
    for end in (stage.client, stage.server):
        with pytest.raises(ConnectionResetError):
            await stage.loop.sock_recv(end, 100)
    assert stage.network.counts.cut_rst == 1


async def test_a_cut_ends_what_is_held(stage: Stage) -> None:
    stage.network.change(Conditions(blackhole="both"))
    await stage.meet()
    await stage.loop.sock_sendall(stage.client, b"ping")
    stage.pair.cut("rst")
    stage.pair.cut("fin")  # too late
    await stage.task
    assert stage.network.counts.cut_rst == 1


async def test_a_server_that_is_not_there_resets_the_client(stage: Stage) -> None:
    stage.listener.close()
    await stage.begin()
    with pytest.raises(ConnectionResetError):
        await stage.loop.sock_recv(stage.client, 100)
    assert stage.network.counts.unreachable == 1


async def test_every_address_of_the_server_is_tried(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nobody: Address = (socket.AF_INET, gone.getsockname())
    await stage.begin([nobody, stage.address])
    stage.server, _ = await stage.loop.sock_accept(stage.listener)
    stage.server.setblocking(False)
    await stage.pass_through()


async def test_cancelling_it_closes_both(stage: Stage) -> None:
    await stage.meet()
    stage.task.cancel()
    await asyncio.wait({stage.task})
    assert await stage.loop.sock_recv(stage.client, 100) == b""
    assert stage.pair.severed.is_set()


@pytest.mark.parametrize("turns", range(15))
async def test_cancelling_it_while_it_ends_closes_both(stage: Stage, turns: int) -> None:
    await stage.meet()
    stage.client.close()
    stage.server.close()
    for _ in range(turns):
        await asyncio.sleep(0)
    stage.task.cancel()
    await asyncio.wait({stage.task})
    assert stage.network.counts.open == 0


async def test_cancelling_it_before_it_begins_closes_the_client(stage: Stage) -> None:
    await stage.begin()
    stage.task.cancel()
    await asyncio.wait({stage.task})
    assert await stage.loop.sock_recv(stage.client, 100) == b""
