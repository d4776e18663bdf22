from __future__ import annotations

from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from wsengine.servers.demo_client import Client
from wsengine.servers.demo_door import Door, Handler
from wsengine.servers.demo_faults import Faults, Refusal
from wsengine.servers.demo_guard import Guard
from wsengine.servers.demo_telemetry import ServerTelemetry

UPGRADE = {"Host": "localhost", "Upgrade": "WebSocket", "Connection": "Upgrade"}


async def page(request: web.Request) -> web.StreamResponse:
    return web.Response(text="a page")


class Tried:
    """A door, and what it answers."""

    def __init__(self, faults: Faults | None = None, plain: Handler | None = None) -> None:
        self.clients: dict[str, Client] = {}
        telemetry = ServerTelemetry(None, None)
        door = Door(
            Guard("127.0.0.1"),
            faults or Faults(),
            telemetry,
            self.clients,
            interval=1.0,
            plain=plain,
        )
        self.application = door.application([web.get("/more", page)])
        self.application.freeze()

    async def get(self, path: str, headers: dict[str, str]) -> web.Response:
        request = make_mocked_request("GET", path, headers, app=self.application)
        route = await self.application.router.resolve(request)
        handler: Any = route.handler
        for middleware in self.application.middlewares:
            inner = handler

            async def admitted(
                request: web.Request, admit: Any = middleware, inner: Any = inner
            ) -> web.StreamResponse:
                return cast("web.StreamResponse", await admit(request, inner))

            handler = admitted
        answer = await handler(request)
        assert isinstance(answer, web.Response)
        return answer


async def test_a_browser_is_told_what_to_do() -> None:
    answer = await Tried().get("/", {"Host": "localhost:8766"})
    assert answer.status == 200
    assert "wsengine connect ws://localhost:8766/" in (answer.text or "")


@pytest.mark.parametrize("path", ["/", "/more"])
async def test_others_may_answer(path: str) -> None:
    answer = await Tried(plain=page).get(path, {"Host": "localhost"})
    assert (answer.status, answer.text) == (200, "a page")


@pytest.mark.parametrize("path", ["/", "/more"])
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "localhost", "Origin": "https://evil.example"}, {}],
)
async def test_strangers_are_kept_out_of_everything(path: str, headers: dict[str, str]) -> None:
    faults = Faults(refuse=Refusal(times=1))
    answer = await Tried(faults).get(path, {**UPGRADE, "Host": "", **headers})
    assert answer.status == 403
    assert faults.refuse is not None


@pytest.mark.parametrize(
    ("refusal", "retry_after"),
    [(Refusal(503), None), (Refusal(429, retry_after=7), "7"), (Refusal(401, retry_after=0), "0")],
)
async def test_a_handshake_is_refused(refusal: Refusal, retry_after: str | None) -> None:
    tried = Tried(Faults(refuse=refusal))
    answer = await tried.get("/", UPGRADE)
    assert (answer.status, answer.headers.get("Retry-After")) == (refusal.status, retry_after)
    assert tried.clients == {}


async def test_a_plain_request_is_no_handshake_to_be_refused() -> None:
    tried = Tried(Faults(refuse=Refusal(times=1)))
    assert (await tried.get("/", {"Host": "localhost"})).status == 200
    assert (await tried.get("/", UPGRADE)).status == 503


async def test_a_handshake_that_is_none_is_a_bad_request() -> None:
    with pytest.raises(web.HTTPBadRequest):
        await Tried().get("/", UPGRADE)  # it has neither version nor key
