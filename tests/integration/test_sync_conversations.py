"""Programs without asyncio that converse: many threads send, ask, subscribe and stop."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import (
    ConnectionClosed,
    ConnectOptions,
    Endpoint,
    EngineConfig,
    EngineState,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    RequestFailed,
    RequestTimeoutError,
    SyncEndpoint,
    SyncEngine,
)

from .conftest import AT_ONCE
from .servers import PATIENCE, PoliteServer
from .test_sync import apart

pytestmark = pytest.mark.usefixtures("nothing_held")

THREADS = 6


def conversing(url: str, endpoint: Any, adapter: str, **settings: Any) -> SyncEngine:
    """Return an engine that speaks JSON with ids."""
    quick = {"stop_timeout": 2.0, "reconnect": AT_ONCE}
    return SyncEngine(
        url,
        endpoint,
        adapter=adapter,
        options=ConnectOptions(proxy=None, compression=None),
        config=EngineConfig(**{**quick, **settings}),
        codec=JsonCodec(),
        correlator=JsonCorrelator(error_field="error"),
    )


class Talking:
    """A server that says its lines, and answers requests, but not those to be silent.

    Attributes:
        said: What clients said that is no request.
    """

    def __init__(self, *lines: Any) -> None:
        self._lines = lines
        self.said: list[Any] = []

    async def __call__(self, connection: ServerConnection) -> None:
        for line in self._lines:
            await connection.send(json.dumps(line))
        async for text in connection:
            match json.loads(text):
                case {"id": _, "op": "silence"}:
                    pass
                case {"id": number, "op": "fail"}:
                    await connection.send(json.dumps({"id": number, "error": "no"}))
                case {"id": number, **rest}:
                    await connection.send(json.dumps({"id": number, **rest}))
                case message:
                    self.said.append(message)


def in_threads(*functions: Callable[[], object]) -> None:
    """Run functions at the same time, and raise what one of them raised."""
    errors: list[BaseException] = []

    def run(function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, in a thread without an event loop."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never did"
        time.sleep(0.002)


async def test_many_threads_send_and_ask(adapter: str) -> None:
    """Each thread gets the replies to its own requests; what it sends keeps its order."""
    talking = Talking()

    def program() -> None:
        with conversing(server.url, Endpoint(), adapter) as engine:

            def work(name: int) -> None:
                for number in range(25):
                    engine.send({"said": [name, number]})
                    reply = engine.request({"asked": [name, number]}, timeout=PATIENCE)
                    assert reply["asked"] == [name, number]
                with pytest.raises(RequestFailed):
                    engine.request({"op": "fail"}, timeout=PATIENCE)
                with pytest.raises(RequestTimeoutError):
                    engine.request({"op": "silence"}, timeout=0.02)

            in_threads(*[partial(work, name) for name in range(THREADS)])
            session = engine.session
            assert session is not None
            stats = session.stats()
            assert (stats.requests_in_flight, stats.replies_unmatched) == (0, 0)

    async with PoliteServer(talking) as server:
        await apart(program)
    for name in range(THREADS):
        own = [message["said"][1] for message in talking.said if message["said"][0] == name]
        assert own == list(range(25))


async def test_stop_in_other_threads_ends_what_waits(adapter: str) -> None:
    """Requests fail at once, all who stop come back, and the engine starts once more."""
    silent, endpoint = {"op": "silence"}, Endpoint()

    def program() -> None:
        engine = conversing(server.url, endpoint, adapter)
        engine.start()
        session = engine.session
        assert session is not None
        closes = []
        both = threading.Barrier(2, timeout=PATIENCE)

        def ask() -> None:
            with pytest.raises(ConnectionClosed) as raised:
                engine.request(silent, timeout=None)
            closes.append(raised.value.close)

        def stop() -> None:
            wait_for(lambda: session.stats().requests_in_flight == 3)
            both.wait()
            engine.stop()
            assert engine.state is EngineState.STOPPED

        def run() -> None:
            engine.wait_stopped(timeout=PATIENCE)

        in_threads(ask, ask, ask, stop, stop, run)
        assert [(close.code, close.client_initiated) for close in closes] == [(1001, True)] * 3
        with pytest.raises(EngineStateError):
            engine.request(silent)
        with pytest.raises(ConnectionClosed):
            session.request(silent)
        with engine:
            assert engine.request({"again": True}, timeout=PATIENCE)["again"] is True

    async with PoliteServer(Talking()) as server:
        await apart(program)
        assert len(server.connections) == 2


async def test_subscriptions_and_the_outbox_in_threads(adapter: str) -> None:
    """Wanted and queued in several threads, while the connection is lost and comes back."""
    talking = Talking()
    reopened = threading.Event()

    class Reopening(Endpoint):
        def on_open(self, session: Any, *, restarting: bool) -> None:
            if restarting:
                reopened.set()

    def program() -> None:
        with conversing(server.url, Reopening(), adapter) as engine:

            def want(name: int) -> None:
                asks = {"subscribe": name}
                engine.subscriptions.add(name, subscribe=asks, acknowledged=True).ready(timeout=5)

            in_threads(*[partial(want, name) for name in range(THREADS)])
            loop.call_soon_threadsafe(server.drop_all)
            assert reopened.wait(PATIENCE)
            queued = [{"queued": name} for name in range(THREADS)]
            in_threads(*[partial(engine.send, one, when_closed="queue") for one in queued])
            wait_for(lambda: len(talking.said) == THREADS)
            assert len(engine.subscriptions) == THREADS
            assert engine.subscriptions.failures == 0

    loop = asyncio.get_running_loop()
    async with PoliteServer(talking) as server:
        await apart(program)
        assert len(server.connections) == 2
    assert sorted(message["queued"] for message in talking.said) == list(range(THREADS))


@pytest.mark.parametrize("how", ["send", "drain", "ready"])
async def test_a_pause_does_not_wait_for_the_end_that_only_it_would_read(
    adapter: str, how: str
) -> None:
    loop = asyncio.get_running_loop()
    talking = Talking()

    def wait(engine: SyncEngine) -> None:
        if how == "ready":
            subscription = engine.subscriptions.add("a", subscribe={"n": 1})
            subscription.ready(timeout=PATIENCE)
        else:
            closed: Any = "wait" if how == "send" else "queue"
            engine.send({"n": 1}, when_closed=closed, timeout=PATIENCE)
            engine.drain(timeout=PATIENCE)

    def program() -> None:
        with conversing(server.url, SyncEndpoint(), adapter) as engine:
            session = engine.session
            assert session is not None
            with session.paused():
                loop.call_soon_threadsafe(server.drop_all)
                time.sleep(0.05)
                with pytest.raises(EngineStateError, match="inside a pause cannot wait for the"):
                    wait(engine)
            wait(engine)

    async with PoliteServer(talking) as server:
        await apart(program)
