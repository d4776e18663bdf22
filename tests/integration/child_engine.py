"""A script that runs an engine, as a user writes it; the test ends it with Ctrl-C."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from wsengine import Close, ConnectOptions, Endpoint, Engine, EngineConfig, Session


class Tells(Endpoint):
    """Says on the standard output what happens."""

    def on_open(self, session: Session, *, restarting: bool) -> None:
        print("open", flush=True)

    async def on_message(self, session: Session, message: Any) -> None:
        print("message", flush=True)
        await asyncio.sleep(0.2)
        print("message handled", flush=True)

    def on_close(self, session: Session, close: Close) -> None:
        print("close", int(close.code), close.client_initiated, flush=True)


async def main() -> None:
    """Run until Ctrl-C."""
    config = EngineConfig(stop_timeout=1.5)
    await Engine(sys.argv[1], Tells(), options=ConnectOptions(proxy=None), config=config).run()
    print("stopped", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
