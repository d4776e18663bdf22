"""Requests in flight, on one session."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Hashable
from typing import Any

import pytest

from wsengine import (
    Close,
    ConfigError,
    ConnectionClosed,
    JsonCorrelator,
    RequestFailed,
    RequestTimeoutError,
)
from wsengine.correlator import check_correlator
from wsengine.requests import Requests

from .tools import now, settle


class Wire:
    """Notes what is sent; may hold it up."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.free = asyncio.Event()
        self.free.set()

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await self.free.wait()


def requests(**settings: Any) -> Requests:
    return Requests(check_correlator(JsonCorrelator(error_field="error", **settings)))


async def test_a_reply_goes_to_the_request_with_its_id() -> None:
    waiting, wire = requests(), Wire()
    asked = [asyncio.create_task(waiting.request({"n": n}, 5, wire.send)) for n in range(3)]
    await settle()
    assert wire.sent == [{"n": 0, "id": 1}, {"n": 1, "id": 2}, {"n": 2, "id": 3}]
    assert len(waiting) == 3
    for number in (2, 3, 1):
        assert waiting.take({"id": number, "got": number})
    assert await asyncio.gather(*asked) == [{"id": n, "got": n} for n in (1, 2, 3)]
    assert (len(waiting), waiting.unmatched) == (0, 0)


async def test_what_is_no_reply_is_left_and_what_matches_nothing_is_counted() -> None:
    waiting = requests()
    assert not waiting.take({"price": 1})
    assert waiting.unmatched == 0
    assert not waiting.take({"id": 7}, ahead=True)
    assert waiting.unmatched == 0  # it comes once more
    assert not waiting.take({"id": 7})
    assert waiting.unmatched == 1


async def test_a_second_reply_is_a_message() -> None:
    waiting, wire = requests(), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    assert waiting.take({"id": 1, "first": True})
    assert not waiting.take({"id": 1, "first": False})
    assert (await asked)["first"] is True
    assert waiting.unmatched == 1


async def test_no_reply_in_time() -> None:
    waiting, wire = requests(), Wire()
    with pytest.raises(RequestTimeoutError, match=r"no reply to request 1 within 2\.5 s") as raised:
        await waiting.request({}, 2.5, wire.send)
    assert (raised.value.request_id, raised.value.age) == (1, 2.5)
    assert len(waiting) == 0
    assert not waiting.take({"id": 1})
    assert waiting.unmatched == 1


async def test_a_transport_that_blocks_is_within_the_timeout() -> None:
    waiting, wire = requests(), Wire()
    wire.free.clear()
    with pytest.raises(RequestTimeoutError):
        await waiting.request({}, 2, wire.send)
    assert now() == pytest.approx(2)


async def test_a_reply_that_came_while_the_transport_blocked_is_not_lost() -> None:
    waiting, wire = requests(), Wire()
    wire.free.clear()
    asked = asyncio.create_task(waiting.request({}, 2, wire.send))
    await settle()
    assert waiting.take({"id": 1})
    assert await asked == {"id": 1}


async def test_without_a_timeout_it_waits_on() -> None:
    waiting, wire = requests(), Wire()
    asked = asyncio.create_task(waiting.request({}, None, wire.send))
    await asyncio.sleep(10**6)
    assert waiting.take({"id": 1})
    assert await asked == {"id": 1}


async def test_an_error_is_raised() -> None:
    waiting, wire = requests(), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    assert waiting.take({"id": 1, "error": {"code": 404, "message": "no such op"}})
    with pytest.raises(RequestFailed, match="no such op") as raised:
        await asked
    assert raised.value.code == 404


async def test_a_correlator_may_say_what_a_good_reply_brings() -> None:
    waiting, wire = requests(result_field="got"), Wire()
    asked = [asyncio.create_task(waiting.request({}, 5, wire.send)) for _ in range(2)]
    await settle()
    assert waiting.take({"id": 1, "got": [5]})
    assert waiting.take({"id": 2, "error": "no", "got": 6})
    assert await asked[0] == [5]
    with pytest.raises(RequestFailed, match="no") as raised:
        await asked[1]
    assert raised.value.reply == {"id": 2, "error": "no", "got": 6}


