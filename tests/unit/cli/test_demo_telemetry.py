"""What the demo's engine tells, as rows of two tables."""

from __future__ import annotations

from typing import Any

import pytest
from rich.table import Table

from wsengine import ConnectError, Endpoint, Engine, EngineConfig, ReconnectPolicy, Session
from wsengine.cli.demo_telemetry import DemoTelemetry, _duration
from wsengine.testing import Accept, Delay, Refuse, ScriptedAdapter


class Quits(Endpoint):
    """Handles messages for a second each; the last one is "quit"."""

    async def on_message(self, session: Session, message: str) -> None:
        if message == "quit":
            session.exit()


def rows(table: Table) -> list[tuple[str, ...]]:
    """Return the cells of a table, row by row."""
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    return list(zip(*columns, strict=True))


async def test_spans_are_counted_by_name_and_metrics_by_attributes() -> None:
    telemetry = DemoTelemetry()
    script: list[Any] = [Refuse(ConnectError("no")), Accept("hello", Delay(1), "quit")]
    policy = ReconnectPolicy(initial_delay=2, jitter=0)
    engine = Engine(
        *("ws://test", Quits()),
        adapter=ScriptedAdapter(script),
        config=EngineConfig(name="demo", retry_start=True, reconnect=policy),
        tracer_provider=telemetry.tracer_provider,
        meter_provider=telemetry.meter_provider,
    )
    await engine.run()
    telemetry.collect()
    spans, metrics = map(rows, telemetry.tables())
    assert [row[:3] for row in spans] == [
        ("websocket start", "1", "0"),
        ("websocket dial", "2", "1"),
        ("websocket on_restart_error", "1", "0"),
        ("websocket on_open", "1", "0"),
        ("websocket on_message", "2", "0"),
        ("websocket stop", "1", "0"),
        ("websocket on_close", "1", "0"),
    ]
    assert ("messages", "receive, text", "2") in metrics
    assert ("io", "receive, text", "9 B") in metrics
    assert ("dials", "failed, wsengine.errors.ConnectError", "1") in metrics
    assert ("session.duration", "1001, client", "1 x 1.00 s") in metrics
    assert metrics == sorted(metrics, key=lambda row: row[0])


def test_before_anything_was_told_the_tables_are_empty() -> None:
    spans, metrics = DemoTelemetry().tables()
    assert (rows(spans), rows(metrics)) == ([], [])


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.00001, "0.01 ms"), (0.9, "900.00 ms"), (1.0, "1.00 s"), (75, "75.00 s")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert _duration(seconds) == shown
