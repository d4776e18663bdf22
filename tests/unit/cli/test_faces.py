from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from wsengine.cli import faces
from wsengine.cli.faces import Plain, choose_face, has_prompt_toolkit
from wsengine.cli.output import Output
from wsengine.cli.status import Status

from .test_wanted import wanted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pseudo-terminals")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A descriptor of a terminal, where somebody types."""
    monkeypatch.setenv("TERM", "xterm")
    outside, inside = os.openpty()
    yield inside
    os.close(outside)
    os.close(inside)


@pytest.fixture
def pipe() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(writing)
    yield reading
    os.close(reading)


def chosen(descriptor: int | None, stdout: TextIO | None = None, **given: Any) -> str:
    """Return what is chosen where standard output is a terminal, or something else."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdout", stdout or Terminal())
        face = choose_face(wanted(**given), descriptor, lambda: None, lambda error: None)
    if face.output.console is None or type(face) is not faces.Plain:
        return type(face).__name__
    return "Plain with colours"


@pytest.mark.parametrize(
    ("given", "face"),
    [
        ({}, "Prompt"),
        ({"status": False}, "Prompt"),
        ({"as_json": True}, "Plain with colours"),
        ({"once": True}, "Plain with colours"),
    ],
)
async def test_who_types_gets_a_prompt(terminal: int, given: dict[str, Any], face: str) -> None:
    assert chosen(terminal, **given) == face


@pytest.mark.parametrize(
    ("given", "face"),
    [
        ({}, "Live"),
        ({"status": False}, "Plain with colours"),
        ({"as_json": True}, "Plain with colours"),
        ({"once": True}, "Plain with colours"),
    ],
)
async def test_who_only_reads_gets_a_status_line(
    terminal: int, pipe: int, given: dict[str, Any], face: str
) -> None:
    assert chosen(pipe, **given) == face
    assert chosen(None, **given) == face


@pytest.mark.parametrize("name", ["dumb", "DUMB", "unknown"])
def test_a_terminal_that_can_do_nothing_gets_lines(
    terminal: int, pipe: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", name)
    assert chosen(terminal).startswith("Plain")
    assert chosen(pipe).startswith("Plain")


def test_without_prompt_toolkit_who_types_gets_lines(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert has_prompt_toolkit()
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    assert not has_prompt_toolkit()
    assert chosen(terminal) == "Plain with colours"


def test_a_pipe_gets_lines(terminal: int) -> None:
    assert chosen(terminal, io.StringIO()) == "Plain"


def test_an_output_that_is_closed_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    face = choose_face(wanted(), None, lambda: None, lambda error: None)
    face.output.write(("nobody reads this", ""))
    assert isinstance(face, Plain)
    assert face.output.failure is None
    sys.stdout.close()


async def test_plain_lines_are_read_to_their_end(tmp_path: Path) -> None:
    plain = Plain(Output(io.StringIO(), lambda: None), None)
    ends: list[bool] = []
    lines = plain.read(lambda: ends.append(True))
    async with plain.shown(Status("ws://x", lambda: None)):
        assert await lines.next() is None
    assert ends == [True]
