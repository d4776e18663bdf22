"""Runs the examples as a user does: each in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.docs.reading import ROOT
from tests.integration.command import Command, Ended, environment

EXAMPLES = ROOT / "examples"

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")


@asynccontextmanager
async def example(name: str, *arguments: str, **variables: str) -> AsyncIterator[Command]:
    """Run an example with some arguments and environment; it is ended with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLES / name), *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment(**variables),
    )
    command = Command(process)
    try:
        yield command
    finally:
        await command.kill()


async def url_of(server: Command) -> str:
    """Return where a server says that it listens."""
    return (await server.line("^listening on ")).removeprefix("listening on ")


def port_of(url: str) -> str:
    """Return the port of an address, for a server that is to come back there."""
    return url.rpartition(":")[2]


async def ctrl_c(command: Command) -> Ended:
    """Press Ctrl-C, and wait for a clean end; losses and unread messages may be logged."""
    command.signal(signal.SIGINT)
    ended = await command.end()
    expected = (
        *(": opening failed: ", ": connection lost after ", ": open again after "),
        " unread messages dropped",
    )
    others = [
        line for line in ended.err.splitlines() if not any(words in line for words in expected)
    ]
    assert not others, ended.err
    assert ended.code == 0, ended.err
    return ended