async def test_what_the_correlator_raises_for_a_good_reply_is_raised() -> None:
    class Odd(JsonCorrelator):
        def result(self, message: Any, /) -> Any:
            return message["missing"]

    waiting, wire = Requests(check_correlator(Odd())), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    assert waiting.take({"id": 1})
    with pytest.raises(KeyError, match="missing"):
        await asked
    assert len(waiting) == 0


async def test_a_cancelled_request_is_forgotten() -> None:
    waiting, wire = requests(), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    asked.cancel()
    assert not waiting.take({"id": 1})  # even before it has noticed
    await settle()
    assert asked.cancelled()
    assert (len(waiting), waiting.unmatched) == (0, 1)


async def test_a_reply_that_comes_as_its_request_is_cancelled_is_counted_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waiting, wire = requests(), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    assert waiting.take({"id": 1})
    asked.cancel()
    await settle()
    assert asked.cancelled()
    assert waiting.unmatched == 1
    assert "the reply to request 1 is dropped" in caplog.text


@pytest.mark.parametrize("raised", [StopIteration("odd"), asyncio.CancelledError("odd")])
async def test_whatever_a_correlators_error_raises_fails_the_request(
    raised: BaseException,
) -> None:
    class Odd(JsonCorrelator):
        def error(self, message: Any, /) -> RequestFailed | None:
            raise raised

    waiting, wire = Requests(check_correlator(Odd())), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    assert waiting.take({"id": 1})
    with pytest.raises(RuntimeError, match=r"error\(\) raised .*odd") as failed:
        await asked
    assert failed.value.__cause__ is raised
    assert len(waiting) == 0


async def test_what_a_correlators_error_raises_is_freed_at_once() -> None:
    class Odd(JsonCorrelator):
        def error(self, message: Any, /) -> RequestFailed | None:
            error = RequestFailed(message)
            raised.append(weakref.ref(error))
            try:
                raise error
            finally:
                del error

    raised: list[weakref.ref[RequestFailed]] = []
    waiting = Requests(check_correlator(Odd()))
    asked = waiting.begin({}, 5)
    gc.disable()
    try:
        assert waiting.take({"id": 1})
        waiting.forget(asked)
        del asked
        assert raised[0]() is None
    finally:
        gc.enable()


async def test_a_request_whose_reply_ctrl_c_interrupts_keeps_its_time_out() -> None:
    class Interrupted(JsonCorrelator):
        def error(self, message: Any, /) -> RequestFailed | None:
            raise KeyboardInterrupt

    waiting, wire = Requests(check_correlator(Interrupted())), Wire()
    asked = asyncio.create_task(waiting.request({}, 5, wire.send))
    await settle()
    with pytest.raises(KeyboardInterrupt):
        waiting.take({"id": 1})
    with pytest.raises(RequestTimeoutError):
        await asked


async def test_a_correlator_that_raises_cancelled_error_is_no_cancellation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Odd(JsonCorrelator):
        def response_id(self, message: Any, /) -> Hashable | None:
            raise asyncio.CancelledError

    assert not Requests(check_correlator(Odd())).take({"id": 1})
    assert "the correlator failed" in caplog.text


@pytest.mark.parametrize("blocked", [False, True])
async def test_the_end_of_the_session_fails_all_at_once(blocked: bool) -> None:
    waiting, wire = requests(), Wire()
    if blocked:
        wire.free.clear()
    asked = [asyncio.create_task(waiting.request({}, 60, wire.send)) for _ in range(3)]
    await settle()
    waiting.end(Close(4001, "bye"))
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert now() == 0
    assert all(isinstance(error, ConnectionClosed) for error in results)
    assert len({id(error) for error in results}) == 3
    assert results[0].close == Close(4001, "bye")  # type: ignore[union-attr]
    with pytest.raises(ConnectionClosed, match="4001"):
        waiting.begin({}, None)


