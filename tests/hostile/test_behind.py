"""More than a slow handler can take, each message within its bound: it waits with the server."""

from __future__ import annotations

from functools import partial

import pytest

from wsengine.testing.greetings import upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Deflate, Frame, Opcode

from .attack import BOUND, MIB, Victim
from .victim import ENOUGH

pytestmark = pytest.mark.asyncio(loop_scope="package")

KIB = 1024
SLOW = 2.0
"""Seconds that the first handler takes; for as long nobody receives more than the backlog holds."""


async def pour_all(peer: Peer, frames: list[bytes], *, deflate: bool, at_once: bool) -> None:
    """Send frames, each when the client has taken most of those before; then be a good server."""
    await upgrade(deflate=deflate, then=b"".join(frames) if at_once else b"")(peer)
    if not at_once:
        for frame in frames:
            peer.write(frame)
            await peer.drain()
    peer.text(ENOUGH)
    await peer.answer_close()


async def check_bounded(
    victim: Victim, server: RawServer, count: int, size: int, bound: int = BOUND
) -> None:
    """Run a slow engine; fail unless it got everything, and little of it at a time."""
    outcome = await victim.run(
        server,
        patience=40.0,
        slow=SLOW,
        options={"max_message_size": max(size, MIB)},
        config={"backlog_bytes": MIB, "reconnect": None, "ping_interval": None},
        reconnect=None,
    )
    assert outcome.failed is None
    assert outcome.messages == count + 1
    assert outcome.bytes == count * size + len(ENOUGH)
    assert outcome.grown < bound, f"{outcome.grown / MIB:.0f} MiB"
    outcome.check_nothing_left()


@pytest.mark.parametrize("at_once", [False, True], ids=["after", "with the answer"])
@pytest.mark.parametrize(("count", "size"), [(2000, 64 * KIB), (128, MIB)])
async def test_many_bombs(victim: Victim, count: int, size: int, at_once: bool) -> None:
    """What inflates to 128 MiB comes in one packet or a few: nothing pushes back before."""
    deflate = Deflate()
    bombs = [
        Frame(Opcode.BINARY, deflate.compress(bytes(size)), rsv1=True).encode()
        for _ in range(count)
    ]
    assert len(b"".join(bombs)) < 192 * KIB
    greet = partial(pour_all, frames=bombs, deflate=True, at_once=at_once)
    async with RawServer(greet) as server:
        await check_bounded(victim, server, count, size)


@pytest.mark.parametrize("fragments", [1, 4])
async def test_many_large_messages(victim: Victim, fragments: int) -> None:
    """A library that counts messages would keep 64 MiB of them; a few are always under way."""
    count, size = 24, 4 * MIB
    part = bytes(size // fragments)
    frames = []
    for number in range(fragments):
        opcode = Opcode.CONTINUATION if number else Opcode.BINARY
        frames.append(Frame(opcode, part, fin=number == fragments - 1).encode())
    greet = partial(pour_all, frames=frames * count, deflate=False, at_once=False)
    async with RawServer(greet) as server:
        await check_bounded(victim, server, count, size, bound=2 * BOUND)
