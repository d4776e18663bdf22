"""The client: it says hello, and some seconds after each answer again. The third restart ends it.

python examples/client_server/client.py [--pause SECONDS] [URL]

With OTEL_EXPORTER_OTLP_ENDPOINT set, spans go there; that needs wsengine's extra "otlp".
"""

import argparse
import asyncio
import contextlib
import os
import sys

from opentelemetry.trace import TracerProvider

from wsengine import (
    Close,
    ConnectionClosed,
    Endpoint,
    Engine,
    EngineConfig,
    ReconnectPolicy,
    Session,
    WSEngineError,
    run,
)


class Client(Endpoint):
    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.restarts = 0

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        self.restarts += restarting
        print("open, restarts so far:", self.restarts, flush=True)
        if self.restarts == 3:
            session.exit()
        else:
            await session.send("Hello from on_open")

    async def on_message(self, session: Session, message: str) -> None:
        print("received:", message, flush=True)
        await asyncio.sleep(self.pause)
        with contextlib.suppress(ConnectionClosed):  # meanwhile: on_close tells of it
            await session.send("Hello from on_message")

    def on_close(self, session: Session, close: Close) -> None:
        print("closed:", close, flush=True)


def exporter() -> TracerProvider | None:
    """Return what sends spans, where the environment names a place for them."""
    if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return None
    # Imported here, because it need not be installed.
    from opentelemetry.exporter.otlp.proto.http import trace_exporter  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider, export  # noqa: PLC0415

    provider = TracerProvider()
    provider.add_span_processor(export.BatchSpanProcessor(trace_exporter.OTLPSpanExporter()))
    return provider


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Says hello until the third restart.")
    parser.add_argument("url", metavar="URL", nargs="?", default="ws://127.0.0.1:8765")
    parser.add_argument("--pause", metavar="SECONDS", type=float, default=5.0)
    arguments = parser.parse_args()
    config = EngineConfig(
        retry_start=True,  # the server may come up later
        reconnect=ReconnectPolicy(max_attempts=5),
        stop_timeout=1.0,  # Ctrl-C need not wait for a long pause
    )
    client = Client(arguments.pause)
    try:
        run(Engine(arguments.url, client, config=config, tracer_provider=exporter()))
    except WSEngineError as error:
        sys.exit(f"client: {error}")
