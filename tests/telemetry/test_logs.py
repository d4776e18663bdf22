"""Log records carry the ids of the spans they belong to, by the filter of the documentation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.docs.reading import ROOT, blocks
from wsengine import Endpoint, Engine, EngineConfig, ReconnectPolicy, Session
from wsengine.testing import Accept, Lose, ScriptedAdapter

from .seen import Seen

AT_ONCE = ReconnectPolicy(initial_delay=0, max_delay=0, min_uptime=0)
user_log = logging.getLogger("shop")


def filter_of_the_documentation() -> logging.Filter:
    """Return the filter of docs/telemetry.md, without the set-up below it."""
    code = [block.text for block in blocks(ROOT / "docs/telemetry.md") if "Filter" in block.text]
    found: dict[str, Any] = {}
    exec(compile(code[0].partition("\nhandler =")[0], "docs/telemetry.md", "exec"), found)
    made: logging.Filter = found["TraceIds"]()
    return made


class Records(logging.Handler):
    """Keeps each message with the trace and the span it belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(filter_of_the_documentation())
        self.kept: list[tuple[str, str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        ids: Any = record
        self.kept.append((record.getMessage(), ids.trace_id, ids.span_id))

    def of(self, words: str) -> tuple[str, str]:
        """Return trace and span of the one message with these words."""
        (found,) = [(trace, span) for text, trace, span in self.kept if words in text]
        return found


@pytest.fixture
def records() -> Iterator[Records]:
    handler, root = Records(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


class Shop(Endpoint):
    """Sells the first two things that are asked for, and then closes."""

    async def on_message(self, session: Session, message: Any) -> None:
        user_log.warning("sold %s", message)
        if message == "pear":
            session.exit()


async def test_they_lead_to_the_spans(seen: Seen, records: Records) -> None:
    engine = Engine(
        *("ws://test", Shop()),
        adapter=ScriptedAdapter([Accept("apple", Lose()), Accept("pear")]),
        config=EngineConfig(name="shop", reconnect=AT_ONCE),
        tracer_provider=seen.tracer_provider,
    )
    await engine.run()
    spans = {
        name: [
            (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}")
            for span in seen.named(name)
        ]
        for name in ("start", "restart", "stop", "on_message")
    }
    assert [records.of("sold apple"), records.of("sold pear")] == spans["on_message"]
    assert [records.of("idle -> opening")] == spans["start"]
    assert [records.of("open -> closing: 1006")] == spans["restart"]
    assert [records.of("closing -> waiting")] == spans["restart"]
    assert [records.of("waiting -> opening")] == spans["restart"]
    assert [records.of("closing -> stopped")] == spans["stop"]
