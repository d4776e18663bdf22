"""What gowse does wrong between two dials; each docstring quotes what was measured there."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wsengine import ConnectError, Engine, EngineState, ReconnectPolicy, StateChange

from .conftest import MakeEngine
from .measuring import until
from .recorder import Recorder
from .rude import CLOSE, Peer, RudeServer, close_frame, refuse
from .servers import PoliteServer

pytestmark = pytest.mark.usefixtures("nothing_held")


@pytest.mark.one_adapter
async def test_documented_delays_are_the_real_ones(make_engine: MakeEngine) -> None:
    """gowse: "documented base^0, base^1, ...; real 0, base, base^2"."""

    changes: list[StateChange] = []
    policy = ReconnectPolicy(initial_delay=0.1, factor=2, max_delay=0.3, jitter=0)
    async with RudeServer(refuse) as server:
        engine = make_engine(server.url, Recorder(), retry_start=True, reconnect=policy)
        engine.watch(changes.append)
        starting = asyncio.create_task(engine.start())
        await until(lambda: len(server.peers) == 5)
        engine.exit()
        await asyncio.wait({starting})
        assert isinstance(starting.exception(), Exception)
    delays = [change.delay for change in changes if change.state is EngineState.WAITING]
    assert delays[:4] == pytest.approx([0.1, 0.2, 0.3, 0.3])
    gaps = [later - earlier for earlier, later in pairwise(server.dialled_at)]
    for gap, delay in zip(gaps, [0.1, 0.2, 0.3, 0.3], strict=True):
        assert gap >= delay - 0.01


@pytest.mark.one_adapter
async def test_fifty_clients_do_not_come_back_together(make_engine: MakeEngine) -> None:
    """gowse: "no jitter: 50 clients dial within 8-17 ms of each other"."""
    clients = 50
    async with PoliteServer() as server:
        policy = ReconnectPolicy(initial_delay=1.0)
        engines = [make_engine(server.url, Recorder(), reconnect=policy) for _ in range(clients)]
        await asyncio.gather(*(engine.start() for engine in engines))
        dropped_at = asyncio.get_running_loop().time()
        server.drop_all()
        await until(lambda: len(server.opened_at) == 2 * clients)
        came_back = sorted(moment - dropped_at for moment in server.opened_at[clients:])
        await asyncio.gather(*(engine.stop() for engine in engines))
    # Uniform over a second: the middle half of the clients covers about half of it.
    spread = came_back[3 * clients // 4] - came_back[clients // 4]
    assert spread > 0.15, f"half of the clients came back within {spread * 1000:.0f} ms"


async def _accept_and_close(peer: Peer) -> None:
    await peer.accept()
    await peer.send(CLOSE, close_frame(1001))
    await peer.read()


async def _accept_and_finish(peer: Peer) -> None:
    await peer.accept()


@pytest.mark.parametrize("behaviour", [_accept_and_close, _accept_and_finish])
async def test_server_accepts_and_closes_at_once(make_engine: MakeEngine, behaviour: Any) -> None:
    """gowse: "about 5,000 reconnects a second"."""
    policy = ReconnectPolicy(initial_delay=0.03, factor=2, jitter=0)
    async with (
        RudeServer(behaviour) as server,
        make_engine(server.url, Recorder(), reconnect=policy),
    ):
        await asyncio.sleep(0.6)
        dials = len(server.dialled_at)
        gaps = [later - earlier for earlier, later in pairwise(server.dialled_at)]
    assert 3 <= dials <= 5, "at 0, 0.03, 0.09, 0.21 and 0.45 s, or later"
    for gap, delay in zip(gaps, [0.03, 0.06, 0.12, 0.24], strict=False):
        assert gap >= delay - 0.01


class Unavailable:
    """Refuses handshakes with 503 and Retry-After, at given dials."""

    def __init__(self, *numbers: int) -> None:
        self.dialled_at: list[float] = []
        self._numbers = numbers

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        self.dialled_at.append(asyncio.get_running_loop().time())
        if len(self.dialled_at) not in self._numbers:
            return None
        response = connection.respond(503, "come back later\n")
        response.headers["Retry-After"] = "1"
        return response


def _check_unavailable(error: BaseException | None) -> None:
    assert isinstance(error, ConnectError)
    assert "refused the handshake with HTTP status 503" in str(error)
    assert error.status == 503
    assert error.headers["retry-after"] == "1"
    assert error.retry_after == 1


@pytest.mark.one_adapter
async def test_handshake_refused_with_503_and_retry_after(make_engine: MakeEngine) -> None:
    """gowse: "'bad handshake', status and header lost"."""
    unavailable = Unavailable(1, 3)
    endpoint = Recorder()
    async with PoliteServer(process_request=unavailable) as server:
        engine: Engine = make_engine(server.url, endpoint)
        with pytest.raises(Exception, match="HTTP status 503") as refused:
            await engine.start()
        _check_unavailable(refused.value.__cause__)
        async with engine:
            server.drop_all()
            await until(lambda: len(endpoint.sessions) == 2)
            (failure,) = endpoint.failures
            _check_unavailable(failure.error)
            assert failure.next_delay is not None
            assert failure.next_delay >= 1
    assert unavailable.dialled_at[3] - unavailable.dialled_at[2] >= 0.99
