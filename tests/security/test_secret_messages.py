"""No content of a message reaches a log line at DEBUG, a span or a metric; of a ping neither."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from wsengine import ConnectOptions, Session
from wsengine.testing.greetings import upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode

from .test_secrets import ADAPTERS, CANARY, Watched, watched

__all__ = ["watched"]

SECRET = CANARY.encode()
LARGE = SECRET * 10_000
"""More than the adapters read at a time, or log of anything."""
LAST = "that was all"


async def tell_secrets(peer: Peer, *, deflate: bool) -> None:
    """Send secrets in every kind of frame, and read what the client has to tell."""
    await upgrade(deflate=deflate)(peer)
    if deflate:
        peer.send(peer.compressed(SECRET))
        peer.send(*(peer.compressed(content, Opcode.BINARY) for content in (SECRET, LARGE)))
    else:
        peer.text(CANARY)
        peer.binary(SECRET, LARGE)
    peer.send(
        Frame(Opcode.TEXT, SECRET, fin=False),
        Frame(Opcode.PING, SECRET),
        Frame(Opcode.CONTINUATION, SECRET),
        Frame(Opcode.PONG, SECRET),
    )
    for _ in range(3):
        assert CANARY in str(await peer.next_message())
    peer.text(LAST)
    await peer.answer_close()


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_messages_are_told_nowhere(watched: Watched, adapter: str, deflate: bool) -> None:
    received: list[Any] = []
    done = asyncio.Event()

    def on_message(session: Session, message: Any) -> None:
        received.append(message)
        if message == LAST:
            done.set()

    async def greet(peer: Peer) -> None:
        await tell_secrets(peer, deflate=deflate)

    options = ConnectOptions(proxy=None, compression="deflate" if deflate else None)
    async with RawServer(greet) as server:
        engine = watched.engine(server.url(), adapter, options)
        engine.endpoint.on_message = on_message
        await engine.start()
        for message in (CANARY, SECRET, LARGE):
            await engine.send(message)
        async with asyncio.timeout(10):
            await done.wait()
        watched.show(engine, engine.session)
        await engine.stop()
    assert received == [CANARY, SECRET, LARGE, CANARY * 2, LAST]
    assert server.faults == []
    watched.check()
    if adapter == "websockets":  # or nobody would have seen anything
        assert any("TEXT [" in line for line in watched.caplog.messages)


async def test_the_check_sees_what_the_library_would_log(watched: Watched) -> None:
    logging.getLogger("websockets.client").debug("< %s", f"TEXT '{CANARY}' [10 bytes]")
    with pytest.raises(AssertionError, match="a log line"):
        watched.check()
