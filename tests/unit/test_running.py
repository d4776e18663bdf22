from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
from pathlib import Path
from typing import Any

import pytest

import wsengine
from wsengine import (
    ConnectError,
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    EngineFailedError,
    EngineStartError,
    EngineState,
    Session,
)
from wsengine.testing import ScriptedAdapter
from wsengine.testing.script import Accept, Lose, Refuse

INSIDE_OF_A_LOOP = """
import asyncio, wsengine

async def main():
    try:
        wsengine.run(wsengine.Engine("ws://localhost:1", wsengine.Endpoint()))
    except RuntimeError as error:
        print(error)

asyncio.run(main())
"""


class Leaving(Endpoint):
    """Notes its event loop, and exits."""

    def __init__(self) -> None:
        self.loops: list[asyncio.AbstractEventLoop] = []

    def on_open(self, session: Session, *, restarting: bool) -> None:
        self.loops.append(asyncio.get_running_loop())
        session.exit()


def engine_with(endpoint: Endpoint, *script: Accept | Refuse) -> Engine:
    config = EngineConfig(reconnect=None)
    return Engine("ws://scripted", endpoint, adapter=ScriptedAdapter(script), config=config)


def test_it_runs_an_engine_to_its_end() -> None:
    endpoint = Leaving()
    engine = engine_with(endpoint)
    wsengine.run(engine)
    assert engine.state is EngineState.STOPPED
    assert [loop.is_closed() for loop in endpoint.loops] == [True]


def test_it_uses_uvloop_where_it_is_installed() -> None:
    uvloop = pytest.importorskip("uvloop")
    endpoint = Leaving()
    wsengine.run(engine_with(endpoint))
    assert isinstance(endpoint.loops[0], uvloop.Loop)


def test_any_uvloop_that_is_found_makes_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop() -> asyncio.AbstractEventLoop:
        made.append(asyncio.SelectorEventLoop())
        return made[-1]

    module = types.SimpleNamespace(new_event_loop=new_event_loop)
    monkeypatch.setitem(sys.modules, "uvloop", module)
    endpoint = Leaving()
    wsengine.run(engine_with(endpoint))
    assert endpoint.loops == made


def test_it_does_without_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)  # what Python does for "not installed"
    endpoint = Leaving()
    wsengine.run(engine_with(endpoint))
    assert isinstance(endpoint.loops[0], asyncio.SelectorEventLoop)


def test_it_raises_why_the_engine_could_not_start() -> None:
    with pytest.raises(EngineStartError, match="refused for the test"):
        wsengine.run(engine_with(Endpoint(), Refuse(ConnectError("refused for the test"))))


def test_it_raises_why_the_engine_stopped_by_itself() -> None:
    with pytest.raises(EngineFailedError, match="connection lost: 1006"):
        wsengine.run(engine_with(Endpoint(), Accept(Lose())))


def files(error: BaseException | None) -> list[str]:
    """Return the names of the files in an error's traceback."""
    assert error is not None
    return [Path(frame.filename).name for frame in traceback.extract_tb(error.__traceback__)]


class Broken(Endpoint):
    def on_open(self, session: Session, *, restarting: bool) -> None:
        self.look_up()

    def look_up(self) -> None:
        json.loads("{")


def test_what_it_raises_begins_with_the_users_own_code() -> None:
    with pytest.raises(EngineStartError) as raised:
        wsengine.run(engine_with(Broken()))
    assert files(raised.value) == ["test_running.py"]
    shown = files(raised.value.__cause__)
    assert shown[:2] == ["test_running.py", "test_running.py"]
    assert shown[-1] == "decoder.py", "what was called there stays"


def test_an_adapter_of_the_users_own_is_shown() -> None:
    class Mine(ScriptedAdapter):
        async def connect(self, url: str, options: ConnectOptions) -> Any:
            raise ConnectError("no") from ValueError("odd")

    engine = Engine("ws://scripted", Endpoint(), adapter=Mine())
    with pytest.raises(EngineStartError) as raised:
        wsengine.run(engine)
    assert files(raised.value.__cause__) == ["test_running.py"]


def test_a_program_that_does_more_is_shown_whole() -> None:
    with pytest.raises(EngineStartError) as raised:
        wsengine.run(engine_with(Endpoint(), Refuse(ConnectError("no"))).run())
    assert "supervisor.py" in files(raised.value)


@pytest.mark.parametrize("main", ["ws://x", None, Engine])
def test_what_cannot_be_run_is_told(main: Any) -> None:
    with pytest.raises(TypeError, match=r"^run\(\) wants an Engine, or a coroutine; not "):
        wsengine.run(main)


def test_inside_of_a_running_loop_it_says_what_to_do() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", INSIDE_OF_A_LOOP],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "await engine.run()" in ran.stdout
    assert not ran.stderr


def test_it_runs_a_program_that_does_more_than_run_an_engine() -> None:
    async def main() -> str:
        async with Engine("ws://scripted", Endpoint(), adapter=ScriptedAdapter()) as engine:
            return engine.state.value

    assert wsengine.run(main()) == "open"


def test_a_look_up_that_hangs_does_not_keep_it_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)  # it looks names up by itself
    go_on = threading.Event()

    def hang(*_args: Any, **_options: Any) -> Any:
        assert go_on.wait(10)
        raise socket.gaierror(-2, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    async def main() -> str:
        try:
            await asyncio.wait_for(asyncio.get_running_loop().getaddrinfo("s", 80), 0.01)
        except TimeoutError:
            return "too long"
        return "found"

    began = time.monotonic()
    assert wsengine.run(main()) == "too long"
    assert time.monotonic() - began < 5
    go_on.set()


async def test_a_program_is_not_run_inside_a_loop_either() -> None:
    async def main() -> None:
        pytest.fail("it ran")

    with pytest.raises(RuntimeError, match="an event loop is running here already"):
        wsengine.run(main())
