"""`wsengine echo-server`."""

from __future__ import annotations

import asyncio
import os

import typer

from ..servers.echo import EchoServer
from ..signals import stop_on_signals
from .problems import CommandFailed


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
            raise CommandFailed(
                f"cannot listen on {host}:{port}: {_reason(error)}; "
                "choose another --host or --port (--port 0 takes a free one)"
            ) from error
        try:
            typer.echo(f"Echo server on {server.url} (Ctrl-C stops it)")
            await stopped.wait()
        finally:
            await server.stop()


def _reason(error: OSError) -> str:
    """Return the system's words for an error, without asyncio's around them."""
    if error.errno is not None and error.errno > 0:  # a failed look-up has another number
        return os.strerror(error.errno)
    return error.strerror or str(error)
