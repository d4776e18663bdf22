"""A client with `websocket-client`: `WebSocketApp.run_forever(reconnect=...)`.

By itself, or with the event loop `rel`, as the example of a long-lived connection in its
documentation has it. The five seconds between dials are that example's, too.
"""

from __future__ import annotations

import importlib
import json
import threading
import time
from typing import Any

import websocket

from .order import PATIENCE, PING_INTERVAL, PING_TIMEOUT, SUBSCRIBE, Order, tell, when_told

RECONNECT = 5
"""Seconds between two dials."""

replies: dict[str, threading.Event] = {}
"""Requests that wait for a reply, by their id: the library has nothing for them."""


def ask(app: Any) -> None:
    """Send a request, and tell what became of it."""
    began = time.monotonic()
    replies["1"] = threading.Event()
    app.send(json.dumps({"id": "1", "ask": "price"}))
    how = "reply" if replies["1"].wait(PATIENCE) else "TimeoutError"
    tell("asked", how=how, seconds=time.monotonic() - began)


def make(order: Order) -> Any:
    """Return an app."""
    asked = False

    def on_open(app: Any) -> None:
        nonlocal asked
        tell("open", tasks=0)
        if order.subscribe:
            app.send(SUBSCRIBE)
        if order.ask and not asked:
            asked = True
            threading.Thread(target=ask, args=(app,), daemon=True).start()

    def on_message(app: Any, message: Any) -> None:
        order.note(message)
        if order.handler == "slow":
            time.sleep(order.seconds)
        elif order.handler == "hang":
            threading.Event().wait()
        if order.ask and (reply := replies.pop(json.loads(message)["id"], None)) is not None:
            reply.set()

    def on_error(app: Any, error: Any) -> None:
        lost = not isinstance(error, ValueError)
        tell("lost" if lost else "error", how=f"{type(error).__name__}: {error}"[:120])

    return websocket.WebSocketApp(
        order.url, header=order.headers, on_open=on_open, on_message=on_message, on_error=on_error
    )


def stay(app: Any, order: Order, **more: Any) -> None:
    """Stay connected."""
    pings = {"ping_interval": PING_INTERVAL, "ping_timeout": PING_TIMEOUT} if order.pings else {}
    app.run_forever(reconnect=0.01 if order.quick else RECONNECT, **pings, **more)


def run(order: Order) -> None:
    """Run it."""
    apps = [make(order) for _ in range(order.clients)]
    when_told(lambda: [app.close() for app in apps])
    if len(apps) == 1:
        return stay(apps[0], order)
    threading.stack_size(256 * 1024)
    threads = [threading.Thread(target=stay, args=(app, order), daemon=True) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return None


def run_rel(order: Order) -> None:
    """Run it with `rel`."""
    rel = importlib.import_module("rel")  # not all have it
    apps = [make(order) for _ in range(order.clients)]

    def stop() -> None:
        for app in apps:
            app.close()
        rel.abort()

    when_told(stop)
    for app in apps:
        stay(app, order, dispatcher=rel)
    rel.signal(2, rel.abort)
    rel.dispatch()
