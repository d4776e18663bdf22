"""A real server's stream, spoilt: an adapter ends in bounded time, with a proper error.

What came untouched, and in whole, is delivered; nothing hangs; nothing is left behind; nothing is
raised that nobody catches.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.conftest import ADAPTERS
from wsengine import Adapter, Close, ConnectError, ConnectionClosed, ConnectOptions
from wsengine.message import Message

from .budget import examples
from .stream import SPOKEN, Change, Player, record

PATIENCE = 5.0
"""Seconds after which something hangs; each adapter gives a server half a second to hang up."""

MAX_SIZE = 100_000

KINDS = ["insert", "replace", "delete", "double", "flip", "truncate"]
"""Of changes."""

_HEADERS = [b"\x81\x00", b"\x88\x00", b"\x88\x02\x03\xe8", b"\x89\x00", b"\x8a\x00", b"\x01\x00"]
_HEADERS += [b"\x80\x00", b"\x82\x7f" + b"\xff" * 8, b"\xc1\x00", b"\x81\x80\0\0\0\0", b"\r\n\r\n"]

changes = st.builds(
    Change,
    kind=st.sampled_from(KINDS),
    # The long message takes most of the stream: most changes are to hit something else.
    place=st.one_of(st.integers(0, 800), st.integers(0, 80_000), st.integers(70_500, 71_500)),
    size=st.one_of(st.integers(1, 4), st.integers(1, 2000)),
    data=st.one_of(st.binary(max_size=8), st.sampled_from(_HEADERS)),
)
cuts = st.lists(st.one_of(st.integers(0, 800), st.integers(0, 80_000)), max_size=12)


class Stage:
    """A player and an adapter on an event loop, for one example after the other.

    Args:
        adapter: The name of the adapter.
        compressed: Whether compression is agreed on.
    """

    def __init__(self, adapter: str, *, compressed: bool) -> None:
        self.loop = asyncio.new_event_loop()
        self.troubles: list[str] = []
        self.loop.set_exception_handler(lambda _, told: self.troubles.append(str(told)))
        module = importlib.import_module(f"wsengine.adapters.{adapter}")
        self._adapter: Adapter = getattr(module, f"{adapter.title()}Adapter")(close_timeout=0.5)
        self._options = ConnectOptions(
            proxy=None,
            compression="deflate" if compressed else None,
            max_message_size=MAX_SIZE,
        )
        stream = self.loop.run_until_complete(record(compressed=compressed))
        self.player = Player(stream)
        self._listening = self.player.listening()
        self._url = self.loop.run_until_complete(self._listening.__aenter__())
        self.ends = ends_of_messages(stream)

    def close(self) -> None:
        """Stop listening."""
        self.loop.run_until_complete(self._listening.__aexit__(None, None, None))
        self.loop.close()

    def play(self, spoilt: list[Change], cut: list[int]) -> tuple[list[Message], Close | None]:
        """Return the messages that came, and the end; `None` if there was no connection."""
        self.player.prepare(spoilt, cut)
        return self.loop.run_until_complete(self._play())

    async def _play(self) -> tuple[list[Message], Close | None]:
        before = asyncio.all_tasks()
        self.troubles.clear()
        async with asyncio.timeout(PATIENCE):
            result = await self._dial()
            await self.player.idle()
        for _ in range(50):  # the server's side ends a turn later
            if asyncio.all_tasks() <= before:
                break
            await asyncio.sleep(0.002)
        assert asyncio.all_tasks() <= before
        assert self.troubles == []
        return result

    async def _dial(self) -> tuple[list[Message], Close | None]:
        received: list[Message] = []
        try:
            connection = await self._adapter.connect(self._url, self._options)
        except ConnectError as error:
            assert len(str(error)) < 10_000
            return received, None
        try:
            while True:
                received.append(await connection.receive())
        except ConnectionClosed as closed:
            return received, closed.close
        finally:
            await connection.close(1000, "")


def ends_of_messages(stream: bytes) -> list[int]:
    """Return where each message of a stream ends."""
    ends, at = [], stream.index(b"\r\n\r\n") + 4
    while at < len(stream):
        first, size, at = stream[at], stream[at + 1], at + 2
        width = {126: 2, 127: 8}.get(size, 0)
        if width:
            size = int.from_bytes(stream[at : at + width])
        at += width + size
        if first & 0x80 and first & 0x0F < 8:
            ends.append(at)
    return ends


@pytest.fixture(params=[False, True], ids=["plain", "deflate"])
def compressed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=ADAPTERS)
def stage(request: pytest.FixtureRequest, compressed: bool) -> Iterator[Stage]:
    logging.getLogger("picows").setLevel(logging.CRITICAL + 1)  # or it tells of each violation
    one = Stage(request.param, compressed=compressed)
    yield one
    one.close()
    logging.getLogger("picows").setLevel(logging.NOTSET)
    gc.collect()  # what nobody has caught is reported now, and not in another test


def test_cut_anywhere_it_is_the_same(stage: Stage) -> None:
    @examples(15)
    @given(cuts)
    def check(cut: list[int]) -> None:
        received, end = stage.play([], cut)
        assert received == list(SPOKEN)
        assert end == Close(1001, "enough")

    check()


def test_cut_around_the_end_of_each_message(stage: Stage) -> None:
    for end in stage.ends:
        for place in range(end - 2, end + 4):
            # The second cut matters: an adapter may treat what comes with the handshake otherwise.
            received, close = stage.play([], [stage.ends[0], place])
            assert received == list(SPOKEN), place - end
            assert close == Close(1001, "enough")


def test_spoilt(stage: Stage) -> None:
    @examples(60)
    @given(st.lists(changes, min_size=1, max_size=4), cuts)
    def check(spoilt: list[Change], cut: list[int]) -> None:
        received, end = stage.play(spoilt, cut)
        sound = sum(at <= stage.player.intact for at in stage.ends)
        check_received(received, sound if end is not None else 0)

    check()


def check_received(received: list[Any], sound: int) -> None:
    """Fail unless what came untouched was delivered, and all that was is a message."""
    assert received[:sound] == list(SPOKEN[:sound])
    for message in received:
        assert isinstance(message, str | bytes)
        size = len(message.encode() if isinstance(message, str) else message)
        assert size <= MAX_SIZE
