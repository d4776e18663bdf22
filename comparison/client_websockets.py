"""A client with `websockets`: the loop that its documentation has for reconnecting.

The delays, the bounds of memory and the close time-out are the library's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from .order import PATIENCE, PING_INTERVAL, PING_TIMEOUT, SUBSCRIBE, Order, tell, when_told

replies: dict[str, asyncio.Future[str]] = {}
"""Requests that wait for a reply, by their id: the library has nothing for them."""


async def handle(order: Order, message: str | bytes) -> None:
    """Do with a message what the order says."""
    order.note(message)
    if order.handler == "slow":
        await asyncio.sleep(order.seconds)
    elif order.handler == "hang":
        await asyncio.Event().wait()
    if order.ask and (reply := replies.pop(json.loads(message)["id"], None)) is not None:
        reply.set_result(str(message))


async def ask(websocket: ClientConnection) -> None:
    """Send a request, and tell what became of it."""
    began = time.monotonic()
    replies["1"] = asyncio.get_running_loop().create_future()
    try:
        await websocket.send(json.dumps({"id": "1", "ask": "price"}))
        async with asyncio.timeout(PATIENCE):
            how = await replies["1"]
    except (TimeoutError, ConnectionClosed) as error:
        how = type(error).__name__
    tell("asked", how=how, seconds=time.monotonic() - began)


async def client(order: Order) -> None:
    """Stay connected."""
    asking = None
    async for websocket in connect(
        order.url,
        ping_interval=PING_INTERVAL if order.pings else None,
        ping_timeout=PING_TIMEOUT,
        additional_headers=order.headers,
        proxy=None,
    ):
        tell("open", tasks=len(asyncio.all_tasks()))
        try:
            if order.subscribe:
                await websocket.send(SUBSCRIBE)
            if order.ask and asking is None:
                asking = asyncio.create_task(ask(websocket))
            async for message in websocket:
                await handle(order, message)
            tell("lost", how=f"{websocket.close_code}")
        except ConnectionClosed as error:
            tell("lost", how=str(error))
            continue


async def main(order: Order) -> None:
    """Run until it is cancelled: by Ctrl-C, or because it is told to stop."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    when_told(lambda: loop.call_soon_threadsafe(task.cancel))
    if order.clients == 1:
        await client(order)
    else:
        await asyncio.gather(*(client(order) for _ in range(order.clients)))


def run(order: Order) -> None:
    """Run it."""
    with contextlib.suppress(asyncio.CancelledError):  # it was told to stop
        asyncio.run(main(order))