async def test_a_send_that_fails_leaves_nothing() -> None:
    waiting = requests()

    async def fail(message: Any) -> None:
        raise TimeoutError("the transport's own")

    with pytest.raises(TimeoutError, match="the transport's own"):
        await waiting.request({}, 5, fail)
    assert len(waiting) == 0


async def test_an_id_that_is_filled_in_is_none_of_the_users_own_in_flight() -> None:
    waiting, wire = requests(), Wire()
    own = [asyncio.create_task(waiting.request({"id": n}, 5, wire.send)) for n in (1, 2, 4)]
    await settle()
    filled = [asyncio.create_task(waiting.request({"n": n}, 5, wire.send)) for n in range(2)]
    await settle()
    assert [message["id"] for message in wire.sent] == [1, 2, 4, 3, 5]
    for number in range(1, 6):
        assert waiting.take({"id": number})
    await asyncio.gather(*own, *filled)


async def test_a_generator_that_repeats_itself_is_found_out() -> None:
    waiting, wire = requests(new_id=lambda: 7), Wire()
    first = asyncio.create_task(waiting.request({"n": 1}, 5, wire.send))
    await settle()
    with pytest.raises(ConfigError, match="request id 7: another request"):
        await waiting.request({"n": 2}, 5, wire.send)
    assert waiting.take({"id": 7})
    await first


async def test_ids_in_flight_differ() -> None:
    waiting, wire = requests(), Wire()
    asked = asyncio.create_task(waiting.request({"id": "mine"}, 5, wire.send))
    await settle()
    with pytest.raises(ConfigError, match="request id 'mine': another request"):
        await waiting.request({"id": "mine"}, 5, wire.send)
    assert len(waiting) == 1
    assert waiting.take({"id": "mine"})
    again = asyncio.create_task(waiting.request({"id": "mine"}, 5, wire.send))
    await settle()
    assert waiting.take({"id": "mine", "again": True})
    assert await asyncio.gather(asked, again) == [{"id": "mine"}, {"id": "mine", "again": True}]


class Odd:
    """A correlator of messages that are numbers; fails on others."""

    def request_id(self, message: Any) -> Hashable | None:
        return None if message == 0 else abs(message)

    def response_id(self, message: Any) -> Hashable | None:
        return self.request_id(message)

    def error(self, message: Any) -> Exception | None:
        if message < 0:
            raise LookupError("cannot tell")
        return None


async def test_a_message_without_an_id_is_for_send() -> None:
    with pytest.raises(ConfigError, match=r"of a int: the correlator finds no id .* use send\(\)"):
        Requests(check_correlator(Odd())).begin(0, None)


async def test_a_correlator_that_fails_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    waiting, wire = Requests(check_correlator(Odd())), Wire()
    with caplog.at_level(logging.ERROR):
        assert not waiting.take("text")
        assert not waiting.take("text")
    assert len(caplog.records) == 1
    assert "the correlator failed" in caplog.text
    asked = asyncio.create_task(waiting.request(5, 5, wire.send))
    await settle()
    assert waiting.take(-5)
    with pytest.raises(LookupError, match="cannot tell"):
        await asked


async def test_ten_thousand_in_flight() -> None:
    waiting, wire = requests(), Wire()
    asked = [asyncio.create_task(waiting.request({}, 60, wire.send)) for _ in range(10_000)]
    await settle()
    assert len(waiting) == 10_000
    for number in range(10_000, 0, -1):
        assert waiting.take({"id": number})
    replies = await asyncio.gather(*asked)
    assert [reply["id"] for reply in replies] == list(range(1, 10_001))
    assert len(waiting) == 0


async def test_an_error_that_is_no_exception_is_the_correlators_fault() -> None:
    class Careless(JsonCorrelator):
        def error(self, message: Any, /) -> Any:
            return message.get("error")

    waiting, wire = Requests(check_correlator(Careless())), Wire()
    asked = asyncio.create_task(waiting.request({}, None, wire.send))
    await settle()
    assert waiting.take({"id": 1, "error": "no"})
    with pytest.raises(TypeError, match=r"error\(\) returned str: it must return the exception"):
        await asked
    assert len(waiting) == 0
