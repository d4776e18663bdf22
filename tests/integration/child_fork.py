"""Programs that fork while an engine runs, as a user writes them."""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable

from wsengine import ConnectOptions, EngineConfig, EngineStateError, SyncEndpoint, SyncEngine


def make(url: str) -> SyncEngine:
    """Return an engine whose stop may take longer than the test has."""
    config = EngineConfig(stop_timeout=60.0, ping_interval=None)
    return SyncEngine(url, SyncEndpoint(), options=ConnectOptions(proxy=None), config=config)


def use(engine: SyncEngine) -> None:
    """Make every call of an engine that was started before the fork."""
    session = engine.session
    assert session is not None
    calls: list[Callable[[], object]] = [
        lambda: engine.send("x"),
        lambda: engine.request("x"),
        engine.drain,
        lambda: engine.subscriptions.add("x", subscribe="x"),
        engine.restart,
        engine.wait_stopped,
        engine.start,
        lambda: session.send("x"),
        session.paused().__enter__,
    ]
    for call in calls:
        try:
            call()
        except EngineStateError as error:
            assert "make another SyncEngine here" in str(error), error
        else:
            raise AssertionError(call)
    engine.exit()
    session.exit()
    engine.stop()


def in_a_child(function: Callable[[], object]) -> None:
    """Run a function in a child, to the end of the interpreter; say what the child returns."""
    child = os.fork()
    if child == 0:
        function()
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    print("child:", os.waitstatus_to_exitcode(status), flush=True)


def main(url: str) -> None:
    """Fork where it could do harm."""
    engine = make(url)
    with engine:
        in_a_child(lambda: use(engine))
        held = engine._life.portal._lock if engine._life else None
        assert held is not None
        locked, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            with held:
                locked.set()
                go_on.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        locked.wait()
        in_a_child(lambda: use(engine))
        go_on.set()
        holder.join()
        engine.send("the parent goes on")

    def start() -> None:
        for one in (engine, make(url)):
            with one:
                one.send("x")

    in_a_child(start)  # it does not run any more: there it can be started
    print("the end", flush=True)


if __name__ == "__main__":
    # With uvloop a child crashes at its very end, also without wsengine, where a loop with a
    # connection ran at the fork. (What ends by `os._exit` does not, and all else is the same.)
    sys.modules["uvloop"] = None  # type: ignore[assignment]
    warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
    main(sys.argv[1])
