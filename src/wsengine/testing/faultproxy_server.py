"""The thread of a fault proxy: it listens, and keeps the connections."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

from ..errors import EngineStateError
from .faultproxy_conditions import Conditions, Cut, Direction, FaultCounts
from .faultproxy_pair import Address, Pair, reset_at_close
from .faultproxy_way import Network

PATIENCE: Final = 5.0
"""Seconds within which the thread does what it is asked for."""

TICK: Final = 0.02
"""Seconds before another try to accept a client."""

T = TypeVar("T")


class ProxyServer:
    """Leads clients to one server, on an event loop of its own.

    Args:
        listener: Where clients come; the thread closes it.
        addresses: Where the server is.
        conditions: What to begin with.
        seed: Where chance begins.
        drop_first: How many of the first connections are dropped.
    """

    def __init__(
        self,
        listener: socket.socket,
        addresses: Sequence[Address],
        conditions: Conditions,
        *,
        seed: int,
        drop_first: int,
    ) -> None:
        self.to_drop = drop_first
        self._listener = listener
        self._addresses = addresses
        self._beginning, self._seed = conditions, seed
        self._numbers = 0
        self._pairs: dict[Pair, asyncio.Task[None]] = {}
        self._last_counts = FaultCounts()
        self._network: Network
        self._loop: asyncio.AbstractEventLoop
        self._ending: asyncio.Future[None]
        self._ready = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="wsengine fault proxy", daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE):
            raise TimeoutError(f"the thread of the proxy did not start within {PATIENCE:g} s")

    # The side of those who ask, in any thread.

    def close(self) -> None:
        """End the thread. Safe to call twice.

        Raises:
            TimeoutError: It did not end in time.
        """
        if not self._closed:
            self._closed = True
            self._loop.call_soon_threadsafe(self._ending.set_result, None)
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            raise TimeoutError(f"the thread of the proxy did not end within {PATIENCE:g} s")

    @property
    def conditions(self) -> Conditions:
        """What is done to what passes now."""
        return self._network.conditions

    @property
    def counts(self) -> FaultCounts:
        """What was done, up to now or to the end."""
        return dataclasses.replace(self._network.counts)

    def change(self, conditions: Mapping[str, Any]) -> None:
        """Have some other conditions."""

        def change() -> None:
            self._network.change(dataclasses.replace(self._network.conditions, **conditions))

        self._ask(change)

    def heal(self) -> None:
        """Let everything pass, and forget what was asked for."""
        self._ask(self._heal)

    def drop_next(self, connections: int) -> None:
        """Drop the next connections."""
        self._ask(lambda: setattr(self, "to_drop", connections))

    def corrupt(self, direction: Direction, chunks: int) -> None:
        """Change a byte of each of the next chunks."""
        self._ask(lambda: self._network.to_corrupt.update({direction: chunks}))

    def cut(self, how: Cut) -> int:
        """Cut all connections; return how many."""
        return self._wait_for(self._cut(how))

    def _ask(self, question: Callable[[], T]) -> T:
        async def answer() -> T:
            return question()

        return self._wait_for(answer())

    def _wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise EngineStateError("the FaultProxy is closed; make another one")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    # The thread.

    def _run(self) -> None:
        # Not the loop of the application's choice: this one has everything that is used here.
        with self._listener, asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._network = Network(self._beginning, self._seed)
        self._ending = self._loop.create_future()
        self._listen()
        self._ready.set()
        try:
            await self._ending
        finally:
            self._loop.remove_reader(self._listener)
            for task in (left := [*self._pairs.values()]):
                task.cancel()
            if left:
                await asyncio.wait(left)

    def _listen(self) -> None:
        if not self._ending.done():
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        # No `sock_accept`: cancelled at the wrong moment, it loses the socket that it has.
        try:
            client, _ = self._listener.accept()
        except BlockingIOError:  # the client has left already
            return
        except OSError:  # too many open files
            self._loop.remove_reader(self._listener)
            self._loop.call_later(TICK, self._listen)
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._welcome(client)

    def _welcome(self, client: socket.socket) -> None:
        self._numbers += 1
        self._network.counts.connections += 1
        if self.to_drop:
            self.to_drop -= 1
            self._network.counts.dropped += 1
            reset_at_close(client)
            client.close()
            return
        pair = Pair(self._network, self._numbers, client, self._addresses)
        task = self._pairs[pair] = asyncio.create_task(pair.run())
        task.add_done_callback(lambda _: self._farewell(pair))

    def _farewell(self, pair: Pair) -> None:
        del self._pairs[pair]
        pair.close()

    async def _cut(self, how: Cut) -> int:
        pairs = tuple(self._pairs)
        for pair in pairs:
            pair.cut(how)
        for pair in pairs:
            await pair.severed.wait()
        return len(pairs)

    def _heal(self) -> None:
        self.to_drop = 0
        self._network.to_corrupt.update({"up": 0, "down": 0})
        self._network.change(Conditions())


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a server.

    Raises:
        OSError: The name is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]
