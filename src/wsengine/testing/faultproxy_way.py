"""One direction of one connection through a fault proxy."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .faultproxy_conditions import Conditions, Direction, FaultCounts

CHUNK: Final = 1 << 16
"""Bytes that are read at a time."""

UNDER_WAY: Final = 64
"""Chunks that are read ahead; at the bound reading stops, and TCP pushes back."""

TICK: Final = 0.02
"""Seconds between two writes at a bounded rate."""


class Network:
    """What all connections of a proxy have in common. It lives on the proxy's own loop.

    Args:
        conditions: What to begin with.
        seed: Where chance begins.

    Attributes:
        conditions: What is done to what passes now.
        counts: What was done.
        to_corrupt: Chunks to come in which one byte is to be changed, for each direction.
    """

    def __init__(self, conditions: Conditions, seed: int) -> None:
        self.conditions = conditions
        self.counts = FaultCounts()
        self.to_corrupt: dict[Direction, int] = {"up": 0, "down": 0}
        self._seed = seed
        self._changed = asyncio.Event()

    def change(self, conditions: Conditions) -> None:
        """Have other conditions from now on, also for what is held or delayed."""
        self.conditions = conditions
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, timeout: float | None = None) -> None:
        """Wait for a change of the conditions, or `timeout` seconds."""
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({changed}, timeout=timeout)
        finally:
            changed.cancel()

    def chance(self, connection: int, direction: Direction) -> random.Random:
        """Return the chance of one direction of one connection, whatever others draw."""
        return random.Random(f"{self._seed}/{connection}/{direction}")  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was read at once: bytes, or at the end none."""

    data: bytes
    read_at: float
    draw: float
    error: OSError | None = None


class Way:
    """Carries bytes from one socket to another, as the conditions are.

    Args:
        network: The conditions.
        direction: Which way it is.
        source: Where to read.
        target: Where to write.
        chance: Random numbers.
    """

    def __init__(
        self,
        network: Network,
        direction: Direction,
        source: socket.socket,
        target: socket.socket,
        chance: random.Random,
    ) -> None:
        self._network = network
        self._direction = direction
        self._source = source
        self._target = target
        self._chance = chance
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[Chunk] = asyncio.Queue(UNDER_WAY)
        self._greeted = direction == "up"

    async def run(self) -> None:
        """Carry everything, to the end of the source's stream and including it.

        Raises:
            OSError: One of the two sides has broken off.
        """
        reading = asyncio.create_task(self._read())
        try:
            while (chunk := await self._chunks.get()).data:
                await self._carry(chunk)
            await self._wait_for_passage(chunk)
            if chunk.error is not None:
                raise chunk.error
            self._target.shutdown(socket.SHUT_WR)
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _read(self) -> None:
        data, error = b"-", None
        while data:
            try:
                data = await self._loop.sock_recv(self._source, CHUNK)
            except OSError as broken:
                data, error = b"", broken
            chunk = Chunk(data, self._loop.time(), self._chance.random(), error)
            await self._chunks.put(chunk)

    async def _carry(self, chunk: Chunk) -> None:
        network, counts = self._network, self._network.counts
        await self._wait_for_passage(chunk)
        data = self._corrupted(chunk.data)
        counts.split += network.conditions.split
        counts.throttled += network.conditions.rate is not None
        for piece in self._pieces(data):
            if network.conditions.is_black(self._direction):
                await self._wait_for_passage(chunk)
            if self._direction == "up":  # counted first: whoever has a byte can count on it
                counts.bytes_up += len(piece)
            else:
                counts.bytes_down += len(piece)
            self._greeted = True
            await self._loop.sock_sendall(self._target, piece)
            rate = network.conditions.rate
            await (asyncio.sleep(0) if rate is None else network.changed(len(piece) / rate))

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Cut bytes into pieces, each as large as the conditions allow when its turn comes."""
        begin = 0
        while begin < len(data):
            conditions = self._network.conditions
            size = len(data)
            if conditions.split:
                size = 1
            elif conditions.rate is not None:
                size = max(1, int(conditions.rate * TICK))
            yield data[begin : begin + size]
            begin += size

    def _corrupted(self, data: bytes) -> bytes:
        network = self._network
        if not network.to_corrupt[self._direction]:
            return data
        network.to_corrupt[self._direction] -= 1
        network.counts.corrupted += 1
        changed = bytearray(data)
        changed[self._chance.randrange(len(data))] ^= self._chance.randrange(1, 256)
        return bytes(changed)

    async def _wait_for_passage(self, chunk: Chunk) -> None:
        """Wait until a chunk may pass: as long as it is held, and as late as it is delayed."""
        network, counts = self._network, self._network.counts
        held = held_handshake = delayed = False
        while True:
            conditions = network.conditions
            due = chunk.read_at + conditions.delay + conditions.jitter * chunk.draw
            left = due - self._loop.time()
            if conditions.is_black(self._direction):
                counts.held += not held
                held, left_or_none = True, None
            elif conditions.hold_handshake and not self._greeted:
                counts.handshakes_held += not held_handshake
                held_handshake, left_or_none = True, None
            elif left > 0:
                counts.delayed += not delayed
                delayed, left_or_none = True, left
            else:
                return
            await network.changed(left_or_none)
