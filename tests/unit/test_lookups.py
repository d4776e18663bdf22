from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from wsengine.lookups import AT_ONCE, LookUps

from .sync_tools import PATIENCE, Gate


class Resolver:
    """Stands for `socket.getaddrinfo`, and hangs until it is let go on."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = Gate()
        self.asked: list[Any] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, host: str, *_args: Any, **_options: Any) -> str:
        self.asked.append(host)
        self.threads.append(threading.current_thread())
        self.begun.release()
        self.go_on.wait()
        if host == "unknown":
            raise socket.gaierror(-2, "unknown")
        return f"address of {host}"


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return resolver


def look_up(executor: LookUps, host: str) -> Any:
    function: Callable[..., Any] = socket.getaddrinfo
    return executor.submit(function, host, 80)


def test_a_look_up_that_hangs_keeps_no_loop_and_no_program_from_ending(resolver: Resolver) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(LookUps())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.getaddrinfo("s", 80), 0.01)

    asyncio.run(main())  # joins what other threads the executor has
    (thread,) = resolver.threads
    assert thread.is_alive()
    assert thread.daemon
    resolver.go_on.open()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_results_and_errors_pass(resolver: Resolver) -> None:
    resolver.go_on.open()
    with LookUps() as executor:
        assert look_up(executor, "s").result(PATIENCE) == "address of s"
        with pytest.raises(socket.gaierror, match="unknown"):
            look_up(executor, "unknown").result(PATIENCE)


def test_their_threads_are_bounded_and_a_turn_that_is_given_up_never_comes(
    resolver: Resolver,
) -> None:
    executor = LookUps()
    futures = [look_up(executor, f"s{number}") for number in range(AT_ONCE + 2)]
    for _ in range(AT_ONCE):
        assert resolver.begun.acquire(timeout=PATIENCE)
    assert futures[-2].cancel()
    resolver.go_on.open()
    assert futures[-1].result(PATIENCE) == f"address of s{AT_ONCE + 1}"
    assert f"s{AT_ONCE}" not in resolver.asked
    assert len(set(resolver.threads)) == AT_ONCE
    for thread in resolver.threads:
        thread.join(PATIENCE)
    assert look_up(executor, "again").result(PATIENCE) == "address of again"


def test_where_there_is_no_thread_the_look_up_fails_and_the_next_one_does_not(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    executor = LookUps()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="start new thread"):
            look_up(executor, "s")
    resolver.go_on.open()
    assert look_up(executor, "s").result(PATIENCE) == "address of s"
    assert resolver.asked == ["s"]


def test_all_else_runs_as_it_always_does() -> None:
    done: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor(LookUps())
        begun, go_on = Gate(), Gate()

        def write() -> None:
            begun.open()
            go_on.wait()
            done.append(threading.current_thread().name)

        writing = asyncio.create_task(asyncio.to_thread(write))
        while not begun.is_open:  # noqa: ASYNC110 - a thread tells
            await asyncio.sleep(0.001)
        writing.cancel()
        go_on.open()

    asyncio.run(main())
    assert [name.partition("_")[0] for name in done] == ["asyncio"]
