"""Which frames the client lets through to the library; no socket is opened here."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from multidict import CIMultiDict
from picows import WSCloseCode, WSFrame, WSMsgType, WSProtocolError
from picows.websockets import Request, Response
from picows.websockets.asyncio.connection import _PerMessageDeflate

from wsengine.adapters.picows_client import MOST_FRAGMENTS, Client, _BoundedDeflate

CLOSE_TIMEOUT = 5.0


class Wire:
    """Stands for the library's transport."""

    def __init__(self) -> None:
        self.calls: list[object] = []
        self.close_handshake: object = None

    def send_close(self, code: WSCloseCode) -> None:
        self.calls.append(("close", int(cast("int", code))))

    def send_pong(self, payload: bytes) -> None:
        self.calls.append(("pong", payload))

    def disconnect(self, graceful: bool) -> None:
        self.calls.append("disconnect" if graceful else "abort")


class Library:
    """Stands for what the library does with a frame."""

    def __init__(self, error: Exception | None = None) -> None:
        self.heard: list[Any] = []
        self.error = error

    def __call__(self, client: Client, wire: Any, frame: Any) -> None:
        self.heard.append(frame)
        if self.error is not None:
            raise self.error


def make_client() -> tuple[Any, Wire]:
    client = Client(
        request=Request("/", CIMultiDict()),
        response=Response(101, "", CIMultiDict(), b""),
        subprotocol=None,
        permessage_deflate=None,
        ping_interval=None,
        ping_timeout=None,
        close_timeout=CLOSE_TIMEOUT,
        max_queue=16,
        write_limit=1024,
        max_message_size=None,
        max_frame_size=None,
        logger=None,
    )
    wire: Any = Wire()
    client.wire = wire
    return client, wire


def frame(kind: WSMsgType = WSMsgType.TEXT, payload: bytes = b"x", **bits: int) -> Any:
    code = int.from_bytes(payload[:2]) if len(payload) > 1 else 0
    return SimpleNamespace(
        msg_type=kind,
        payload_size=len(payload),
        get_payload_as_bytes=lambda: payload,
        get_close_code=lambda: code,
        **{"fin": 1, "rsv1": 0, "rsv2": 0, "rsv3": 0, "last_in_buffer": 0, "tail_size": 0, **bits},
    )


def close_frame(code: int | None, **bits: int) -> Any:
    return frame(WSMsgType.CLOSE, b"" if code is None else code.to_bytes(2), **bits)


def violation() -> WSProtocolError:
    return WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "odd")


# Data and pings.


async def test_a_good_frame_reaches_the_library() -> None:
    client, wire = make_client()
    library, data = Library(), frame()
    client.on_ws_frame(wire, data, library)
    assert library.heard == [data]


@pytest.mark.parametrize("bit", ["rsv2", "rsv3"])
@pytest.mark.parametrize("kind", [WSMsgType.TEXT, WSMsgType.CONTINUATION, WSMsgType.PONG])
async def test_a_reserved_bit_breaks_the_protocol(kind: WSMsgType, bit: str) -> None:
    client, wire = make_client()
    library = Library()
    with pytest.raises(WSProtocolError) as caught:
        client.on_ws_frame(wire, frame(kind, b"x", **{bit: 1}), library)
    assert caught.value.code == WSCloseCode.PROTOCOL_ERROR
    assert library.heard == []


async def test_a_ping_is_answered_with_its_payload() -> None:
    client, wire = make_client()
    client.on_ws_frame(wire, frame(WSMsgType.PING, b"hello"), Library(violation()))
    assert wire.calls == [("pong", b"hello")]


async def test_a_ping_with_a_reserved_bit_is_not_answered() -> None:
    client, wire = make_client()
    with pytest.raises(WSProtocolError):
        client.on_ws_frame(wire, frame(WSMsgType.PING, rsv1=1), Library(violation()))
    assert wire.calls == []


async def test_of_the_pings_that_came_while_writing_was_paused_the_latest_is_answered() -> None:
    client, wire = make_client()
    client.pause_writing()
    for number in range(1000):
        client.on_ws_frame(wire, frame(WSMsgType.PING, b"%d" % number), Library(violation()))
    assert wire.calls == []
    client.resume_writing()
    assert wire.calls == [("pong", b"999")]
    client.pause_writing()
    client.resume_writing()
    assert len(wire.calls) == 1


