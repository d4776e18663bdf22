"""`wsengine playground`: the page on which an engine can be watched, until Ctrl-C."""

from __future__ import annotations

import asyncio
import sys
import threading
import webbrowser

import typer

from ..playground import Playground
from ..servers.demo_guard import is_loopback
from ..signals import stop_on_signals
from .problems import cannot_listen

WARNING = (
    "wsengine: warning: --host {host}: whoever reaches this machine controls the playground, "
    "without a password"
)


async def show_playground(playground: Playground, *, open_page: bool | None) -> None:
    """Run the playground until SIGINT or SIGTERM.

    Args:
        playground: The playground.
        open_page: Whether to open the page in the user's browser; `None`: where standard
            output is a terminal.

    Raises:
        CommandFailed: The address cannot be had.
        ConfigError: There is no such adapter, or what is allowed is no name.
        MissingDependencyError: Its library is not installed.
    """
    host = playground.host
    stopped = asyncio.Event()
    with stop_on_signals(stopped.set):
        try:
            await playground.start()
        except OSError as error:
            raise cannot_listen(host, playground.port, error) from error
        try:
            if not is_loopback(host):
                typer.echo(WARNING.format(host=host or "every address"), err=True)
            typer.echo(f"Playground on {playground.url} (Ctrl-C stops it)")
            if sys.stdout.isatty() if open_page is None else open_page:
                open_in_browser(playground.url)
            await stopped.wait()
        finally:
            await playground.stop()


def open_in_browser(url: str) -> None:
    """Open a page in the user's browser, if there is one beside the terminal.

    In a thread that nobody waits for: a browser may take its time, and the end must not.
    """
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser:  # those are for terminals, and take this one
        threading.Thread(target=browser.open, args=(url,), daemon=True).start()
