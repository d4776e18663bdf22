"""`wsengine demo-server`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

import typer

from ..playground.panel import Panel
from ..servers.demo import DemoServer
from ..servers.demo_guard import is_loopback
from ..signals import stop_on_signals
from .problems import cannot_listen


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """The options of the command."""

    host: str
    port: int
    heartbeat: float
    allowed_hosts: Collection[str] = ()
    allowed_origins: Collection[str] = ()


async def serve_demo(settings: DemoSettings) -> None:
    """Run a demo server, with its page, until SIGINT or SIGTERM.

    Raises:
        CommandFailed: The address cannot be had.
        ConfigError: An option is out of range.
    """
    hosts, origins = settings.allowed_hosts, settings.allowed_origins
    panel = Panel(settings.host, hosts=hosts, origins=origins)
    panel.server = server = DemoServer(
        settings.host,
        settings.port,
        heartbeat=settings.heartbeat,
        routes=panel.routes(),
        plain=panel.index,
        allowed_hosts=hosts,
        allowed_origins=origins,
    )
    stopped = asyncio.Event()
    with stop_on_signals(stopped.set):
        await _start(server)
        try:
            typer.echo(f"Demo server on {server.url} (Ctrl-C stops it)")
            typer.echo(f"What is wrong with it is set on its page: http{server.url[2:]}")
            _warn(settings.host)
            await stopped.wait()
        finally:
            await panel.close()
            await server.stop()


async def _start(server: DemoServer) -> None:
    try:
        await server.start()
    except OSError as error:
        raise cannot_listen(server.host, server.port, error) from error


def _warn(host: str) -> None:
    if not is_loopback(host):
        shown = host or "every address"
        typer.echo(
            f"wsengine: warning: --host {shown}: whoever reaches this machine can use the server, "
            "and break it by its page",
            err=True,
        )
