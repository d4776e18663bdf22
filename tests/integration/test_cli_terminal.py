"""`wsengine connect` at a terminal that only gets lines, or at which nobody types."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from wsengine.servers.echo import EchoServer

from .command import Command, running

if sys.platform == "win32":
    pytest.skip("has no pseudo-terminals", allow_module_level=True)

from .terminal import CTRL_D, Terminal


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async with EchoServer() as server:
        yield server


@pytest.fixture
def without_prompt(tmp_path: Path) -> str:
    """What PYTHONPATH is where prompt_toolkit is not installed."""
    (tmp_path / "prompt_toolkit.py").write_text("raise ImportError('not installed')\n")
    return str(tmp_path)


def connected(
    terminal: Terminal, url: str, python_path: str
) -> AbstractAsyncContextManager[Command]:
    """Run it at the terminal."""
    return running(
        "connect",
        url,
        stdin=terminal.inside,
        stdout=terminal.inside,
        TERM="xterm-256color",
        PYTHONPATH=python_path,
    )


# Without prompt_toolkit.


async def test_a_typed_line_is_sent_and_ctrl_d_ends_it(
    terminal: Terminal, echo: EchoServer, without_prompt: str
) -> None:
    async with connected(terminal, echo.url, without_prompt) as command:
        await terminal.see("type a line to send it, Ctrl-D ends")
        terminal.type(b"hello\n")
        await terminal.see("< hello")
        terminal.type(CTRL_D)
        ended = await command.end()
        await terminal.see("* stopped")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b[" in terminal.shown
    assert "open |" not in terminal.text  # who types would not see what they type


async def test_ctrl_d_ends_it_also_while_a_line_is_kept(
    terminal: Terminal, echo: EchoServer, without_prompt: str
) -> None:
    async with connected(terminal, echo.url, without_prompt) as command:
        await terminal.see("* connected")
        await echo.stop()
        await terminal.see("attempt 1 failed")
        terminal.type(b"hello\n")
        await terminal.see("kept, to be sent later: hello")
        terminal.type(CTRL_D)
        ended = await command.end()
        await terminal.see("1 line was not sent")
    assert (ended.code, ended.err) == (0, "")


async def test_json_at_a_terminal_is_not_wrapped(terminal: Terminal, echo: EchoServer) -> None:
    inside = terminal.inside
    async with running("connect", echo.url, "--json", stdin=inside, stdout=inside) as command:
        await terminal.see('"open"')
        terminal.type(b"x" * 500 + b"\n")
        await terminal.see('"data": "' + 500 * "x" + '"}')
        terminal.type(CTRL_D)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")


# With a status line.


async def test_below_piped_lines_there_is_a_status_line(
    terminal: Terminal, echo: EchoServer
) -> None:
    async with running("connect", echo.url, stdout=terminal.inside, TERM="xterm") as command:
        await terminal.see("open | 0:0")
        await command.type("hello\n")
        await terminal.see("< hello")
        await terminal.see("open | 0:0", after="< hello")
        await echo.stop()
        await terminal.see("waiting | attempt ", after="closed by the server")
        await echo.start()
        await terminal.see("open | 0:0", after="* connected again")
        ended = await command.end("")
        await terminal.see("* stopped")
    assert (ended.code, ended.err) == (0, "")
    assert terminal.shown.rstrip().endswith("\x1b[2K")  # it is erased


@pytest.mark.parametrize("option", ["--no-status", "--json"])
async def test_the_status_line_can_be_left_out(
    terminal: Terminal, echo: EchoServer, option: str
) -> None:
    async with running(
        "connect", echo.url, option, stdout=terminal.inside, TERM="xterm"
    ) as command:
        await terminal.see("open" if option == "--json" else "* connected")
        ended = await command.end("hello\n")
        await terminal.see("stopped")
    assert (ended.code, ended.err) == (0, "")
    assert " | " not in terminal.text


async def test_a_dumb_terminal_has_none(terminal: Terminal, echo: EchoServer) -> None:
    inside = terminal.inside
    async with running("connect", echo.url, stdin=inside, stdout=inside, TERM="dumb") as command:
        await terminal.see("* connected")
        terminal.type(b"hello\n" + CTRL_D)
        ended = await command.end()
        await terminal.see("* stopped")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in terminal.shown


async def test_once_writes_nothing_else_on_a_terminal(terminal: Terminal, echo: EchoServer) -> None:
    inside = terminal.inside
    options = ("--once", "--send", "a\x1b[2J")
    async with running(
        "connect", echo.url, *options, stdin=inside, stdout=inside, TERM="xterm"
    ) as command:
        ended = await command.end()
        await terminal.see("\n")
        await asyncio.sleep(0)
    assert (ended.code, ended.err) == (0, "")
    assert terminal.text.split() == ["a\\x1b[2J"]
