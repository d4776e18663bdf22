"""No secret reaches a span, a metric, a log line, the text of an exception or a repr."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session
from wsengine.testing.greetings import Greeting, refuse, say, upgrade
from wsengine.testing.rawserver import RawServer

CANARY = "cAnArY7f3a"
"""Part of every secret: it must turn up nowhere."""

ADAPTERS = ("websockets", "aiohttp", "picows")

OPTIONS = ConnectOptions(
    headers={"Cookie": f"session={CANARY}", "X-Api-Key": CANARY},
    subprotocols=["v1.feed", f"bearer.{CANARY}"],
    proxy=None,
)
WITH_TOKEN = ConnectOptions(
    headers={"Authorization": f"Bearer {CANARY}"}, subprotocols=[CANARY], proxy=None
)


class Watched:
    """Keeps all that an engine tells."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.caplog = caplog
        self.shown: list[str] = []
        self.spans = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])

    def engine(self, url: Any, adapter: str, options: Any, **settings: Any) -> Engine:
        config = EngineConfig(reconnect=None, open_timeout=5.0, stop_timeout=2.0, **settings)
        engine = Engine(
            url,
            Endpoint(),
            adapter=adapter,
            options=options,
            config=config,
            tracer_provider=self.tracers,
            meter_provider=self.meters,
        )
        self.show(engine, options, engine.adapter)
        return engine

    def show(self, *things: object) -> None:
        self.shown += [text for thing in things for text in (repr(thing), str(thing))]

    async def fail(self, engine: Engine) -> None:
        with pytest.raises(Exception) as caught:
            await engine.start()
        self.failed(caught.value)

    def failed(self, error: BaseException) -> None:
        self.show(error)
        self.shown.append("".join(traceback.format_exception(error)))

    def check(self) -> None:
        """Look at everything; the engine must have told something."""
        self.tracers.force_flush()
        told = {
            "a log line": self.caplog.text,
            "a span": "\n".join(span.to_json() for span in self.spans.get_finished_spans()),
            "a metric": getattr(self.reader.get_metrics_data(), "to_json", str)(),
            "an exception or repr": "\n".join(self.shown),
        }
        for where, text in told.items():
            found = [line for line in text.splitlines() if CANARY in line]
            assert not found, f"a secret reached {where}:\n" + "\n".join(found)


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture) -> Watched:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    return Watched(caplog)


@contextlib.asynccontextmanager
async def server(greeting: Greeting) -> AsyncIterator[RawServer]:
    async with RawServer(greeting) as running:
        yield running


def secret_url(running: RawServer) -> str:
    plain = running.url(f"/feed?token={CANARY}&{CANARY}")
    return plain.replace("ws://", f"ws://user:{CANARY}@")


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("chosen", ["v1.feed", f"bearer.{CANARY}"])
async def test_a_session_tells_no_secret(watched: Watched, adapter: str, chosen: str) -> None:
    async with server(upgrade(subprotocol=chosen)) as running:
        engine = watched.engine(secret_url(running), adapter, OPTIONS)
        await engine.start()
        session = engine.session
        assert isinstance(session, Session)
        assert session.handshake.subprotocol == chosen
        watched.show(engine, session, session.handshake, session.stats())
        await engine.stop()
    assert watched.spans.get_finished_spans()
    watched.check()


GREETINGS: dict[str, Callable[[], Greeting]] = {
    "401": lambda: refuse("401 Unauthorized", {"WWW-Authenticate": "Basic"}),
    "302": lambda: refuse("302 Found", {"Location": f"https://u:{CANARY}@x.test/?a={CANARY}"}),
    "503": lambda: refuse("503 Service Unavailable", {"Set-Cookie": CANARY}),
    "garbage": lambda: say(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    "silence": lambda: say(b""),
    "a wrong accept": lambda: upgrade(accept="d3Jvbmc="),
    "a strange subprotocol": lambda: upgrade(subprotocol="surprise"),
    "a strange extension": lambda: upgrade(headers={"Sec-WebSocket-Extensions": "x-strange"}),
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("answer", GREETINGS)
async def test_a_refused_dial_tells_no_secret(watched: Watched, adapter: str, answer: str) -> None:
    async with server(GREETINGS[answer]()) as running:
        await watched.fail(watched.engine(secret_url(running), adapter, OPTIONS))
        url = running.url(f"/?token={CANARY}")
        await watched.fail(watched.engine(url, adapter, WITH_TOKEN))
    watched.check()


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_dial_that_reaches_nobody_tells_no_secret(watched: Watched, adapter: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*unused.getsockname())
        proxies = (
            *(None, f"http://u:{CANARY}@{address}", f"socks5://u:{CANARY}@{address}"),
            *(f"http://u:{CANARY}@{address}x", f"socks5h://u:{CANARY}@127.0.0.1:99999"),
        )
        for scheme in ("ws", "wss"):
            url = f"{scheme}://user:{CANARY}@{address}/?token={CANARY}"
            for proxy in proxies:
                with contextlib.suppress(ValueError):
                    options = ConnectOptions(proxy=proxy)
                    await watched.fail(watched.engine(url, adapter, options))
    watched.check()


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_proxy_of_the_environment_is_no_secret_spread(
    watched: Watched, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for port in ("1", "x"):
        monkeypatch.setenv("http_proxy", f"http://u:{CANARY}@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        await watched.fail(watched.engine(f"ws://x.test/?{CANARY}", adapter, ConnectOptions()))
    watched.check()


BAD_URLS = (
    f"http://{CANARY}@host/",
    f"ws://host:{CANARY}/",
    f"ws://user:{CANARY}@host:0/",
    f"ws://user:{CANARY}/x@host/",
    f"ws://[{CANARY}/",
    f"ws://host/#{CANARY}",
    f"ws://host/?token={CANARY} x",
    f"ws://user:{CANARY}@/",
)


@pytest.mark.parametrize("url", BAD_URLS)
async def test_a_wrong_url_tells_no_secret(watched: Watched, url: str) -> None:
    for given in (url, lambda: url):
        try:
            engine = watched.engine(given, "websockets", ConnectOptions(proxy=None))
        except ValueError as error:
            watched.failed(error)
        else:
            await watched.fail(engine)
    watched.check()


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Authorization": f"Bearer {CANARY}\n"}},
        {"headers": {"Authorization": f"{CANARY}é"}},
        {"headers": [("Authorization", CANARY)]},
        {"headers": {"Cookie": [CANARY]}},
        {"headers": {"Sec-WebSocket-Protocol": CANARY}},
        {"subprotocols": [f"{CANARY} x"]},
        {"subprotocols": CANARY},
        {"subprotocols": [CANARY, CANARY]},
        {"proxy": f"ftp://u:{CANARY}@host"},
        {"proxy": f"http://u:{CANARY}@host:port"},
        {"proxy": f"{CANARY}"},
    ],
)
def test_wrong_options_tell_no_secret(watched: Watched, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"=|subprotocols") as caught:
        ConnectOptions(**options)
    watched.failed(caught.value)
    watched.check()


async def test_credentials_in_two_places_tell_no_secret(watched: Watched) -> None:
    options = ConnectOptions(headers={"Authorization": CANARY}, proxy=None)
    with contextlib.suppress(ValueError):
        engine = watched.engine(f"ws://u:{CANARY}@127.0.0.1:1/", "websockets", options)
        await watched.fail(engine)
    watched.check()


async def test_the_check_itself_finds_a_secret(watched: Watched) -> None:
    logging.getLogger("somebody").info("%s", CANARY)
    with pytest.raises(AssertionError, match="a log line"):
        watched.check()
    await asyncio.sleep(0)
