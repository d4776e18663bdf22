"""Prices that go up and down, for those who subscribe: the server of ticker.py.

python examples/ticker_server.py [PORT]
"""

import asyncio
import contextlib
import json
import random
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

SUBSCRIBERS: dict[str, set[ServerConnection]] = {"btc": set(), "eth": set(), "sol": set()}


async def talk(connection: ServerConnection) -> None:
    """Answer the requests of one client."""
    with contextlib.suppress(ConnectionClosed):
        async for text in connection:
            await connection.send(json.dumps(answer(connection, json.loads(text))))
    for subscribers in SUBSCRIBERS.values():
        subscribers.discard(connection)


def answer(connection: ServerConnection, request: dict[str, Any]) -> dict[str, Any]:
    """Subscribe, or unsubscribe; tell so under the id of the request."""
    subscribers = SUBSCRIBERS.get(request["to"])
    if subscribers is None:
        return {"id": request["id"], "error": f"there is no {request['to']}"}
    change = subscribers.add if request["op"] == "subscribe" else subscribers.discard
    change(connection)
    print(request["op"], request["to"], flush=True)
    return {"id": request["id"], "ok": True}


async def tick() -> None:
    """Send each price to its subscribers, again and again."""
    prices = dict.fromkeys(SUBSCRIBERS, 100.0)
    while True:
        for name, subscribers in SUBSCRIBERS.items():
            prices[name] *= random.uniform(0.99, 1.01)  # noqa: S311 - no secret
            broadcast(subscribers, json.dumps({"name": name, "price": round(prices[name], 2)}))
        await asyncio.sleep(0.5)


async def main(port: int) -> None:
    """Serve until Ctrl-C."""
    async with serve(talk, "127.0.0.1", port) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await tick()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8765))
