"""The door of the demo server: who comes in, who is refused, and what a browser gets."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from aiohttp import web
from opentelemetry.trace import Span

from .demo_client import CLOSE_TIMEOUT, MAX_MESSAGE_SIZE, Client
from .demo_faults import Faults, Refusal
from .demo_guard import Guard
from .demo_telemetry import ServerTelemetry, note_status

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""Answers an HTTP request."""

WHAT_IT_IS = """\
This is the demo server of wsengine. It speaks WebSocket; say something to it:

    wsengine connect ws://{host}/
    {{"type": "echo_request", "echo": "hello"}}
"""


class Door:
    """Answers HTTP requests; those that become a WebSocket are served until they are over.

    Args:
        guard: Who may come in.
        faults: What is wrong at the moment.
        telemetry: Told of each handshake.
        clients: Where clients are kept while they are connected.
        interval: Seconds between two heartbeats.
        plain: Answers a GET of "/" that is no handshake, or `None`: with a text.
    """

    def __init__(
        self,
        guard: Guard,
        faults: Faults,
        telemetry: ServerTelemetry,
        clients: dict[str, Client],
        *,
        interval: float,
        plain: Handler | None,
    ) -> None:
        self._guard = guard
        self._faults = faults
        self._telemetry = telemetry
        self._clients = clients
        self._interval = interval
        self._plain = plain or _say_what_it_is
        self._ids = itertools.count(1)

    def application(self, routes: Iterable[web.AbstractRouteDef]) -> web.Application:
        """Return a new application of aiohttp, with these routes besides the WebSocket at "/"."""
        application = web.Application(middlewares=[self._admit])
        application.add_routes([web.get("/", self._enter), *routes])
        return application

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers
        objection = self._guard.objection(
            headers.get("Host"), headers.get("Origin"), dialled(request)
        )
        if objection is not None:
            return web.Response(status=403, text=f"{objection}\n")
        return await handler(request)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return await self._plain(request)
        with self._telemetry.accepting(request.headers, request.path) as span:
            refusal = self._faults.take_refusal()
            if refusal is not None:
                note_status(span, refusal.status)
                return _refused(refusal)
            ws = web.WebSocketResponse(
                timeout=CLOSE_TIMEOUT,
                autoping=False,
                compress=False,  # what is on the wire can be read
                max_msg_size=MAX_MESSAGE_SIZE,
            )
            try:
                await ws.prepare(request)
            except ConnectionError:
                return web.Response()  # to nobody: the client is gone
            note_status(span, ws.status)
        await self._serve(request, ws, span)
        return ws

    async def _serve(self, request: web.Request, ws: web.WebSocketResponse, span: Span) -> None:
        transport = request.transport
        if transport is None:  # the client is gone already
            return
        with self._telemetry.connected():
            if self._faults.drop_on_accept:
                transport.close()
                return
            client = Client(
                str(next(self._ids)),
                ws,
                transport,
                faults=self._faults,
                telemetry=self._telemetry,
                accepted=span,
                interval=self._interval,
            )
            self._clients[client.id] = client
            try:
                await client.serve()
            finally:
                del self._clients[client.id]


def dialled(request: web.Request) -> str:
    """Return the address of this machine that a request came to."""
    address = None if request.transport is None else request.transport.get_extra_info("sockname")
    return str(address[0]) if address else ""


def _refused(refusal: Refusal) -> web.Response:
    wait = refusal.retry_after
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return web.Response(status=refusal.status, headers=headers, text="refused on demand\n")


async def _say_what_it_is(request: web.Request) -> web.StreamResponse:
    return web.Response(text=WHAT_IT_IS.format(host=request.host))
