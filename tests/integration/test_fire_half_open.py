"""A server that is there and yet is not: its process stands still, its sockets stay open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wsengine import Close, EngineState

from .conftest import MakeEngine
from .measuring import stopwatch, until
from .recorder import Recorder
from .servers import PoliteServer, echo

pytestmark = [
    pytest.mark.usefixtures("nothing_held"),
    pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no SIGSTOP on this system"),
]

PING_INTERVAL, PING_TIMEOUT = 0.1, 0.4
SLACK = 2.0


class ChildServer:
    """A server in a child process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.url = process.stdout.readline().strip()
        self._pid = process.pid

    def stand_still(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self._pid, signal.SIGCONT)


@pytest.fixture
def child() -> Iterator[ChildServer]:
    command = [sys.executable, "-m", "tests.integration.child_server"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield ChildServer(process)
        finally:
            process.kill()  # also ends a process that stands still


async def test_a_half_open_connection_is_found_and_replaced(
    make_engine: MakeEngine, child: ChildServer
) -> None:
    endpoint = Recorder()
    urls = [child.url]
    async with (
        PoliteServer(echo) as second,
        make_engine(
            lambda: urls[-1], endpoint, ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT
        ),
    ):
        urls.append(second.url)
        child.stand_still()
        with stopwatch() as finding:
            await until(lambda: endpoint.closes)
        assert finding.seconds < PING_INTERVAL + PING_TIMEOUT + SLACK
        assert endpoint.closes == [Close(1006, "no pong within 0.4 s")]
        await until(lambda: len(endpoint.sessions) == 2)
        await endpoint.sessions[1].send("hello")
        await until(lambda: endpoint.messages == ["hello"])


@pytest.mark.one_adapter
async def test_a_server_that_goes_on_is_dialled_again(
    make_engine: MakeEngine, child: ChildServer
) -> None:
    endpoint = Recorder()
    async with make_engine(
        child.url,
        endpoint,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        open_timeout=0.5,
    ) as engine:
        child.stand_still()
        await until(lambda: endpoint.failures)  # TCP connects; nobody shakes hands
        assert "the dial did not end within 0.5 s" in str(endpoint.failures[0].error)
        child.go_on()
        await until(lambda: len(endpoint.sessions) == 2)
        await until(lambda: engine.state is EngineState.OPEN)
        await endpoint.sessions[1].send("hello")
        await until(lambda: endpoint.messages == ["hello"])
