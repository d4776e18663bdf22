"""Chromium by its DevTools protocol: opens a page, and prints its title and what it logs.

python examples/chrome.py [URL]

The URL is that of a page that this program serves, if you leave it out. Chromium is started, and
ended; it has to be installed.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from typing import Any, cast

from wsengine import ConnectOptions, Endpoint, Engine, JsonCodec, JsonCorrelator, Session

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *(
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--remote-debugging-port=0",
    ),
)
PATIENCE = 30.0
PAGE = b"<!doctype html><title>Hello from wsengine</title><script>console.log('loaded')</script>"

Message = dict[str, Any]


class Page(Endpoint):
    """Hears the events: messages with a method, and no reply to any request."""

    def __init__(self) -> None:
        self.loaded = asyncio.Event()

    def on_message(self, session: Session, event: Message) -> None:
        if event.get("method") == "Page.loadEventFired":
            self.loaded.set()
        elif event.get("method") == "Runtime.consoleAPICalled":
            print("it logs:", *(each.get("value") for each in event["params"]["args"]), flush=True)


@contextlib.asynccontextmanager
async def chromium(program: str) -> AsyncIterator[str]:
    """Run Chromium, and yield where it listens."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        flags = [*FLAGS, f"--user-data-dir={folder}"]
        if sys.platform == "linux" and os.geteuid() == 0:
            flags.append("--no-sandbox")  # for root it has none
        process = await asyncio.create_subprocess_exec(
            program, *flags, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
        )
        try:
            yield await listening(process)
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.communicate(), PATIENCE)
            except TimeoutError:
                process.kill()


async def listening(process: Process) -> str:
    """Wait until Chromium says where it listens."""
    said = b""
    async with asyncio.timeout(PATIENCE):
        async for line in cast("asyncio.StreamReader", process.stderr):
            if line.startswith(b"DevTools listening on "):
                return line.decode().split()[-1]
            said += line
        await process.wait()
    sys.exit(f"chrome: Chromium did not start: {said.decode(errors='replace').strip()}")


def connect(url: str, endpoint: Endpoint) -> Engine:
    """Return an engine for one of Chromium's endpoints."""
    correlator = JsonCorrelator(error_field="error", result_field="result")
    direct = ConnectOptions(proxy=None, max_message_size=None)
    return Engine(url, endpoint, options=direct, codec=JsonCodec(), correlator=correlator)


async def show(browser: str, url: str) -> None:
    """Open a page in a tab of its own, and print its title."""
    async with connect(browser, Endpoint()) as chrome:
        create = {"method": "Target.createTarget", "params": {"url": "about:blank"}}
        target = (await chrome.request(create))["targetId"]
        page = Page()
        async with connect(f"{browser.partition('/browser/')[0]}/page/{target}", page) as tab:
            for domain in ("Page", "Runtime"):
                enable, disable = {"method": f"{domain}.enable"}, {"method": f"{domain}.disable"}
                await tab.subscriptions.add(
                    domain, subscribe=enable, unsubscribe=disable, acknowledged=True
                ).ready()
            async with asyncio.timeout(PATIENCE):
                navigate = {"method": "Page.navigate", "params": {"url": url}}
                await tab.request(navigate, timeout=None)  # answered when the page comes
                await page.loaded.wait()
            evaluate = {"method": "Runtime.evaluate", "params": {"expression": "document.title"}}
            print("its title:", (await tab.request(evaluate))["result"]["value"])


async def serve_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer whatever is asked for with the page."""
    while (await reader.readline()).strip():
        pass  # the request: any will do
    writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE)
    await writer.drain()
    writer.close()


async def main(program: str, url: str | None) -> None:
    server = await asyncio.start_server(serve_page, "127.0.0.1", 0)
    own = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, chromium(program) as browser:
        await show(browser, own if url is None else url)


if __name__ == "__main__":
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        sys.exit(
            f"chrome: no Chromium here: install it, so that PATH has one of {', '.join(NAMES)}"
        )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(found, sys.argv[1] if len(sys.argv) > 1 else None))
