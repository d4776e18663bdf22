from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import WSMsgType

from wsengine.servers.demo_client import CLOSE_TIMEOUT, GARBAGE, READ_AHEAD

from .demo_stage import Stage, settle

SUBSCRIBE = {"type": "subscribe_request", "topic": "heartbeat"}
UNSUBSCRIBE = {"type": "unsubscribe_request", "topic": "heartbeat"}
ECHO = {"type": "echo_request", "echo": "hello"}


async def test_messages_are_answered_and_counted() -> None:
    stage = Stage()
    async with stage.serving():
        stage.socket.asks(**ECHO, reqId=1)
        stage.socket.comes(WSMsgType.BINARY, b"x")
        await settle()
    assert [reply["type"] for reply in stage.socket.replies] == ["echo_response", "error"]
    assert (stage.client.received, stage.client.sent) == (2, 2)


async def test_heartbeats_come_from_subscribe_to_unsubscribe() -> None:
    stage = Stage(interval=10.0)
    async with stage.serving():
        stage.socket.asks(**SUBSCRIBE)
        await asyncio.sleep(35)
        assert stage.client.subscribed == ("heartbeat",)
        stage.socket.asks(**UNSUBSCRIBE)
        await asyncio.sleep(100)
        assert stage.client.subscribed == ()
        stage.socket.asks(**SUBSCRIBE)
        await asyncio.sleep(15)
    kinds = [reply["type"].removesuffix("_response") for reply in stage.socket.replies]
    expected = ["subscribe", *["heartbeat"] * 3, "unsubscribe", "subscribe", "heartbeat"]
    assert kinds == expected
    beats = [reply["uptime_seconds"] for reply in stage.socket.replies if "timestamp" in reply]
    assert beats == pytest.approx([10, 20, 30, 145], abs=0.1)


async def test_a_second_subscribe_publishes_nothing_twice() -> None:
    stage = Stage(interval=10.0)
    async with stage.serving():
        stage.socket.asks(**SUBSCRIBE)
        stage.socket.asks(**SUBSCRIBE)
        await asyncio.sleep(15)
    assert [reply["type"] for reply in stage.socket.replies].count("heartbeat") == 1


async def test_pings_are_answered_unless_they_are_ignored() -> None:
    stage = Stage()
    async with stage.serving():
        stage.socket.comes(WSMsgType.PING, b"1")
        stage.socket.comes(WSMsgType.PONG, b"never asked for")
        await settle()
        stage.faults.ignore_pings = True
        stage.socket.comes(WSMsgType.PING, b"2")
        await settle()
        stage.faults.ignore_pings = False
        stage.socket.comes(WSMsgType.PING, b"3")
        await settle()
    assert stage.socket.pongs == [b"1", b"3"]


async def test_a_delay_is_counted_from_the_arrival_of_each_request() -> None:
    stage = Stage()
    stage.faults.delay = 5.0
    async with stage.serving():
        stage.socket.asks(**ECHO, reqId=1)
        await asyncio.sleep(2)
        stage.socket.asks(**ECHO, reqId=2)
        stage.socket.comes(WSMsgType.PING, b"now")
        await asyncio.sleep(2.9)
        assert (stage.socket.sent, stage.socket.pongs) == ([], [b"now"])
        await asyncio.sleep(0.2)
        assert [reply["reqId"] for reply in stage.socket.replies] == [1]
        await asyncio.sleep(2)
        assert [reply["reqId"] for reply in stage.socket.replies] == [1, 2]


async def test_a_delay_can_be_made_longer_and_shorter_while_it_lasts() -> None:
    stage = Stage()
    stage.faults.delay = 5.0
    async with stage.serving():
        stage.socket.asks(**ECHO)
        await asyncio.sleep(4)
        stage.faults.delay = 10.0
        await asyncio.sleep(5)
        assert stage.socket.sent == []
        stage.faults.delay = 0.0
        await settle()
        assert len(stage.socket.sent) == 1


