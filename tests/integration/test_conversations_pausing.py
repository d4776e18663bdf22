"""What a pilot puts back, and what a session knows of the one before it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import ConfigError, ConnectionClosed, Gap, Session

from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer
from .test_conversations import conversing

pytestmark = pytest.mark.usefixtures("nothing_held")


async def chatter(connection: ServerConnection) -> None:
    """Send as many numbers as asked for, and answer what has an id."""
    number = 0
    async for text in connection:
        message = json.loads(text)
        for _ in range(message.get("say", 0)):
            number += 1
            await connection.send(json.dumps({"n": number}))
        if "id" in message:
            await connection.send(json.dumps({"id": message["id"]}))


@pytest.mark.parametrize("workers", [1, 4])
async def test_what_is_put_back_comes_in_the_order_of_arrival(adapter: str, workers: int) -> None:
    """In whatever order it is put back: before what came later, and without what was kept."""
    endpoint = Recorder()
    async with (
        PoliteServer(chatter) as server,
        conversing(server.url, endpoint, adapter, workers=workers) as engine,
    ):
        session = engine.session
        assert session is not None
        async with asyncio.timeout(PATIENCE), session.paused() as connection:
            await connection.send({"say": 8})
            received = [await connection.receive() for _ in range(6)]
            for place in (4, 0, 2, 5):
                connection.put_back(received[place])
            with pytest.raises(ConfigError, match="put back already"):
                connection.put_back(received[0])
            with pytest.raises(ConfigError, match="did not return in this pause"):
                connection.put_back({"n": 2})
            assert await connection.receive() == {"n": 7}  # not what was put back
            assert endpoint.messages == []
        await until(lambda: len(endpoint.messages) == 5)
        assert [message["n"] for message in endpoint.messages] == [1, 3, 5, 6, 8]

        async with asyncio.timeout(PATIENCE), session.paused() as connection:
            await connection.send({"say": 2})
            message = await connection.receive()
        with pytest.raises(Exception, match="pause is over"):
            connection.put_back(message)
        await until(lambda: len(endpoint.messages) == 6)
        assert endpoint.messages[-1] == {"n": 10}


async def test_put_back_in_two_pauses_and_with_a_request_beside_them(adapter: str) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(chatter) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        session = engine.session
        assert session is not None
        async with asyncio.timeout(PATIENCE), session.paused() as connection:
            asking = asyncio.create_task(session.request({"say": 3}, timeout=PATIENCE))
            received = [await connection.receive() for _ in range(3)]
            for message in reversed(received):
                connection.put_back(message)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await connection.receive()  # reads the reply, which is not its own
            assert await asking == {"id": 1}
            second = asyncio.create_task(another_pause(session))
            await asyncio.sleep(0)
        assert await second == [{"n": 1}, {"n": 2}]  # it comes before the handlers
        await until(lambda: len(endpoint.messages) == 2)
    assert [message["n"] for message in endpoint.messages] == [2, 3]


async def another_pause(session: Session) -> list[Any]:
    """Take two messages, and put the second one back."""
    async with asyncio.timeout(PATIENCE), session.paused() as connection:
        received = [await connection.receive() for _ in range(2)]
        connection.put_back(received[1])
        return received


async def test_what_was_put_back_is_handled_though_the_connection_is_lost(adapter: str) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(chatter) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        session = engine.session
        assert session is not None
        async with asyncio.timeout(PATIENCE), session.paused() as connection:
            await connection.send({"say": 3})
            received = [await connection.receive() for _ in range(3)]
            connection.put_back(received[2])
            connection.put_back(received[0])
            server.drop_all()
            with pytest.raises(ConnectionClosed):
                await connection.receive()
            with pytest.raises(ConnectionClosed):
                connection.put_back(received[1])
        await until(lambda: endpoint.closes)
    assert [message["n"] for message in endpoint.messages] == [1, 3]


async def test_the_gap_between_sessions(adapter: str) -> None:
    gaps: list[Gap | None] = []

    class Noting(Recorder):
        def on_open(self, session: Session, *, restarting: bool) -> None:
            assert restarting == (session.gap is not None)
            gaps.append(session.gap)
            session.attributes["cursor"] = len(gaps)
            super().on_open(session, restarting=restarting)

    endpoint = Noting()

    async def closes(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(4001, "be back soon")

    async with (
        PoliteServer(closes, chatter) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        await engine.send({})
        await until(lambda: len(gaps) == 2)
        server.drop_all()
        await until(lambda: len(gaps) == 3)
        engine.restart()
        await until(lambda: len(gaps) == 4)
        await engine.stop()
        await engine.start()
        assert engine.session is not None
        assert engine.session.gap is None
    assert (gaps[0], gaps[4]) == (None, None)
    found = [gap for gap in gaps if gap is not None]
    ends = [(gap.close.code, gap.close.client_initiated) for gap in found]
    assert ends == [(4001, False), (1006, False), (1001, True)]
    assert found[0].close.reason == "be back soon"
    assert [gap.attributes for gap in found] == [{"cursor": n} for n in (1, 2, 3)]
    assert [gap.session_id for gap in found] == [s.id for s in endpoint.sessions[:3]]
    assert all(0 <= gap.seconds < PATIENCE for gap in found)
    assert found[0].seconds >= 0.009  # the delay of the policy
