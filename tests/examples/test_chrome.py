"""examples/chrome.py, with a real Chromium, and without one."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from .programs import ctrl_c, example, posix

CHROMIUM = any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome")))

with_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium")


@with_chromium
async def test_it_prints_the_title_and_what_the_page_logs() -> None:
    async with example("chrome.py") as program:
        ended = await program.end()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == ["it logs: loaded", "its title: Hello from wsengine"]


@posix
@with_chromium
async def test_it_ends_with_ctrl_c_while_a_page_does_not_come() -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(1):
            asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with example("chrome.py", url) as program, asyncio.timeout(30):
            await asked.wait()
            ended = await ctrl_c(program)
    assert ended.out == ""


async def test_without_chromium_it_says_what_is_missing(tmp_path: Path) -> None:
    async with example("chrome.py", PATH=str(tmp_path)) as program:
        ended = await program.end()
    assert ended.code == 1
    assert ended.out == ""
    assert ended.error_line.startswith("chrome: no Chromium here: install it, ")


@posix
async def test_a_chromium_that_does_not_start_is_told_of(tmp_path: Path) -> None:
    program_of_that_name = tmp_path / "chromium"
    program_of_that_name.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    program_of_that_name.chmod(0o755)
    async with example("chrome.py", PATH=f"{tmp_path}:/usr/bin:/bin") as program:
        ended = await program.end()
    assert ended.code == 1
    assert ended.error_line == "chrome: Chromium did not start: no display"
