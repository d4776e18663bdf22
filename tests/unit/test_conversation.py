"""Messages as values, and replies apart."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import ConnectionClosed, DecodeError, JsonCodec, Session
from wsengine.conversation import Conversation, encoded
from wsengine.readers import MAX_READ_FAILURES
from wsengine.testing.script import Accept, Delay

from .tools import Notes, conversing, make, settle


def test_without_codec_and_correlator_nothing_is_around_on_message() -> None:
    def on_message(session: object, message: object) -> None:
        """Never called."""

    conversation = Conversation()
    assert conversation.handler(on_message, with_raw=False) is on_message
    assert conversation.sift is None
    assert encoded(conversation.codec, "text") == conversation.decode("text") == "text"


async def test_values_come_and_go() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, Accept('{"a": 1}', b"[2]"), codec=JsonCodec())
    async with engine:
        await settle()
        session = endpoint.sessions[0]
        await session.send({"b": 2})
        await engine.send("text")
        async with session.paused() as connection:
            await connection.send(None)
            adapter.connection.feed("[1]")
            assert await connection.receive() == [1]
        stats = session.stats()
    assert endpoint.messages == [{"a": 1}, [2]]
    assert adapter.connection.sent == ['{"b":2}', '"text"', "null"]
    assert (stats.messages_received, stats.bytes_received) == (3, 14)
    assert (stats.messages_sent, stats.bytes_sent) == (3, 17)


async def test_what_cannot_be_decoded_goes_to_on_read_error_and_the_session_lives() -> None:
    endpoint = Notes()
    bad = MAX_READ_FAILURES + 5
    engine, adapter = make(endpoint, Accept(*["{"] * bad, "7"), codec=JsonCodec())
    async with engine:
        await settle()
        errors = [note[1] for note in endpoint.named("on_read_error")]
        assert len(errors) == bad
        assert all(isinstance(error, DecodeError) and error.message == "{" for error in errors)
        assert errors[0].__cause__ is not None
        assert endpoint.messages == [7]
        assert endpoint.sessions[0].stats().read_errors == bad
        assert adapter.connection.closed is None


async def test_a_pilot_has_it_raised() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, codec=JsonCodec())
    async with engine, endpoint.sessions[0].paused() as connection:
        adapter.connection.feed("{", "1")
        with pytest.raises(DecodeError) as raised:
            await connection.receive()
        assert raised.value.message == "{"
        assert await connection.receive() == 1
    assert endpoint.messages == []


@pytest.mark.parametrize("error", [ValueError("odd"), asyncio.CancelledError()])
async def test_an_on_read_error_that_raises_is_named(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(session: Session, raised: Exception) -> None:
        raise error

    endpoint = Notes(on_read_error=fail)
    engine, _ = make(endpoint, Accept("{", "1"), codec=JsonCodec())
    async with engine:
        await settle()
        assert endpoint.messages == [1]
    assert "on_read_error raised" in caplog.text
    assert "on_message raised" not in caplog.text


async def test_a_value_that_cannot_be_encoded_is_not_sent() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, codec=JsonCodec())
    async with engine:
        with pytest.raises(TypeError):
            await endpoint.sessions[0].send(object())
        assert adapter.connection.sent == []


def test_a_codec_that_makes_no_message() -> None:
    class Broken:
        def encode(self, value: Any) -> Any:
            return value

        decode = encode

    with pytest.raises(TypeError, match=r"encode\(\) returned dict: it must return str"):
        encoded(Broken(), {})
    assert encoded(Broken(), b"x") == b"x"


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_handler_asks_and_gets_its_reply(workers: int) -> None:
    async def ask(session: Session, message: Any) -> None:
        if "go" in message:
            replies.append(await session.request({"op": message["go"]}))

    replies: list[Any] = []
    endpoint = Notes(on_message=ask)
    engine, adapter = conversing(endpoint, workers=workers)
    async with engine:
        adapter.connection.feed('{"go": "a"}', '{"x": 1}')
        await settle()
        assert adapter.connection.sent == ['{"op":"a","id":1}']
        adapter.connection.feed('{"x": 2}', '{"id": 1, "late": false}', '{"id": 1, "late": true}')
        await settle()
        assert replies == [{"id": 1, "late": False}]
        assert endpoint.messages == [{"go": "a"}, {"x": 1}, {"x": 2}, {"id": 1, "late": True}]
        stats = endpoint.sessions[0].stats()
        assert (stats.replies_unmatched, stats.requests_in_flight) == (1, 0)


async def test_on_open_asks_and_no_message_overtakes_it() -> None:
    async def ask(session: Session) -> None:
        async with asyncio.timeout(3):
            for number in range(2):
                reply = await session.request({"op": number})
                endpoint.notes.append(("reply", reply["id"]))
        await asyncio.sleep(1)
        endpoint.notes.append(("opened",))

    endpoint = Notes(on_open=ask)
    engine, adapter = conversing(
        endpoint,
        Accept("[1]", '{"id": 1}', Delay(0.5), "[2]", '{"id": 2}', "[3]"),
        workers=2,
    )
    async with engine:
        await settle()
        adapter.connection.feed("[4]")
        await settle()
    assert endpoint.notes[1:8] == [
        *[("reply", 1), ("reply", 2), ("opened",)],
        *[("on_message", [number]) for number in (1, 2, 3, 4)],
    ]


async def test_a_close_after_the_reply_leaves_what_was_read_in_on_open_to_on_message() -> None:
    async def ask(session: Session) -> None:
        await session.request({})
        await asyncio.sleep(1)

    endpoint = Notes(on_open=ask)
    engine, adapter = conversing(endpoint, Accept("[1]", '{"id": 1}', "[2]"), reconnect=None)
    starting = asyncio.create_task(engine.start())
    await settle()
    adapter.connection.close_by_server(1000)
    await starting
    await engine.wait_stopped()
    assert endpoint.messages == [[1], [2]]
    assert [note[0] for note in endpoint.notes].count("on_close") == 1


async def test_an_on_open_that_fails_after_a_request_leaves_nothing_running() -> None:
    async def ask(session: Session) -> None:
        await session.request({}, timeout=1)

    endpoint = Notes(on_open=ask)
    engine, _ = conversing(endpoint, Accept("[1]", "[2]"))
    before = asyncio.all_tasks()
    with pytest.raises(Exception, match="no reply to request 1 within 1 s"):
        await engine.start()
    assert asyncio.all_tasks() == before
    assert endpoint.messages == []
    assert endpoint.sessions[0].stats().messages_dropped == 2


async def test_a_close_fails_a_request_of_on_open_at_once() -> None:
    async def ask(session: Session) -> None:
        await session.request({}, timeout=60)

    endpoint = Notes(on_open=ask)
    engine, adapter = conversing(endpoint, open_timeout=100)
    starting = asyncio.create_task(engine.start())
    await settle()
    adapter.connection.close_by_server(4001)
    with pytest.raises(Exception, match="4001") as raised:
        await starting
    assert isinstance(raised.value.__cause__, ConnectionClosed)


async def test_replies_of_others_do_not_come_to_a_pilot() -> None:
    endpoint = Notes()
    engine, adapter = conversing(endpoint)
    async with engine:
        asked = asyncio.create_task(engine.request({"op": "x"}))
        await settle()
        async with endpoint.sessions[0].paused() as connection:
            adapter.connection.feed('{"id": 1}', "[1]")
            assert await connection.receive() == [1]
        assert await asked == {"id": 1}
    assert endpoint.messages == []


@pytest.mark.parametrize("before", [0, 7])
async def test_a_reply_behind_more_messages_than_the_backlog_holds(before: int) -> None:
    async def ask(session: Session, message: Any) -> None:
        if message == ["go"]:
            await asyncio.sleep(1)  # the backlog is full, and nobody reads
            replies.append(await session.request({}, timeout=2))

    replies: list[Any] = []
    endpoint = Notes(on_message=ask)
    engine, adapter = conversing(endpoint, backlog_messages=2)
    async with engine:
        adapter.connection.feed('["go"]', *[f"[{number}]" for number in range(before)])
        await asyncio.sleep(1.5)
        assert replies == []
        adapter.connection.feed("[100]", "[101]", "[102]", '{"id": 1}', "[103]")
        await settle()
        assert replies == [{"id": 1}]
        numbers = [*range(before), 100, 101, 102, 103]
        assert endpoint.messages == [["go"], *[[number] for number in numbers]]
