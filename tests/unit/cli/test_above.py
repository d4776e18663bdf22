"""Text above a prompt; tests/integration/test_cli_prompt.py has a real terminal."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput

from wsengine.cli.above import PAUSE, Above


class Screen(DummyOutput):
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = ""
        self.failure: OSError | None = None

    def write_raw(self, data: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.written += data

    def fileno(self) -> int:
        return 7


class Stage:
    """A stream above an application that does not run, and what it wrote."""

    def __init__(self) -> None:
        self.screen = Screen()
        application: Application[Any] = Application(input=DummyInput(), output=self.screen)
        self.failures: list[OSError] = []
        self.above = Above(application, self.failures.append)

    @property
    def written(self) -> str:
        return self.screen.written


async def test_lines_are_collected_for_a_moment() -> None:
    stage = Stage()
    assert stage.above.write("one\n") == 4
    stage.above.write("two\n")
    stage.above.flush()
    assert stage.written == ""
    await asyncio.sleep(2 * PAUSE)
    assert stage.written == "one\ntwo\n"
    stage.above.write("three\n")
    await asyncio.sleep(2 * PAUSE)
    assert stage.written == "one\ntwo\nthree\n"


async def test_a_line_is_held_back_until_it_is_complete() -> None:
    stage = Stage()
    stage.above.write("one\ntw")
    stage.above.show()
    assert stage.written == "one\n"
    stage.above.write("o\n")
    stage.above.show()
    assert stage.written == "one\ntwo\n"


async def test_other_threads_may_write() -> None:
    stage = Stage()
    writer = threading.Thread(target=stage.above.write, args=("log\n",))
    writer.start()
    writer.join()
    await asyncio.sleep(2 * PAUSE)
    assert stage.written == "log\n"


async def test_a_terminal_that_has_gone_is_told_of() -> None:
    stage = Stage()
    stage.screen.failure = OSError(5, "Input/output error")
    stage.above.write("one\n")
    stage.above.show()
    assert stage.failures == [stage.screen.failure]


async def test_it_is_a_terminal() -> None:
    stage = Stage()
    assert stage.above.isatty()
    assert stage.above.encoding == "utf-8"
    assert stage.above.fileno() == 7
