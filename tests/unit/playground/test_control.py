from __future__ import annotations

import json
from typing import Any

import pytest

from wsengine import ConfigError, EngineState, EngineStateError
from wsengine.playground.commands import COMMANDS, ENGINE_COMMANDS, SERVER_COMMANDS, parse
from wsengine.playground.control import carry_out, engine_actions, server_actions
from wsengine.playground.subject import Subject
from wsengine.servers.demo import DemoServer, Refusal

from ..tools import settle
from .stage import subject


async def do(server: DemoServer, sub: Subject | None, command: str, /, **values: Any) -> None:
    await carry_out(parse(json.dumps({"command": command, **values})), server, sub)


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
    await do(server, None, "reset")
    assert faults.active == ()


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


async def test_a_close_may_have_any_code_and_no_reason_that_is_too_long() -> None:
    server = DemoServer()
    for code in (0, 1005, 1006, 1015, 65535):
        await do(server, None, "interrupt", code=code)
    with pytest.raises(ConfigError, match="reason has 200 bytes"):
        await do(server, None, "interrupt", code=1006, reason="x" * 200)
