"""Where telling meets threads, garbage collection, time-outs and a provider that comes late."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from opentelemetry import baggage, trace
from opentelemetry.metrics import NoOpMeterProvider

from wsengine import Endpoint, Engine, EngineConfig, EngineStartError, Session
from wsengine.telemetry.metrics import Instruments
from wsengine.telemetry.tally import Live, Tally
from wsengine.testing import Accept, Hang, ScriptedAdapter
from wsengine.traffic import Traffic

from .seen import Seen


class OneText:
    """A session that has received one text."""

    def __init__(self) -> None:
        incoming = Traffic()
        incoming.texts = 1
        self.link: Any = SimpleNamespace(incoming=incoming, outgoing=Traffic())
        self.crew: Any = None
        self.dropped = 0
        self.unmatched = 0
        self.requests_in_flight = 0


def test_counts_never_go_down_in_another_thread() -> None:
    tally, falls, stop = Tally("x"), [], threading.Event()

    def watch() -> None:
        last = 0
        while not stop.is_set():
            now = tally.incoming.texts
            if now < last:
                falls.append((last, now))
            last = now

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(2000):
            session = cast("Live", OneText())
            tally.begin(session)
            tally.end(session)
    finally:
        stop.set()
        watcher.join()
        sys.setswitchinterval(interval)
    assert falls == []
    assert tally.incoming.texts == 2000


class Owner:
    """Stands for an engine."""


def test_an_engine_that_goes_while_metrics_are_read_is_counted_once() -> None:
    instruments = Instruments(NoOpMeterProvider().get_meter("x"))
    owners = [Owner(), Owner()]
    for owner, dials in zip(owners, (1, 10), strict=True):
        tally = Tally("same")
        tally.opened = dials
        instruments.register(tally, owner)
    del owner
    owners.pop(0)

    def sample(tally: Tally) -> Any:
        value = tally.opened
        owners.clear()  # as if the garbage collector ran now
        gc.collect()
        yield {}, value

    for _ in range(2):
        [observation] = instruments._collect(sample, cast("Any", None))
        assert observation.value == 11


LATE_PROVIDER = """
import asyncio
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from wsengine import Endpoint, Engine, EngineConfig
from wsengine.testing import ScriptedAdapter

def engine(**settings):
    config = EngineConfig(name="same")
    return Engine("ws://test", Endpoint(), adapter=ScriptedAdapter(), config=config, **settings)

async def main():
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    first = engine({first})
    metrics.set_meter_provider(provider)
    async with first, engine(), engine(meter_provider=provider):
        pass
    for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics:
        for metric in scope.metrics:
            if metric.name == "websocket.client.dials":
                print([point.value for point in metric.data.data_points])

asyncio.run(main())
"""


@pytest.mark.parametrize("first", ["", "meter_provider=provider"])
def test_a_provider_that_is_made_global_later_is_told_once(first: str) -> None:
    code = LATE_PROVIDER.replace("{first}", first)
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "[3]"


async def test_a_dial_that_timed_out_failed() -> None:
    seen = Seen()
    engine = Engine(
        "ws://test",
        Endpoint(),
        adapter=ScriptedAdapter([Hang()]),
        config=EngineConfig(open_timeout=0.05),
        tracer_provider=seen.tracer_provider,
    )
    with pytest.raises(EngineStartError):
        await engine.start()
    [dial] = seen.named("dial")
    assert not dial.status.is_ok
    assert dict(dial.attributes or {})["wsengine.dial.outcome"] == "timeout"


async def test_an_on_open_that_timed_out_failed() -> None:
    class Slow(Endpoint):
        async def on_open(self, session: Session, *, restarting: bool) -> None:
            await session.send("subscribe")
            await asyncio.sleep(9)

    seen = Seen()
    engine = Engine(
        "ws://test",
        Slow(),
        adapter=ScriptedAdapter(),
        config=EngineConfig(name="slow", open_timeout=0.05),
        tracer_provider=seen.tracer_provider,
        meter_provider=seen.meter_provider,
    )
    with pytest.raises(EngineStartError):
        await engine.start()
    [on_open] = seen.named("on_open")
    assert on_open.status.description == "took too long"
    assert seen.points_of("slow", "websocket.client.callback.errors") == {("on_open",): 1}
    assert seen.points_of("slow", "websocket.client.messages")["transmit", "text"] == 1


async def test_the_log_of_a_handler_that_raised_has_its_trace() -> None:
    class Failing(Endpoint):
        async def on_message(self, session: Session, message: str) -> None:
            session.exit()
            raise ValueError(message)

    class Hook(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "on_message raised" in record.getMessage():
                traces.append(trace.get_current_span().get_span_context().trace_id)

    seen, traces = Seen(), list[int]()
    adapter = ScriptedAdapter([Accept("x")])
    logger, hook = logging.getLogger("wsengine.supervisor"), Hook()
    logger.addHandler(hook)
    try:
        engine = Engine(
            "ws://test", Failing(), adapter=adapter, tracer_provider=seen.tracer_provider
        )
        await engine.run()
    finally:
        logger.removeHandler(hook)
    assert traces == [seen.named("on_message")[0].context.trace_id]


async def test_the_baggage_of_a_message_is_current_in_its_handler() -> None:
    class Reads(Endpoint):
        async def on_message(self, session: Session, message: str) -> None:
            tenants.append(baggage.get_baggage("tenant"))
            session.exit()

    seen, tenants = Seen(), list[object]()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = json.dumps({"traceparent": parent, "baggage": "tenant=acme"})
    engine = Engine(
        "ws://test",
        Reads(),
        adapter=ScriptedAdapter([Accept(message)]),
        config=EngineConfig(extract=json.loads, extract_as="parent"),
        tracer_provider=seen.tracer_provider,
    )
    await engine.run()
    assert tenants == ["acme"]


async def test_what_a_session_counted_stays_when_its_loop_is_gone() -> None:
    seen = Seen()

    def program() -> None:
        async def main() -> None:
            engine = Engine(
                "ws://test",
                Endpoint(),
                adapter=ScriptedAdapter([Accept("a", "b")]),
                config=EngineConfig(name="lost"),
                meter_provider=seen.meter_provider,
            )
            await engine.start()
            await asyncio.sleep(0.05)

        asyncio.run(main())

    await asyncio.to_thread(program)
    for _ in range(2):
        gc.collect()
        assert seen.points_of("lost", "websocket.client.messages")["receive", "text"] == 2
