"""The example of the README, against a server that loses it, with each adapter.

Another adapter is one more word, and nothing else.
"""

from __future__ import annotations

import asyncio
import signal
import sys

import pytest

from wsengine.loading import ADAPTERS
from wsengine.servers.echo import EchoServer

from .reading import ROOT
from .test_snippets import SERVER, start

OWN = "examples.wsproto_adapter:WsprotoAdapter"
"""The adapter of docs/adapters.md."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("adapter", [None, *ADAPTERS, OWN])
async def test_the_example_comes_back_and_ends_with_ctrl_c(adapter: str | None) -> None:
    code = (ROOT / "examples/hello.py").read_text(encoding="utf-8")
    assert SERVER in code
    if adapter is not None:
        assert code.count("Hello())") == 1
        code = code.replace("Hello())", f"Hello(), adapter={adapter!r})")
    async with EchoServer() as server, asyncio.timeout(45):
        process = await start(code.replace(SERVER, server.url))
        assert process.stdout is not None
        try:
            assert await process.stdout.readline() == b"received: hello\n"
            await server.drop_clients()
            assert (await process.stdout.readline()).startswith(b"closed: 1006 ABNORMAL_CLOSURE")
            assert await process.stdout.readline() == b"received: hello again\n"
            process.send_signal(signal.SIGINT)
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert output == b"closed: 1001 GOING_AWAY\n"
    lost, again = errors.decode().splitlines()
    assert ": connection lost after " in lost
    assert ": open again after " in again
    assert process.returncode == 0


def test_every_example_that_is_a_program_is_run() -> None:
    programs = [
        path.name
        for path in sorted((ROOT / "examples").glob("**/*.py"))
        if "\nrun(" in path.read_text(encoding="utf-8")
    ]
    assert programs == ["hello.py"]
