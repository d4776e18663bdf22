"""A terminal, with a person before it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import struct
import termios

from .command import START_UP

CTRL_C = b"\x03"
CTRL_D = b"\x04"

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WHERE_IS_THE_CURSOR = "\x1b[6n"


class Terminal:
    """A pseudo-terminal: `inside` is the command's, the other side is the person's.

    Args:
        rows: Its height.
        columns: Its width.
    """

    def __init__(self, rows: int = 24, columns: int = 120) -> None:
        self._outside, self.inside = os.openpty()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.inside, termios.TIOCSWINSZ, size)
        os.set_blocking(self._outside, False)
        self.shown = ""
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._outside, self._read)

    @property
    def text(self) -> str:
        """What was shown, without colours and the like; what was erased since is still in it."""
        return _CONTROL.sub("", self.shown)

    async def see(self, text: str, *, after: str = "") -> None:
        """Wait until a text is shown, after another one."""
        async with asyncio.timeout(START_UP):
            while text not in self.text.partition(after)[2] if after else text not in self.text:
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

    def _read(self) -> None:
        try:
            new = os.read(self._outside, 65536).decode(errors="replace")
        except OSError:  # the command has gone
            asyncio.get_running_loop().remove_reader(self._outside)
            new = ""
        self.shown += new
        for _ in range(new.count(_WHERE_IS_THE_CURSOR)):
            self.type(b"\x1b[1;1R")  # as a real terminal answers: in its first row
        self._news.set()
