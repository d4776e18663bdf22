"""The example of examples/observability, as two processes that export to a collector."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from wsengine.telemetry.names import METRICS, SCOPE

from .collector import PATIENCE, Collected, CollectedSpan, Collector

FOLDER = Path(__file__).resolve().parents[2] / "examples/observability"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@asynccontextmanager
async def example(
    script: str, argument: str, collector: Collector, folder: Path = FOLDER
) -> AsyncIterator[Process]:
    """Run a script of the example; at the end of the block Ctrl-C must end it well."""
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("OTEL_")}
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "gzip",
        "NO_PROXY": "127.0.0.1",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(folder / script), argument),
        stdout=PIPE,
        stderr=PIPE,
        env={**kept, **settings},
    )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            _, errors = await process.communicate()
        assert errors.decode() == ""
        assert process.returncode == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def line(process: Process) -> str:
    """Return the next line that a process prints."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        printed = (await process.stdout.readline()).decode().strip()
    if not printed and process.stderr is not None:
        pytest.fail((await process.stderr.read()).decode())
    return printed


async def collected(collector: Collector, folder: Path = FOLDER) -> Collected:
    """Run both for a few ticks, and return all that they told of it."""
    async with example("server.py", "0", collector) as server:
        url = (await line(server)).removeprefix("listening on ")
        async with example("client.py", url, collector, folder) as client:
            assert await line(server) == "client: subscribe"
            assert [await line(client) for _ in range(3)] == ["tick 1", "tick 2", "tick 3"]
    return collector.collected


def only(spans: list[CollectedSpan]) -> CollectedSpan:
    """Return the one span that there must be."""
    (span,) = spans
    return span


async def test_one_trace_leads_from_the_start_into_the_server(collector: Collector) -> None:
    told = await collected(collector)
    start = only(told.named("websocket start"))
    dial = only(told.named("websocket dial"))
    on_open = only(told.named("websocket on_open"))
    handshake = only(told.named("ticker handshake"))
    hear = only(told.named("ticker hear"))
    assert start.parent == b""
    assert dial.parent == on_open.parent == start.id
    assert handshake.parent == dial.id
    assert hear.parent == on_open.id
    assert {span.trace for span in (start, dial, on_open, handshake, hear)} == {start.trace}
    check_messages(told, dial, handshake)
    check_services(told)


def check_messages(told: Collected, dial: CollectedSpan, handshake: CollectedSpan) -> None:
    """Each message has a trace of its own, linked to its dial and to what the server did."""
    published = {span.id: span for span in told.named("ticker publish")}
    handled = told.named("websocket on_message")
    stored = {span.parent for span in told.named("store tick")}
    assert len(handled) >= 3
    assert len({span.trace for span in handled}) == len(handled)
    for span in handled:
        (publish,) = span.links - {dial.id}
        assert published[publish].links == {handshake.id}
        assert dial.id in span.links
        assert span.id in stored
        assert (span.parent, span.trace != dial.trace) == (b"", True)


def check_services(told: Collected) -> None:
    """What each process tells comes under its own name."""
    by_engine = {span.service for span in told.spans if span.scope == SCOPE}
    by_server = {span.service for span in told.spans if span.scope == "ticker"}
    assert (by_engine, by_server) == ({"ticker-client"}, {"ticker-server"})
    names = {name for service, name in told.metrics if service == "ticker-client"}
    assert {"websocket.client.messages", "websocket.client.handler.duration"} <= names
    assert names <= {metric.name for metric in METRICS}
    assert "gzip" in told.encodings


@pytest.mark.parametrize("adapter", ["aiohttp", "picows"])
async def test_another_adapter_is_one_word(
    collector: Collector, tmp_path: Path, adapter: str
) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "example"))
    program = (folder / "client.py").read_text(encoding="utf-8")
    assert program.count("Engine(url, Ticks(), ") == 1
    changed = program.replace(
        "Engine(url, Ticks(), ", f'Engine(url, Ticks(), adapter="{adapter}", '
    )
    (folder / "client.py").write_text(changed, encoding="utf-8")
    told = await collected(collector, folder)
    assert told.spans
