"""The engine for programs without asyncio."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from .adapter import Adapter
from .callbacks import inside_callback
from .codec import Codec
from .config import EngineConfig
from .correlator import Correlator
from .engine import Engine
from .errors import EngineStateError
from .opening import Source
from .options import ConnectOptions
from .states import EngineState, StateChange
from .sync_conversing import SyncConversing
from .sync_endpoint import ThreadedEndpoint
from .sync_life import Life
from .sync_portal import PortalClosed
from .sync_session import SyncSession
from .sync_signals import interrupted_by_sigterm
from .validation import check_number

_starting = threading.RLock()  # a handler of a signal may start an engine, or fork
if hasattr(os, "register_at_fork"):  # a child's copy would stay locked for ever
    os.register_at_fork(
        before=_starting.acquire,
        after_in_parent=_starting.release,
        after_in_child=_starting.release,
    )


class SyncEngine(SyncConversing):
    """An `Engine` for programs without asyncio: plain functions, which may block.

    The engine runs in a thread of its own, the handlers in `EngineConfig.workers` others. With one
    worker all callbacks run in one and the same thread, one after the other (but `on_read_error`
    may run beside a handler, in another thread). Every method may be called in any thread, and
    in callbacks. All settings, states and errors are those of `Engine`.

    ::

        with SyncEngine("wss://example.com/feed", Feed()) as engine:
            ...

    One that nobody stops is stopped at the end of the program, within `stop_timeout`. All threads
    are daemons: a callback that never returns does not keep the program from ending.

    A child that `os.fork` makes has none of the threads. There an engine that ran at the fork only
    raises `EngineStateError`, and its `stop` does nothing: make another one. One that did not run
    can be started.

    Args:
        url, options: As of `Engine`; a function must be a plain `def`. It is called in a thread of
            the callbacks, so it may block.
        endpoint: Your object with the six callbacks, usually a `SyncEndpoint`; all plain `def`.
        adapter, config, codec, correlator, tracer_provider, meter_provider: As of `Engine`.

    Raises:
        ConfigError: A value is wrong; or a callback, or a decorated handler, is an `async def`. The
            endpoint's decorators refuse it from now on.
        MissingDependencyError: The adapter's library is not installed.
    """

    def __init__(
        self,
        url: Source[str],
        endpoint: Any,
        *,
        adapter: str | Adapter = "websockets",
        options: Source[ConnectOptions] | None = None,
        config: EngineConfig | None = None,
        codec: Codec | None = None,
        correlator: Correlator | None = None,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._threaded = threaded = ThreadedEndpoint(self, endpoint)
        self._engine = Engine(
            threaded.source("url", url),
            threaded,
            adapter=adapter,
            options=None if options is None else threaded.source("options", options),
            config=config,
            codec=codec,
            correlator=correlator,
            tracer_provider=tracer_provider,
            meter_provider=meter_provider,
        )
        self.url: Source[str] = url if callable(url) else self._engine.url
        self.config = self._engine.config
        self.name = self._engine.name
        super().__init__(self._engine, lambda: self.session, self._call_plain, self._wait)
        self._life: Life | None = None

    def __repr__(self) -> str:
        return f"<SyncEngine {self.name!r} {self.state.value}>"

    @property
    def state(self) -> EngineState:
        """Where the engine is in its life."""
        return self._engine.state

    @property
    def session(self) -> SyncSession | None:
        """The open session, or `None`."""
        session = self._engine.session
        return None if session is None else self._threaded.find(session)

    def watch(self, listener: Callable[[StateChange], object]) -> Callable[[], None]:
        """Have `listener` called at every change of state; return a function that ends that.

        Listeners are called in the thread of the event loop: they must be quick. Blocking calls
        of this engine are refused there.
        """
        return self._engine.watch(listener)

    def start(self) -> None:
        """Open the first session; returns when its `on_open` is done.

        Raises:
            EngineStartError: As `Engine.start`. Nothing is left running, nor after Ctrl-C.
            EngineStateError: The engine is running already; or it was, in the process of which
                this one is a child.
        """
        with _starting:
            self._check_at_rest()
            life = self._life = Life(self._engine, self._threaded)
        try:
            life.start()
            life.wait_started()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop gracefully: handlers end, `on_close` runs, close frames are exchanged.

        Ends within `stop_timeout`, whatever the server, the network or a callback does. Safe to
        call twice, at any time, in many threads. Inside a callback it asks for the exit and
        returns at once, or the callback would wait for itself.

        A callback that does not end is left behind in its thread, with an error in the log; a
        blocking call of the engine that it waits in raises `asyncio.CancelledError`.
        """
        if inside_callback(self._engine) or (self._life and self._life.portal.is_here):
            self.exit()
            return
        if self._life is not None and not self._life.is_over:
            self._life.stop()

    def wait_stopped(self, *, timeout: float | None = None) -> None:
        """Wait until the engine has stopped.

        Raises:
            EngineFailedError: It stopped by itself; as `Engine.wait_stopped`.
            EngineStateError: It was never started, or in another process, or this is one of its
                callbacks.
            TimeoutError: It still runs after `timeout` seconds.
            ConfigError: `timeout` is no number of seconds.
        """
        check_number("timeout", timeout, least=0, optional=True)
        life = self._life
        if life is None:
            raise EngineStateError("the engine was never started; call start() first")
        if inside_callback(self._engine) or life.portal.is_here:
            raise EngineStateError("wait_stopped() in a callback would wait for itself; use exit()")
        if not life.is_over:
            life.portal.check_process()
        if not life.wait_over(timeout):
            raise TimeoutError(f"the engine still runs after {timeout} s")

    def run(self) -> None:
        """Start, and wait until the engine has stopped; Ctrl-C and SIGTERM stop it gracefully.

        A second one ends the wait for the stop. Signals come in the main thread only; in another
        one it just waits.

        Raises:
            EngineStartError: As `start()`.
            EngineFailedError: As `wait_stopped()`.
        """
        with interrupted_by_sigterm():
            try:
                with self:
                    self.wait_stopped()
            except KeyboardInterrupt:
                if self.state not in (EngineState.IDLE, EngineState.STOPPED):
                    raise  # it came again, while the engine was stopping

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def exit(self) -> None:
        """Ask the engine to stop, and return at once. Does nothing if it is not running."""
        if self._life is not None:
            self._life.exit()

    def restart(self) -> None:
        """Ask for a fresh connection, and return at once; as `Engine.restart`.

        Raises:
            EngineStateError: The engine is not running.
        """
        self._running().portal.soon(self._restart)

    # Inside.

    def _check_at_rest(self) -> None:
        if self._life is None or self._life.is_over:
            return
        self._life.portal.check_process()
        why = f"this one is {self.state.value}"
        if self.state in (EngineState.IDLE, EngineState.STOPPED):
            why = "the last life of this one has not ended yet; call wait_stopped() first"
        raise EngineStateError(f"start() needs an engine that is idle or stopped; {why}")

    def _running(self) -> Life:
        if self._life is None:
            raise EngineStateError(
                f"this needs a running engine, and it is {self.state.value}; call start() first"
            )
        self._life.portal.check_open()
        return self._life

    def _restart(self) -> None:
        if self.state not in (EngineState.IDLE, EngineState.STOPPED):
            self._engine.restart()

    def _wait(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        return self._running().portal.call(function, *args, **options)

    def _call_plain(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """Call a plain function on the loop; or here, where there is none."""
        if self._life is not None and not self._life.portal.is_here:
            with contextlib.suppress(PortalClosed):
                return self._life.portal.call(function, *args, **options)
        return function(*args, **options)