async def test_reading_stops_and_goes_on() -> None:
    stage = Stage()
    async with stage.serving():
        await settle()
        stage.faults.stop_reading = True
        assert not stage.transport.reading
        stage.socket.asks(**ECHO)  # had arrived already: one is taken, the next one is not
        stage.socket.asks(**ECHO)
        await settle()
        assert stage.client.received == 1
        stage.faults.reset()
        assert stage.transport.reading
        await settle()
        assert stage.client.received == 2


async def test_a_client_that_comes_while_nothing_is_read() -> None:
    stage = Stage()
    stage.faults.stop_reading = True
    async with stage.serving():
        stage.socket.asks(**ECHO)
        await settle()
        assert not stage.transport.reading
        assert stage.client.received == 0


async def test_no_more_is_read_than_can_be_kept() -> None:
    stage = Stage()
    stage.faults.delay = 1000.0
    async with stage.serving():
        for _ in range(READ_AHEAD + 100):
            stage.socket.asks(**ECHO)
        await asyncio.sleep(1)
        assert stage.client.received == READ_AHEAD + 2  # one is being answered, one waits


async def test_a_close_frame_is_sent_once_and_serving_ends() -> None:
    stage = Stage()
    async with stage.serving() as serving:
        await settle()
        first, second = stage.client.close(4000, "bye"), stage.client.close(1001, "")
        assert first is second
        await serving
    assert stage.socket.closed == [(4000, b"bye")]


async def test_a_close_that_is_not_answered_ends_with_a_reset() -> None:
    stage = Stage()
    stage.socket.answers_close = False
    began = asyncio.get_running_loop().time()
    async with stage.serving() as serving:
        await settle()
        stage.client.close(1001, "")
        await serving
        assert stage.transport.aborted
    assert asyncio.get_running_loop().time() - began == pytest.approx(CLOSE_TIMEOUT, abs=0.1)


async def test_what_is_never_taken_is_dropped_at_the_end() -> None:
    stage = Stage()
    async with stage.serving() as serving:
        stage.transport.buffered = 100_000
        stage.socket.comes(WSMsgType.CLOSE, 1000)
        await serving
        assert stage.transport.aborted


async def test_what_is_on_its_way_has_time_to_arrive() -> None:
    stage = Stage()
    async with stage.serving() as serving:
        stage.transport.buffered = 100_000
        stage.socket.comes(WSMsgType.CLOSE, 1000)
        await asyncio.sleep(0.5)
        stage.transport.buffered = 0
        await serving
        assert not stage.transport.aborted


async def test_a_reset_ends_serving_whatever_it_waits_for() -> None:
    stage = Stage()
    stage.socket.room.clear()
    async with stage.serving() as serving:
        stage.socket.asks(**ECHO)
        stage.client.flood(5, 100)
        stage.faults.stop_reading = True
        await settle()
        stage.client.reset()
        await serving
    assert stage.transport.aborted
    assert stage.socket.sent == []


async def test_garbage_is_no_frame() -> None:
    stage = Stage()
    stage.client.garble()
    assert stage.transport.written == GARBAGE
    assert GARBAGE[0] & 0b0111_0000  # reserved bits
    assert GARBAGE[0] & 0b1111 > 10  # a reserved opcode
    stage.client.reset()
    stage.client.garble()
    assert stage.transport.written == GARBAGE


async def test_a_flood_leaves_room_for_others() -> None:
    stage = Stage()
    async with stage.serving():
        stage.client.flood(1000, 200)
        for _ in range(5):
            await asyncio.sleep(0)
        assert 0 < len(stage.socket.sent) < 1000
        await settle()
        assert len(stage.socket.sent) == 1000
        assert {len(text) for text in stage.socket.sent} == {200}


async def test_a_client_that_is_gone_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage()
    stage.socket.failure = ConnectionResetError("gone")
    with caplog.at_level(logging.INFO):
        async with stage.serving() as serving:
            stage.socket.asks(**ECHO)
            await serving
    assert caplog.records == []


async def test_a_defect_is_logged_and_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.socket.failure = ZeroDivisionError()
    async with stage.serving() as serving:
        stage.socket.asks(**ECHO)
        await serving
    (record,) = caplog.records
    assert record.getMessage() == "<Client 1> cannot be served any more"
    assert record.exc_info is not None
