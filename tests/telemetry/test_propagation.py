"""The trace's context and the baggage arrive in the handshake, with every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from opentelemetry import baggage, context
from opentelemetry.sdk.trace import ReadableSpan

from tests.integration.conftest import ADAPTERS, AT_ONCE
from tests.integration.servers import PATIENCE, PoliteServer
from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, EngineState

from .seen import Seen

pytestmark = pytest.mark.parametrize("adapter", ADAPTERS)


@contextmanager
def carrying(**entries: str) -> Iterator[None]:
    """Have baggage be current."""
    carried = context.get_current()
    for name, value in entries.items():
        carried = baggage.set_baggage(name, value, carried)
    token = context.attach(carried)
    try:
        yield
    finally:
        context.detach(token)


def traceparent_of(span: ReadableSpan) -> str:
    """Return what W3C Trace Context has the header of a child's request say."""
    told = span.context
    return f"00-{told.trace_id:032x}-{told.span_id:016x}-{told.trace_flags:02x}"


def headers_of(server: PoliteServer, number: int) -> Mapping[str, str]:
    """Return the headers of a handshake, as the server got them."""
    request = server.connections[number].request
    assert request is not None
    return request.headers


def engine_for(server: PoliteServer, adapter: str, seen: Seen | None, **headers: str) -> Engine:
    options = ConnectOptions(proxy=None, headers=headers)
    config = EngineConfig(reconnect=AT_ONCE, stop_timeout=1)
    provider = None if seen is None else seen.tracer_provider
    return Engine(
        *(server.url, Endpoint()),
        adapter=adapter,
        options=options,
        config=config,
        tracer_provider=provider,
    )


async def restarted(engine: Engine) -> None:
    """Restart the session, and wait for the next one."""
    opened = asyncio.Event()
    engine.watch(lambda change: opened.set() if change.state is EngineState.OPEN else None)
    engine.restart()
    await opened.wait()


async def test_every_dial_carries_its_span_and_the_baggage(adapter: str, seen: Seen) -> None:
    async with PoliteServer() as server, asyncio.timeout(PATIENCE):
        engine = engine_for(server, adapter, seen, authorization="Bearer x")
        with carrying(tenant="acme", region="north"):
            await engine.start()
        await restarted(engine)
        await engine.stop()
        first, second = seen.named("dial")
        for number, dial in enumerate((first, second)):
            headers = headers_of(server, number)
            assert headers["traceparent"] == traceparent_of(dial)
            assert set(headers["baggage"].split(",")) == {"tenant=acme", "region=north"}
            assert headers["authorization"] == "Bearer x"
        assert first.context.trace_id != second.context.trace_id


async def test_a_header_that_is_given_stays(adapter: str, seen: Seen) -> None:
    own = f"00-{'1' * 32}-{'2' * 16}-01"
    async with PoliteServer() as server, asyncio.timeout(PATIENCE):
        engine = engine_for(server, adapter, seen, Traceparent=own, BAGGAGE="mine=1")
        with carrying(tenant="acme"):
            async with engine:
                pairs = [(name.lower(), value) for name, value in headers_of(server, 0).items()]
    given = [pair for pair in pairs if pair[0] in ("traceparent", "baggage")]
    assert sorted(given) == [("baggage", "mine=1"), ("traceparent", own)]


async def test_where_nobody_listens_the_callers_context_still_arrives(
    adapter: str, seen: Seen
) -> None:
    """The span of the caller is then the parent of what the server does."""
    tracer = seen.tracer_provider.get_tracer("caller")
    async with PoliteServer() as server, asyncio.timeout(PATIENCE):
        with tracer.start_as_current_span("caller"), carrying(tenant="acme"):
            async with engine_for(server, adapter, None):
                headers = headers_of(server, 0)
    (caller,) = seen.spans
    assert headers["traceparent"] == traceparent_of(caller)
    assert headers["baggage"] == "tenant=acme"
