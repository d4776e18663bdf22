"""Bursts over TLS that come faster than they are handled: what was decrypted is not forgotten."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import ConnectOptions, Endpoint, Session
from wsengine.message import Message
from wsengine.testing.certificates import Certificates
from wsengine.testing.greetings import upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Deflate, Frame, Opcode

from .conftest import MakeEngine
from .servers import PATIENCE

pytestmark = pytest.mark.usefixtures("nothing_held")

SIZE = 1000


class Slow(Endpoint):
    """Takes its time for the first message, and tells when all are there."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.all_there = asyncio.Event()
        self.first = True

    async def on_message(self, session: Session, message: Message) -> None:
        if self.first:
            self.first = False
            await asyncio.sleep(0.2)
        self.left -= 1
        if not self.left:
            self.all_there.set()


def frames(count: int, *, deflate: bool) -> bytes:
    compressor = Deflate()
    payloads = [bytes([number % 256]) * SIZE for number in range(count)]
    return b"".join(
        Frame(
            Opcode.BINARY, compressor.compress(payload) if deflate else payload, rsv1=deflate
        ).encode()
        for payload in payloads
    )


@pytest.mark.parametrize(("count", "deflate"), [(2000, True), (1500, False)])
async def test_a_burst_over_tls_is_read_to_its_end(
    make_engine: MakeEngine, count: int, deflate: bool
) -> None:
    """Nothing comes behind it, neither a message nor a pong, that would have it looked at."""

    async def burst(peer: Peer) -> None:
        await upgrade(deflate=deflate)(peer)
        await asyncio.sleep(0.05)  # not in one packet with the answer
        peer.write(frames(count, deflate=deflate))
        await peer.drain()
        await peer.answer_close()

    authority, endpoint = Certificates(), Slow(count)
    options = ConnectOptions(proxy=None, ssl=authority.client())
    async with (
        RawServer(burst, ssl=authority.server("127.0.0.1")) as server,
        make_engine(server.url(), endpoint, options=options, ping_interval=None),
        asyncio.timeout(PATIENCE),
    ):
        await endpoint.all_there.wait()
