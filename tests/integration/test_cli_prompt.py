"""`wsengine connect` at a terminal, with prompt_toolkit."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from wsengine.servers.echo import EchoServer

from .command import Command, running

if sys.platform == "win32":
    pytest.skip("has no pseudo-terminals", allow_module_level=True)

from .terminal import CTRL_C, CTRL_D, Terminal

UP, TAB, ENTER = b"\x1b[A", b"\t", b"\r"


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async with EchoServer() as server:
        yield server


def connected(
    terminal: Terminal, url: str, state: Path, *options: str
) -> AbstractAsyncContextManager[Command]:
    """Run it at the terminal, with its history in a directory of the test's."""
    return running(
        "connect",
        url,
        *options,
        stdin=terminal.inside,
        stdout=terminal.inside,
        TERM="xterm-256color",
        XDG_STATE_HOME=str(state),
    )


async def test_lines_are_typed_between_what_comes_and_the_status(
    terminal: Terminal, echo: EchoServer, tmp_path: Path
) -> None:
    async with connected(terminal, echo.url, tmp_path) as command:
        await terminal.see("type a line to send it, Ctrl-D ends")
        await terminal.see("open | 0:0")
        terminal.type(b"hel")
        await echo.close_clients()  # what is told now does not disturb what is typed
        await terminal.see("> hel", after="closed by the server")
        await terminal.see("> hel", after="connected again")
        terminal.type(b"lo" + ENTER)
        await terminal.see("< hello")
        await terminal.see("open | 0:0", after="< hello")
        terminal.type(CTRL_D)
        ended = await command.end()
        await terminal.see("* stopped")
    assert (ended.code, ended.err) == (0, "")


async def test_losing_the_server_is_seen_in_the_status(
    terminal: Terminal, echo: EchoServer, tmp_path: Path
) -> None:
    async with connected(terminal, echo.url, tmp_path) as command:
        await terminal.see("open | 0:0")
        await echo.stop()
        # Whichever it is: a random delay may be too short to be shown.
        await terminal.see("waiting | attempt ", after="attempt 1 failed")
        terminal.type(b"kept" + ENTER)
        await terminal.see("kept, to be sent later: kept")
        await echo.start()
        await terminal.see("< kept", after="connected again")
        terminal.type(CTRL_D)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")


async def test_history_and_completion_outlast_the_command(echo: EchoServer, tmp_path: Path) -> None:
    first = Terminal()
    async with connected(first, echo.url, tmp_path) as command:
        await first.see("open | 0:0")
        first.type(b"a long line" + ENTER)
        await first.see("< a long line")
        first.type(b" a secret" + ENTER)
        await first.see("<  a secret")
        first.type(CTRL_D)
        assert (await command.end()).code == 0
    first.close()
    path = tmp_path / "wsengine" / "history"
    assert path.read_text() == "a long line\n"
    assert path.stat().st_mode & 0o777 == 0o600

    second = Terminal()
    async with connected(second, echo.url, tmp_path) as command:
        await second.see("open | 0:0")
        second.type(UP + ENTER)
        await second.see("< a long line")
        second.type(b"and more" + ENTER)
        await second.see("< and more")
        second.type(b"a lo" + TAB + b"!" + ENTER)
        await second.see("< a long line!")
        second.type(CTRL_D)
        assert (await command.end()).code == 0
    second.close()


async def test_nothing_is_kept_without_history(
    terminal: Terminal, echo: EchoServer, tmp_path: Path
) -> None:
    async with connected(terminal, echo.url, tmp_path, "--no-history") as command:
        await terminal.see("open | 0:0")
        terminal.type(b"secret" + ENTER)
        await terminal.see("< secret")
        terminal.type(CTRL_D)
        assert (await command.end()).code == 0
    assert os.listdir(tmp_path) == []


async def test_where_no_history_can_be_kept_that_is_one_line(
    terminal: Terminal, echo: EchoServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    async with connected(terminal, echo.url, tmp_path / "file") as command:
        await terminal.see("* connected")
        terminal.type(b"hello" + ENTER)
        await terminal.see("* lines are not kept for the next time: ")
        await terminal.see("< hello")
        terminal.type(CTRL_D)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert terminal.text.count("are not kept") == 1


async def test_without_the_status_line_the_prompt_stays(
    terminal: Terminal, echo: EchoServer, tmp_path: Path
) -> None:
    async with connected(terminal, echo.url, tmp_path, "--no-status") as command:
        await terminal.see(">", after="Ctrl-D ends")
        terminal.type(b"hello" + ENTER)
        await terminal.see("< hello")
        terminal.type(CTRL_D)
        assert (await command.end()).code == 0
    assert "open |" not in terminal.text


@pytest.mark.parametrize("how", ["key", "signal"])
async def test_ctrl_c_ends_it(
    terminal: Terminal, echo: EchoServer, tmp_path: Path, how: str
) -> None:
    async with connected(terminal, echo.url, tmp_path) as command:
        await terminal.see("open | 0:0")
        terminal.type(b"not sent")
        if how == "key":
            terminal.type(CTRL_C)
        else:
            command.signal(signal.SIGINT)
        ended = await command.end()
        await terminal.see("* stopped")
    assert (ended.code, ended.err) == (0, "")


async def test_expect_ends_it_while_somebody_types(
    terminal: Terminal, echo: EchoServer, tmp_path: Path
) -> None:
    async with connected(
        terminal, echo.url, tmp_path, "--expect", "done", "--within", "20"
    ) as command:
        await terminal.see("open | 0:0")
        terminal.type(b"done" + ENTER)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
