"""The engine that the playground is about: made, run, exchanged for another one."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from opentelemetry.trace import TracerProvider

from ..bounds import first_of
from ..codecs import JsonCodec
from ..config import EngineConfig
from ..engine import Engine
from ..errors import EngineStartError, EngineStateError
from ..loading import load_adapter
from ..options import ConnectOptions
from ..reconnect import ReconnectPolicy
from ..session import Session
from ..states import EngineState, StateChange
from .board import Board
from .endpoint import PlaygroundEndpoint
from .history import AT_REST
from .hold import Hold
from .talking import talk

POLICY: Final = ReconnectPolicy(initial_delay=0.5, max_delay=8.0, jitter=0.5, min_uptime=1.0)

SUBSCRIBE: Final = {"type": "subscribe_request", "topic": "heartbeat"}
UNSUBSCRIBE: Final = {"type": "unsubscribe_request", "topic": "heartbeat"}

ASKED: Final = ("exit", "asked to stop before the first session was open")
"""How an engine calls an end that was asked for: it cannot know by which button."""


@dataclass(slots=True)
class Settings:
    """What can be changed while it runs; a new engine is made for the first two.

    Args:
        adapter: The adapter's name.
        workers: The number of workers.
        rate: Echo requests per second; 0 for none.
        work: Seconds that `on_message` spends on each message.
    """

    adapter: str = "websockets"
    workers: int = 2
    rate: float = 8.0
    work: float = 0.12


class Subject:
    """Holds the engine, and does with it what the page's buttons say.

    Args:
        url: Where the demo server is.
        board: Where to note what happens.
        settings: The settings to begin with.
        tracer_provider: Where spans are made, or `None` for the global provider.

    Raises:
        ConfigError: There is no such adapter, or a setting is wrong.
        MissingDependencyError: The adapter's library is not installed.
    """

    def __init__(
        self,
        url: str,
        board: Board,
        settings: Settings,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        self.settings = settings
        self.board = board
        self._url = url
        self._tracer_provider = tracer_provider
        self._one_at_a_time = asyncio.Lock()
        self._life: asyncio.Task[None] | None = None
        self._hold: Hold | None = None
        self._end = ""  # who asked for the end of the engine's life
        self.engine = self._make(settings.adapter, settings.workers)
        self._talking = asyncio.create_task(talk(self))

    @property
    def session(self) -> Session | None:
        """The open session, or `None`."""
        return self.engine.session

    @property
    def held(self) -> int | None:
        """How many messages the pause holds, or `None` where the engine is not paused."""
        return None if self._hold is None else self._hold.held

    # What the buttons do.

    async def start(self) -> None:
        """Start the engine; returns at once, as the first session may be long in coming."""
        async with self._one_at_a_time:
            await self._start()

    async def stop(self) -> None:
        """Stop the engine, and wait until it has."""
        async with self._one_at_a_time:
            await self._stop("by stop()")

    async def exit(self) -> None:
        """Ask the engine to stop, and do not wait."""
        self._end = "by exit()"
        self.engine.exit()

    async def exchange(self, *, adapter: str | None = None, workers: int | None = None) -> None:
        """Take a new engine, and start it if the old one was running."""
        async with self._one_at_a_time:
            new_adapter = self.settings.adapter if adapter is None else adapter
            new_workers = self.settings.workers if workers is None else workers
            if (new_adapter, new_workers) == (self.settings.adapter, self.settings.workers):
                return
            # To import a library takes a while, and nobody's loop should be blocked by that.
            await asyncio.to_thread(load_adapter, new_adapter)
            new = self._make(new_adapter, new_workers)
            was_running = self.engine.state not in AT_REST
            other = "adapter" if new_adapter != self.settings.adapter else "number of workers"
            await self._stop(f"for another {other}")
            self.settings.adapter, self.settings.workers = new_adapter, new_workers
            self.engine = new
            self.board.new_lanes(new_workers)
            self.board.history.exchanged()
            if was_running:
                await self._start()
            self.board.changed.tell()

    def pause(self) -> None:
        """Pause the session.

        Raises:
            EngineStateError: No session is open.
        """
        session = self.session
        if session is None:
            raise EngineStateError(f"only an open session can be paused; it is {self._state}")
        if self._hold is None:
            self._hold = Hold(session)
            self._hold.task.add_done_callback(self._resumed)
            self.board.changed.tell()

    def resume(self) -> None:
        """End the pause.

        Raises:
            EngineStateError: There is none.
        """
        if self._hold is None:
            raise EngineStateError("the engine is not paused")
        self._hold.release()

    async def close(self) -> None:
        """Stop everything, for good."""
        self._talking.cancel()
        await self.stop()
        await first_of(self._talking)

    # Inside.

    @property
    def _state(self) -> str:
        return self.engine.state.value

    def _make(self, adapter: str, workers: int) -> Engine:
        endpoint = PlaygroundEndpoint(self.board, lambda: self.settings.work)
        engine = Engine(
            self._url,
            endpoint,
            adapter=adapter,
            options=ConnectOptions(proxy=None),
            config=EngineConfig(
                name="playground",
                workers=workers,
                reconnect=POLICY,
                retry_start=True,
                open_timeout=5.0,
                stop_timeout=2.0,
                ping_interval=1.0,
                ping_timeout=3.0,
            ),
            codec=JsonCodec(),
            tracer_provider=self._tracer_provider,
        )
        engine.subscriptions.add("heartbeat", subscribe=SUBSCRIBE, unsubscribe=UNSUBSCRIBE)
        engine.watch(partial(self._changed, engine, f"{adapter}, {_count(workers)}"))
        return engine

    async def _start(self) -> None:
        if self.engine.state not in AT_REST:
            raise EngineStateError(f"the engine runs already; it is {self._state}")
        if self._life is not None:
            await first_of(self._life)
        self._end = ""
        self._life = asyncio.create_task(self._live(self.engine))
        await asyncio.sleep(0)

    async def _live(self, engine: Engine) -> None:
        with contextlib.suppress(EngineStartError):  # the last change of state says why
            await engine.start()

    async def _stop(self, end: str) -> None:
        self._end = end
        await self.engine.stop()
        if self._life is not None:
            await first_of(self._life)

    def _changed(self, engine: Engine, about: str, change: StateChange) -> None:
        if self._hold is not None:
            self._hold.release()
        if change.state is EngineState.STOPPED and change.reason in ASKED:
            change = replace(change, reason=self._end or change.reason)
        self.board.history.changed(change, engine.session, about)
        self.board.changed.tell()

    def _resumed(self, task: asyncio.Task[Any]) -> None:
        self._hold = None
        self.board.changed.tell()


def _count(workers: int) -> str:
    return "1 worker" if workers == 1 else f"{workers} workers"
