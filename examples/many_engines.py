"""Many engines in one task group: they come back one by one, and end together.

wsengine echo-server                 # in another terminal: stop it, and start it again
python examples/many_engines.py [--engines N] [URL ...]

Each URL has N engines. If one engine ends for good, the group stops all the others.
"""

import argparse
import asyncio
import logging
import sys
import time

from wsengine import Close, Endpoint, Engine, EngineConfig, Session, WSEngineError


class Crowd(Endpoint):
    """Shared by all engines, so it can count them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.open = 0
        self.changed_at = time.monotonic()

    def on_open(self, session: Session, *, restarting: bool) -> None:
        self.open += 1
        if self.open == self.size:
            self.tell("all are back" if restarting else "all are open")

    def on_close(self, session: Session, close: Close) -> None:
        self.open -= 1
        if not self.open:
            self.tell(f"all are closed, the last one by {close}")

    def tell(self, what: str) -> None:
        now = time.monotonic()
        print(f"{what}, after {now - self.changed_at:.1f} s", flush=True)
        self.changed_at = now


async def main(urls: list[str], engines: int) -> None:
    crowd = Crowd(len(urls) * engines)
    async with asyncio.TaskGroup() as group:
        for url in urls:
            for number in range(engines):
                config = EngineConfig(name=f"{url} {number}")
                group.create_task(Engine(url, crowd, config=config).run())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs many engines at once.")
    parser.add_argument("urls", metavar="URL", nargs="*", default=["ws://127.0.0.1:8765"])
    parser.add_argument("--engines", metavar="N", type=int, default=100, help="for each URL")
    arguments = parser.parse_args()
    # A hundred dials that fail would be a hundred lines, and the first error is told below.
    logging.getLogger("wsengine").setLevel(logging.ERROR)
    try:
        asyncio.run(main(arguments.urls, arguments.engines))
    except* WSEngineError as failed:
        sys.exit(f"many_engines: {failed.exceptions[0]}")