async def test_the_fragments_of_a_message_are_bounded() -> None:
    client, wire = make_client()
    library = Library()
    for _ in range(2):  # each message has the whole bound
        client.on_ws_frame(wire, frame(fin=0), library)
        for _ in range(MOST_FRAGMENTS - 1):
            client.on_ws_frame(wire, frame(WSMsgType.CONTINUATION, b"", fin=0), library)
        client.on_ws_frame(wire, frame(WSMsgType.PONG), library)  # is none of them
        client.on_ws_frame(wire, frame(WSMsgType.CONTINUATION, b""), library)
    client.on_ws_frame(wire, frame(fin=0), library)
    more = frame(WSMsgType.CONTINUATION, b"", fin=0)
    for _ in range(MOST_FRAGMENTS - 1):
        client.on_ws_frame(wire, more, library)
    with pytest.raises(WSProtocolError) as caught:
        client.on_ws_frame(wire, more, library)
    assert caught.value.code == WSCloseCode.MESSAGE_TOO_BIG
    assert client.ended


# The end.


async def test_nothing_is_heard_after_a_violation() -> None:
    client, wire = make_client()
    error, library = violation(), Library()
    with pytest.raises(WSProtocolError) as caught:
        client.on_ws_frame(wire, frame(), Library(error))
    assert caught.value is error
    wire.close_handshake = object()  # the library has sent its close frame
    client.on_ws_frame(wire, frame(), library)
    client.on_ws_frame(wire, close_frame(1000), library)
    assert library.heard == []


async def test_nothing_is_heard_after_a_close_frame_but_what_came_before_it() -> None:
    client, wire = make_client()
    library, before, last = Library(), frame(), close_frame(1000)
    wire.close_handshake = object()  # the parser is a frame ahead
    for each in (before, last, frame(), frame(WSMsgType.PING)):
        client.on_ws_frame(wire, each, library)
    assert library.heard == [before, last]
    assert wire.calls == []


async def test_a_close_frame_without_a_code_is_answered_with_1000() -> None:
    client, wire = make_client()
    wire.close_handshake = object()
    library = Library()
    client.on_ws_frame(wire, close_frame(None), library)
    assert wire.calls == [("close", 1000)]
    assert len(library.heard) == 1


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1011, 1014, 3000, 4999])
async def test_a_good_close_code_is_left_to_the_library(code: int) -> None:
    client, wire = make_client()
    wire.close_handshake = object()
    library = Library()
    client.on_ws_frame(wire, close_frame(code), library)
    assert wire.calls == []
    assert len(library.heard) == 1


@pytest.mark.parametrize("code", [0, 999, 1006, 5000, 65535])
async def test_a_close_code_that_must_not_be_sent_breaks_the_protocol(code: int) -> None:
    client, wire = make_client()
    wire.close_handshake = object()
    with pytest.raises(WSProtocolError) as caught:
        client.on_ws_frame(wire, close_frame(code), Library())
    assert caught.value.code == WSCloseCode.PROTOCOL_ERROR


async def test_a_close_frame_with_a_reserved_bit_breaks_the_protocol() -> None:
    client, wire = make_client()
    wire.close_handshake = object()
    with pytest.raises(WSProtocolError, match="reserved"):
        client.on_ws_frame(wire, close_frame(1000, rsv1=1), Library())


async def test_a_server_that_does_not_end_tcp_is_cut_off() -> None:
    client, wire = make_client()
    wire.close_handshake = object()
    client.on_ws_frame(wire, close_frame(1000), Library())
    await asyncio.sleep(CLOSE_TIMEOUT - 0.01)
    assert wire.calls == []
    await asyncio.sleep(0.02)
    assert wire.calls == ["abort"]


# Back-pressure.


async def test_drain_waits_while_writing_is_paused() -> None:
    client, _ = make_client()
    await client.drain()
    client.pause_writing()
    draining = asyncio.create_task(client.drain())
    await asyncio.sleep(3600)
    assert not draining.done()
    client.resume_writing()
    await draining


# Compression.


class Inflates:
    def decode_frame(self, frame: object, max_length: int) -> bytes:
        return b"%d left" % max_length

    def encode_frame(self, *arguments: object) -> object:
        return arguments


class Slices:
    def __init__(self) -> None:
        self.told: list[tuple[int, bool]] = []

    def inflated(self, size: int, *, fin: bool) -> None:
        self.told.append((size, fin))


@pytest.mark.parametrize("bounded", [True, False])
def test_a_message_that_is_full_has_no_room(bounded: bool) -> None:
    deflate = _BoundedDeflate(cast("_PerMessageDeflate", Inflates()), bounded=bounded)
    slices: Any = Slices()
    deflate.slices = slices
    any_frame = cast("WSFrame", frame())
    assert deflate.decode_frame(any_frame, 7) == b"7 left"
    least = b"1 left" if bounded else b"0 left"  # for the library 0 is: no bound
    assert deflate.decode_frame(any_frame, 0) == least
    assert slices.told == [(6, True), (6, True)]
    assert deflate.encode_frame(WSMsgType.TEXT, "x", True) == (WSMsgType.TEXT, "x", True)
