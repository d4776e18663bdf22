"""The first thing that goes wrong for a newcomer: there is no server."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.integration.command import environment
from wsengine.servers.echo import EchoServer

from .programs import EXAMPLES


async def test_without_a_server_what_it_shows_fits_a_screen(tmp_path: Path) -> None:
    async with EchoServer() as server:
        url = server.url
    program = tmp_path / "hello.py"
    text = (EXAMPLES / "hello.py").read_text(encoding="utf-8")
    program.write_text(text.replace("ws://127.0.0.1:8765", url), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, program), stderr=PIPE, env=environment()
    )
    _, err = await process.communicate()
    lines = err.decode().splitlines()
    assert process.returncode == 1
    assert len(lines) <= 16, err.decode()
    assert f'  File "{program}", line 15, in <module>' in lines
    assert any(line.startswith("ConnectionRefusedError: ") for line in lines)
    assert lines[-1] == (
        f"wsengine.errors.EngineStartError: could not start: {url}: connection refused; "
        "is the server running, and the port right?"
    )
