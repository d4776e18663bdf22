"""The playground: a demo server and an engine in one process, and a page that shows both."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from ..servers.demo import DemoServer
from .meters import EVERY
from .panel import Panel
from .subject import Settings, Subject
from .traces import Traces, provider

T = TypeVar("T")

_ANY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here


class Playground:
    """Runs everything; the page has a port of its own, so that it outlives the demo server.

        async with Playground() as playground:
            print(playground.url)

    Args:
        host: The address to listen on. Whoever can reach it controls the playground.
        port: The page's port; 0 takes a free one. The demo server takes a free one in any case.
        settings: The engine's settings to begin with.
        allowed_hosts: Further names by which the page and the demo server may be called.
        allowed_origins: Further pages that may talk to both.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        settings: Settings | None = None,
        allowed_hosts: Collection[str] = (),
        allowed_origins: Collection[str] = (),
    ) -> None:
        self.host = host
        self.port = port
        self._settings = Settings() if settings is None else settings
        self._hosts, self._origins = allowed_hosts, allowed_origins
        self._panel: Panel | None = None
        self._server: DemoServer | None = None
        self._subject: Subject | None = None
        self._runner: web.AppRunner | None = None
        self._sampling: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        host = _ANY_ADDRESS.get(self.host, self.host)
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    @property
    def server(self) -> DemoServer:
        """The demo server.

        Raises:
            RuntimeError: The playground was never started.
        """
        return _started(self._server)

    @property
    def subject(self) -> Subject:
        """What has the engine.

        Raises:
            RuntimeError: The playground was never started.
        """
        return _started(self._subject)

    async def start(self) -> None:
        """Start the demo server, the engine and the page.

        Raises:
            OSError: The address cannot be had; the port may be in use.
            ConfigError: A setting is wrong.
            MissingDependencyError: The adapter's library is not installed.
        """
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything. Bounded, and safe to call twice."""
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.wait({self._sampling})
            self._sampling = None
        if self._server is not None:
            self._server.faults.reset()  # or a stop would wait for a server that does not read
        if self._subject is not None:
            await self._subject.close()
        if self._panel is not None:
            await self._panel.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._server is not None and self._server.running:
            await self._server.stop()

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

    async def _start(self) -> None:
        traces = Traces()
        tracer_provider = provider(traces)
        panel = self._panel = Panel(
            self.host,
            hosts=self._hosts,
            origins=self._origins,
            traces=None if tracer_provider is None else traces,
        )
        self._server = panel.server = server = DemoServer(
            self.host,
            routes=panel.routes(),
            plain=panel.index,
            allowed_hosts=self._hosts,
            allowed_origins=self._origins,
        )
        await server.start()
        panel.board.new_lanes(self._settings.workers)
        subject = Subject(server.url, panel.board, self._settings, tracer_provider)
        self._subject = panel.subject = subject
        await self._serve_page(panel)
        self._sampling = asyncio.create_task(self._sample(subject))
        await subject.start()

    async def _serve_page(self, panel: Panel) -> None:
        app = web.Application()
        app.router.add_get("/", panel.index)
        app.router.add_routes(panel.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _sample(self, subject: Subject) -> None:
        while True:
            subject.board.meters.sample(subject.session)
            await asyncio.sleep(EVERY)


def _started(part: T | None) -> T:
    if part is None:
        raise RuntimeError("the playground was never started")
    return part
