from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from wsengine import ConfigError
from wsengine.servers.demo_client import GARBAGE
from wsengine.servers.demo_crowd import Crowd

from .demo_stage import Stage, settle


class Three(Crowd):
    """A crowd of three clients: "a", "b" and "c"."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = {name: Stage() for name in "abc"}
        self._clients = {name: stage.client for name, stage in self.stages.items()}


@pytest.fixture
async def crowd() -> AsyncIterator[Three]:
    crowd = Three()
    async with AsyncExitStack() as stack:
        for stage in crowd.stages.values():
            await stack.enter_async_context(stage.serving())
        await settle()
        yield crowd


@pytest.mark.parametrize(("client", "hit"), [(None, "abc"), ("b", "b"), ("x", "")])
async def test_one_or_all_are_reset(crowd: Three, client: str | None, hit: str) -> None:
    assert crowd.interrupt(client) == len(hit)
    aborted = [name for name, stage in crowd.stages.items() if stage.transport.aborted]
    assert aborted == list(hit)


@pytest.mark.parametrize("code", [0, 1000, 1006, 4999, 65535])
async def test_one_is_closed_with_any_code(crowd: Three, code: int) -> None:
    assert crowd.interrupt("c", code=code, reason="é") == 1
    await settle()
    assert crowd.stages["c"].socket.closed == [(code, "é".encode())]
    assert crowd.stages["a"].socket.closed == []


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (-1, "", "code=-1: must be a number of 16 bits"),
        (65536, "", "code=65536: must be a number of 16 bits"),
        (1000, "é" * 62, "the close reason has 124 bytes"),
        (1000, "\ud800", "cannot be sent as UTF-8"),
    ],
)
async def test_what_no_close_frame_holds_is_refused(
    crowd: Three, code: int, reason: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        crowd.interrupt(code=code, reason=reason)
    await settle()
    assert all(stage.socket.closed == [] for stage in crowd.stages.values())


async def test_one_or_all_get_garbage(crowd: Three) -> None:
    assert crowd.garble("a") == 1
    assert crowd.garble() == 3
    written = [stage.transport.written for stage in crowd.stages.values()]
    assert written == [GARBAGE * 2, GARBAGE, GARBAGE]


async def test_one_or_all_are_flooded(crowd: Three) -> None:
    assert crowd.flood(3, 100, "b") == 1
    assert crowd.flood(2) == 3
    await settle()
    sizes = {
        name: [len(text) for text in stage.socket.sent] for name, stage in crowd.stages.items()
    }
    assert sorted(sizes["b"]) == [100, 100, 100, 1000, 1000]
    assert sizes["a"] == sizes["c"] == [1000, 1000]


@pytest.mark.parametrize(
    ("messages", "size"),
    [(0, 100), (1_000_001, 100), (1, 99), (1, 16 * 1024 * 1024 + 1), (1.5, 100)],
)
async def test_a_flood_has_its_bounds(crowd: Three, messages: int, size: int) -> None:
    with pytest.raises(ConfigError):
        crowd.flood(messages, size)
