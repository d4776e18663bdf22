"""A client with wsengine, on its default adapter."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from wsengine import (
    Close,
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    JsonCodec,
    JsonCorrelator,
    ReconnectPolicy,
    RestartFailure,
    Session,
)

from .order import PATIENCE, PING_INTERVAL, PING_TIMEOUT, SUBSCRIBE, Order, tell, when_told


class Client(Endpoint):
    """Does with messages what the order says."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._asking: set[asyncio.Task[None]] = set()

    def on_open(self, session: Session, *, restarting: bool) -> None:
        tell("open", tasks=len(asyncio.all_tasks()))
        if self._order.ask and not restarting:
            self._asking.add(asyncio.create_task(ask(session)))

    async def on_message(self, session: Session, message: Any) -> None:
        self._order.note(str(message) if self._order.ask else message)
        if self._order.handler == "slow":
            await asyncio.sleep(self._order.seconds)
        elif self._order.handler == "hang":
            await asyncio.Event().wait()

    def on_close(self, session: Session, close: Close) -> None:
        tell("lost", how=str(close))

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        tell("refused", how=str(failure.error))


async def ask(session: Session) -> None:
    """Send a request, and tell what became of it."""
    began = time.monotonic()
    try:
        how = str(await session.request({"ask": "price"}, timeout=PATIENCE))
    except Exception as error:
        how = type(error).__name__
    tell("asked", how=how, seconds=time.monotonic() - began)


def make(order: Order) -> Engine:
    """Return an engine."""
    quick = ReconnectPolicy(initial_delay=0, max_delay=0, min_uptime=0)
    config = EngineConfig(
        ping_interval=PING_INTERVAL if order.pings else None,
        ping_timeout=PING_TIMEOUT,
        reconnect=quick if order.quick else ReconnectPolicy(),
        retry_start=True,
    )
    options = ConnectOptions(headers=order.headers, proxy=None)
    talk: dict[str, Any] = {"codec": JsonCodec(), "correlator": JsonCorrelator()}
    engine = Engine(
        order.url, Client(order), options=options, config=config, **(talk if order.ask else {})
    )
    if order.subscribe:
        engine.subscriptions.add("prices", subscribe=SUBSCRIBE)
    return engine


async def main(order: Order) -> None:
    """Run until the engine stops, or is told to."""
    engines = [make(order) for _ in range(order.clients)]
    loop = asyncio.get_running_loop()
    for engine in engines:
        when_told(lambda engine=engine: loop.call_soon_threadsafe(engine.exit))  # type: ignore[misc]
    if len(engines) == 1:
        await engines[0].run()
    else:
        await asyncio.gather(*(engine.run() for engine in engines))


def run(order: Order) -> None:
    """Run it."""
    asyncio.run(main(order))
