"""What mypy makes of programs that annotate: the examples, and small ones with mistakes in them."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.docs.reading import ROOT

from .programs import EXAMPLES

PLAIN_FUNCTIONS = """
from wsengine import Close, RestartFailure, SyncEndpoint, SyncEngine, SyncSession

class Overriding(SyncEndpoint):
    def on_open(self, session: SyncSession, *, restarting: bool) -> None:
        session.send("hello")
    def on_message(self, session: SyncSession, message: str) -> None:
        print(session.request(message))
    def on_read_error(self, session: SyncSession, error: Exception) -> None: ...
    def on_close(self, session: SyncSession, close: Close) -> Close | None: ...
    def on_close_error(self, session: SyncSession, error: Exception) -> None: ...
    def on_restart_error(self, engine: SyncEngine, failure: RestartFailure) -> None:
        engine.exit()

endpoint = SyncEndpoint()

@endpoint.on_open
def greet(session: SyncSession, *, restarting: bool) -> None:
    session.send("hello")

@endpoint.on_message
def show(session: SyncSession, message: str) -> None:
    print(message)

@endpoint.on_message(kind=bytes)
def answer(session: SyncSession, message: bytes) -> bytes:
    return message

@endpoint.on_restart_error
def give_up(engine: SyncEngine, failure: RestartFailure) -> None:
    engine.exit()

with SyncEngine("ws://example.com", Overriding()) as engine:
    engine.send("x", when_closed="queue")
    engine.drain(timeout=5)
answer(engine.session, b"")  # error: arg-type
"""

THE_WRONG_KIND = """
from wsengine import Endpoint, Session, SyncEndpoint, SyncSession

class One(SyncEndpoint):
    def on_message(self, session: Session, message: str) -> None: ...  # error: override

class Other(Endpoint):
    def on_message(self, session: SyncSession, message: str) -> None: ...  # error: override

endpoint = SyncEndpoint()

@endpoint.on_open  # error: call-overload
def opened(session: Session, *, restarting: bool) -> None: ...

@endpoint.on_message(kind=str)  # error: type-var
def came(session: Session, message: str) -> None: ...
"""


async def mypy(*paths: Path, cache: Path) -> list[tuple[int, str]]:
    """Return the line and the code of each error."""
    settings = ("--strict", "--config-file=", f"--cache-dir={cache}", "--hide-error-context")
    async with asyncio.timeout(50):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mypy", *settings, *map(str, paths)),
            stdout=PIPE,
            stderr=PIPE,
            cwd=ROOT,
        )
        try:
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert (process.returncode in (0, 1), errors.decode()) == (True, "")
    found = re.findall(r":(\d+): error: .*\[([\w-]+)\]$", output.decode(), re.MULTILINE)
    assert bool(found) == bool(process.returncode), output.decode()
    return [(int(line), code) for line, code in found]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for what mypy has found out about wsengine."""
    return tmp_path_factory.mktemp("mypy")


async def test_the_examples_are_typed(cache: Path) -> None:
    assert await mypy(*sorted(EXAMPLES.glob("*.py")), cache=cache) == []


@pytest.mark.parametrize("program", [PLAIN_FUNCTIONS, THE_WRONG_KIND])
async def test_mistakes_are_found_and_nothing_else(
    program: str, cache: Path, tmp_path: Path
) -> None:
    wanted = [
        (number, line.partition("# error: ")[2])
        for number, line in enumerate(program.splitlines(), 1)
        if "# error: " in line
    ]
    path = tmp_path / "program.py"
    path.write_text(program)
    assert await mypy(path, cache=cache) == wanted
    assert wanted
