from __future__ import annotations

import asyncio
import io
import re

import pytest

from wsengine import EngineState, StateChange
from wsengine.cli.live import Live
from wsengine.cli.output import Output
from wsengine.cli.status import Status

S = EngineState
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    return Terminal()


def screen(terminal: Terminal) -> list[str]:
    """What stands on the terminal in the end, without colours; as long as no line is wrapped."""
    lines: list[str] = [""]
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)", terminal.getvalue()):
        if part == "\n":
            lines.append("")
        elif part.endswith("K") and part.startswith("\x1b"):
            lines[-1] = ""
        elif part == "\x1b[1A":
            lines.pop()
        elif part != "\r" and not CONTROL.fullmatch(part):
            lines[-1] += part
    return lines


async def test_lines_stand_above_the_status_and_in_the_end_it_is_gone(terminal: Terminal) -> None:
    output = Output(terminal, lambda: None)
    face = Live(output, None)
    assert await face.read(None).next() is None
    status = Status("ws://host", lambda: None)
    async with face.shown(status):
        output.write(("one", "bold"))
        await asyncio.sleep(1)
        assert screen(terminal) == ["one", "idle | ws://host"]
        status.follow(StateChange(S.IDLE, S.OPENING, "dialling"))
        await asyncio.sleep(1)
        output.write(("two", ""))
        assert screen(terminal)[:2] == ["one", "two"]
        assert screen(terminal)[2].startswith("opening | attempt 1, for ")
        status.follow(StateChange(S.IDLE, S.CLOSING, "x"))
        await asyncio.sleep(1)
    output.write(("three", ""))
    assert [line for line in screen(terminal) if line] == ["one", "two", "three"]


async def test_the_status_is_cut_to_the_width(terminal: Terminal) -> None:
    output = Output(terminal, lambda: None)
    async with Live(output, None).shown(Status("ws://" + 50 * "x", lambda: None)):
        await asyncio.sleep(1)
        (line,) = screen(terminal)
    assert len(line) == 40
    assert line.endswith("\N{HORIZONTAL ELLIPSIS}")


async def test_without_a_terminal_nothing_is_drawn() -> None:
    stream = io.StringIO()
    async with Live(Output(stream, lambda: None), None).shown(Status("ws://x", lambda: None)):
        await asyncio.sleep(1)
    assert stream.getvalue() == ""
