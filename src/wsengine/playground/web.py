"""The playground over HTTP: its page, and the WebSocket of its controls; it needs aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import MissingDependencyError, WSEngineError
from .commands import number_of, parse
from .control import carry_out
from .files import INDEX, page_files
from .frames import Frames, hello

try:
    from aiohttp import WSMsgType, web

    from ..servers.demo_door import Handler, dialled
except ModuleNotFoundError as missing:
    raise MissingDependencyError(
        'the playground needs aiohttp; run: pip install "wsengine[demo]"'
    ) from missing

if TYPE_CHECKING:
    from .panel import Panel

logger = logging.getLogger(__name__)

EVERY: Final = 0.2
"""Seconds between two frames, unless something has to be seen sooner."""

LEAST: Final = 0.05
"""Seconds between two frames in any case."""

MOST_PAGES: Final = 16
MOST_COMMANDS: Final = 8
"""How many commands of one page may be under way."""

MAX_COMMAND: Final = 4096
"""Bytes."""

SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Pages:
    """Serves the page, and talks with those who have it open.

    Args:
        panel: What they see and control.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._open: set[web.WebSocketResponse] = set()

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes beside `/`: the files, and the controls."""
        return [
            web.get("/page/{name}", self._guarded(self._file)),
            web.get("/control", self._guarded(self._control)),
        ]

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Answer `GET /` with the page."""
        return await self._guarded(self._index)(request)

    async def close(self) -> None:
        """Close the controls of all pages."""
        closing = [asyncio.create_task(page.close(code=1001)) for page in tuple(self._open)]
        if closing:
            await asyncio.wait(closing, timeout=1.0)

    # Inside.

    def _guarded(self, handler: Handler) -> Handler:
        """Return a handler that answers only those whom the guard lets in."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            headers = request.headers
            host, origin = headers.get("Host"), headers.get("Origin")
            why = self._panel.guard.objection(host, origin, dialled(request))
            if why is not None:
                return web.Response(status=403, text=f"{why}\n")
            return await handler(request)

        return guarded

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return _response(INDEX)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return _response(request.match_info["name"])

    async def _control(self, request: web.Request) -> web.StreamResponse:
        if len(self._open) >= MOST_PAGES:
            return web.Response(status=503, text="too many pages are open\n")
        page = web.WebSocketResponse(max_msg_size=MAX_COMMAND, timeout=1.0)
        if not page.can_prepare(request).ok:
            return web.Response(status=426, text="this is the playground's control socket\n")
        await page.prepare(request)
        self._open.add(page)
        showing = asyncio.create_task(self._show(page))
        try:
            await self._listen(page)
        finally:
            self._open.discard(page)
            showing.cancel()
            await asyncio.wait({showing})
        return page

    async def _show(self, page: web.WebSocketResponse) -> None:
        """Send frames until the page is gone: a page that is slow gets fewer."""
        frames, changed = Frames(self._panel), self._panel.board.changed
        with contextlib.suppress(ConnectionError):
            await _send(page, hello(self._panel))
            while not page.closed:
                await _send(page, frames.next())
                await asyncio.sleep(LEAST)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), EVERY - LEAST)

    async def _listen(self, page: web.WebSocketResponse) -> None:
        under_way: set[asyncio.Task[None]] = set()
        try:
            async for message in page:
                if message.type is not WSMsgType.TEXT:
                    continue
                if len(under_way) >= MOST_COMMANDS:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                task = asyncio.create_task(self._obey(page, message.data))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            if under_way:
                await asyncio.wait(under_way)

    async def _obey(self, page: web.WebSocketResponse, text: str) -> None:
        answer: dict[str, Any] = {"type": "done", "id": number_of(text)}
        try:
            said = await carry_out(parse(text), self._panel.server, self._panel.subject)
            answer |= {} if said is None else {"said": said}
        except (WSEngineError, OSError) as error:
            answer |= {"type": "refused", "error": str(error)}
        except Exception as error:  # a page waits for its answer
            logger.exception("a command of the page failed")
            answer |= {"type": "refused", "error": f"{type(error).__name__}: {error}; see the log"}
        self._panel.board.changed.tell()
        with contextlib.suppress(ConnectionError):
            await _send(page, answer)


async def _send(page: web.WebSocketResponse, message: dict[str, Any]) -> None:
    await page.send_str(json.dumps(message, separators=(",", ":")))


def _response(name: str) -> web.Response:
    file = page_files().get(name)
    if file is None:
        return web.Response(status=404, text="there is no such file\n", headers=SECURITY)
    return web.Response(body=file.body, content_type=file.kind, charset="utf-8", headers=SECURITY)
