"""Several engines that tell the same providers, of one name and of others."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

from tests.integration.servers import PATIENCE, PoliteServer, echo
from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session

from .seen import Seen

RECEIVED = ("receive", "text")
SENT = ("transmit", "text")


class Talks(Endpoint):
    """Sends some messages, and waits for their echoes."""

    def __init__(self, messages: int) -> None:
        self._left = messages
        self._messages = messages
        self.done = asyncio.Event()

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        for _ in range(self._messages):
            await session.send("hello")

    def on_message(self, session: Session, message: Any) -> None:
        self._left -= 1
        if self._left == 0:
            self.done.set()


def engine_for(server: PoliteServer, seen: Seen, name: str, messages: int) -> Engine:
    return Engine(
        *(server.url, Talks(messages)),
        options=ConnectOptions(proxy=None),
        config=EngineConfig(name=name, stop_timeout=1),
        tracer_provider=seen.tracer_provider,
        meter_provider=seen.meter_provider,
    )


async def talked(engine: Engine) -> None:
    """Start an engine, and wait until it has had its talk."""
    await engine.start()
    await engine.endpoint.done.wait()


def messages_of(seen: Seen, name: str) -> tuple[int, int]:
    """Return how many texts the engines of a name sent and received."""
    points = seen.points_of(name, "websocket.client.messages")
    return points[SENT], points[RECEIVED]


async def test_engines_of_one_name_are_added_up_and_others_are_apart(seen: Seen) -> None:
    async with PoliteServer(echo) as server, asyncio.timeout(PATIENCE):
        engines = [
            engine_for(server, seen, name, messages)
            for name, messages in (("shared", 1), ("shared", 2), ("alone", 4))
        ]
        await asyncio.gather(*map(talked, engines))
        assert messages_of(seen, "shared") == (3, 3)
        assert messages_of(seen, "alone") == (4, 4)
        assert seen.values("websocket.client.sessions.open") == {("shared",): 2, ("alone",): 1}
        await engines[0].stop()
        assert seen.points_of("shared", "websocket.client.engines") == {
            ("stopped",): 1,
            ("open",): 1,
        }
        assert seen.values("websocket.client.sessions.open") == {("shared",): 1, ("alone",): 1}
        assert messages_of(seen, "shared") == (3, 3)
        await asyncio.gather(*(engine.stop() for engine in engines))
    opened = {name[0]: count for name, count in seen.values("websocket.client.dials").items()}
    assert opened == {"shared": 2, "alone": 1}


async def test_counters_go_on_when_an_engine_is_gone(seen: Seen) -> None:
    async with PoliteServer(echo) as server, asyncio.timeout(PATIENCE):
        kept = engine_for(server, seen, "shared", 1)
        await talked(kept)
        totals = [messages_of(seen, "shared")]
        for _ in range(3):
            gone = await one_that_is_gone(server, seen)
            gc.collect()
            assert gone() is None
            totals.append(messages_of(seen, "shared"))
        await kept.stop()
    assert totals == [(1, 1), (3, 3), (5, 5), (7, 7)]
    assert seen.points_of("shared", "websocket.client.engines") == {("stopped",): 1}
    assert seen.points_of("shared", "websocket.client.dials") == {("open",): 4}


async def one_that_is_gone(server: PoliteServer, seen: Seen) -> weakref.ref[Engine]:
    """Run an engine that sends two messages, and let go of it."""
    engine = engine_for(server, seen, "shared", 2)
    await talked(engine)
    await engine.stop()
    return weakref.ref(engine)


async def test_an_engine_that_comes_after_all_others_are_gone_goes_on_counting(seen: Seen) -> None:
    async with PoliteServer(echo) as server, asyncio.timeout(PATIENCE):
        await one_that_is_gone(server, seen)
        gc.collect()
        assert messages_of(seen, "shared") == (2, 2)
        assert seen.points_of("shared", "websocket.client.engines") == {}
        again = engine_for(server, seen, "shared", 1)
        await talked(again)
        assert messages_of(seen, "shared") == (3, 3)
        await again.stop()
