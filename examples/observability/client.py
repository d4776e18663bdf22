"""A client of the tick server; each of its `on_message` spans is linked to the server's span.

python examples/observability/client.py [URL]
"""

import asyncio
import json
import sys

from opentelemetry import trace
from opentelemetry.propagate import inject
from otlp import exporting

from wsengine import ConnectOptions, Endpoint, Engine, EngineConfig, Session, run

TRACER = trace.get_tracer("ticks")


class Ticks(Endpoint):
    async def on_open(self, session: Session, *, restarting: bool) -> None:
        request = {"data": "subscribe again" if restarting else "subscribe"}
        inject(request)  # the server's span will be a child of the span of this `on_open`
        await session.send(json.dumps(request))

    async def on_message(self, session: Session, message: str) -> None:
        with TRACER.start_as_current_span("store tick"):  # a child of this message's span
            await asyncio.sleep(0.02)
        print(json.loads(message)["data"], flush=True)


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8765"
    config = EngineConfig(name="ticks", retry_start=True, extract=json.loads)
    direct = ConnectOptions(proxy=None)
    with exporting("ticker-client"):
        run(Engine(url, Ticks(), options=direct, config=config))
