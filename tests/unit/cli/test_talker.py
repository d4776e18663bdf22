from __future__ import annotations

import asyncio
import json
from typing import Any

from wsengine import ConnectError, Engine, EngineConfig, ReconnectPolicy
from wsengine.cli.endings import Replies
from wsengine.cli.report import JsonReport
from wsengine.cli.talker import Talker
from wsengine.message import Message
from wsengine.testing import Accept, CloseWith, Delay, ReadFails, Refuse, ScriptedAdapter
from wsengine.testing.script import Dial

POLICY = ReconnectPolicy(initial_delay=10, max_delay=10, jitter=0, min_uptime=0)


class Came(Replies):
    def __init__(self) -> None:
        super().__init__(0)
        self.messages: list[Message] = []

    def came(self, message: Message) -> None:
        self.messages.append(message)


class Talk:
    """A talker on a scripted network."""

    def __init__(self, *dials: Dial) -> None:
        self.lines: list[str] = []
        self.came = Came()
        self.talker = Talker(JsonReport(self.lines.append), self.came)
        config = EngineConfig(reconnect=POLICY, retry_start=True, ping_interval=None)
        adapter = ScriptedAdapter(dials)
        self.engine = Engine("ws://test", self.talker, adapter=adapter, config=config)

    @property
    def events(self) -> list[str]:
        told: list[dict[str, Any]] = [json.loads(line) for line in self.lines]
        return [event["event"] for event in told]


async def test_everything_is_reported() -> None:
    odd = ReadFails(ValueError("odd"))
    talk = Talk(Refuse(ConnectError("no")), Accept("one", odd, b"two", Delay(1), CloseWith(1012)))
    async with talk.engine:
        await asyncio.sleep(2)
    assert talk.events == ["dial_failed", "open", "message", "error", "message", "close"]
    assert talk.came.messages == ["one", b"two"]


async def test_how_it_was_left_is_known_until_it_is_open_again() -> None:
    talk = Talk(Accept(Delay(1), CloseWith(1000, "bye")), Refuse(ConnectError("no")), Accept())
    async with talk.engine:
        assert (talk.talker.left, talk.talker.failure) == (None, None)
        await asyncio.sleep(5)
        assert str(talk.talker.left) == "1000 NORMAL_CLOSURE (bye)"
        await asyncio.sleep(10)
        assert str(talk.talker.failure) == "no"
        await asyncio.sleep(10)
        assert (talk.talker.left, talk.talker.failure) == (None, None)
    assert talk.talker.left is None  # it was our own doing
