"""Handlers of a program without asyncio: in order with one worker, at the same time with four."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from wsengine import Endpoint

from .servers import PATIENCE, PoliteServer
from .test_sync import apart
from .test_sync_conversations import Talking, conversing

pytestmark = pytest.mark.usefixtures("nothing_held")


class InThreads(Endpoint):
    """Notes which handler runs when, and in which thread; handlers ask, too."""

    def __init__(self, enough: int) -> None:
        self.started: list[int] = []
        self.ended: list[int] = []
        self.replies: list[Any] = []
        self.threads: set[int] = set()
        self.full = threading.Event()
        self._enough = enough

    def on_open(self, session: Any, *, restarting: bool) -> None:
        self.threads.add(threading.get_ident())
        self.replies.append(session.request({"from": "on_open"}, timeout=PATIENCE))

    def on_message(self, session: Any, message: Any) -> None:
        self.threads.add(threading.get_ident())
        self.started.append(message["n"])
        self.replies.append(session.request({"from": message["n"]}, timeout=PATIENCE))
        time.sleep(random.random() / 500)
        self.ended.append(message["n"])
        if len(self.ended) >= self._enough:
            self.full.set()


async def test_one_worker_keeps_the_order_in_one_thread(adapter: str) -> None:
    """Also where each handler asks and waits, which needs reading ahead."""
    endpoint, numbers = InThreads(60), list(range(60))

    def program() -> None:
        with conversing(server.url, endpoint, adapter, workers=1, backlog_messages=5):
            assert endpoint.full.wait(PATIENCE)

    async with PoliteServer(Talking(*[{"n": n} for n in numbers])) as server:
        await apart(program)
    assert endpoint.started == endpoint.ended == numbers
    assert [reply["from"] for reply in endpoint.replies] == ["on_open", *numbers]
    assert len(endpoint.threads) == 1


async def test_four_workers_handle_four_messages_at_once(adapter: str) -> None:
    """Each handler waits for three others; so it is never more than four, and never fewer."""
    together = threading.Barrier(4, timeout=PATIENCE)
    crowd: list[int] = []
    most: list[int] = []

    class Meeting(Endpoint):
        def on_message(self, session: Any, message: Any) -> None:
            crowd.append(message["n"])
            most.append(len(crowd))
            together.wait()
            assert session.request({"from": message["n"]}, timeout=PATIENCE)["from"] is not None
            crowd.remove(message["n"])
            if together.wait() == 0:
                rounds.release()

    rounds = threading.Semaphore(0)

    def program() -> None:
        with conversing(server.url, Meeting(), adapter, workers=4):
            for _ in range(5):
                assert rounds.acquire(timeout=PATIENCE)

    async with PoliteServer(Talking(*[{"n": n} for n in range(20)])) as server:
        await apart(program)
    assert together.broken is False
    assert max(most) == 4


async def test_keys_keep_their_order_in_threads(adapter: str) -> None:
    ended: list[tuple[str, int]] = []
    a_goes_on, full = threading.Event(), threading.Event()

    class Keyed(Endpoint):
        def on_message(self, session: Any, message: Any) -> None:
            if message == {"key": "a", "n": 0}:
                assert a_goes_on.wait(PATIENCE)
            ended.append((message["key"], message["n"]))
            if ended[-1] == ("b", 9):
                a_goes_on.set()
            if len(ended) == 20:
                full.set()

    said = [{"key": key, "n": n} for n in range(10) for key in "ab"]

    def program() -> None:
        by_key = {"workers": 3, "order_by": lambda message: message["key"]}
        with conversing(server.url, Keyed(), adapter, **by_key):
            assert full.wait(PATIENCE)

    async with PoliteServer(Talking(*said)) as server:
        await apart(program)
    assert ended == [*[("b", n) for n in range(10)], *[("a", n) for n in range(10)]]
