"""What is wrong at rest is found: subscriptions, and what is left behind."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator

import pytest
from chaos.findings import Findings
from chaos.resources import ENOUGH, Held, memory_grows
from chaos.resting import bound_at_rest, check_nothing_left, settle

from chaos import resting

from .tools import Message, Pretender, only_violation, pretending, timed_out


class Server:
    """Says what it has, sooner or later."""

    def __init__(self, *topics: str, doubled: int = 0, after: float = 0.0) -> None:
        self.has = {"topics": list(topics), "doubled": doubled}
        self._from = asyncio.get_running_loop().time() + after

    async def reply(self, message: Message) -> Message:
        if asyncio.get_running_loop().time() < self._from:
            await asyncio.sleep(1.0)
            raise timed_out()
        return self.has


async def settled(server: Server) -> Findings:
    pretender = Pretender()
    pretender.subscribe("b", "a")
    pretender.reply = server.reply
    client = pretending(pretender)
    await settle(client, client.findings)
    return client.findings


@pytest.mark.parametrize("after", [0.0, 5.0])
async def test_the_subscriptions_that_are_wanted(after: float) -> None:
    assert (await settled(Server("a", "b", after=after))).violations == []


@pytest.mark.parametrize("topics", [(), ("a",), ("a", "b", "c"), ("a", "c")])
async def test_subscriptions_that_are_not_the_wanted_ones(topics: tuple[str, ...]) -> None:
    (found,) = (await settled(Server(*topics))).violations
    assert f"at rest the server has {list(topics)}, wanted is ['a', 'b']" in found


async def test_a_subscription_that_was_sent_twice() -> None:
    (found,) = (await settled(Server("a", "b", doubled=1))).violations
    assert "a subscription was sent twice" in found


async def test_a_server_that_never_answers() -> None:
    (found,) = (await settled(Server("a", "b", after=3600))).violations
    assert "at rest the server has RequestTimeoutError(" in found


# What is really held, not what a test says.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "PATIENCE", 0.1)


@pytest.fixture
def descriptor() -> Iterator[list[int]]:
    opened: list[int] = []
    yield opened
    for one in opened:
        os.close(one)


@pytest.mark.usefixtures("impatient")
async def test_what_is_left_at_the_end(descriptor: list[int]) -> None:
    before, findings = Held.now(0.0), Findings()
    await check_nothing_left(before, findings)
    assert findings.violations == []
    enough = threading.Event()
    thread = threading.Thread(target=enough.wait)
    thread.start()
    task = asyncio.create_task(asyncio.sleep(3600))
    descriptor.append(os.open(os.devnull, os.O_RDONLY))
    await check_nothing_left(before, findings)
    enough.set()
    thread.join()
    task.cancel()
    kinds = {
        violation.split(": after the end: ")[1].split()[1] for violation in findings.violations
    }
    assert kinds >= {"tasks,", "threads,"}
    assert ("descriptors," in kinds) == (before.descriptors > 0)  # macOS does not show them


def test_the_bound_at_rest_leaves_room_for_few_leaks() -> None:
    """What six clients hold, about, and one thing more for each of 60 sessions."""
    bound = bound_at_rest([pretending(Pretender())] * 6)
    usual = Held(0.0, tasks=60, timers=27, descriptors=53, threads=8, memory=0)
    assert usual.above(bound) == []
    for kind in ("tasks", "timers", "descriptors"):
        more = {"tasks": 60, "timers": 27, "descriptors": 53, kind: getattr(usual, kind) + 60}
        (found,) = Held(0.0, **more, threads=8, memory=0).above(bound)
        assert kind in found


def measured(kept: list[bytes], size: int, *, keep: bool) -> list[Held]:
    """Return what this process holds, minute by minute, while it takes memory each minute."""
    held = []
    for minute in range(ENOUGH):
        taken = b"x" * size
        if keep:
            kept.append(taken)
        del taken
        held.append(Held.now(60.0 * minute))
    return held


async def test_memory_that_is_really_kept_is_found() -> None:
    kept: list[bytes] = []
    assert memory_grows(measured(kept, 2 << 20, keep=False)) is None
    assert "memory grew by" in str(memory_grows(measured(kept, 2 << 20, keep=True)))
    assert len(kept) == ENOUGH


async def test_a_violation_ends_the_wait() -> None:
    client = pretending(Pretender())
    client.violated("something")
    await settle(client, client.findings)
    assert "something" in only_violation(client)
