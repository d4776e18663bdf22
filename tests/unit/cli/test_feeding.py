from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from wsengine import (
    ConnectError,
    Endpoint,
    Engine,
    EngineConfig,
    EngineState,
    ReconnectPolicy,
    Session,
)
from wsengine.cli.endings import Replies
from wsengine.cli.feeding import Feeder
from wsengine.cli.lines import Lines
from wsengine.cli.report import JsonReport
from wsengine.cli.sources import TextLines
from wsengine.message import Message
from wsengine.testing import Accept, Delay, Refuse, ScriptedAdapter
from wsengine.testing.script import Dial

POLICY = ReconnectPolicy(initial_delay=10, max_delay=10, jitter=0, min_uptime=0)
REFUSED = Refuse(ConnectError("refused"))


class Told(JsonReport):
    """Keeps the events as (name, data)."""

    def __init__(self) -> None:
        super().__init__(lambda line: None)
        self.events: list[tuple[str, Any]] = []

    def sent(self, message: Message) -> None:
        self.events.append(("sent", message))

    def held(self, message: Message) -> None:
        self.events.append(("held", message))

    def unsent(self, count: int, reason: str) -> None:
        self.events.append(("unsent", count))


class Counting(Endpoint):
    def __init__(self, replies: Replies) -> None:
        self.replies = replies
        self.came: list[Message] = []

    def on_message(self, session: Session, message: Message) -> None:
        self.came.append(message)
        self.replies.came(message)


class Feeding:
    """A feeder at work, with everything around it."""

    def __init__(self, *dials: Dial, linger: float = 1.0) -> None:
        self.adapter = ScriptedAdapter(dials)
        self.replies = Replies(linger)
        self.endpoint = Counting(self.replies)
        config = EngineConfig(reconnect=POLICY, retry_start=True, ping_interval=None)
        self.engine = Engine("ws://test", self.endpoint, adapter=self.adapter, config=config)
        self.lines = Lines()
        self.told = Told()
        self.feeder = Feeder(self.engine, TextLines(self.lines, self.told), self.told, self.replies)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        feeding = asyncio.create_task(self.feeder.run())
        running = asyncio.create_task(self.engine.run())
        try:
            yield
            await running
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})
            await self.engine.stop()

    @property
    def sent(self) -> list[Any]:
        return [message for made in self.adapter.connections for message in made.sent]


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_lines_are_sent_in_order_and_then_it_ends() -> None:
    feeding = Feeding(linger=3)
    async with feeding.running():
        feeding.lines.feed(b"one\ntwo\n")
        feeding.lines.feed(b"")
    assert feeding.sent == ["one", "two"]
    assert feeding.told.events == [("sent", "one"), ("sent", "two")]
    assert now() == pytest.approx(3, abs=0.1)
    assert feeding.feeder.unsent == 0


async def test_a_line_is_kept_until_there_is_a_connection_and_that_is_told() -> None:
    feeding = Feeding(REFUSED, REFUSED)
    async with feeding.running():
        await asyncio.sleep(1)
        feeding.lines.feed(b"early\n")
        feeding.lines.feed(b"")
        await asyncio.sleep(1)
        assert feeding.told.events == [("held", "early")]
        assert feeding.feeder.unsent == 1
    assert feeding.sent == ["early"]
    assert feeding.told.events == [("held", "early"), ("sent", "early")]


async def test_the_first_dial_is_no_reason_to_talk_of_keeping() -> None:
    feeding = Feeding(Accept(after=2))
    async with feeding.running():
        await asyncio.sleep(1)
        feeding.lines.feed(b"early\n")
        feeding.lines.feed(b"")
    assert feeding.told.events == [("sent", "early")]


async def test_a_line_that_waits_for_the_first_dial_is_told_of_when_that_fails() -> None:
    feeding = Feeding(Refuse(ConnectError("refused"), after=2))
    async with feeding.running():
        feeding.lines.feed(b"early\n")
        feeding.lines.feed(b"")
        await asyncio.sleep(1)
        assert feeding.told.events == []
        await asyncio.sleep(2)
        assert feeding.told.events == [("held", "early")]
    assert feeding.told.events == [("held", "early"), ("sent", "early")]


async def test_a_line_whose_sending_failed_is_sent_on_the_next_connection() -> None:
    feeding = Feeding()
    async with feeding.running():
        await asyncio.sleep(1)
        first = feeding.adapter.connection
        first.lose()
        feeding.lines.feed(b"while it breaks\n")
        feeding.lines.feed(b"")
        await asyncio.sleep(15)
        assert feeding.adapter.connection is not first
    assert first.sent == []
    assert feeding.told.events == [("held", "while it breaks"), ("sent", "while it breaks")]
    assert feeding.adapter.connection.sent == ["while it breaks"]


async def test_what_is_not_text_is_not_sent_and_that_is_told() -> None:
    feeding = Feeding()
    async with feeding.running():
        feeding.lines.feed(b"a\n\xff\xfe\nb\n")
        feeding.lines.feed(b"")
    assert feeding.sent == ["a", "b"]
    assert feeding.told.events == [("sent", "a"), ("unsent", 1), ("sent", "b")]


async def test_what_was_read_and_not_sent_is_known() -> None:
    feeding = Feeding(*20 * [REFUSED])
    async with feeding.running():
        feeding.lines.feed(b"one\ntwo\nthree\n")
        await asyncio.sleep(1)
        feeding.engine.exit()
    assert feeding.feeder.unsent == 3


async def test_a_slow_server_has_its_time() -> None:
    """Each reply comes within the linger, all of them take longer."""
    feeding = Feeding(linger=1)
    async with feeding.running():
        feeding.lines.feed(b"a\nb\nc\n")
        feeding.lines.feed(b"")
        for reply in ("A", "B", "C"):
            await asyncio.sleep(0.8)
            feeding.adapter.connection.feed(reply)
    assert feeding.endpoint.came == ["A", "B", "C"]
    assert now() == pytest.approx(3 * 0.8 + 1, abs=0.1)


async def test_a_server_that_talks_all_the_time_is_not_listened_to_for_ever() -> None:
    chatter = [step for n in range(100) for step in (Delay(0.3), f"tick {n}")]
    feeding = Feeding(Accept(*chatter), linger=1)
    async with feeding.running():
        feeding.lines.feed(b"subscribe\n")
        feeding.lines.feed(b"")
    assert now() == pytest.approx(0.3 + 1, abs=0.1)  # the first tick may be the reply


async def test_the_wait_begins_when_there_was_a_connection() -> None:
    feeding = Feeding(Accept(after=5), linger=1)
    async with feeding.running():
        feeding.lines.feed(b"")
    assert now() == pytest.approx(6, abs=0.1)


async def test_no_linger_ends_at_once() -> None:
    feeding = Feeding(linger=0)
    async with feeding.running():
        feeding.lines.feed(b"a\n")
        feeding.lines.feed(b"")
    assert feeding.sent == ["a"]
    assert now() == pytest.approx(0, abs=0.1)


async def test_an_endless_linger_waits_for_somebody_to_stop_it() -> None:
    feeding = Feeding(linger=math.inf)
    async with feeding.running():
        feeding.lines.feed(b"")
        await asyncio.sleep(100_000)
        assert feeding.engine.state is EngineState.OPEN
        feeding.engine.exit()
