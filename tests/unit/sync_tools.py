"""What the tests of the engine without asyncio share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from wsengine import Endpoint, EngineConfig, EngineState, ReconnectPolicy, SyncEngine
from wsengine.testing import Accept, Hang, Refuse, ScriptedAdapter

PATIENCE = 10.0
"""Seconds that a test waits at most for what should come at once."""

AT_ONCE = ReconnectPolicy(initial_delay=0.001, factor=1, max_delay=0.001, jitter=0, min_uptime=0)


class Gate:
    """Something that happens in one thread, and is waited for in another."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def open(self, *_: object) -> None:
        """Let it happen."""
        self._event.set()

    @property
    def is_open(self) -> bool:
        """Whether it has happened."""
        return self._event.is_set()

    def wait(self) -> None:
        """Wait for it."""
        assert self._event.wait(PATIENCE), "did not happen"


def make(endpoint: Any, *script: Accept | Refuse | Hang, **settings: Any) -> SyncEngine:
    """Return an engine on a scripted adapter; `adapter_of` returns that."""
    own = {name: settings.pop(name) for name in ("codec", "correlator") if name in settings}
    config = EngineConfig(**{"stop_timeout": 2.0, "reconnect": AT_ONCE, **settings})
    return SyncEngine("ws://s", endpoint, adapter=ScriptedAdapter(script), config=config, **own)


def adapter_of(engine: SyncEngine) -> ScriptedAdapter:
    """Return the scripted adapter."""
    adapter = engine._engine.adapter
    assert isinstance(adapter, ScriptedAdapter)
    return adapter


def at_server(engine: SyncEngine, function: Callable[..., Any], *args: Any) -> None:
    """Have the scripted server do something, in the thread where it lives."""
    assert engine._life is not None
    engine._life.portal.call(function, *args)


def reached(engine: SyncEngine, state: EngineState) -> Gate:
    """Return a gate that opens when the engine enters a state."""
    gate = Gate()
    engine.watch(lambda change: gate.open() if change.state is state else None)
    return gate


@contextlib.contextmanager
def running(engine: SyncEngine) -> Iterator[Any]:
    """Run an engine; gives its open session."""
    with engine:
        yield engine.session


class Silent(Endpoint):
    """Does nothing, and says when a message came."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.came = Gate()

    def on_message(self, session: Any, message: Any) -> None:
        self.messages.append(message)
        self.came.open()
