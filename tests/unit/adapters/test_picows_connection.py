"""What a connection makes of the library's; no socket is opened here."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict
from picows.websockets import ConnectionClosed as LibraryConnectionClosed
from picows.websockets import ConnectionClosedError, ConnectionClosedOK

from wsengine import Close, ConnectionClosed
from wsengine.adapters.picows_connection import PicowsConnection


def frame(code: int, reason: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(code=code, reason=reason)


class Native:
    """Stands for the library's connection.

    Args:
        answer_after: Seconds after which the server ends the connection; `None` for never.
    """

    close_timeout = 5.0
    subprotocol = "v1"
    inbox: Any = None

    def __init__(self, answer_after: float | None) -> None:
        headers = CIMultiDict([("X-Node", "1"), ("x-node", "2")])
        self.response = SimpleNamespace(status_code=101, headers=headers)
        self.wire = self
        self.is_disconnected = False
        self.calls: list[object] = []
        self.pongs: list[asyncio.Future[float]] = []
        self.drained = asyncio.Event()
        self.end: LibraryConnectionClosed | None = None
        self._answer_after = answer_after
        self._gone = asyncio.Event()

    @property
    def writable(self) -> bool:
        return self.drained.is_set()

    async def recv(self) -> str:
        if self.end is not None:
            raise self.end
        return "message"

    async def send(self, message: object) -> None:
        if self.end is not None:
            raise self.end
        self.calls.append(message)

    async def drain(self) -> None:
        await self.drained.wait()

    async def ping(self) -> asyncio.Future[float]:
        if self.end is not None:
            raise self.end
        self.pongs.append(asyncio.get_running_loop().create_future())
        return self.pongs[-1]

    def send_close(self, code: int, reason: str) -> None:
        self.calls.append((code, reason))
        if self._answer_after is not None:
            asyncio.get_running_loop().call_later(self._answer_after, self._gone.set)

    def disconnect(self, *, graceful: bool) -> None:
        assert not graceful
        self.calls.append("cut off")
        self._gone.set()

    async def wait_closed(self) -> None:
        await self._gone.wait()


def connect(answer_after: float | None = None) -> tuple[PicowsConnection, Native]:
    native: Any = Native(answer_after)
    return PicowsConnection(native), native


def closed(received: Any, sent: Any, *, server_first: bool = False) -> LibraryConnectionClosed:
    both = received is not None and sent is not None
    return ConnectionClosedError(received, sent, server_first if both else None)


def translated(error: LibraryConnectionClosed) -> ConnectionClosed:
    connection = object.__new__(PicowsConnection)  # translate() needs no connection
    result = connection.translate(error)
    assert isinstance(result, ConnectionClosed)
    assert result.__cause__ is error
    return result


# The end of a connection.


@pytest.mark.parametrize(
    ("received", "sent", "server_first", "close"),
    [
        # The server closes, and the client echoes; 1000 answers a close frame without a code.
        (frame(1000, "bye"), frame(1000, "bye"), True, Close(1000, "bye")),
        (frame(4001, "no"), frame(4001, "no"), True, Close(4001, "no")),
        (frame(1002, "you erred"), frame(1002, "you erred"), True, Close(1002, "you erred")),
        (frame(0), frame(1000), True, Close(1005)),
        (frame(1012), None, False, Close(1012)),
        # The client closes, and the server answers, also with another code or none.
        (frame(1000), frame(1001, "x"), False, Close(1001, "x", client_initiated=True)),
        (frame(1001), frame(1001), False, Close(1001, client_initiated=True)),
        (frame(0), frame(4001), False, Close(4001, client_initiated=True)),
        # The server broke the protocol, so the client closes; an answer may never come.
        (None, frame(1002, "bad frame"), False, Close(1002, "bad frame", client_initiated=True)),
        (None, frame(1007), False, Close(1007, client_initiated=True)),
        (None, frame(1009, "too big"), False, Close(1009, "too big", client_initiated=True)),
        (frame(1009), frame(1009, "too big"), False, Close(1009, "too big", client_initiated=True)),
        # It broke the protocol with its close frame, or right before it.
        (frame(1006), frame(1002, "code"), True, Close(1002, "code", client_initiated=True)),
        (frame(1000), frame(1002), True, Close(1002, client_initiated=True)),
        # The client closed, and the server never answered: as good as lost.
        (None, frame(1000), False, Close(1006)),
        (None, frame(1001), False, Close(1006)),
        # Lost.
        (None, None, False, Close(1006)),
    ],
)
def test_the_first_of_the_two_close_frames_tells(
    received: Any, sent: Any, server_first: bool, close: Close
) -> None:
    assert translated(closed(received, sent, server_first=server_first)).close == close


def test_a_good_end_is_translated_as_well() -> None:
    assert translated(ConnectionClosedOK(frame(1000), frame(1000), True)).close == Close(1000)


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"", 0, 1, "odd"), ValueError()])
def test_any_other_error_is_no_end(error: Exception) -> None:
    assert object.__new__(PicowsConnection).translate(error) is error


async def test_every_call_after_the_end_tells_of_it() -> None:
    connection, native = connect()
    native.end = closed(frame(4001, "bye"), frame(4001, "bye"), server_first=True)
    for call in (connection.receive(), connection.send("x"), connection.ping()):
        with pytest.raises(ConnectionClosed) as caught:
            await call
        assert caught.value.close == Close(4001, "bye")
        assert caught.value.__cause__ is native.end


# An open connection.


async def test_it_shows_the_handshake_and_the_librarys_own_receive() -> None:
    connection, native = connect()
    assert connection.handshake.headers == {"x-node": "1, 2"}
    assert (connection.handshake.status, connection.handshake.subprotocol) == (101, "v1")
    assert connection.native is native
    assert connection.native_receive == native.recv
    assert await connection.receive() == "message"


async def test_one_send_waits_at_a_time() -> None:
    connection, native = connect()
    sendings = [asyncio.create_task(connection.send(text)) for text in "abc"]
    await asyncio.sleep(1)
    assert native.calls == ["a"]
    native.drained.set()
    await asyncio.gather(*sendings)
    assert native.calls == ["a", "b", "c"]


async def test_who_fills_the_transport_waits_and_nobody_overtakes_who_waits() -> None:
    connection, native = connect()
    native.drained.set()
    await connection.send("before")
    send = native.send

    async def fill(message: Any) -> None:
        await send(message)
        native.drained.clear()

    native.send = fill  # type: ignore[method-assign]  # on the object, as the library has it
    filling = asyncio.create_task(connection.send("a"))
    await asyncio.sleep(1)
    native.send = send  # type: ignore[method-assign]  # the same
    waiting = [asyncio.create_task(connection.send(text)) for text in "bc"]
    await asyncio.sleep(1)
    assert native.calls == ["before", "a"]
    assert not filling.done()
    native.drained.set()
    await asyncio.sleep(0)  # the turn of the second has come, but it has not run yet
    await connection.send("d")
    await asyncio.gather(filling, *waiting)
    assert native.calls == ["before", "a", "b", "c", "d"]


async def test_a_send_that_is_cancelled_as_its_turn_comes_passes_the_turn_on() -> None:
    connection, native = connect()
    sendings = [asyncio.create_task(connection.send(text)) for text in "abc"]
    await asyncio.sleep(1)
    native.drained.set()
    await asyncio.sleep(0)  # the first is done, and has woken the second
    sendings[1].cancel()
    await asyncio.wait(sendings)
    assert native.calls == ["a", "c"]


async def test_a_send_that_waited_until_the_connection_was_lost_did_not_go_well() -> None:
    connection, native = connect()
    sending = asyncio.create_task(connection.send("x"))
    await asyncio.sleep(1)
    native.end, native.is_disconnected = closed(None, None), True
    native.drained.set()
    with pytest.raises(ConnectionClosed) as caught:
        await sending
    assert caught.value.close == Close(1006)


# Pings.


async def test_a_pong_answers_its_ping_and_those_before_it() -> None:
    connection, native = connect()
    pings = [asyncio.create_task(connection.ping()) for _ in range(4)]
    await asyncio.sleep(1)
    native.pongs[2].set_result(0.25)
    assert await pings[2] == 0.25
    assert await pings[0] >= 0
    assert await pings[1] >= 0
    assert not pings[3].done()
    native.pongs[3].set_result(0.5)
    assert await pings[3] == 0.5
    assert not connection._pings


async def test_a_cancelled_ping_ends_no_other() -> None:
    connection, native = connect()
    pings = [asyncio.create_task(connection.ping()) for _ in range(3)]
    await asyncio.sleep(1)
    pings[1].cancel()
    await asyncio.wait({pings[1]})
    await asyncio.sleep(1)
    assert not pings[0].done()
    native.pongs[2].set_result(0.5)
    await asyncio.gather(pings[0], pings[2])
    assert not connection._pings


async def test_pings_end_with_the_connection() -> None:
    connection, native = connect()
    pings = [asyncio.create_task(connection.ping()) for _ in range(2)]
    await asyncio.sleep(1)
    for pong in native.pongs:
        pong.set_exception(closed(frame(1001), frame(1001), server_first=True))
    for ping in pings:
        with pytest.raises(ConnectionClosed) as caught:
            await ping
        assert caught.value.close == Close(1001)
    assert not connection._pings


# Closing.


async def test_close_sends_its_code_and_waits_for_the_end() -> None:
    connection, native = connect(answer_after=3.0)
    began = asyncio.get_running_loop().time()
    await connection.close(4001, "mine")
    assert native.calls == [(4001, "mine")]
    assert asyncio.get_running_loop().time() == began + 3.0


async def test_close_cuts_off_a_server_that_does_not_answer() -> None:
    connection, native = connect()
    began = asyncio.get_running_loop().time()
    await connection.close(1000, "")
    assert native.calls == [(1000, ""), "cut off"]
    assert asyncio.get_running_loop().time() == began + native.close_timeout


async def test_a_cancelled_close_cuts_off_at_once() -> None:
    connection, native = connect()
    closing = asyncio.create_task(connection.close(1000, ""))
    await asyncio.sleep(1)
    closing.cancel()
    await asyncio.wait({closing})
    assert closing.cancelled()
    assert native.calls == [(1000, ""), "cut off"]


async def test_close_of_what_is_lost_sends_nothing() -> None:
    connection, native = connect()
    native.is_disconnected = True
    native._gone.set()
    await connection.close(1000, "")
    assert native.calls == []
