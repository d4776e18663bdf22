"""`python -m comparison.client NAME ORDER`: one client program, which tells what happens to it."""

from __future__ import annotations

import importlib
import json
import logging
import sys

from .order import Order, tell

CLIENTS = {
    "wsengine": "client_wsengine:run",
    "websockets": "client_websockets:run",
    "websocket-client": "client_websocket_client:run",
    "websocket-client, rel": "client_websocket_client:run_rel",
}
"""Where the program of each is."""


def main(name: str, order: Order) -> None:
    """Run it to its end."""
    logging.basicConfig(level=logging.ERROR)
    module, _, function = CLIENTS[name].partition(":")
    run = getattr(importlib.import_module(f"comparison.{module}"), function)
    try:
        run(order)
    finally:
        tell("end")


if __name__ == "__main__":
    main(sys.argv[1], Order(**json.loads(sys.argv[2])))
