"""Handlers of one engine run at the same time, where the interpreter lets threads do that."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from wsengine import Endpoint

from .servers import PATIENCE, PoliteServer, greet
from .test_sync import apart, make

AT_ONCE = 2
"""Handlers that must run at the same time; more than there are cores would only be slow."""


def gil_enabled() -> bool:
    """Return whether threads take turns: an extension can switch the lock on again."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


@pytest.fixture
def no_turns() -> Iterator[None]:
    """Have a thread keep the interpreter's lock, where there is one, unless it waits."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10 * PATIENCE)
    yield
    sys.setswitchinterval(interval)


class Spinning(Endpoint):
    """Handlers that never wait: each runs in a loop until all the others run as well."""

    def __init__(self) -> None:
        self.here: list[int] = []
        self.met: list[bool] = []
        self.over = threading.Semaphore(0)

    def on_message(self, session: Any, message: Any) -> None:
        self.here.append(threading.get_ident())
        end = time.monotonic() + PATIENCE
        while len(self.here) < AT_ONCE and time.monotonic() < end:
            pass  # pure Python: under a lock no other thread would come this far
        self.met.append(len(self.here) == AT_ONCE)
        self.over.release()


@pytest.mark.usefixtures("no_turns")
async def test_handlers_run_in_parallel_on_a_free_threaded_build() -> None:
    if gil_enabled():
        pytest.skip("this interpreter has its global lock on: threads take turns")
    endpoint = Spinning()

    def program() -> None:
        with make(server.url, endpoint, "websockets", workers=AT_ONCE):
            for _ in range(AT_ONCE):
                assert endpoint.over.acquire(timeout=2 * PATIENCE)

    async with PoliteServer(greet(*map(str, range(AT_ONCE)))) as server:
        await apart(program)
    assert endpoint.met == [True] * AT_ONCE
    assert len(set(endpoint.here)) == AT_ONCE
