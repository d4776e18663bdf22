"""The engine without asyncio, against real servers; it runs in a thread beside them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wsengine import (
    Close,
    ConnectOptions,
    Endpoint,
    EngineConfig,
    EngineState,
    SyncEngine,
)

from .conftest import AT_ONCE
from .measuring import Held
from .servers import PATIENCE, PoliteServer, echo, greet


def make(url: str, endpoint: Any, adapter: str, **settings: Any) -> SyncEngine:
    config = {"stop_timeout": 1.0, "reconnect": AT_ONCE, **settings}
    provider = config.pop("tracer_provider", None)
    return SyncEngine(
        url,
        endpoint,
        adapter=adapter,
        options=ConnectOptions(proxy=None),
        config=EngineConfig(**config),
        tracer_provider=provider,
    )


async def apart(program: Callable[[], None]) -> None:
    """Run a program in another thread: this one has the server."""
    executor = ThreadPoolExecutor(1)  # not the loop's own, whose threads stay
    try:
        async with asyncio.timeout(3 * PATIENCE):
            await asyncio.get_running_loop().run_in_executor(executor, program)
    finally:
        executor.shutdown(wait=False)


class Collecting(Endpoint):
    """Keeps messages, and says when enough have come."""

    def __init__(self, enough: int) -> None:
        self.messages: list[Any] = []
        self.closes: list[Close] = []
        self.full = threading.Event()
        self.reopened = threading.Event()
        self._enough = enough

    def on_open(self, session: Any, *, restarting: bool) -> None:
        session.send("hello")
        if restarting:
            self.reopened.set()

    def on_message(self, session: Any, message: Any) -> None:
        self.messages.append(message)
        if len(self.messages) >= self._enough:
            self.full.set()

    def on_close(self, session: Any, close: Close) -> Close:
        self.closes.append(close)
        return Close(4001, "done")


async def test_many_threads_send_and_all_comes_back(adapter: str, nothing_held: Held) -> None:
    endpoint = Collecting(401)

    def program() -> None:
        with make(server.url, endpoint, adapter) as engine:
            session = engine.session
            assert session is not None

            def feed(name: int) -> None:
                for number in range(100):
                    session.send(f"{name}.{number}")

            threads = [threading.Thread(target=feed, args=(name,)) for name in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            assert endpoint.full.wait(PATIENCE)
            assert 0 < session.ping(timeout=PATIENCE) < PATIENCE

    async with PoliteServer(echo) as server:
        await apart(program)
        assert await server.seen_close(0) == (4001, "done")
    assert endpoint.messages[0] == "hello"
    for name in range(4):  # in the order in which each thread has sent them
        own = [text for text in endpoint.messages[1:] if text.startswith(f"{name}.")]
        assert own == [f"{name}.{number}" for number in range(100)]
    assert endpoint.closes == [Close(1001, client_initiated=True)]


async def test_a_lost_connection_comes_back(adapter: str) -> None:
    endpoint = Collecting(1)

    def program() -> None:
        with make(server.url, endpoint, adapter) as engine:
            assert endpoint.full.wait(PATIENCE)
            loop.call_soon_threadsafe(server.drop_all)
            assert endpoint.reopened.wait(PATIENCE)
            engine.send("again", when_closed="wait", timeout=PATIENCE)

    loop = asyncio.get_running_loop()
    async with PoliteServer(echo) as server:
        await apart(program)
        assert len(server.connections) == 2
    assert [int(close.code) for close in endpoint.closes] == [1006, 1001]


async def test_piloting_the_connection(adapter: str) -> None:
    endpoint = Collecting(1)

    def program() -> None:
        with make(server.url, endpoint, adapter) as engine:
            assert endpoint.full.wait(PATIENCE)
            session = engine.session
            assert session is not None
            with session.paused() as connection:
                connection.send("ask")
                assert connection.receive(timeout=PATIENCE) == "ask"
                with pytest.raises(TimeoutError):
                    connection.receive(timeout=0.05)

    async with PoliteServer(echo) as server:
        await apart(program)
    assert endpoint.messages == ["hello"]


async def test_a_handler_that_blocks_does_not_hold_up_the_connection(adapter: str) -> None:
    """Pings are answered and sent while all handlers sleep."""
    blocked, go_on = threading.Event(), threading.Event()

    class Blocking(Collecting):
        def on_message(self, session: Any, message: Any) -> None:
            blocked.set()
            go_on.wait(PATIENCE)
            super().on_message(session, message)

    endpoint = Blocking(3)

    def program() -> None:
        engine = make(server.url, endpoint, adapter, ping_interval=0.05, ping_timeout=0.5)
        with engine:
            assert blocked.wait(PATIENCE)
            session = engine.session
            assert session is not None
            for _ in range(20):
                session.ping(timeout=PATIENCE)
            assert engine.state is EngineState.OPEN
            go_on.set()
            assert endpoint.full.wait(PATIENCE)

    async with PoliteServer(greet("a", "b", "c")) as server:
        await apart(program)
        assert len(server.connections) == 1
    assert endpoint.messages == ["a", "b", "c"]


async def test_the_current_span_is_right_inside_callbacks_and_calls() -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")

    class Tracing(Collecting):
        def on_message(self, session: Any, message: Any) -> None:
            with tracer.start_as_current_span("inside"):
                super().on_message(session, message)

    endpoint = Tracing(2)

    def program() -> None:
        with (
            tracer.start_as_current_span("outside"),
            make(server.url, endpoint, "websockets", tracer_provider=provider),
        ):
            assert endpoint.full.wait(PATIENCE)
        assert trace.get_current_span() is trace.INVALID_SPAN

    async with PoliteServer(greet("a", "b")) as server:
        await apart(program)
    finished = spans.get_finished_spans()
    messages = {span.context.span_id for span in finished if span.name == "websocket on_message"}
    inside = {span.parent.span_id for span in finished if span.name == "inside" and span.parent}
    assert len(messages) == 2
    assert inside == messages
    (outside,) = [span for span in finished if span.name == "outside"]
    (on_open,) = [span for span in finished if span.name == "websocket on_open"]
    assert on_open.context.trace_id == outside.context.trace_id
