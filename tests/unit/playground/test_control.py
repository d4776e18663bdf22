from __future__ import annotations

import json
from typing import Any
from unittest.mock import MagicMock

import pytest

from wsengine import ConfigError, EngineState, EngineStateError
from wsengine.playground.commands import COMMANDS, ENGINE_COMMANDS, SERVER_COMMANDS, parse
from wsengine.playground.control import carry_out, engine_actions, server_actions
from wsengine.playground.subject import Subject
from wsengine.servers.demo import DemoServer, Refusal

from ..tools import settle
from .stage import subject


async def do(server: DemoServer, sub: Subject | None, command: str, /, **values: Any) -> str | None:
    return await carry_out(parse(json.dumps({"command": command, **values})), server, sub)


class Crowded(DemoServer):
    """A server that has so many clients, without a network."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    @property
    def clients(self) -> Any:
        return [MagicMock() for _ in range(self._count)]


async def test_every_command_has_its_action() -> None:
    async with subject() as sub:
        assert set(engine_actions(sub)) == set(ENGINE_COMMANDS)
    assert set(server_actions(DemoServer())) == set(SERVER_COMMANDS)
    assert set(COMMANDS) == {*ENGINE_COMMANDS, *SERVER_COMMANDS}


async def test_faults_are_set_and_taken_away() -> None:
    server = DemoServer()
    await do(server, None, "refuse", status=429, retry_after=3, times=2)
    await do(server, None, "fault", name="ignore_pings", on=True)
    await do(server, None, "delay", seconds=1)
    faults = server.faults
    assert faults.refuse == Refusal(429, 3, 2)
    assert (faults.ignore_pings, faults.delay) == (True, 1.0)
    await do(server, None, "admit")
    assert faults.refuse is None


@pytest.mark.parametrize("running", [False, True])
async def test_healing_takes_faults_away_and_starts_the_server(
    monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    started = []

    async def start(server: DemoServer) -> None:
        if running:
            raise RuntimeError("the demo server is running already, on ws://here/")
        started.append(server)

    monkeypatch.setattr(DemoServer, "start", start)
    server = DemoServer()
    server.faults.ignore_pings = True
    assert await do(server, None, "reset") == "Everything is healed"
    assert server.faults.active == ()
    assert started == ([] if running else [server])


async def test_the_engine_obeys() -> None:
    server = DemoServer()
    async with subject() as sub:
        await do(server, sub, "rate", per_second=3)
        await do(server, sub, "work", seconds=0.25)
        assert (sub.settings.rate, sub.settings.work) == (3, 0.25)
        with pytest.raises(EngineStateError, match="restart"):
            await do(server, sub, "restart")
        await do(server, sub, "start")
        await settle()
        first = sub.session
        await do(server, sub, "restart")
        await settle()
        assert sub.session is not first
        await do(server, sub, "exit")
        await settle()
        assert sub.engine.state is EngineState.STOPPED
        await do(server, sub, "workers", count=7)
        assert sub.engine.config.workers == 7


async def test_without_an_engine_its_commands_are_refused() -> None:
    with pytest.raises(EngineStateError, match="wsengine playground"):
        await do(DemoServer(), None, "start")


async def test_a_server_that_does_not_run_cannot_be_stopped() -> None:
    with pytest.raises(EngineStateError, match="stopped already"):
        await do(DemoServer(), None, "server_stop")


async def test_a_server_that_is_being_started_is_not_started_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def start(server: DemoServer) -> None:
        raise RuntimeError("the demo server is running already, on ws://here/")

    monkeypatch.setattr(DemoServer, "start", start)
    with pytest.raises(EngineStateError, match="running already"):
        await do(DemoServer(), None, "server_start")


BREAKS: list[tuple[str, dict[str, Any], str]] = [
    ("interrupt", {}, "was cut off"),
    ("interrupt", {"code": 1012}, "was closed with 1012"),
    ("garble", {}, "was sent garbage"),
    ("flood", {"messages": 1000, "size": 128}, "is sent 1000 messages"),
]


@pytest.mark.parametrize(("command", "values", "done"), BREAKS)
async def test_whom_it_reached_is_said(command: str, values: dict[str, Any], done: str) -> None:
    many = done.replace("was", "were").replace("is", "are", 1)
    assert await do(Crowded(1), None, command, **values) == f"1 client {done}"
    assert await do(Crowded(2), None, command, **values) == f"2 clients {many}"
    with pytest.raises(EngineStateError, match=r"^Nobody is connected$"):
        await do(Crowded(0), None, command, **values)


async def test_a_close_may_have_any_code_and_no_reason_that_is_too_long() -> None:
    server = Crowded(1)
    for code in (0, 1005, 1006, 1015, 65535):
        await do(server, None, "interrupt", code=code)
    with pytest.raises(ConfigError, match="reason has 200 bytes"):
        await do(server, None, "interrupt", code=1006, reason="x" * 200)
