"""A dial: its span, its outcome, and what its handshake carries."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import baggage, context
from opentelemetry.trace import StatusCode

from wsengine import ConnectError, ConnectOptions, Handshake
from wsengine.telemetry.dialling import Dialling, propagated
from wsengine.telemetry.tally import Tally
from wsengine.testing import Accept, Hang, Refuse, ScriptedAdapter
from wsengine.testing.script import Dial

from .told import Told


def dialling(told: Told) -> tuple[Dialling, Tally]:
    tally = Tally("x")
    duration = told.meters.get_meter("t").create_histogram("websocket.client.dial.duration")
    return Dialling(tally, duration, told.tracer, {}), tally


async def dial(told: Told, *script: Dial) -> Tally:
    one, tally = dialling(told)
    await one.connect(ScriptedAdapter(script), "ws://host/", ConnectOptions())
    return tally


async def test_a_success(told: Told) -> None:
    tally = await dial(told, Accept(handshake=Handshake(101, {}, "v1.feed")))
    assert dict(tally.dials) == {("open", ""): 1}
    attributes = dict(told.one("dial").attributes or {})
    assert attributes["http.response.status_code"] == 101
    assert attributes["websocket.subprotocol"] == "v1.feed"
    assert told.value("dial.duration", wsengine__dial__outcome="open")[0] == 1


@pytest.mark.parametrize(
    ("error", "outcome", "kind"),
    [
        (ConnectError("no", status=503), "refused", "503"),
        (ConnectError("no"), "failed", "wsengine.errors.ConnectError"),
        (KeyError("odd"), "failed", "KeyError"),
    ],
)
async def test_a_failure(told: Told, error: Exception, outcome: str, kind: str) -> None:
    with pytest.raises(type(error)):
        await dial(told, Refuse(error))
    span = told.one("dial")
    assert span.status.status_code is StatusCode.ERROR
    assert dict(span.attributes or {})["error.type"] == kind
    told_of = {"wsengine__dial__outcome": outcome, "error__type": kind}
    assert told.value("dial.duration", **told_of)[0] == 1


async def test_one_that_is_given_up(told: Told) -> None:
    one, tally = dialling(told)
    pending = asyncio.create_task(
        one.connect(ScriptedAdapter([Hang()]), "ws://host/", ConnectOptions())
    )
    await asyncio.sleep(1)
    pending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pending
    assert dict(tally.dials) == {("given_up", ""): 1}
    assert told.one("dial").status.status_code is StatusCode.UNSET


def test_the_handshake_carries_trace_and_baggage(told: Told) -> None:
    given = ConnectOptions(headers={"X-Mine": "1"})
    token = context.attach(baggage.set_baggage("tenant", "blue"))
    with told.tracer.start_as_current_span("outer") as span:
        headers = propagated(given).headers
    context.detach(token)
    assert f"{span.get_span_context().trace_id:032x}" in headers["traceparent"]
    assert headers["baggage"] == "tenant=blue"
    assert headers["X-Mine"] == "1"
    assert dict(given.headers) == {"X-Mine": "1"}


def test_a_header_of_the_user_stays(told: Told) -> None:
    given = ConnectOptions(headers={"TraceParent": "mine"})
    with told.tracer.start_as_current_span("outer"):
        assert dict(propagated(given).headers) == {"TraceParent": "mine"}


def test_without_a_context_nothing_is_added() -> None:
    options = ConnectOptions()
    assert propagated(options) is options
