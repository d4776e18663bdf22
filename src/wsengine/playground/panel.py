"""The panel: what pages see, and what their buttons reach."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..servers.demo import DemoServer
from ..servers.demo_guard import Guard
from .board import Board
from .traces import Traces
from .web import Pages

if TYPE_CHECKING:
    from aiohttp import web

    from ..servers.demo_door import Handler
    from .subject import Subject


class Panel:
    """One demo server, and an engine or none; made before both, as the server serves the page.

        panel = Panel("127.0.0.1")
        panel.server = DemoServer("127.0.0.1", routes=panel.routes(), plain=panel.index)

    Args:
        host: The address that is listened on; see `Guard`.
        hosts: Further names by which it may be called.
        origins: Further pages that may see and control it.
        traces: Where the spans go, or `None` where there is no SDK.

    Attributes:
        server: The demo server; must be set before a page is served.
        subject: The engine, or `None`.
    """

    server: DemoServer

    def __init__(
        self,
        host: str,
        *,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        traces: Traces | None = None,
    ) -> None:
        self.guard = Guard(host, hosts, origins, own_pages=True)
        self.traces = traces
        self.board = Board(asyncio.get_running_loop().time)
        self.subject: Subject | None = None
        self._pages = Pages(self)

    @property
    def index(self) -> Handler:
        """The handler of `GET /`: the page."""
        return self._pages.index

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes beside `/`."""
        return self._pages.routes()

    async def close(self) -> None:
        """Close the controls of all pages that are open."""
        await self._pages.close()
