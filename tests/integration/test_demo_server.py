"""The demo server: its protocol, its life, who may talk to it, and what it tells."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.trace import SpanKind, StatusCode

from tests.telemetry.seen import Seen
from wsengine import ConfigError, ConnectError, ConnectOptions, Engine, EngineStartError
from wsengine.servers.demo import DemoServer, Refusal

from .conftest import AT_ONCE, MakeEngine
from .demo import ECHO, HANDSHAKE, SUBSCRIBE, Talker, connected
from .measuring import stopwatch, until

pytestmark = pytest.mark.usefixtures("nothing_held")


@pytest.fixture
async def server(nothing_held: object) -> AsyncIterator[DemoServer]:
    async with asyncio.timeout(40), DemoServer(heartbeat=0.05) as server:
        yield server


async def ask(url: str, **headers: str) -> tuple[int, str]:
    """Send a plain GET, and return the answer's status and text."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


# The protocol.


async def test_requests_and_heartbeats(server: DemoServer, make_engine: MakeEngine) -> None:
    endpoint = Talker(SUBSCRIBE, ECHO)
    async with make_engine(server.url, endpoint):
        await endpoint.hear_more("heartbeat", 3)
        assert json.loads(endpoint.messages[0]) == {
            "type": "subscribe_response",
            "status": "OK",
            "data": {"topic": "heartbeat"},
        }
        assert endpoint.heard("echo_response")[0]["data"] == {"echo": "hello"}
        one, two, three = endpoint.heard("heartbeat")[:3]
        assert set(one) == {"type", "timestamp", "uptime_seconds"}
        assert 0 < one["uptime_seconds"] < two["uptime_seconds"] < three["uptime_seconds"]
        (client,) = server.clients
        assert (client.received, client.subscribed) == (2, ("heartbeat",))
        assert client.sent >= 5
        assert client.since >= (server.started_at or 0)


@pytest.mark.one_adapter
async def test_unsubscribe_and_subscribe_again(server: DemoServer, make_engine: MakeEngine) -> None:
    unsubscribe = SUBSCRIBE.replace("subscribe_request", "unsubscribe_request")
    endpoint = Talker(SUBSCRIBE)
    async with make_engine(server.url, endpoint):
        await endpoint.hear_more("heartbeat")
        await endpoint.session.send(unsubscribe)
        assert (await endpoint.hear("unsubscribe_response"))["status"] == "OK"
        heard = len(endpoint.heard("heartbeat"))
        await asyncio.sleep(0.2)
        assert len(endpoint.heard("heartbeat")) == heard
        assert server.clients[0].subscribed == ()
        await endpoint.session.send(SUBSCRIBE)
        await endpoint.hear_more("heartbeat", 2)
        assert [reply["status"] for reply in endpoint.heard("subscribe_response")] == ["OK"] * 2


@pytest.mark.one_adapter
@pytest.mark.parametrize("message", ["no JSON", b"\x00", "[" * 100_000, '{"type": "sing"}', "[]"])
async def test_what_cannot_be_understood_is_told_and_the_talk_goes_on(
    server: DemoServer, make_engine: MakeEngine, message: str | bytes
) -> None:
    endpoint = Talker()
    async with make_engine(server.url, endpoint):
        await endpoint.session.send(message)
        await endpoint.hear("error")
        await endpoint.session.send(ECHO)
        await endpoint.hear("echo_response")
    assert len(endpoint.closes) == 1


# Its life.


