"""A server that sends a tick every half second; it is traced by hand, with the plain API.

python examples/observability/server.py [PORT]
"""

import asyncio
import contextlib
import itertools
import json
import sys

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import Link, SpanKind
from otlp import exporting
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TRACER = trace.get_tracer("ticker")


async def talk(connection: ServerConnection) -> None:
    """Join the client's trace, and then send ticks that each begin a trace of their own."""
    headers = connection.request.headers if connection.request else {}
    context = extract(headers)  # the engine put `traceparent` there
    with TRACER.start_as_current_span("ticker handshake", context, SpanKind.SERVER) as handshake:
        hearing = asyncio.create_task(hear(connection))
    link = Link(handshake.get_span_context())
    try:
        for number in itertools.count(1):
            kind = SpanKind.PRODUCER
            with TRACER.start_as_current_span("ticker publish", Context(), kind, links=[link]):
                message: dict[str, str] = {"data": f"tick {number}"}
                inject(message)  # adds "traceparent"
                await connection.send(json.dumps(message))
            await asyncio.sleep(0.5)
    except ConnectionClosed:
        with contextlib.suppress(ConnectionClosed):
            await hearing


async def hear(connection: ServerConnection) -> None:
    """Note what the client says, in the client's trace."""
    async for message in connection:
        request = json.loads(message)
        with TRACER.start_as_current_span("ticker hear", extract(request), SpanKind.CONSUMER):
            print("client:", request["data"], flush=True)


async def main(port: int) -> None:
    """Serve until Ctrl-C."""
    async with serve(talk, "127.0.0.1", port) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with exporting("ticker-server"), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8765))
