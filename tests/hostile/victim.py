"""A process that runs one engine after the other against hostile servers, and tells how it went.

Each line of the standard input is an order, in JSON; see `obey`. Events are written as lines of
JSON to the standard output, the report of an order last.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import json
import logging
import os
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from tests.integration.loops import LOOPS, chosen_loop, loop_factory
from wsengine import (
    Adapter,
    Close,
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    ReconnectPolicy,
    RestartFailure,
    Session,
)

ENOUGH = "well done"
"""A message after which the engine stops."""

_STATUS, _CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_DESCRIPTORS = Path("/proc/self/fd")


def tell(what: str, **details: Any) -> None:
    """Write an event."""
    print(json.dumps({"what": what, **details}), flush=True)


class Teller(Endpoint):
    """Tells what is called, and counts messages; keeps none of them."""

    def __init__(self) -> None:
        self.messages = self.bytes = 0

    def on_open(self, session: Session, *, restarting: bool) -> None:
        tell("open", restarting=restarting)

    def on_message(self, session: Session, message: Any) -> Any:
        self.messages += 1
        self.bytes += len(message)
        if message == ENOUGH:
            session.exit()

    def on_read_error(self, session: Session, error: Exception) -> None:
        tell("read error", text=str(error))

    def on_close(self, session: Session, close: Close) -> None:
        side = close.client_initiated
        tell("close", code=int(close.code), reason=close.reason, by_client=side)

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        error = failure.error
        status = getattr(error, "status", None)
        tell("refused", kind=type(error).__name__, text=str(error), status=status)


class Slow(Teller):
    """A teller whose first handler takes long, so that the others have to wait.

    Args:
        seconds: How long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def on_message(self, session: Session, message: Any) -> None:
        seconds, self.seconds = self.seconds, 0.0
        await asyncio.sleep(seconds)
        super().on_message(session, message)


class Troubles(logging.Handler):
    """Keeps what should not be there: errors in the log, and what nobody has caught."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []
        logging.getLogger().addHandler(self)
        sys.unraisablehook = lambda told: self.seen.append(f"unraisable: {told.exc_value!r}")

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("picows."):
            return  # it logs what servers do wrong as errors
        self.seen.append(f"{record.name}: {record.getMessage()}"[:500])

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keep what the event loop reports."""
        loop.set_exception_handler(lambda _, told: self.seen.append(f"loop: {told}"[:500]))


def memory(field: str) -> int:
    """Return the bytes of VmRSS (now) or VmHWM (the most since `forget_peak`); Linux only."""
    if not _STATUS.exists():
        return 0
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Give back what is free, and measure the most memory from now on."""
    gc.collect()
    if _CLEAR_REFS.exists():
        ctypes.CDLL(None).malloc_trim(0)
        _CLEAR_REFS.write_text("5")


def descriptors() -> int:
    """Return how many files and sockets are open."""
    return len(os.listdir(_DESCRIPTORS)) if _DESCRIPTORS.exists() else 0


def adapter_of(name: str) -> Adapter:
    """Return an adapter that waits a second, not ten, for a server that does not hang up."""
    module = importlib.import_module(f"wsengine.adapters.{name}")
    adapter: Adapter = getattr(module, f"{name.title()}Adapter")(close_timeout=1.0)
    return adapter


async def obey(order: dict[str, Any], troubles: Troubles) -> None:
    """Run one engine until it stops, and report.

    Args:
        order: `url` and `adapter`; `options`, `config`, `reconnect` and `slow` as in `Victim.run`.
        troubles: Watches.
    """
    troubles.seen.clear()
    endpoint = Slow(order["slow"]) if "slow" in order else Teller()
    policy = order.get("reconnect", {})
    quick = {"initial_delay": 0.01, "max_delay": 0.01, "min_uptime": 0}
    config = {
        "open_timeout": 2.0,
        "stop_timeout": 2.0,
        "reconnect": None if policy is None else ReconnectPolicy(**{**quick, **policy}),
        "retry_start": policy is not None,
        **order.get("config", {}),
    }
    given = {"proxy": None, **order.get("options", {})}
    if trusted := given.pop("trust", None):
        given["ssl"] = ssl.create_default_context(cadata=trusted)
    options = ConnectOptions(**given)
    engine = Engine(
        order["url"],
        endpoint,
        adapter=adapter_of(order["adapter"]),
        options=options,
        config=EngineConfig(**config),
    )
    tasks, open_files = len(asyncio.all_tasks()), descriptors()
    forget_peak()
    at_rest, began, cpu = memory("VmRSS"), time.monotonic(), time.process_time()
    failed = None
    try:
        await engine.run()
    except Exception as error:
        failed = str(error)
    seconds, peak = time.monotonic() - began, memory("VmHWM") - at_rest
    cpu = time.process_time() - cpu
    for _ in range(100):  # a socket closes a turn later
        if len(asyncio.all_tasks()) <= tasks and descriptors() <= open_files:
            break
        await asyncio.sleep(0.01)
    gc.collect()
    tell(
        "report",
        failed=failed,
        seconds=seconds,
        cpu=cpu,
        grown=max(0, peak),
        messages=endpoint.messages,
        bytes=endpoint.bytes,
        tasks=len(asyncio.all_tasks()) - tasks,
        descriptors=descriptors() - open_files,
        troubles=list(troubles.seen),
    )


async def main() -> None:
    """Obey orders until the standard input ends."""
    troubles = Troubles()
    loop = asyncio.get_running_loop()
    troubles.watch(loop)
    orders = asyncio.StreamReader()
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    tell("ready")
    while line := await orders.readline():
        await obey(json.loads(line), troubles)
    pipe.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory(chosen_loop() or LOOPS[0])) as runner:
        runner.run(main())
