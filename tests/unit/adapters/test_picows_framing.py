"""However a stream is cut, the same is received as when the library parses every frame of it."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picows import WSCloseCode

from wsengine.adapters.picows_client import Client
from wsengine.adapters.picows_framing import LARGEST, MEMORY, MOST_MEMORY
from wsengine.adapters.picows_inbox import READ_AHEAD
from wsengine.testing.wire import Frame, Opcode, close_payload

from .picows_stage import BOUND, Careful, Stage


def run(coroutine: Any) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


SIZES = st.one_of(
    st.integers(0, 130),
    st.sampled_from([0, 125, 126, 127, 1000, LARGEST, LARGEST + 1, MEMORY, 65535, 65536, BOUND]),
)
DATA = st.sampled_from([Opcode.TEXT, Opcode.BINARY])
PLAIN = st.builds(lambda kind, size: [Frame(kind, b"x" * size)], DATA, SIZES)
RUN = st.builds(lambda kind, size, n: [Frame(kind, b"y" * size)] * n, DATA, SIZES, st.just(40))
PING = st.builds(lambda size: [Frame(Opcode.PING, b"p" * size)], st.integers(0, 125))
UNICODE = st.builds(lambda text: [Frame(Opcode.TEXT, text.encode())], st.text(max_size=80))
GARBLED = st.just([Frame(Opcode.TEXT, b"good"), Frame(Opcode.TEXT, b"\xff"), Frame(2, b"after")])
FRAGMENTED = st.builds(
    lambda kind, sizes, between: [
        Frame(kind, b"a", fin=False),
        *(part for size in sizes for part in (Frame(0, b"f" * size, fin=False), *between)),
        Frame(0, b"z"),
    ],
    DATA,
    st.lists(SIZES.filter(lambda size: size < 5000), max_size=20),
    PING,
)
GOOD = st.one_of(PLAIN, RUN, PING, UNICODE, FRAGMENTED)
ODD = st.sampled_from(
    [
        *([Frame(opcode, b"odd")] for opcode in (0, 3, 7, 11, 15)),
        *([Frame(kind, b"odd", masked=True)] for kind in (1, 9)),
        *([Frame(kind, b"odd", rsv1=True)] for kind in (1, 2, 8, 9)),
        *([Frame(8, close_payload(code, "why"))] for code in (1000, 1006, 4000, 5000)),
        [Frame(8)],
        [Frame(9, b"too long" * 20)],
        [Frame(9, fin=False)],
        [Frame(1, b"begun", fin=False), Frame(2, b"plain"), Frame(0, b"end")],
        [Frame(2, bytes(BOUND + 1))],
        [Frame(2, bytes(BOUND), fin=False), Frame(0, b"x")],
        [b"\x82\x7e\x00\x05short"],
        [b"\x82\x7f" + struct.pack("!Q", 5) + b"short"],
        [b"\xa2\x01x"],
        [b"\x92\x01x"],
    ]
)
SCENES = st.builds(
    lambda before, end: [*before, *end],
    st.lists(GOOD, max_size=8),
    st.one_of(
        st.just([]),
        st.tuples(ODD, GOOD),  # only one that is odd: with the handshake, the parser reads ahead
        st.tuples(GARBLED, PLAIN),  # no ping: to be heard or not is a matter of time
    ),
)
CUTS = st.lists(st.one_of(st.integers(1, 20), st.integers(1, 70_000)), min_size=1, max_size=20)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    found, place, number = [], 0, 0
    while place < len(data):
        step = max(cuts[number % len(cuts)], len(data) // 200)
        found.append(data[place : place + step])
        place, number = place + step, number + 1
    return found


PONG_ALONE = Frame(Opcode.PONG).encode()


@settings(deadline=None, max_examples=150)
@given(SCENES, CUTS | st.none(), st.booleans(), st.integers(0, 40))
def test_the_same_is_received_and_sent_however_the_stream_is_cut(
    scene: list[list[Any]], cuts: list[int] | None, at_once: bool, with_handshake: int
) -> None:
    frames = [f if isinstance(f, bytes) else f.encode() for part in scene for f in part]
    stream = b"".join(frames)
    first, rest = stream[:with_handshake], stream[with_handshake:]
    pieces = cut(rest, cuts) if cuts is not None else frames  # each frame for itself
    if cuts is None:
        first = b""
    lead = [] if first else [PONG_ALONE]  # tells it where frames begin

    async def whole() -> tuple[object, object]:
        return await Stage(Careful).play(lead + frames, at_once=at_once)

    async def in_pieces() -> tuple[object, object]:
        return await Stage(Client, first).play(lead + pieces, at_once=at_once)

    received, sent = run(in_pieces())
    assert received == run(whole())[0]
    # Otherwise the parser reads ahead, and may find an error before it hears a ping.
    if lead and max(map(len, frames), default=0) <= LARGEST:
        assert sent == run(whole())[1]


def plain(count: int, size: int = 50) -> bytes:
    return Frame(Opcode.BINARY, b"m" * size).encode() * count


async def aligned() -> Stage:
    """Return a stage whose framing knows where frames begin."""
    stage = Stage()
    stage.give(plain(1))
    assert len(await stage.client.recv()) == 50
    return stage


async def test_plain_frames_never_reach_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await aligned()
    monkeypatch.setattr(stage.client, "on_ws_frame", None)
    stage.give(plain(1000) + plain(1, LARGEST))
    assert stage.client.inbox is not None
    assert len(stage.client.inbox.ready) == 1001


async def test_what_nobody_receives_pushes_back() -> None:
    stage = await aligned()
    while not stage.transport.paused:
        stage.give(plain(100))
    inbox = stage.client.inbox
    assert inbox is not None
    count = len(inbox.ready)
    assert READ_AHEAD < count * 52 <= READ_AHEAD + 100 * 52
    for _ in range(count):
        assert stage.transport.paused
        await stage.client.recv()
    receiving = asyncio.create_task(stage.client.recv())
    await asyncio.sleep(1)
    assert not stage.transport.paused
    stage.give(plain(1))
    await receiving


async def test_headers_push_back_too_however_they_come() -> None:
    given: list[int] = []
    for at_a_time in (1, 10):
        stage = await aligned()
        count = 0
        while not stage.transport.paused:
            stage.give(plain(at_a_time, 1))
            count += at_a_time
        given.append(count)
    assert given == [pytest.approx(READ_AHEAD / 3, abs=12)] * 2


async def test_fragments_behind_plain_messages_are_read_on() -> None:
    stage = await aligned()
    while not stage.transport.paused:
        stage.give(plain(100))
    stage.give(Frame(Opcode.TEXT, b"begin, ", fin=False).encode())
    assert stage.client.inbox is not None
    for _ in range(len(stage.client.inbox.ready)):
        await stage.client.recv()
    receiving = asyncio.create_task(stage.client.recv())
    await asyncio.sleep(1)
    assert not stage.transport.paused
    stage.give(Frame(Opcode.CONTINUATION, b"end").encode())
    assert await receiving == "begin, end"


async def test_its_memory_grows_with_the_batches_up_to_a_bound() -> None:
    stage = await aligned()
    sizes = set()
    for _ in range(20):
        sizes.add(len(stage.transport.protocol.get_buffer(-1)))
        stage.give(bytes(2 * MOST_MEMORY).replace(b"\x00\x00", b"\x82\x00")[: max(sizes)])
    assert sizes == {MEMORY << n for n in range((MOST_MEMORY // MEMORY).bit_length())}


async def test_it_takes_over_again_after_a_large_message() -> None:
    stage = await aligned()
    stage.give(Frame(Opcode.BINARY, bytes(BOUND)).encode() + plain(1)[:1])
    stage.give(plain(1)[1:])
    assert stage.client.inbox is not None
    assert [len(await stage.client.recv()) for _ in range(2)] == [BOUND, 50]
    stage.give(plain(3))
    assert len(stage.client.inbox.ready) == 3


@pytest.mark.parametrize("closing", [False, True])
@pytest.mark.parametrize("odd", [Frame(3, b"?"), Frame(8, b"x"), Frame(1, b"x", masked=True)])
async def test_nothing_is_heard_after_what_the_parser_refuses(odd: Frame, closing: bool) -> None:
    stage = await aligned()
    if closing:
        stage.client.wire.send_close(WSCloseCode.OK)
    stage.give(plain(1) + odd.encode() + plain(1))
    stage.give(plain(1))
    stage.transport.protocol.connection_lost(None)
    await stage.client.wait_closed()
    messages, _ = await stage.receive_all()
    assert len(messages) == 1


@pytest.mark.parametrize("size", [112, 113, *range(200, 2000, 100)])  # the odd frame has 112
async def test_a_violation_behind_the_first_frame_that_came_in_pieces(size: int) -> None:
    stage = Stage()
    stage.give(b"\x89")
    stage.give(b"\x00\x04p" + b"a" * size)
    assert len(stage.transport.protocol.get_buffer(-1)) > 0  # else the event loop complains
    stage.transport.protocol.connection_lost(None)
    await stage.client.wait_closed()
    messages, close = await stage.receive_all()
    assert (messages, getattr(close, "code", None)) == ([], 1002)


async def test_a_message_between_fragments_breaks_the_protocol() -> None:
    stage = await aligned()
    stage.give(Frame(Opcode.TEXT, b"begun", fin=False).encode() + plain(1))
    stage.transport.protocol.connection_lost(None)
    await stage.client.wait_closed()
    messages, close = await stage.receive_all()
    assert (messages, getattr(close, "code", None)) == ([], 1002)
