"""examples/demo_client.py against a demo server: as a program, and as a class."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from examples.demo_client import DemoClient, Error, Heartbeat

from tests.integration.measuring import until
from wsengine import (
    Endpoint,
    EngineConfig,
    EngineState,
    ReconnectPolicy,
    RequestFailed,
    RequestTimeoutError,
    Session,
)
from wsengine.servers.demo import DemoServer, Refusal

from .programs import ctrl_c, example, posix

SOON = ReconnectPolicy(initial_delay=0.05, factor=1, max_delay=0.05, jitter=0, min_uptime=0)


@dataclass
class Heard(Endpoint):
    """Keeps what is no reply."""

    heartbeats: list[Heartbeat] = field(default_factory=list)
    errors: list[Error] = field(default_factory=list)

    def on_message(self, session: Session, message: Any) -> None:
        if isinstance(message, Heartbeat):
            self.heartbeats.append(message)
        else:
            self.errors.append(message)


@pytest.fixture
async def server() -> AsyncIterator[DemoServer]:
    async with asyncio.timeout(50), DemoServer(heartbeat=0.05) as server:
        yield server


def client_of(server: DemoServer, heard: Heard) -> DemoClient:
    config = EngineConfig(reconnect=SOON, stop_timeout=1.0)
    return DemoClient(server.url, heard, config)


async def test_it_subscribes_and_has_echoes(server: DemoServer) -> None:
    heard = Heard()
    client = client_of(server, heard)
    async with client.engine:
        await client.subscribe()
        words = [f"word {number}" for number in range(20)]
        assert await asyncio.gather(*(client.echo(word) for word in words)) == words
        await until(lambda: len(heard.heartbeats) >= 2)
        one, two = heard.heartbeats[:2]
        assert 0 < one.uptime_seconds < two.uptime_seconds
        client.unsubscribe()
        await until(lambda: server.clients[0].subscribed == ())
    assert heard.errors == []


async def test_errors_are_raised(server: DemoServer) -> None:
    client = client_of(server, Heard())
    async with client.engine:
        with pytest.raises(RequestFailed) as asked:
            await client.echo("x", err=True)
        with pytest.raises(RequestFailed) as unknown:
            await client.subscribe("weather")
        client.unsubscribe("weather")
        server.faults.delay = 60.0
        with pytest.raises(RequestTimeoutError):
            await client.echo("x", timeout=0.2)
    assert asked.value.code == "ASKED_BY_CLIENT"
    assert asked.value.message == "the error that the client asked for"
    assert unknown.value.code == "TOPIC_NOT_FOUND"


@pytest.mark.parametrize("code", [None, 1012, 4000])
async def test_it_goes_on_after_an_interruption(server: DemoServer, code: int | None) -> None:
    heard = Heard()
    client = client_of(server, heard)
    async with client.engine:
        await client.subscribe()
        await until(lambda: heard.heartbeats)
        server.faults.refuse = Refusal(503, times=2)
        server.interrupt(code=code)
        await until(lambda: client.engine.state is EngineState.WAITING)
        assert await client.echo("meanwhile", timeout=20.0) == "meanwhile"
        before = len(heard.heartbeats)
        await until(lambda: len(heard.heartbeats) > before)
        assert server.clients[0].subscribed == ("heartbeat",)


@posix
async def test_the_program_goes_on_when_the_server_comes_back(server: DemoServer) -> None:
    async with example("demo_client.py", "--url", server.url, "hello", "fail") as program:
        await program.line("^open$")
        await program.line("^echo: hello$")
        await program.line("^heartbeat, up for ")
        await program.line("^refused: ASKED_BY_CLIENT$")
        await server.stop()
        await program.line("^closed: 1001 GOING_AWAY")
        await server.start()
        await program.line(r"^back after \d+\.\d s$")
        await program.line("^echo: hello$")
        await program.line("^heartbeat, up for ")
        await ctrl_c(program)
