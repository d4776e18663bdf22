"""`wsengine echo-server`."""

from __future__ import annotations

import asyncio

import typer

from ..servers.echo import EchoServer
from ..signals import stop_on_signals
from .problems import cannot_listen


async def serve_echo(host: str, port: int) -> None:
    """Run an echo server until SIGINT or SIGTERM.

    Raises:
        CommandFailed: The address cannot be had.
    """
    server = EchoServer(host, port)
    stopped = asyncio.Event()
    with stop_on_signals(stopped.set):
        try:
            await server.start()
        except OSError as error:
            raise cannot_listen(host, port, error) from error
        try:
            typer.echo(f"Echo server on {server.url} (Ctrl-C stops it)")
            await stopped.wait()
        finally:
            await server.stop()
