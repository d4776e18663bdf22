"""A close frame may come between the fragments of a message (RFC 6455 section 5.4)."""

from __future__ import annotations

import pytest

from wsengine import Close, ConnectionClosed, ConnectOptions
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode

from .conftest import ADAPTERS

DIRECT = ConnectOptions(proxy=None)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("payload", "close"),
    [
        (b"\x03\xe8bye", Close(1000, "bye")),
        (b"\x0f\xa1", Close(4001)),
        (b"", Close(1005)),
    ],
)
async def test_it_is_answered_and_the_part_is_not_delivered(
    adapter: str, payload: bytes, close: Close
) -> None:
    async with RawServer() as server:
        connection = await ADAPTERS[adapter]().connect(server.url(), DIRECT)
        peer = await server.next_peer()
        peer.text("whole")
        peer.send(Frame(Opcode.TEXT, b"a part", fin=False), Frame(Opcode.CLOSE, payload))
        assert await connection.receive() == "whole"
        with pytest.raises(ConnectionClosed) as caught:
            await connection.receive()
        answer = await peer.next_frame(Opcode.CLOSE)
        peer.hang_up()
        await connection.close(1000, "")
    assert caught.value.close == close
    assert answer.payload[:2] == payload[:2] or (not payload and answer.payload[:2] == b"\x03\xe8")
