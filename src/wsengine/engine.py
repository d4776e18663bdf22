"""The engine: one logical connection over its whole life."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from .adapter import Adapter
from .bounds import first_of, reap
from .callbacks import inside_callback
from .checking import check_async_endpoint
from .codec import Codec
from .config import EngineConfig
from .conversing import Conversing
from .correlator import Correlator
from .errors import ConfigError, EngineStartError, EngineStateError
from .loading import load_adapter
from .opening import Source
from .options import ConnectOptions, check_options
from .signals import stop_on_signals
from .states import EngineState, StateChange
from .supervisor import Supervisor
from .telemetry import Telemetry
from .url import check_url, display_url
from .validation import check_method

logger = logging.getLogger(__name__)


class Engine(Conversing):
    """Keeps one logical connection up over many physical ones, and calls your endpoint.

    Args:
        url: Where to dial, `ws://` or `wss://`; or a function (sync or async) that returns it,
            called before every dial.
        endpoint: Your object with the six callbacks, usually an `Endpoint`.
        adapter: The WebSocket library: a name ("websockets"), an import string
            ("package.module:Factory"), or an adapter object.
        options: `ConnectOptions`, or a function (sync or async) that returns them, called
            before every dial: tokens can change between dials.
        config: The settings.
        codec: Makes values of messages and messages of values, such as `JsonCodec()`; `None`
            leaves text and bytes as they are.
        correlator: Knows which message answers which, such as `JsonCorrelator()`: for `request`.
        tracer_provider: Where OpenTelemetry spans are made; `None` is the global provider.
            Without an SDK, neither spans nor metrics cost anything.
        meter_provider: Where OpenTelemetry metrics are made; `None` is the global provider.

    Raises:
        ConfigError: A value is wrong; nothing is left for the first dial to find out.
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
        self.url: Source[str] = url if callable(url) else check_url(url)
        check_async_endpoint(endpoint)
        self.endpoint = endpoint
        options = ConnectOptions() if options is None else options
        self.options = options if callable(options) else check_options(options)
        config = EngineConfig() if config is None else config
        if not isinstance(config, EngineConfig):
            raise ConfigError(f"config={config!r}: must be an EngineConfig")
        self.adapter: Adapter = load_adapter(adapter)
        name = config.name or ("engine" if callable(url) else display_url(url))
        check_method("tracer_provider", tracer_provider, "get_tracer")
        check_method("meter_provider", meter_provider, "get_meter")
        self.telemetry = Telemetry(name, config, tracer_provider, meter_provider)
        super().__init__(name, config, codec, correlator, self.telemetry.tally)

    def __repr__(self) -> str:
        return f"<Engine {self.name!r} {self.state.value}>"

    def watch(self, listener: Callable[[StateChange], object]) -> Callable[[], None]:
        """Have `listener` called at every change of state; return a function that ends that.

        Listeners are called from the supervisor: they must be quick, and must not wait.

        Raises:
            ConfigError: It would have to be awaited.
        """
        if inspect.iscoroutinefunction(listener):
            raise ConfigError(f"watch({listener!r}): must be a plain function of a StateChange")
        listeners = self.lifecycle.listeners

        def told(change: StateChange) -> None:  # one of its own, if it watches twice
            listener(change)

        listeners.append(told)
        return lambda: listeners.remove(told) if told in listeners else None

    async def start(self) -> None:
        """Open the first session; returns when its `on_open` is done.

        Cancelling it stops the engine; nothing is left running.

        Raises:
            EngineStartError: The dial or `on_open` failed (see its `__cause__`), or the engine
                was stopped meanwhile. Nothing is left running.
            EngineStateError: The engine is running already.
        """
        self._check_at_rest()
        self._supervisor = supervisor = Supervisor(self)
        self.subscriptions.started()
        supervisor.begin()
        try:
            await first_of(supervisor.started)
        except asyncio.CancelledError:
            await self.stop()
            raise
        if supervisor.started.exception() is not None:
            await first_of(supervisor.task)  # nothing is left running when start() raises
        supervisor.started.result()

    def _check_at_rest(self) -> None:
        supervisor, state = self._supervisor, self.state
        if supervisor is None:
            return
        if not supervisor.over:
            which = "has not quite stopped" if state is EngineState.STOPPED else f"is {state.value}"
            raise EngineStateError(
                f"start() needs an engine that is idle or stopped; this one {which}"
            )
        if state not in (EngineState.IDLE, EngineState.STOPPED):
            raise EngineStateError(
                f"start() needs an engine that is idle or stopped; this one was {state.value} when "
                "its event loop was closed: make another one, and stop() engines before that"
            )

    async def stop(self) -> None:
        """Stop gracefully: handlers end, `on_close` runs, close frames are exchanged.

        Ends within `stop_timeout`, whatever the server, the network or a callback does. Safe
        to call twice, at any time, from many tasks. From inside a callback it asks for the exit
        and returns at once, or the callback would wait for itself; so does a task that a handler
        has started, as long as the same worker runs a handler: call `wait_stopped` in it.
        """
        supervisor = self._supervisor
        if supervisor is None or supervisor.over:
            return
        supervisor.exit()
        if inside_callback(self):
            return
        loop = asyncio.get_running_loop()
        timeout = self.config.stop_timeout
        await first_of(supervisor.task, timeout=0.95 * timeout)
        if not supervisor.task.done():
            logger.error("%s: did not stop in time; cutting everything off", self.name)
            await reap([supervisor.task], until=loop.time(), grace=0.05 * timeout, what=self.name)

    async def wait_stopped(self) -> None:
        """Wait until the engine has stopped. Cancelling the wait does not stop it.

        Raises:
            EngineFailedError: It stopped by itself: a fatal end, attempts used up, or a
                callback's error with `on_endpoint_error="exit"`.
            EngineStateError: It was never started.
        """
        supervisor = self._supervisor
        if supervisor is None:
            raise EngineStateError("the engine was never started; call start() first")
        await first_of(supervisor.task)
        if supervisor.failure is not None:
            raise supervisor.failure

    async def run(self) -> None:
        """Start, and wait until the engine has stopped; SIGINT and SIGTERM stop it gracefully.

        A second Ctrl-C is Python's own: under `asyncio.run` it cancels `run`, which still waits
        for the bounded stop, and becomes `KeyboardInterrupt`. Cancelling `run` stops the engine.

        Raises:
            EngineStartError: As `start()`; but to be asked to stop before the first session is
                open is no error here.
            EngineFailedError: As `wait_stopped()`.
        """
        with stop_on_signals(self.exit):
            try:
                await self.start()
            except EngineStartError as error:
                if error.__cause__ is not None:
                    raise
                # Nothing is wrong: it was asked to stop before it could start.
            else:
                await self.wait_stopped()
            finally:
                await self.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def exit(self) -> None:
        """Ask the engine to stop, and return at once. Does nothing if it is not running."""
        if self._supervisor is not None and not self._supervisor.over:
            self._supervisor.exit()

    def restart(self) -> None:
        """Ask for a fresh connection, and return at once.

        Closes the open session and opens another; between two dials it dials now.

        Raises:
            EngineStateError: The engine is not running.
        """
        if self._supervisor is None or self.state in (EngineState.IDLE, EngineState.STOPPED):
            raise EngineStateError(
                f"restart() needs a running engine; this one is {self.state.value}"
            )
        self._supervisor.restart()
