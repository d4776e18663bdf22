from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from wsengine.cli.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def never() -> None:
    raise AssertionError("somebody still reads")


def test_a_line_is_written_at_once_and_plain(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding="ascii") as stream:
        output = Output(stream, never)
        output.write(("12:00 ", "dim"), ("né [red]", "bold"))
        assert output.console is None
        assert path.read_bytes() == rb"12:00 n\xe9 [red]" + os.linesep.encode()


def test_on_a_terminal_it_has_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    Output(terminal, never).write(("12:00 ", "dim"), ("[red] " + 100 * "x", "green"))
    written = terminal.getvalue()
    assert "\x1b[" in written
    assert "[red] " + 100 * "x" in written  # neither taken as markup nor wrapped
    assert written.count("\n") == 1


def test_a_reader_that_has_gone_is_told_of_once() -> None:
    reading, writing = os.pipe()
    gone: list[bool] = []
    with os.fdopen(writing, "w") as stream:
        output = Output(stream, lambda: gone.append(True))
        os.close(reading)
        output.write(("lost", ""))
        output.write(("ignored", ""))
    assert gone == [True]
    assert isinstance(output.failure, BrokenPipeError)
