"""Programs without asyncio, ended by signals, by their end, and in the middle of handlers."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .servers import Handler, PoliteServer, greet, listen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")

CHILD = f"{Path(__file__).parent.name}.child_sync"
ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A child process, and what it prints."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def until(self, line: str) -> list[str]:
        """Read up to a line."""
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != line:
            lines.append((await self.process.stdout.readline()).decode().rstrip("\n"))
            assert lines[-1], f"ended after {lines}: {await self.errors()}"
        return lines

    async def errors(self) -> str:
        """Read what it says about errors."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def rest(self) -> list[str]:
        """Read up to its end."""
        output, errors = await self.process.communicate()
        assert b"Traceback" not in errors, errors.decode()
        return output.decode().splitlines()


@contextlib.asynccontextmanager
async def child(what: str, *handlers: Handler) -> AsyncIterator[tuple[Child, PoliteServer]]:
    """Run a script against a server; its end is bounded."""
    async with PoliteServer(*handlers) as server, asyncio.timeout(30):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", f"tests.{CHILD}", what, server.url),
            stdout=PIPE,
            stderr=PIPE,
            cwd=ROOT,
        )
        try:
            yield Child(process), server
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_run_stops_gracefully_in_the_middle_of_a_handler(number: signal.Signals) -> None:
    async with child("run", greet("hello")) as (script, server):
        await script.until("message")
        script.process.send_signal(number)
        assert await script.rest() == ["message handled", "close 1001 True", "stopped"]
        assert script.process.returncode == 0
        assert await server.seen_close(0) == (1001, "")


async def test_a_block_stops_gracefully_and_the_interrupt_goes_on() -> None:
    async with child("block", listen) as (script, _):
        assert await script.until("open False")
        await asyncio.sleep(0.1)  # into the block
        script.process.send_signal(signal.SIGINT)
        assert await script.rest() == ["close 1001 True", "interrupted", "stopped"]


async def test_a_blocking_call_that_is_interrupted_leaves_nothing_behind() -> None:
    async with child("request", listen) as (script, _):
        await script.until("open False")
        await asyncio.sleep(0.2)  # into the call
        script.process.send_signal(signal.SIGINT)
        assert await script.rest() == [
            "interrupted",
            "received nothing",
            "close 1001 True",
            "stopped",
        ]


async def test_start_is_interrupted_and_leaves_nothing_running() -> None:
    accepted = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never_answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"tests.{CHILD}", "start", f"ws://127.0.0.1:{port}"),
            stdout=PIPE,
            stderr=PIPE,
            cwd=ROOT,
        )
        async with asyncio.timeout(30):
            await accepted.wait()
            process.send_signal(signal.SIGINT)
            output, _ = await process.communicate()
    lines = output.decode().splitlines()
    assert lines == ["starting", "KeyboardInterrupt stopped 1", "stopped"]


async def test_a_second_interrupt_ends_the_wait_for_the_stop() -> None:
    async with child("run", greet("stuck")) as (script, _):
        await script.until("message")
        script.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)  # the handler has 0.75 s
        script.process.send_signal(signal.SIGINT)
        output, errors = await script.process.communicate()
        assert "KeyboardInterrupt" in errors.decode()
        assert b"stopped" not in output
        assert script.process.returncode == -signal.SIGINT


async def test_a_stuck_handler_bounds_the_stop_and_not_the_programs_end() -> None:
    async with child("run", greet("stuck")) as (script, _):
        await script.until("message")
        began = asyncio.get_running_loop().time()
        script.process.send_signal(signal.SIGINT)
        assert await script.rest() == ["close 1001 True", "stopped"]
        assert asyncio.get_running_loop().time() - began < 3  # 1.5, and a slow machine
        assert script.process.returncode == 0


@pytest.mark.parametrize("message", ["hello", "stuck"])
async def test_an_engine_that_nobody_stops_is_stopped_at_the_end_of_the_program(
    message: str,
) -> None:
    async with child("forget", greet(message)) as (script, server):
        lines = await script.rest()
        assert "the end" in lines
        assert lines[-1] == "close 1001 True"
        assert script.process.returncode == 0
        assert await server.seen_close(0) == (1001, "")
