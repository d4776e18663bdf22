"""The global providers, set after the engine was made: each is set once in a process's life."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Any

from opentelemetry import metrics, trace

from tests.integration.servers import PoliteServer, greet
from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session

from .collector import PATIENCE
from .seen import Seen


class Greeted(Endpoint):
    """Waits for one message in each session."""

    def __init__(self) -> None:
        self.message = asyncio.Event()

    def on_message(self, session: Session, message: Any) -> None:
        self.message.set()


async def main() -> None:
    """Run one session without an SDK, one after it was set, and print what was told."""
    endpoint = Greeted()
    direct = ConnectOptions(proxy=None)
    async with PoliteServer(greet("hello")) as server, asyncio.timeout(PATIENCE):
        engine = Engine(server.url, endpoint, options=direct, config=EngineConfig(name="early"))
        async with engine:
            await endpoint.message.wait()
            seen = Seen()
            trace.set_tracer_provider(seen.tracer_provider)
            metrics.set_meter_provider(seen.meter_provider)
            endpoint.message.clear()
            engine.restart()
            await endpoint.message.wait()
    for span in seen.spans:
        print(span.name)
    received = seen.points_of("early", "websocket.client.messages")["receive", "text"]
    print("received:", received)
    print("dials:", seen.points_of("early", "websocket.client.dials"))
    handled = seen.points_of("early", "websocket.client.handler.duration")
    print("handlers timed:", handled)


def test_they_are_seen_from_the_next_session_on() -> None:
    """Counts are those of the engine's whole life, as they were kept all the time."""
    command = [sys.executable, "-W", "error", "-m", __name__]
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("OTEL_")}
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=2 * PATIENCE, env=kept, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    spans = ["dial", "on_open", "restart", "on_message", "on_close", "stop"]
    told = ended.stdout.splitlines()
    assert sorted(told[: len(spans)]) == sorted(f"websocket {name}" for name in spans)
    assert told[len(spans) :] == [
        "received: 2",
        "dials: {('open',): 2}",
        "handlers timed: {(): 1}",
    ]


if __name__ == "__main__":
    asyncio.run(main())
