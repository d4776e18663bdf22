"""Pausing: at once, losing nothing, from everywhere."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import ConfigError, ConnectionClosed, EngineStateError, JsonCodec, Session
from wsengine.pausing import Pilot
from wsengine.testing.script import Accept, ReadFails

from .tools import Notes, conversing, make, now, settle


async def test_a_pause_takes_effect_at_once_on_an_idle_connection() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        await settle()
        session = endpoint.sessions[0]
        before = now()
        async with session.paused() as connection:
            assert now() == before
            adapter.connection.feed("1", "2")
            assert await connection.receive() == "1"
            await settle()
            assert endpoint.messages == []
        await settle()
        assert endpoint.messages == ["2"]
        assert session.stats().messages_received == 2


async def test_what_was_read_ahead_comes_first() -> None:
    gate = asyncio.Event()
    endpoint = Notes(on_message=lambda session, message: gate.wait())
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.feed("busy", "1", "2", "3")
        await settle()
        async with endpoint.sessions[0].paused() as connection:
            adapter.connection.feed("4")
            assert [await connection.receive() for _ in range(2)] == ["1", "2"]
            gate.set()
            await settle()
            assert endpoint.messages == ["busy"]  # running handlers end, no new one starts
        await settle()
        assert endpoint.messages == ["busy", "3", "4"]


async def test_request_and_reply_inside_on_message_with_one_worker() -> None:
    replies: list[str | bytes] = []

    async def ask(session: Session, message: str) -> None:
        if message == "ask":
            async with session.paused() as connection:
                await connection.send("question")
                replies.append(await connection.receive())

    endpoint = Notes(on_message=ask)
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.feed("ask")
        await settle()
        assert adapter.connection.sent == ["question"]
        adapter.connection.feed("reply", "next")
        await settle()
        assert replies == ["reply"]
        assert endpoint.messages == ["ask", "next"]
        assert endpoint.sessions[0].stats().messages_sent == 1


async def test_inside_on_message_with_many_workers_no_other_handler_gets_the_reply() -> None:
    replies: list[str | bytes] = []

    async def ask(session: Session, message: str) -> None:
        await asyncio.sleep(0.1)  # the lead has passed on by now
        if message == "ask":
            async with session.paused() as connection:
                await connection.send("question")
                replies.append(await connection.receive())

    endpoint = Notes(on_message=ask)
    engine, adapter = make(endpoint, workers=4)
    async with engine:
        adapter.connection.feed("ask")
        await asyncio.sleep(0.2)
        adapter.connection.feed("reply")
        await settle()
        assert replies == ["reply"]


async def test_inside_on_open() -> None:
    async def login(session: Session) -> None:
        async with session.paused() as connection:
            await connection.send("password")
            assert await connection.receive() == "welcome"

    endpoint = Notes(on_open=login)
    engine, _ = make(endpoint, Accept("welcome", "first"))
    async with engine:
        await settle()
        assert endpoint.messages == ["first"]


async def test_inside_on_read_error_and_on_close() -> None:
    seen: list[str | bytes] = []

    async def pilot(session: Session, *_: object) -> None:
        async with session.paused() as connection:
            await connection.send("ask")
            seen.append(await connection.receive())

    endpoint = Notes(on_read_error=pilot, on_close=pilot)
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.fail_read(ValueError("odd"))
        adapter.connection.feed("1")
        await settle()
        assert seen == ["1"]
        adapter.connection.feed("2")
        await settle()
        assert endpoint.messages == ["2"]
        engine.exit()
        adapter.connection.feed("3")
        await settle()
    assert seen == ["1", "3"]


async def test_from_a_task_that_on_read_error_awaits() -> None:
    async def pilot(session: Session) -> None:
        async with session.paused() as connection:
            seen.append(await connection.receive())

    seen: list[str | bytes] = []
    waited = Notes(on_read_error=lambda session, error: asyncio.wait_for(pilot(session), 5))
    engine, _ = make(waited, Accept(ReadFails(ValueError()), "1", "2"))
    async with engine:
        await settle()
        assert seen == ["1"]
        assert waited.messages == ["2"]


async def test_pauses_take_turns() -> None:
    order: list[str] = []
    endpoint = Notes()
    engine, adapter = make(endpoint)

    async def pause(name: str) -> None:
        async with endpoint.sessions[0].paused() as connection:
            order.append(f"{name} has it")
            await asyncio.sleep(1)
            order.append(f"{name} got {await connection.receive()!s}")

    async with engine:
        await settle()
        pauses = asyncio.gather(pause("a"), pause("b"))
        await settle()
        adapter.connection.feed("1", "2", "3")
        await pauses
    assert order == ["a has it", "a got 1", "b has it", "b got 2"]


async def test_nested_by_one_task_is_a_clear_error() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint)
    async with engine, endpoint.sessions[0].paused():
        with pytest.raises(EngineStateError, match="paused the session already"):
            await endpoint.sessions[0].paused().__aenter__()


async def test_the_connection_is_of_no_use_after_the_block() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        pause = endpoint.sessions[0].paused()
        async with pause as connection:
            pass
        with pytest.raises(EngineStateError, match="the pause is over"):
            await connection.receive()
        with pytest.raises(EngineStateError, match="the pause is over"):
            await connection.send("x")
        with pytest.raises(EngineStateError, match="the pause is over"):
            await connection.ping()
        assert adapter.connection.sent == []
        with pytest.raises(EngineStateError, match="entered once"):
            await pause.__aenter__()


async def test_two_tasks_cannot_receive_at_once() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine, endpoint.sessions[0].paused() as connection:
        first = asyncio.create_task(connection.receive())
        await settle()
        with pytest.raises(EngineStateError, match="another task"):
            await connection.receive()
        adapter.connection.feed("1")
        assert await first == "1"


async def test_a_close_during_a_pause_is_raised_there_and_ends_the_session() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        async with endpoint.sessions[0].paused() as connection:
            adapter.connection.close_by_server(4001, "bye")
            with pytest.raises(ConnectionClosed) as caught:
                await connection.receive()
            assert caught.value.close.reason == "bye"
        await settle()
        assert endpoint.named("on_close") == [("on_close", 4001, "bye", False)]


@pytest.mark.parametrize("waiting", [True, False])
async def test_an_exit_during_a_pause_revokes_it(waiting: bool) -> None:
    endpoint = Notes()
    engine, _ = make(endpoint)

    async def pause() -> None:
        async with endpoint.sessions[0].paused() as connection:
            if not waiting:
                await asyncio.sleep(1)
            with pytest.raises(ConnectionClosed) as caught:
                await connection.receive()
            assert caught.value.close.client_initiated

    await engine.start()
    task = asyncio.create_task(pause())
    await settle()
    before = now()
    await engine.stop()
    assert now() == before
    await task


async def test_a_pause_that_waits_its_turn_ends_with_the_session() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        async with endpoint.sessions[0].paused():
            waiting = asyncio.create_task(endpoint.sessions[0].paused().__aenter__())
            await settle()
            adapter.connection.lose()
            engine.restart()
            with pytest.raises(ConnectionClosed):
                await waiting
        with pytest.raises(ConnectionClosed):
            async with endpoint.sessions[0].paused() as connection:
                await connection.receive()


async def test_cancelling_a_pause_that_waits_gives_up_its_turn() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        async with endpoint.sessions[0].paused():
            waiting = asyncio.create_task(endpoint.sessions[0].paused().__aenter__())
            await settle()
            waiting.cancel()
            await settle()
            assert waiting.cancelled()
        adapter.connection.feed("1")
        await settle()
        assert endpoint.messages == ["1"]


async def test_cancelling_a_receive_loses_nothing() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        async with endpoint.sessions[0].paused() as connection:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await connection.receive()
            adapter.connection.feed("1", "2")
            assert await connection.receive() == "1"
        await settle()
        assert endpoint.messages == ["2"]


async def test_a_pilot_can_ping_and_sees_the_handshake() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine, endpoint.sessions[0].paused() as connection:
        assert isinstance(connection, Pilot)
        assert await connection.ping() == 0.0
        assert connection.handshake.status == 101
        assert connection.native is adapter.connection
        with pytest.raises(TypeError, match="not dict"):
            await connection.send({})


@pytest.mark.parametrize("turns", range(4))
async def test_a_pause_cancelled_in_its_first_moments_harms_nobody(turns: int) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        await settle()
        pause = asyncio.create_task(endpoint.sessions[0].paused().__aenter__())
        await settle(turns)
        pause.cancel()
        await settle()
        adapter.connection.feed("1")
        await settle()
        if pause.cancelled():
            assert endpoint.messages == ["1"]
        assert endpoint.sessions[0].closed is None


async def test_a_pause_cancelled_as_its_turn_comes_harms_nobody() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        async with endpoint.sessions[0].paused():
            waiting = asyncio.create_task(endpoint.sessions[0].paused().__aenter__())
            await settle()
            waiting.cancel()
        adapter.connection.feed("1")
        await settle()
        assert endpoint.messages == ["1"]


# Putting back.


async def receive(connection: Pilot, count: int) -> list[str]:
    """Receive messages that are distinct objects."""
    return [await connection.receive() for _ in range(count)]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("backlog_messages", [0, 1, 1000])
async def test_what_is_put_back_comes_to_on_message_in_order(
    workers: int, backlog_messages: int
) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, workers=workers, backlog_messages=backlog_messages)
    async with engine:
        async with endpoint.sessions[0].paused() as connection:
            adapter.connection.feed("m-1", "m-2", "m-3", "m-4", "m-5", "m-6")
            first, _, third, fourth = await receive(connection, 4)
            for message in (fourth, first, third):
                connection.put_back(message)
            assert await connection.receive() == "m-5"  # not what was put back
        await settle()
        assert endpoint.messages == ["m-1", "m-3", "m-4", "m-6"]
        adapter.connection.feed("m-7")
        await settle()
        assert endpoint.messages[-1] == "m-7"


@pytest.mark.parametrize("order_by", [None, str])
async def test_what_is_put_back_is_handled_by_all_workers(order_by: Any) -> None:
    """The first handler suspends: nobody waits for the next message while these are there."""

    async def handle(session: Session, message: object) -> None:
        await asyncio.sleep(1)
        endpoint.notes.append(("handled", now()))

    endpoint = Notes(on_message=handle)
    engine, adapter = make(endpoint, workers=3, order_by=order_by)
    async with engine:
        async with endpoint.sessions[0].paused() as connection:
            adapter.connection.feed("m-1", "m-2", "m-3")
            for message in await receive(connection, 3):
                connection.put_back(message)
        await asyncio.sleep(1.5)
        assert [at for what, at in endpoint.notes if what == "handled"] == [1, 1, 1]


async def test_what_is_put_back_in_a_handler_waits_for_the_worker() -> None:
    async def handle(session: Session, message: object) -> None:
        if message == [1]:
            async with session.paused() as connection:
                connection.put_back(await connection.receive())
                assert await connection.receive() == [3]
            await asyncio.sleep(1)
            endpoint.notes.append(("handled", message))

    endpoint = Notes(on_message=handle)
    engine, _ = make(endpoint, Accept("[1]", "[2]", "[3]", "[4]"), codec=JsonCodec())
    async with engine:
        await asyncio.sleep(2)
    assert endpoint.notes[1:5] == [
        *[("on_message", [1]), ("handled", [1])],
        *[("on_message", [2]), ("on_message", [4])],
    ]


async def test_the_next_pause_receives_what_was_put_back() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        session = endpoint.sessions[0]
        other = session.paused()
        async with session.paused() as connection:
            entering = asyncio.create_task(other.__aenter__())
            adapter.connection.feed("m-1", "m-2")
            connection.put_back(await connection.receive())
            await settle()
        assert await receive(await entering, 2) == ["m-1", "m-2"]
        await other.__aexit__(None, None, None)
        assert endpoint.messages == []


async def test_a_cancelled_pause_keeps_what_was_put_back() -> None:
    async def pilot(session: Session) -> None:
        async with session.paused() as connection:
            connection.put_back(await connection.receive())
            await connection.receive()

    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        piloting = asyncio.create_task(pilot(endpoint.sessions[0]))
        await settle()
        adapter.connection.feed("m-1")
        await settle()
        assert endpoint.messages == []
        piloting.cancel()
        adapter.connection.feed("m-2")
        await settle()
        assert endpoint.messages == ["m-1", "m-2"]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("from_on_open", [False, True])
async def test_the_servers_close_leaves_what_was_put_back_to_on_message(
    workers: int, from_on_open: bool
) -> None:
    async def pilot(session: Session) -> None:
        async with session.paused() as connection:
            message = await connection.receive()
            connection.put_back(message)
            with pytest.raises(ConnectionClosed):
                await connection.receive()
            with pytest.raises(ConnectionClosed):
                connection.put_back(message)

    async def opened(session: Session) -> None:
        if from_on_open:
            tasks.append(asyncio.create_task(pilot(session)))
            await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    endpoint = Notes(on_open=opened)
    engine, adapter = make(endpoint, workers=workers, reconnect=None)
    await engine.start()
    if not from_on_open:
        tasks.append(asyncio.create_task(pilot(endpoint.sessions[0])))
    await settle()
    adapter.connection.feed("m-1")
    adapter.connection.close_by_server(1000)
    await engine.wait_stopped()
    await asyncio.gather(*tasks)
    assert [note[0] for note in endpoint.notes] == ["on_open", "on_message", "on_close"]


async def test_an_exit_drops_and_counts_what_was_put_back() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    await engine.start()
    async with endpoint.sessions[0].paused() as connection:
        adapter.connection.feed("m-1")
        connection.put_back(await connection.receive())
        await engine.stop()
    assert endpoint.messages == []
    assert endpoint.sessions[0].stats().messages_dropped == 1


async def test_only_what_was_received_in_this_pause_can_be_put_back() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        async with endpoint.sessions[0].paused() as connection:
            adapter.connection.feed("m-1")
            message = await connection.receive()
        with pytest.raises(EngineStateError, match="the pause is over"):
            connection.put_back(message)
        async with endpoint.sessions[0].paused() as connection:
            with pytest.raises(ConfigError, match="did not return in this pause"):
                connection.put_back(message)


async def test_in_on_close_there_is_nobody_to_put_back_for() -> None:
    async def closing(session: Session, close: object) -> None:
        async with session.paused() as connection:
            with pytest.raises(ConnectionClosed):
                connection.put_back("x")
            endpoint.notes.append(("refused",))

    endpoint = Notes(on_close=closing)
    engine, _ = make(endpoint)
    async with engine:
        await settle()
    assert endpoint.named("refused")


async def test_a_late_reply_that_a_pilot_receives_is_counted_once() -> None:
    endpoint = Notes()
    engine, adapter = conversing(endpoint)
    async with engine:
        session = endpoint.sessions[0]
        async with session.paused() as connection:
            adapter.connection.feed('{"id": 1}', '{"id": 2}', '{"push": 3}')
            late = await connection.receive()
            assert late == {"id": 1}
            assert session.stats().replies_unmatched == 1
            for _ in range(2):
                await connection.receive()
            assert session.stats().replies_unmatched == 2
            connection.put_back(late)
            assert session.stats().replies_unmatched == 1
        await settle()
        assert endpoint.messages == [{"id": 1}]
        assert session.stats().replies_unmatched == 2
