"""Every Python block of the documentation runs, and prints what stands below it.

A block that is marked with `<!-- fragment -->` is only compiled. What any other one prints
must stand in the next block, marked with `<!-- output -->`; or it prints nothing. A block marked
with `<!-- until Ctrl-C -->` is interrupted when it has printed that, but for the last line.
What is marked as a file, or shows a terminal, is the business of `test_terminals.py`.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from itertools import pairwise

import pytest

from wsengine.servers.echo import EchoServer

from .reading import Block, blocks, pages

ALL = [(block, after) for page in pages() for block, after in pairwise([*blocks(page), None])]
SNIPPETS = [(block, after) for block, after in ALL if block and block.language == "python"]
PROGRAMS = [
    pytest.param(block, after.text if after and after.mark == "output" else "", id=block.name)
    for block, after in SNIPPETS
    if block.mark != "fragment" and not block.file
]
FRAGMENTS = [
    pytest.param(block, id=block.name) for block, _ in SNIPPETS if block.mark == "fragment"
]

SERVER = "ws://127.0.0.1:8765"
"""Where the documentation says that the echo server is."""


async def start(code: str) -> Process:
    """Run a program, without a proxy on its way to the loopback interface."""
    environment = {name: os.environ[name] for name in os.environ if "proxy" not in name.lower()}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", code, stdout=PIPE, stderr=PIPE, env=environment
    )


async def interrupt(process: Process, expected: str) -> str:
    """Read all expected lines but the last, send SIGINT, and return what was read."""
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in expected.splitlines()[:-1]]
    with contextlib.suppress(ProcessLookupError):  # it has ended: the test shows why
        process.send_signal(signal.SIGINT)
    return b"".join(lines).decode()


@pytest.mark.parametrize(("block", "expected"), PROGRAMS)
async def test_program(block: Block, expected: str) -> None:
    if block.mark and sys.platform == "win32":
        pytest.skip("Windows has no SIGINT for one process")
    async with EchoServer() as server, asyncio.timeout(45):
        process = await start(block.text.replace(SERVER, server.url))
        try:
            printed = await interrupt(process, expected) if block.mark == "until Ctrl-C" else ""
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert "Traceback" not in errors.decode()
    assert (printed + output.decode()).splitlines() == expected.splitlines()
    assert process.returncode == 0


@pytest.mark.parametrize("block", FRAGMENTS)
def test_fragment(block: Block) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(block.text, block.name, "exec", flags=flags, dont_inherit=True)
    assert code.co_names


def test_marks_are_known() -> None:
    known = {"", "fragment", "output", "until Ctrl-C", "set-up"}
    unknown = [
        block.name
        for block, _ in ALL
        if block
        and block.mark not in known
        and not (block.file or block.terminal or block.mark.startswith("generated"))
    ]
    assert not unknown
    assert PROGRAMS
    assert FRAGMENTS
