"""`wsengine connect` at a terminal, where somebody types."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator

import pytest

from wsengine.servers.echo import EchoServer

from .command import START_UP, running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")

CTRL_D = b"\x04"
STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """A pseudo-terminal: `inside` is the command's, the other side is the person's."""

    def __init__(self) -> None:
        self._outside, self.inside = os.openpty()
        os.set_blocking(self._outside, False)
        self.shown = ""
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._outside, self._read)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._outside, 65536).decode()
        except OSError:  # the command has gone
            asyncio.get_running_loop().remove_reader(self._outside)
        self._news.set()

    async def see(self, text: str) -> None:
        """Wait until a text is shown."""
        async with asyncio.timeout(START_UP):
            while text not in STYLE.sub("", self.shown):
                self._news.clear()
                await self._news.wait()

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._outside, keys)

    def close(self) -> None:
        """Close both sides."""
        asyncio.get_running_loop().remove_reader(self._outside)
        os.close(self._outside)
        os.close(self.inside)


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async with EchoServer() as server:
        yield server


async def test_a_typed_line_is_sent_and_ctrl_d_ends_it(
    terminal: Terminal, echo: EchoServer
) -> None:
    inside = terminal.inside
    async with running(
        "connect", echo.url, stdin=inside, stdout=inside, TERM="xterm-256color"
    ) as command:
        await terminal.see("type a line to send it, Ctrl-D ends")
        terminal.type(b"hello\n")
        await terminal.see("< hello")
        terminal.type(CTRL_D)
        ended = await command.end()
        await terminal.see("* stopped")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b[" in terminal.shown


async def test_ctrl_d_ends_it_also_while_a_line_is_kept(
    terminal: Terminal, echo: EchoServer
) -> None:
    inside = terminal.inside
    async with running("connect", echo.url, stdin=inside, stdout=inside) as command:
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
