"""One direction through a fault proxy, in virtual time: delays take none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from wsengine.testing.faultproxy_conditions import Conditions, Direction
from wsengine.testing.faultproxy_way import Network, Way


class Stage:
    """Both ends of a way, and what is between them."""

    def __init__(self, direction: Direction, seed: int = 1) -> None:
        self.loop = asyncio.get_running_loop()
        self.network = Network(Conditions(), seed)
        self.speaker, source = socket.socketpair()
        target, self.listener = socket.socketpair()
        self.sockets = [self.speaker, source, target, self.listener]
        for end in self.sockets:
            end.setblocking(False)
        chance = self.network.chance(1, direction)
        self.way = Way(self.network, direction, source, target, chance)
        self.task = asyncio.create_task(self.way.run())

    async def say(self, data: bytes) -> None:
        await self.loop.sock_sendall(self.speaker, data)

    async def hear(self, size: int = 1 << 20) -> bytes:
        return await self.loop.sock_recv(self.listener, size)

    async def hear_all(self, size: int) -> bytes:
        heard = b""
        while len(heard) < size:
            heard += await self.hear()
        return heard

    async def hears_nothing(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.hear()
        except TimeoutError:
            return True
        return False

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})
        for end in self.sockets:
            end.close()


@pytest.fixture
async def down() -> AsyncIterator[Stage]:
    stage = Stage("down")
    yield stage
    await stage.leave()


async def test_bytes_pass_and_are_counted(down: Stage) -> None:
    await down.say(b"hello")
    assert await down.hear() == b"hello"
    assert (down.network.counts.bytes_down, down.network.counts.bytes_up) == (5, 0)


async def test_the_end_passes_too(down: Stage) -> None:
    await down.say(b"last")
    down.speaker.shutdown(socket.SHUT_WR)
    assert await down.hear_all(4) == b"last"
    assert await down.hear() == b""
    await down.task


async def test_a_delay_keeps_the_order(down: Stage) -> None:
    down.network.change(Conditions(delay=30, jitter=30))
    began = down.loop.time()
    for number in range(10):
        await down.say(bytes([number]))
        await asyncio.sleep(0.5)
    assert await down.hear_all(10) == bytes(range(10))
    assert 30 <= down.loop.time() - began <= 66
    assert 1 <= down.network.counts.delayed <= 10


async def test_what_is_delayed_passes_at_once_when_the_delay_ends(down: Stage) -> None:
    down.network.change(Conditions(delay=3600))
    await down.say(b"late")
    assert await down.hears_nothing(60)
    down.network.change(Conditions())
    began = down.loop.time()
    assert await down.hear() == b"late"
    assert down.loop.time() - began < 1


async def test_the_delay_is_no_bound_of_the_rate(down: Stage) -> None:
    down.network.change(Conditions(delay=10))
    began = down.loop.time()
    for _ in range(20):
        await down.say(b"x")
        await asyncio.sleep(0.1)
    await down.hear_all(20)
    assert down.loop.time() - began < 13  # one by one it would be 200


async def test_a_rate_is_kept(down: Stage) -> None:
    down.network.change(Conditions(rate=100))
    began = down.loop.time()
    await down.say(bytes(1000))
    await down.hear_all(1000)
    assert 9 <= down.loop.time() - began <= 11
    assert down.network.counts.throttled == 1


async def test_a_split_write_comes_byte_by_byte(down: Stage) -> None:
    down.network.change(Conditions(split=True, rate=10))
    await down.say(b"abc")
    assert [await down.hear() for _ in range(3)] == [b"a", b"b", b"c"]
    assert down.network.counts.split == 1


async def test_a_blackhole_holds_and_then_lets_pass(down: Stage) -> None:
    down.network.change(Conditions(blackhole="down"))
    await down.say(b"one")
    assert await down.hears_nothing(3600)
    await down.say(b"two")
    down.speaker.shutdown(socket.SHUT_WR)
    assert await down.hears_nothing(3600)  # not even the end
    down.network.change(Conditions())
    assert await down.hear_all(6) == b"onetwo"
    assert await down.hear() == b""
    assert down.network.counts.held == 1


async def test_a_blackhole_of_the_other_direction_holds_nothing(down: Stage) -> None:
    down.network.change(Conditions(blackhole="up"))
    await down.say(b"one")
    assert await down.hear() == b"one"


async def test_a_blackhole_holds_the_rest_of_a_slow_chunk(down: Stage) -> None:
    down.network.change(Conditions(rate=10))
    await down.say(bytes(100))
    await down.hear_all(20)
    down.network.change(Conditions(rate=10, blackhole="both"))
    while not await down.hears_nothing(600):
        pass  # what was under way
    held = down.network.counts.bytes_down
    assert held < 100
    down.network.change(Conditions())
    await down.hear_all(100 - held)


async def test_one_byte_is_changed_and_only_one(down: Stage) -> None:
    down.network.to_corrupt["down"] = 1
    await down.say(bytes(50))
    changed = await down.hear_all(50)
    assert len([byte for byte in changed if byte]) == 1
    await down.say(bytes(50))
    assert await down.hear_all(50) == bytes(50)
    assert down.network.counts.corrupted == 1


async def test_the_same_seed_changes_the_same_byte() -> None:
    heard = []
    for seed in (5, 5, 6):
        stage = Stage("down", seed)
        stage.network.to_corrupt["down"] = 1
        await stage.say(bytes(5000))
        heard.append(await stage.hear_all(5000))
        await stage.leave()
    assert heard[0] == heard[1] != heard[2]


async def test_only_the_first_answer_is_part_of_the_handshake(down: Stage) -> None:
    await down.say(b"101")
    assert await down.hear() == b"101"
    down.network.change(Conditions(hold_handshake=True))
    await down.say(b"more")
    assert await down.hear() == b"more"
    assert down.network.counts.handshakes_held == 0


async def test_a_handshake_is_held(down: Stage) -> None:
    down.network.change(Conditions(hold_handshake=True))
    await down.say(b"101")
    assert await down.hears_nothing(3600)
    down.network.change(Conditions())
    assert await down.hear() == b"101"
    assert down.network.counts.handshakes_held == 1


async def test_a_request_for_a_handshake_is_not_held() -> None:
    up = Stage("up")
    up.network.change(Conditions(hold_handshake=True))
    await up.say(b"GET /")
    assert await up.hear() == b"GET /"
    assert up.network.counts.bytes_up == 5
    await up.leave()


async def test_when_too_much_is_under_way_reading_stops(down: Stage) -> None:
    down.network.change(Conditions(blackhole="down"))
    with pytest.raises(TimeoutError):  # TCP pushes back
        await asyncio.wait_for(down.say(bytes(64 << 20)), 60)
