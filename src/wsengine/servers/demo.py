"""The demo server: requests, a subscription, and everything that can be wrong with a server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Self

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from ..close import Close
from ..errors import MissingDependencyError
from ..validation import check_number, check_whole
from .demo_faults import Faults, Refusal
from .demo_guard import Guard
from .demo_telemetry import ServerTelemetry

try:
    from aiohttp import web

    from .demo_client import CLOSE_TIMEOUT, Client
    from .demo_crowd import Crowd
    from .demo_door import Door, Handler
except ModuleNotFoundError as missing:
    raise MissingDependencyError(
        'the demo server needs aiohttp; run: pip install "wsengine[demo]"'
    ) from missing

__all__ = ["Client", "DemoServer", "Faults", "Refusal"]

_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here


class DemoServer(Crowd):
    """Answers requests, publishes heartbeats, and fails in every way on demand.

    ::

        async with DemoServer() as server:
            engine = Engine(server.url, endpoint)
            ...
            server.interrupt()

    It can be started again after a stop, and is then on the same port. All methods belong to the
    event loop that it was started on.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one at the first start.
        heartbeat: Seconds between two heartbeats.
        faults: What is wrong from the beginning; left out, nothing.
        routes: Further HTTP routes to serve beside the WebSocket.
        plain: Answers a GET of "/" that is no handshake; left out, with a line of text.
        allowed_hosts: Names that clients may call the server by, besides the loopback's and
            the address that they dial. Others get 403.
        allowed_origins: Pages that may talk to it ("https://example.org"), besides those of
            such hosts. Others get 403.
        tracer_provider: Where to make spans; `None` is the global provider.
        meter_provider: Where to tell metrics; `None` is the global provider.

    Attributes:
        host: The address that it listens on.
        started_at: When it was started, in seconds since 1970; `None` while it does not run.

    Raises:
        ConfigError: A value is none of these.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        heartbeat: float = 1.0,
        faults: Faults | None = None,
        routes: Sequence[web.AbstractRouteDef] = (),
        plain: Handler | None = None,
        allowed_hosts: Collection[str] = (),
        allowed_origins: Collection[str] = (),
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        super().__init__()
        check_whole("port", port, least=0)
        check_number("heartbeat", heartbeat, above=0)
        self.host = host
        self.started_at: float | None = None
        self._port = port
        self._faults = Faults() if faults is None else faults
        self._telemetry = ServerTelemetry(tracer_provider, meter_provider)
        self._routes = routes
        self._door = Door(
            Guard(host, allowed_hosts, allowed_origins),
            self._faults,
            self._telemetry,
            self._clients,
            interval=heartbeat,
            plain=plain,
        )
        self._changing = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        self._listening = contextlib.ExitStack()

    @property
    def port(self) -> int:
        """The port; before the first start it may be 0."""
        return self._port

    @property
    def url(self) -> str:
        """Where to connect to.

        Raises:
            RuntimeError: The server has no port yet.
        """
        if self._port == 0:
            raise RuntimeError("the demo server has no port yet: start it first")
        host = _ANY_ADDRESS.get(self.host, self.host)
        return f"ws://[{host}]:{self._port}/" if ":" in host else f"ws://{host}:{self._port}/"

    @property
    def faults(self) -> Faults:
        """What is wrong with it: set its fields."""
        return self._faults

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._runner is not None

    @property
    def uptime(self) -> float:
        """Seconds since it was started; 0 while it does not run."""
        return 0.0 if self.started_at is None else time.time() - self.started_at

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: The address cannot be had; the port may be in use.
            RuntimeError: The server is running.
        """
        async with self._changing:
            if self._runner is not None:
                raise RuntimeError(f"the demo server is running already, on {self.url}")
            runner = web.AppRunner(
                self._door.application(self._routes),
                access_log=None,
                shutdown_timeout=CLOSE_TIMEOUT,
            )
            try:
                await runner.setup()
                await web.TCPSite(runner, self.host, self._port).start()
            except BaseException:
                await runner.cleanup()
                raise
            self._runner = runner
            self._port = runner.addresses[0][1]
            self.started_at = time.time()
            self._listening.enter_context(self._telemetry.listening(self.host, self._port))
            self._faults.listeners.append(self._follow_faults)
            self._listening.callback(self._faults.listeners.remove, self._follow_faults)

    async def stop(self, *, code: int = 1001) -> None:
        """Listen no more, and close all clients with a code. Bounded, and safe to call twice.

        Raises:
            ConfigError: It is no close code.
        """
        close = Close(code)
        async with self._changing:
            runner = self._runner
            if runner is None:
                return
            for site in runner.sites:
                await site.stop()
            if closing := [each.close(close.code, "") for each in self.clients]:
                await asyncio.wait(closing)  # each is bounded; and none is cancelled with this
            await runner.cleanup()
            self._listening.close()
            self._runner = self.started_at = None

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

    def _follow_faults(self) -> None:
        for client in self.clients:
            client.follow_faults()
