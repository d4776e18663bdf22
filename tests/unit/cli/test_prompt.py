"""The prompt, with keys from a pipe; tests/integration/test_cli_prompt.py has a real terminal."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import History
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from wsengine.cli.history import HistoryFile
from wsengine.cli.lines import Lines
from wsengine.cli.prompt import OFFERED, FromHistory, Prompt, Sent
from wsengine.cli.status import Status

from .test_wanted import wanted


def history_of(*lines: str) -> Sent:
    history = Sent(None)
    for line in lines:
        history.append_string(line)
    return history


def completed(history: History, typed: str) -> list[str]:
    event = CompleteEvent(completion_requested=True)
    found = FromHistory(history).get_completions(Document(typed), event)
    assert all(completion.start_position == -len(typed) for completion in found)
    return [completion.text for completion in found]


# Completion and history.


def test_what_was_sent_before_completes_a_line_the_latest_first() -> None:
    history = history_of("ping 1", "pong", "ping 2", "ping 1")
    assert completed(history, "ping") == ["ping 1", "ping 2"]
    assert completed(history, "ping 1") == []
    assert completed(history, "x") == []


def test_not_too_much_is_offered() -> None:
    history = history_of(*(f"line {number}" for number in range(2 * OFFERED)))
    assert len(completed(history, "line")) == OFFERED


def test_lines_go_to_the_file_and_come_from_it(tmp_path: Path) -> None:
    def never(error: OSError) -> None:
        raise AssertionError(error)

    file = HistoryFile(tmp_path / "history", never)
    first = Sent(file)
    first.append_string("one")
    first.append_string("two\nlines\n hidden")
    assert list(Sent(file).load_history_strings()) == ["lines", "two", "one"]
    assert list(Sent(None).load_history_strings()) == []


# Typing. Keys come from a pipe, which a loop with virtual time does not wait for.


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeInput]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


@asynccontextmanager
async def prompting(**given: Any) -> AsyncIterator[tuple[Lines, list[bool]]]:
    ends: list[bool] = []
    prompt = Prompt(wanted(**given), lambda: None, lambda error: None)
    lines = prompt.read(lambda: ends.append(True))
    async with asyncio.timeout(20), prompt.shown(Status("ws://x", lambda: None)):
        yield lines, ends


class Screen(DummyOutput):
    """Keeps the lines above the prompt."""

    def __init__(self) -> None:
        self.above = ""

    def write_raw(self, data: str) -> None:
        self.above += re.sub(r"\x1b\[[0-9;]*m", "", data)


def test_a_pasted_line_looks_like_a_typed_one(keys: PipeInput) -> None:
    screen = Screen()

    async def paste() -> None:
        async with prompting() as (lines, _):
            keys.send_text("\x1b[200~two\nthree\x1b[201~\r")
            await lines.next()
            await lines.next()

    with create_app_session(input=keys, output=screen):
        asyncio.run(paste())
    assert screen.above == "> two\n> three\n"


def test_typed_and_pasted_lines_come_one_by_one(keys: PipeInput) -> None:
    async def take() -> list[bytes | None]:
        async with prompting() as (lines, ends):
            keys.send_text("one\r")
            keys.send_text("\x1b[200~two\nthree\x1b[201~\r")
            taken = [await lines.next() for _ in range(3)]
            keys.send_text("\x04")
            taken.append(await lines.next())
            assert ends == [True]
        return taken

    assert asyncio.run(take()) == [b"one", b"two", b"three", None]


@pytest.mark.parametrize(("keeps", "kept"), [(True, "hello\n"), (False, None)])
def test_a_line_is_kept_unless_that_is_not_wanted(
    keys: PipeInput, tmp_path: Path, keeps: bool, kept: str | None
) -> None:
    async def say() -> None:
        async with prompting(history=keeps) as (lines, _):
            keys.send_text("hello\r")
            assert await lines.next() == b"hello"

    asyncio.run(say())
    path = tmp_path / "wsengine" / "history"
    assert (path.read_text() if path.exists() else None) == kept


def test_ctrl_d_deletes_while_something_is_typed(keys: PipeInput) -> None:
    async def take() -> bytes | None:
        async with prompting() as (lines, ends):
            keys.send_text("abX\x1b[D\x04\r")  # left, then delete
            line = await lines.next()
            assert ends == []
            return line

    assert asyncio.run(take()) == b"ab"


def test_ctrl_c_is_a_signal(keys: PipeInput, monkeypatch: pytest.MonkeyPatch) -> None:
    async def interrupt() -> list[int]:
        raised: list[int] = []
        came = asyncio.Event()

        def note(number: int) -> None:
            raised.append(number)
            came.set()

        monkeypatch.setattr(signal, "raise_signal", note)
        async with prompting():
            keys.send_text("abc\x03")
            await came.wait()
        return raised

    assert asyncio.run(interrupt()) == [signal.SIGINT]


def test_what_is_no_text_stays_as_it_was(keys: PipeInput) -> None:
    async def take() -> bytes | None:
        async with prompting() as (lines, _):
            keys.send_bytes(b"a\xff\r")
            return await lines.next()

    assert asyncio.run(take()) == b"a\xff"
