"""What the tests of the engine's floor share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from wsengine import (
    Close,
    Codec,
    Correlator,
    Endpoint,
    Engine,
    EngineConfig,
    JsonCodec,
    JsonCorrelator,
    ReconnectPolicy,
    RestartFailure,
    Session,
)
from wsengine.testing import ScriptedAdapter
from wsengine.testing.script import Dial

STEADY = ReconnectPolicy(initial_delay=1, factor=2, max_delay=8, jitter=0, min_uptime=0)


class Notes(Endpoint):
    """Notes each callback as a tuple, and does what the test gave it."""

    def __init__(self, **hooks: Callable[..., Any]) -> None:
        self.notes: list[tuple[Any, ...]] = []
        self.sessions: list[Session] = []
        self.hooks = hooks

    async def hook(self, name: str, *arguments: Any) -> Any:
        result = self.hooks[name](*arguments) if name in self.hooks else None
        return await result if asyncio.iscoroutine(result) else result

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        self.sessions.append(session)
        self.notes.append(("on_open", restarting))
        await self.hook("on_open", session)

    async def on_message(self, session: Session, message: str | bytes) -> None:
        self.notes.append(("on_message", message))
        await self.hook("on_message", session, message)

    async def on_read_error(self, session: Session, error: Exception) -> None:
        self.notes.append(("on_read_error", error))
        await self.hook("on_read_error", session, error)

    async def on_close(self, session: Session, close: Close) -> Close | None:
        self.notes.append(("on_close", close.code, close.reason, close.client_initiated))
        result: Close | None = await self.hook("on_close", session, close)
        return result

    async def on_close_error(self, session: Session, error: Exception) -> None:
        self.notes.append(("on_close_error", error))
        await self.hook("on_close_error", session, error)

    async def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        self.notes.append(("on_restart_error", failure))
        await self.hook("on_restart_error", engine, failure)

    @property
    def messages(self) -> list[str | bytes]:
        return [note[1] for note in self.notes if note[0] == "on_message"]

    def named(self, name: str) -> list[tuple[Any, ...]]:
        return [note for note in self.notes if note[0] == name]


def make(
    endpoint: Endpoint,
    *script: Dial,
    then: Dial | None = None,
    codec: Codec | None = None,
    correlator: Correlator | None = None,
    **settings: Any,
) -> tuple[Engine, ScriptedAdapter]:
    """Return an engine on a scripted adapter; no ping, and delays of 1, 2, 4, 8 seconds."""
    adapter = ScriptedAdapter(script, then=then)
    settings = {"ping_interval": None, "reconnect": STEADY, "stop_timeout": 4.0, **settings}
    engine = Engine(
        "ws://scripted",
        endpoint,
        adapter=adapter,
        config=EngineConfig(**settings),
        codec=codec,
        correlator=correlator,
    )
    return engine, adapter


def conversing(
    endpoint: Endpoint, *script: Dial, **settings: Any
) -> tuple[Engine, ScriptedAdapter]:
    """Return an engine that speaks JSON with ids."""
    correlator = JsonCorrelator(error_field="error")
    return make(endpoint, *script, codec=JsonCodec(), correlator=correlator, **settings)


async def settle(turns: int = 20) -> None:
    """Let everything run that can run without the passing of time."""
    for _ in range(turns):
        await asyncio.sleep(0)


def now() -> float:
    return asyncio.get_running_loop().time()
