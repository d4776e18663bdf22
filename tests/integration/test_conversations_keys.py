"""Messages of one key in order, those of different keys at the same time, on real connections."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import Close, Engine, Session

from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer
from .test_conversations import conversing

pytestmark = pytest.mark.usefixtures("nothing_held")


def key_of(message: Any) -> Any:
    """Return the key of a message, as the codec decoded it."""
    return message["key"]


class Saying:
    """A server that says its lines, sends requests back as replies, and may close at the end."""

    def __init__(self, *lines: dict[str, Any], then: Close | None = None) -> None:
        self._lines = lines
        self._then = then

    async def __call__(self, connection: ServerConnection) -> None:
        for line in self._lines:
            await connection.send(json.dumps(line))
        if self._then is not None:
            await connection.close(self._then.code, self._then.reason)
        async for text in connection:
            await connection.send(text)


def lines(text: str) -> list[dict[str, Any]]:
    """Return messages: "a1 b1" is number 1 of key "a", and number 1 of key "b"."""
    return [{"key": word[0], "n": int(word[1:])} for word in text.split()]


async def say(connection: ServerConnection, text: str) -> None:
    """Have the server say lines."""
    for line in lines(text):
        await connection.send(json.dumps(line))


class Keyed(Recorder):
    """Notes what starts, what ends, and what runs beside what."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[str] = []
        self.ended: list[str] = []
        self.running: list[str] = []
        self.wrong: list[str] = []
        self.most = 0
        self.gates: dict[str, asyncio.Event] = {}
        """Handlers of these messages wait for their event."""

    async def on_message(self, session: Session, message: Any) -> None:
        word = f"{message['key']}{message['n']}"
        beside = [other for other in self.running if other[0] == word[0]]
        if beside or self.closes:
            self.wrong.append(f"{word} beside {beside}, after {self.closes}")
        self.started.append(word)
        self.running.append(word)
        self.most = max(self.most, len(self.running))
        await self.handle(session, word)
        self.running.remove(word)
        self.ended.append(word)

    async def handle(self, session: Session, word: str) -> None:
        if word in self.gates:
            async with asyncio.timeout(PATIENCE):
                await self.gates[word].wait()
        else:
            await asyncio.sleep(random.Random(word).random() / 500)

    def of(self, key: str, words: list[str]) -> list[int]:
        return [int(word[1:]) for word in words if word[0] == key]


def keyed(url: str, endpoint: Any, adapter: str, **settings: Any) -> Engine:
    return conversing(url, endpoint, adapter, order_by=key_of, **settings)


async def test_a_burst_of_keys_is_handled_in_order_by_key(adapter: str) -> None:
    """The server closes behind it: all that came is still handled, before `on_close`."""
    chance = random.Random(3)
    counts = dict.fromkeys("abcde", 0)
    said = []
    for _ in range(400):
        key = chance.choice("abcde")
        counts[key] += 1
        said.append({"key": key, "n": counts[key]})
    endpoint = Keyed()
    server = PoliteServer(Saying(*said, then=Close(1000, "that was all")))
    async with server, keyed(server.url, endpoint, adapter, workers=3, reconnect=None):
        await until(lambda: endpoint.closes)
    assert endpoint.wrong == []
    assert len(endpoint.ended) == len(said)
    for key, count in counts.items():
        assert endpoint.of(key, endpoint.started) == list(range(1, count + 1))
        assert endpoint.of(key, endpoint.ended) == list(range(1, count + 1))
    assert endpoint.most == 3


async def test_a_busy_key_queues_and_the_others_go_on(adapter: str) -> None:
    endpoint = Keyed()
    endpoint.gates["a1"] = asyncio.Event()
    async with (
        PoliteServer(Saying(*lines("a1 a2 b1 a3 b2 c1 c2 b3"))) as server,
        keyed(server.url, endpoint, adapter, workers=2) as engine,
    ):
        await until(lambda: len(endpoint.ended) == 5)
        assert endpoint.started[0] == "a1"
        assert endpoint.running == ["a1"]
        assert endpoint.of("b", endpoint.ended) == [1, 2, 3]
        assert endpoint.of("c", endpoint.ended) == [1, 2]
        assert engine.session is not None
        stats = engine.session.stats()
        assert (stats.backlog_messages, stats.busy_workers) == (2, 1)
        endpoint.gates["a1"].set()
        await until(lambda: len(endpoint.ended) == 8)
    assert endpoint.of("a", endpoint.ended) == [1, 2, 3]
    assert endpoint.wrong == []


async def test_a_request_of_a_busy_key_gets_its_reply(adapter: str) -> None:
    """It has that key, and stands behind messages that wait for the handler that waits for it."""

    class Asking(Keyed):
        async def handle(self, session: Session, word: str) -> None:
            await session.request({"key": word[0], "n": 0}, timeout=PATIENCE)

    endpoint = Asking()
    settings = {"workers": 2, "backlog_messages": 2}
    async with (
        PoliteServer(Saying()) as server,
        keyed(server.url, endpoint, adapter, **settings) as engine,
    ):
        await asyncio.sleep(0.02)  # until a worker waits for a message: then another one reads on
        await say(server.connections[0], "a1")
        await until(lambda: len(endpoint.ended) == 1, timeout=PATIENCE / 2)
        await say(server.connections[0], "a2 a3 a4 a5 b1 b2")
        await until(lambda: len(endpoint.ended) == 7, timeout=PATIENCE / 2)
        assert engine.session is not None
        assert engine.session.stats().replies_unmatched == 0
    assert endpoint.of("a", endpoint.ended) == [1, 2, 3, 4, 5]
    assert endpoint.of("b", endpoint.ended) == [1, 2]
    assert endpoint.wrong == []


async def test_over_a_lost_connection_each_session_keeps_its_order(adapter: str) -> None:
    """A key that was busy in one session is free in the next; nothing that was read is lost."""
    endpoint = Keyed()
    endpoint.gates["a1"] = asyncio.Event()
    first, second = Saying(*lines("a1 a2 b1 a3")), Saying(*lines("a4 b2 a5"))
    async with (
        PoliteServer(first, second) as server,
        keyed(server.url, endpoint, adapter, workers=2) as engine,
    ):
        session = engine.session
        assert session is not None
        await until(lambda: session.stats().backlog_messages == 2)
        server.drop_all()
        await until(lambda: session.closed)
        endpoint.gates["a1"].set()
        await until(lambda: len(endpoint.ended) == 7)
    assert endpoint.of("a", endpoint.ended) == [1, 2, 3, 4, 5]
    assert endpoint.of("b", endpoint.ended) == [1, 2]
    assert [close.code for close in endpoint.closes] == [1006, 1001]
