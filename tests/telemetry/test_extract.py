"""The context inside messages: the sender's span is the parent of the message's, or linked."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

import pytest
from opentelemetry import trace
from opentelemetry.propagate import inject
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Link, SpanContext
from websockets.asyncio.server import ServerConnection

from tests.integration.servers import PATIENCE, PoliteServer
from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session

from .seen import Seen


class Sender:
    """A server that puts its trace context into its first message, and none into the second."""

    def __init__(self, seen: Seen) -> None:
        self.context: SpanContext | None = None
        self._tracer = seen.tracer_provider.get_tracer("sender")

    async def talk(self, connection: ServerConnection) -> None:
        with self._tracer.start_as_current_span("publish") as span:
            self.context = span.get_span_context()
            message: dict[str, str] = {"data": "with"}
            inject(message)
        await connection.send(json.dumps(message))
        await connection.send(json.dumps({"data": "without"}))
        await connection.wait_closed()


class Handles(Endpoint):
    """Notes the trace that is current in the handler, before and after it was suspended."""

    def __init__(self) -> None:
        self.traces: list[tuple[int, int]] = []
        self.done = asyncio.Event()

    async def on_message(self, session: Session, message: Any) -> None:
        before = trace.get_current_span().get_span_context().trace_id
        await asyncio.sleep(0)
        self.traces.append((before, trace.get_current_span().get_span_context().trace_id))
        if len(self.traces) == 2:
            self.done.set()


async def handled(
    seen: Seen, extract_as: Literal["link", "parent"]
) -> tuple[Sender, Handles, list[ReadableSpan]]:
    """Handle the two messages; return sender, endpoint, and the spans of `on_message`."""
    sender, endpoint = Sender(seen), Handles()
    config = EngineConfig(extract=json.loads, extract_as=extract_as)
    direct = ConnectOptions(proxy=None)
    async with PoliteServer(sender.talk) as server, asyncio.timeout(PATIENCE):
        url, provider = server.url, seen.tracer_provider
        async with Engine(url, endpoint, options=direct, config=config, tracer_provider=provider):
            await endpoint.done.wait()
    return sender, endpoint, seen.named("on_message")


def linked(*links: Link) -> list[SpanContext]:
    return [link.context for link in links]


async def test_as_parent_the_message_belongs_to_the_trace_of_its_sender(seen: Seen) -> None:
    sender, endpoint, (with_context, without) = await handled(seen, "parent")
    (dial,) = seen.named("dial")
    assert sender.context is not None
    assert with_context.parent is not None
    assert with_context.parent.is_remote
    assert with_context.parent.span_id == sender.context.span_id
    assert with_context.context.trace_id == sender.context.trace_id
    assert linked(*with_context.links) == [dial.context]
    assert (without.parent, linked(*without.links)) == (None, [dial.context])
    own = without.context.trace_id
    remote = sender.context.trace_id
    assert endpoint.traces == [(remote, remote), (own, own)]


async def test_as_link_the_message_has_a_trace_of_its_own(seen: Seen) -> None:
    sender, endpoint, (with_context, without) = await handled(seen, "link")
    (dial,) = seen.named("dial")
    assert sender.context is not None
    assert (with_context.parent, without.parent) == (None, None)
    to_dial, to_sender = linked(*with_context.links)
    assert to_dial == dial.context
    assert (to_sender.span_id, to_sender.is_remote) == (sender.context.span_id, True)
    assert linked(*without.links) == [dial.context]
    traces = [with_context.context.trace_id, without.context.trace_id]
    assert endpoint.traces == [(trace_id, trace_id) for trace_id in traces]
    assert len({*traces, sender.context.trace_id, dial.context.trace_id}) == 4


@pytest.mark.parametrize("bad", [b"\xff", "no json", "[1]", "1", '{"traceparent": "nonsense"}'])
async def test_a_message_from_which_nothing_can_be_extracted_is_handled(
    seen: Seen, bad: str | bytes
) -> None:
    """What telemetry cannot understand is the handler's business all the same."""
    got: asyncio.Queue[Any] = asyncio.Queue()

    class Takes(Endpoint):
        def on_message(self, session: Session, message: Any) -> None:
            got.put_nowait(message)

    async def talk(connection: ServerConnection) -> None:
        await connection.send(bad)
        await connection.wait_closed()

    config = EngineConfig(extract=json.loads)
    direct = ConnectOptions(proxy=None)
    async with PoliteServer(talk) as server, asyncio.timeout(PATIENCE):
        provider, url = seen.tracer_provider, server.url
        async with Engine(url, Takes(), options=direct, config=config, tracer_provider=provider):
            async with asyncio.timeout(2):
                assert await got.get() == bad
    (span,) = seen.named("on_message")
    assert (span.parent, len(span.links)) == (None, 1)  # the dial's
