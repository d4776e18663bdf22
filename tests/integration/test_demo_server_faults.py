"""Every fault of the demo server, with an engine against it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from wsengine import ConnectError, EngineState, ReconnectPolicy
from wsengine.servers.demo import DemoServer, Refusal

from .conftest import NEVER, MakeEngine
from .demo import ECHO, HANDSHAKE, SUBSCRIBE, Talker, connected
from .measuring import stopwatch, until

pytestmark = pytest.mark.usefixtures("nothing_held")

QUICK_PINGS = {"ping_interval": 0.05, "ping_timeout": 0.5}


@pytest.fixture
async def server(nothing_held: object) -> AsyncIterator[DemoServer]:
    async with asyncio.timeout(40), DemoServer(heartbeat=0.05) as server:
        yield server


# Handshakes.


async def test_a_refusal_is_honoured_with_its_retry_after(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker()
    async with make_engine(server.url, endpoint):
        server.faults.refuse = Refusal(429, retry_after=1, times=1)
        with stopwatch() as watch:
            server.interrupt()
            await until(lambda: len(endpoint.sessions) == 2)
    (failure,) = endpoint.failures
    assert isinstance(failure.error, ConnectError)
    assert (failure.error.status, failure.error.retry_after) == (429, 1.0)
    assert watch.seconds >= 1.0
    assert server.faults.refuse is None


async def test_a_refusal_without_times_lasts_until_it_is_taken_back(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    server.faults.refuse = Refusal(503)
    endpoint = Talker()
    engine = make_engine(server.url, endpoint, retry_start=True)
    starting = asyncio.create_task(engine.start())
    await until(lambda: len(endpoint.failures) >= 3)
    server.faults.reset()
    await starting
    assert engine.state is EngineState.OPEN
    assert all(
        isinstance(failure.error, ConnectError)
        and (failure.error.status, failure.error.retry_after) == (503, None)
        for failure in endpoint.failures
    )


async def test_accept_and_drop_backs_off(server: DemoServer, make_engine: MakeEngine) -> None:
    opened: list[float] = []

    class Opens(Talker):
        async def on_open(self, *args: object, **kwargs: object) -> None:
            opened.append(asyncio.get_running_loop().time())

    endpoint = Opens()
    policy = ReconnectPolicy(initial_delay=0.1, factor=2, max_delay=10, jitter=0, min_uptime=5)
    server.faults.drop_on_accept = True
    async with make_engine(server.url, endpoint, reconnect=policy):
        await until(lambda: len(endpoint.closes) >= 4)
        server.faults.reset()
        await until(lambda: len(opened) >= 5)
        await connected(server)
    assert [close.code for close in endpoint.closes[:4]] == [1006] * 4
    gaps = [later - earlier for earlier, later in pairwise(opened)]
    assert all(gap > 0.09 * 2**failures for failures, gap in enumerate(gaps))


# An open connection.


async def test_stop_reading_pushes_back_and_loses_nothing(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker(SUBSCRIBE)
    large = json.dumps({"type": "echo_request", "reqId": 1, "echo": "x" * 100_000, "err": True})
    async with make_engine(server.url, endpoint):
        await endpoint.hear_more("heartbeat")
        server.faults.stop_reading = True
        (client,) = server.clients
        before = client.received

        async def send_many() -> None:
            for _ in range(200):
                await endpoint.session.send(large)

        sending = asyncio.create_task(send_many())
        await endpoint.hear_more("heartbeat", 10)  # what is published is published all the same
        assert not sending.done()
        assert client.received <= before + 1
        server.faults.stop_reading = False
        await sending
        await until(lambda: len(endpoint.heard("echo_response")) == 200)
        assert client.received == before + 200
    assert [close.client_initiated for close in endpoint.closes] == [True]


async def test_keepalive_ends_a_session_whose_pings_are_ignored(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker(SUBSCRIBE)
    async with make_engine(server.url, endpoint, **QUICK_PINGS):
        await until(lambda: endpoint.session.stats().ping_round_trip is not None)
        server.faults.ignore_pings = True
        await until(lambda: endpoint.closes)
        assert endpoint.closes[0].code == 1006
        server.faults.reset()
        await until(lambda: endpoint.session.closed is None)
        await until(lambda: endpoint.session.stats().ping_round_trip is not None)


async def test_what_is_read_no_more_is_dead_for_keepalive(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker()
    async with make_engine(server.url, endpoint, reconnect=NEVER, **QUICK_PINGS):
        server.faults.stop_reading = True
        await until(lambda: endpoint.closes)
    assert endpoint.closes[0].code == 1006


async def test_a_delay_holds_answers_up_but_nothing_else(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker(SUBSCRIBE)
    async with make_engine(server.url, endpoint, ping_interval=0.05, ping_timeout=0.7):
        await endpoint.hear_more("heartbeat")
        server.faults.delay = 1.0
        before = len(endpoint.heard("heartbeat"))
        with stopwatch() as watch:
            for _ in range(3):  # the delays of requests do not add up
                await endpoint.session.send(ECHO)
            await endpoint.hear("echo_response", 3)
        assert 1.0 <= watch.seconds < 3.0
        assert len(endpoint.heard("heartbeat")) > before + 3
    assert [close.client_initiated for close in endpoint.closes] == [True]


@pytest.mark.one_adapter
async def test_a_delay_that_is_taken_back_is_over_at_once(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker(ECHO)
    server.faults.delay = 3600
    async with make_engine(server.url, endpoint):
        await until(lambda: server.clients[0].received == 1)
        assert endpoint.messages == []
        server.faults.delay = 0
        await until(lambda: endpoint.heard("echo_response"))


async def test_garbled_bytes_end_the_session_with_1002(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    endpoint = Talker(SUBSCRIBE)
    async with make_engine(server.url, endpoint):
        await endpoint.hear_more("heartbeat")
        assert server.garble() == 1
        await until(lambda: endpoint.closes)
        assert endpoint.closes[0].code == 1002
        await endpoint.hear_more("heartbeat")


async def test_a_flood_is_all_received(server: DemoServer, make_engine: MakeEngine) -> None:
    endpoint = Talker()
    async with make_engine(server.url, endpoint, **QUICK_PINGS):
        assert server.flood(3000, 1234) == 1
        await until(lambda: len(endpoint.messages) == 3000)
    assert [message["number"] for message in endpoint.heard("flood")] == list(range(1, 3001))
    assert {len(message) for message in endpoint.messages} == {1234}
    assert len(endpoint.closes) == 1


# Ends.


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1014, 3000, 4321])
async def test_close_with_a_code(server: DemoServer, make_engine: MakeEngine, code: int) -> None:
    endpoint = Talker()
    async with make_engine(server.url, endpoint, reconnect=NEVER):
        assert server.interrupt(code=code, reason="on demand") == 1
        await until(lambda: endpoint.closes)
        await connected(server, 0)
    (close,) = endpoint.closes
    assert (close.code, close.reason, close.client_initiated) == (code, "on demand", False)


@pytest.mark.parametrize("code", [0, 999, 1005, 1006, 1015, 2999, 5000, 65535])
async def test_close_with_a_code_that_must_not_be_sent(
    server: DemoServer, make_engine: MakeEngine, code: int
) -> None:
    endpoint = Talker()
    async with make_engine(server.url, endpoint, reconnect=NEVER):
        server.interrupt(code=code)
        await until(lambda: endpoint.closes)
        await connected(server, 0)
    assert endpoint.closes[0].code == 1002


async def test_an_abrupt_interruption_of_one_leaves_the_others(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    one, other = Talker(SUBSCRIBE), Talker(SUBSCRIBE)
    async with make_engine(server.url, one), make_engine(server.url, other):
        await connected(server, 2)
        assert server.interrupt(server.clients[0].id) == 1
        await until(lambda: one.closes)
        await connected(server, 2)
        await one.hear_more("heartbeat")
        await other.hear_more("heartbeat")
        assert other.closes == []
        assert one.closes[0].code == 1006
        assert server.interrupt("nobody") == 0
        assert server.interrupt() == 2
        await until(lambda: other.closes)


async def test_an_abrupt_interruption_is_a_reset(server: DemoServer) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    server.interrupt()
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionResetError):
        await writer.wait_closed()


# While a fault runs the rest goes on.


@pytest.mark.one_adapter
async def test_who_reads_nothing_holds_nobody_up(
    server: DemoServer, make_engine: MakeEngine
) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port, limit=1024)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    deaf = server.clients[0]
    endpoint = Talker(SUBSCRIBE)
    async with make_engine(server.url, endpoint):
        server.flood(1000, 100_000, deaf.id)
        await endpoint.hear_more("heartbeat", 5)
        assert deaf.sent < 1000
        with stopwatch() as watch:
            await server.stop()
        assert watch.seconds < 8
    assert server.clients == ()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@pytest.mark.one_adapter
@pytest.mark.parametrize("fault", ["stop_reading", "ignore_pings", "drop_on_accept"])
async def test_a_server_with_a_fault_stops_and_starts(
    server: DemoServer, make_engine: MakeEngine, fault: str
) -> None:
    endpoint, port = Talker(), server.port
    async with make_engine(server.url, endpoint):
        setattr(server.faults, fault, True)
        await server.stop()
        server.faults.reset()
        await server.start()
        assert server.port == port
        await connected(server)
