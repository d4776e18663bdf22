"""Programs without asyncio that fork, and that stop while the look-up of a name hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from .servers import PoliteServer, listen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")

HERE = Path(__file__).parent.name
ROOT = Path(__file__).resolve().parents[2]


async def start(script: str, *words: str) -> asyncio.subprocess.Process:
    """Start a script."""
    program = (sys.executable, "-W", "error", "-m", f"tests.{HERE}.{script}", *words)
    return await asyncio.create_subprocess_exec(*program, stdout=PIPE, stderr=PIPE, cwd=ROOT)


async def lines(process: asyncio.subprocess.Process) -> list[str]:
    """Return what a script prints, up to its end, which must come soon."""
    try:
        async with asyncio.timeout(20):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, errors.decode()) == (0, "")
    return output.decode().splitlines()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
async def test_in_a_child_of_the_process_nothing_hangs_and_the_parent_goes_on() -> None:
    async with PoliteServer(listen) as server:
        printed = await lines(await start("child_fork", server.url))
    assert printed == ["child: 0", "child: 0", "child: 0", "the end"]


async def test_a_look_up_that_hangs_holds_up_neither_stop_nor_start_nor_the_programs_end() -> None:
    async with PoliteServer(listen) as server:
        printed = await lines(await start("child_lookup", "sync", server.url))
    assert printed[0] == "looking up"
    assert set(printed[1:3]) == {"asked to stop before the first session was open", "stopped"}
    assert printed[3:] == ["open"]


async def test_a_look_up_that_hangs_holds_up_no_ctrl_c_where_an_engine_is_run() -> None:
    process = await start("child_lookup", "run", "")
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 20) == b"looking up\n"
    process.send_signal(signal.SIGINT)
    assert await lines(process) == ["stopped"]
