"""Telemetry that fails costs neither a message nor a dial, and no span stays open."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import StatusCode

from wsengine import ConnectOptions, Endpoint, Session
from wsengine.telemetry import guarding
from wsengine.telemetry.dialling import propagated
from wsengine.testing import Accept

from .told import Told


@pytest.fixture(autouse=True)
def nothing_told_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "_told", set())


class Keeps(Endpoint):
    """Keeps messages, and raises or ends as they say."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    def on_message(self, session: Session, message: Any) -> None:
        self.got.append(message)
        if message == "raise":
            raise Untellable
        if message == "exit":
            session.exit()


class Suspends(Keeps):
    async def on_message(self, session: Session, message: Any) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().on_message(session, message)


class Untellable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Processor(SpanProcessor):
    """Counts spans; raises for the one of a name, at its start or its end."""

    def __init__(self, when: str = "", name: str = "") -> None:
        self.when, self.name = when, name
        self.open: Counter[str] = Counter()

    def on_start(self, span: Any, parent_context: Context | None = None) -> None:
        if (self.when, span.name) == ("start", self.name):
            raise ValueError("broken")
        self.open[span.name] += 1

    def on_end(self, span: ReadableSpan) -> None:
        self.open[span.name] -= 1
        if (self.when, span.name) == ("end", self.name):
            raise ValueError("broken")


SPANS = ("start", "dial", "on_open", "on_message", "on_close", "stop")


@pytest.mark.parametrize("name", SPANS)
@pytest.mark.parametrize("when", ["start", "end"])
@pytest.mark.parametrize("kind", [Keeps, Suspends])
async def test_a_processor_that_raises(
    told: Told, caplog: pytest.LogCaptureFixture, kind: type[Keeps], when: str, name: str
) -> None:
    processor, endpoint = Processor(when, f"websocket {name}"), kind()
    told.tracers.add_span_processor(processor)
    engine, _ = told.engine(endpoint, Accept("1", "2", "exit"), reconnect=None)
    await engine.run()
    assert endpoint.got == ["1", "2", "exit"]
    assert not +processor.open
    warnings = [r for r in caplog.records if r.name == guarding.__name__]
    assert [record.levelno for record in warnings if record.levelno >= logging.WARNING] == [30]
    assert "ValueError" in warnings[0].getMessage()


@pytest.mark.parametrize("kind", [Keeps, Suspends])
async def test_an_exception_without_a_text_ends_its_span(told: Told, kind: type[Keeps]) -> None:
    processor, endpoint = Processor(), kind()
    told.tracers.add_span_processor(processor)
    engine, _ = told.engine(endpoint, Accept("raise", "exit"), reconnect=None)
    await engine.run()
    assert endpoint.got == ["raise", "exit"]
    assert not +processor.open
    span = told.named("on_message")[0]
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "Untellable: (no text: its __str__ raised RuntimeError)"


class Propagator:
    fields: set[str] = set()  # noqa: RUF012 - as the API has it

    def __init__(self, inject: Callable[[dict[str, Any]], object]) -> None:
        self._inject = inject

    def inject(self, carrier: Any, context: Any = None, setter: Any = None) -> None:
        self._inject(carrier)


@pytest.fixture
def propagator() -> Iterator[Callable[[Callable[[dict[str, Any]], object]], None]]:
    before = propagate.get_global_textmap()
    yield lambda inject: propagate.set_global_textmap(Propagator(inject))  # type: ignore[arg-type]
    propagate.set_global_textmap(before)


def _fail(carrier: dict[str, Any]) -> None:
    carrier["half"] = "done"
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("inject", "kept"),
    [
        (_fail, {}),
        (lambda carrier: carrier.update({"good": "1", "not-ascii": "\xe9"}), {"good": "1"}),
        (lambda carrier: carrier.update({"no token": "1", "good": "1"}), {"good": "1"}),
        (lambda carrier: carrier.update({"host": "evil", "good": "1"}), {"good": "1"}),
        (lambda carrier: carrier.update({"a": "1\r\nb: 2"}), {}),
        (lambda carrier: carrier.update({"number": 1, 2: "x", "good": "1"}), {"good": "1"}),
    ],
)
async def test_a_propagator_that_fails(
    told: Told,
    propagator: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
    inject: Callable[[dict[str, Any]], object],
    kept: dict[str, str],
) -> None:
    propagator(inject)
    given = ConnectOptions(headers={"X-Mine": "yes"})
    assert dict(propagated(given).headers) == {"X-Mine": "yes", **kept}
    assert "the propagator" in caplog.text
    endpoint = Keeps()
    engine, _ = told.engine(endpoint, Accept("exit"), reconnect=None)
    await engine.run()
    assert endpoint.got == ["exit"]
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