async def test_stop_closes_clients_and_start_comes_back_on_the_same_port(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint, port, url = Talker(), server.port, server.url
    async with make_engine(url, endpoint):
        await asyncio.gather(server.stop(code=1012), server.stop())
        assert (server.running, server.started_at, server.uptime) == (False, None, 0.0)
        await until(lambda: len(endpoint.failures) >= 2)
        assert endpoint.closes[0].code == 1012
        await server.stop()
        await server.start()
        assert (server.running, server.port, server.url) == (True, port, url)
        assert server.uptime >= 0
        await connected(server)
        assert server.clients[0].id == "2"


async def test_it_cannot_be_started_twice(server: DemoServer) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        await server.start()
    other = DemoServer(server.host, server.port)
    with pytest.raises(OSError, match="address already in use"):
        await other.start()
    assert not other.running


async def test_a_stop_that_is_cancelled_can_be_done_again(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    async with make_engine(server.url, Talker()):
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        stopping.cancel()
        await asyncio.wait([stopping])
        await server.stop()
        assert (server.running, server.clients) == (False, ())


async def test_stop_does_not_wait_for_those_who_never_begin(server: DemoServer) -> None:
    _, silent = await asyncio.open_connection(server.host, server.port)
    _, half = await asyncio.open_connection(server.host, server.port)
    half.write(b"GET / HTTP/1.1\r\nHost: lo")
    with stopwatch() as watch:
        await server.stop()
    assert watch.seconds < 5
    for writer in (silent, half):
        writer.close()
        await writer.wait_closed()


async def test_what_clients_do_is_no_error(
    server: DemoServer, make_engine: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = Talker(SUBSCRIBE)
    engine = make_engine(server.url, endpoint)
    await engine.start()
    await endpoint.hear_more("heartbeat")
    server.faults.delay = 0.1
    for _ in range(20):
        await endpoint.session.send(ECHO)
    await engine.stop()
    await connected(server, 0)
    in_a_hurry = make_engine(server.url, endpoint)
    await in_a_hurry.start()
    server.flood(1000, 10_000)
    await in_a_hurry.stop()
    await connected(server, 0)
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [each for each in told if each.name.startswith(("wsengine.servers", "aiohttp"))] == []


@pytest.mark.parametrize(
    "said", [HANDSHAKE, HANDSHAKE + b"\xff\xff", HANDSHAKE[:40], b"\x16\x03\r\n"]
)
async def test_what_strangers_say_before_they_vanish_is_no_error(
    server: DemoServer, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(said)
    writer.write_eof()
    await reader.read()
    writer.close()
    await writer.wait_closed()
    await connected(server, 0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.one_adapter
async def test_what_cannot_be_done_is_refused(server: DemoServer, make_engine: MakeEngine) -> None:
    async with make_engine(server.url, Talker()):
        with pytest.raises(ConfigError, match="code=70000"):
            server.interrupt(code=70_000)
        with pytest.raises(ConfigError, match="the close reason has 124 bytes"):
            server.interrupt(code=1000, reason="x" * 124)
        with pytest.raises(ConfigError, match="messages=0"):
            server.flood(0)
        with pytest.raises(ConfigError):
            await server.stop(code=-1)
        assert len(server.clients) == 1


# Who may talk to it.


async def test_a_browser_is_told_what_it_is(server: DemoServer) -> None:
    status, text = await ask(f"http://localhost:{server.port}/")
    assert status == 200
    assert f"wsengine connect ws://localhost:{server.port}/" in text


async def test_further_routes_and_the_plain_answer() -> None:
    async def plain(request: web.Request) -> web.Response:
        return web.Response(text="the page")

    async def more(request: web.Request) -> web.Response:
        return web.Response(text="more")

    async with DemoServer(routes=[web.get("/more", more)], plain=plain) as server:
        for _ in range(2):
            assert await ask(f"http://127.0.0.1:{server.port}/") == (200, "the page")
            assert await ask(f"http://127.0.0.1:{server.port}/more") == (200, "more")
            assert (await ask(f"http://127.0.0.1:{server.port}/none"))[0] == 404
            await server.stop()
            await server.start()


@pytest.mark.parametrize(
    ("header", "value"),
    [("Host", "evil.example"), ("Origin", "https://evil.example"), ("Origin", "null")],
)
async def test_strangers_are_kept_out(server: DemoServer, header: str, value: str) -> None:
    status, text = await ask(f"http://127.0.0.1:{server.port}/", **{header: value})
    assert status == 403
    assert value in text
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as raised:
            await session.ws_connect(server.url, headers={header: value})
    assert raised.value.status == 403
    assert server.clients == ()


async def test_a_foreign_page_is_a_fatal_refusal(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    options = ConnectOptions(headers={"Origin": "https://evil.example"}, proxy=None)
    with pytest.raises(EngineStartError) as raised:
        await make_engine(server.url, Talker(), options=options).start()
    assert isinstance(raised.value.__cause__, ConnectError)
    assert raised.value.__cause__.status == 403


async def test_a_page_of_its_own_and_allowed_ones_may() -> None:
    async with DemoServer(allowed_origins=["https://app.example"]) as server:
        for origin in (
            f"http://127.0.0.1:{server.port}",
            "http://localhost:1",
            "https://app.example",
        ):
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(server.url, headers={"Origin": origin}) as ws,
            ):
                await ws.send_str(ECHO)
                assert (await ws.receive_json())["status"] == "OK"


# What it tells.


async def test_its_spans_continue_the_trace_of_the_dial(adapter: str) -> None:
    seen = Seen()
    endpoint = Talker(ECHO, '{"type": "echo_request", "echo": "x", "err": true}', "?")
    async with DemoServer(tracer_provider=seen.tracer_provider) as server:
        engine = Engine(
            server.url,
            endpoint,
            adapter=adapter,
            options=ConnectOptions(proxy=None),
            tracer_provider=seen.tracer_provider,
        )
        async with engine:
            await endpoint.hear("error")
            await until(lambda: len(seen.named("request")) == 3)
    (dial,), (accept,) = seen.named("dial"), seen.named("accept")
    assert accept.kind is SpanKind.SERVER
    assert accept.parent is not None
    assert accept.parent.span_id == dial.context.span_id
    assert accept.context.trace_id == dial.context.trace_id
    assert dict(accept.attributes or {}) == {
        "server.address": "127.0.0.1",
        "server.port": server.port,
        "url.scheme": "ws",
        "url.path": "/",
        "http.response.status_code": 101,
    }
    fine, asked, bad = seen.named("request")
    for span in (fine, asked, bad):
        assert span.kind is SpanKind.SERVER
        assert span.parent is None
        assert [link.context.span_id for link in span.links] == [accept.context.span_id]
    assert fine.status.status_code is StatusCode.UNSET
    assert (asked.attributes or {})["error.type"] == "ASKED_BY_CLIENT"
    assert asked.status.status_code is StatusCode.ERROR
    assert (bad.attributes or {})["websocket.server.request.type"] == "unknown"


async def test_a_request_can_continue_the_trace_that_it_carries() -> None:
    seen = Seen()
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    request = {**json.loads(ECHO), "traceparent": f"00-{trace_id}-{span_id}-01"}
    async with (
        DemoServer(tracer_provider=seen.tracer_provider) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(server.url) as ws,
    ):
        await ws.send_json(request)
        await ws.receive_json()
        await until(lambda: seen.named("request"))
    (span,) = seen.named("request")
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == trace_id
    assert f"{span.parent.span_id:016x}" == span_id


async def test_a_refused_handshake_is_on_its_span() -> None:
    seen = Seen()
    async with DemoServer(tracer_provider=seen.tracer_provider) as server:
        server.faults.refuse = Refusal(503)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(server.url)
    (accept,) = seen.named("accept")
    assert (accept.attributes or {})["http.response.status_code"] == 503
    assert accept.status.status_code is StatusCode.ERROR


async def test_its_metrics(make_engine: MakeEngine) -> None:
    seen = Seen()

    def told() -> dict[str, Any]:
        names = ("connections", "connections.open", "running", "start_time")
        found = {name: list(seen.values(f"websocket.server.{name}").values()) for name in names}
        return {name: values[0] if values else None for name, values in found.items()}

    server = DemoServer(meter_provider=seen.meter_provider)
    async with server:
        assert told()["running"] == 1
        assert told()["start_time"] == pytest.approx(server.started_at, abs=5)
        async with make_engine(server.url, Talker(), reconnect=AT_ONCE):
            await connected(server)
            server.interrupt()
            await until(lambda: told()["connections"] == 2)
            await connected(server)
            assert told()["connections.open"] == 1
        await connected(server, 0)
    assert {name: told()[name] for name in ("connections", "connections.open", "running")} == {
        "connections": 2,
        "connections.open": 0,
        "running": 0,
    }
