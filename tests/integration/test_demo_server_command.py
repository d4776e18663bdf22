"""`wsengine demo-server`, as a shell runs it."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import aiohttp
import pytest

from wsengine.servers.demo import DemoServer

from .command import ran, running
from .demo import ECHO, SUBSCRIBE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_runs_until_it_is_told_to_stop(number: signal.Signals) -> None:
    async with running("demo-server", "--port", "0", "--heartbeat", "0.05") as server:
        url = (await server.line("ws://")).split()[3]
        ended = await ran("connect", url, "--linger", "0.5", typed=f"{SUBSCRIBE}\n{ECHO}\n")
        assert '"echo":"hello"' in ended.out
        assert ended.out.count('"type":"heartbeat"') >= 3
        server.signal(number)
        stopped = await server.end()
    assert (stopped.code, stopped.err) == (0, "")


async def test_a_client_that_is_connected_does_not_hold_its_end_up() -> None:
    async with running("demo-server", "--port", "0") as server, aiohttp.ClientSession() as session:
        url = (await server.line("ws://")).split()[3]
        async with session.ws_connect(url) as ws:
            server.signal(signal.SIGINT)
            async with asyncio.timeout(10):
                message = await ws.receive()
        stopped = await server.end()
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert (stopped.code, stopped.err) == (0, "")


async def test_a_browser_gets_the_page() -> None:
    async with running("demo-server", "--port", "0") as server, aiohttp.ClientSession() as session:
        url = (await server.line("http://")).split()[-1]
        async with session.get(url) as response:
            assert response.status == 200
            assert response.content_type == "text/html"
            assert "<html" in await response.text()
        server.signal(signal.SIGTERM)
        ended = await server.end()
    assert (ended.code, ended.err) == (0, "")


async def test_an_address_in_use_is_one_line() -> None:
    async with DemoServer() as other:
        ended = await ran("demo-server", "--port", str(other.port))
    assert ended.code == 1
    assert ended.error_line.startswith(
        f"wsengine: cannot listen on 127.0.0.1:{other.port}: Address already in use; choose another"
    )


async def test_who_is_allowed_is_so_for_the_page_too() -> None:
    allowed = ("--allow-host", "demo.example", "--allow-origin", "https://app.example")
    async with running("demo-server", "--port", "0", *allowed) as server:
        url = (await server.line("ws://")).split()[3].replace("ws:", "http:")
        async with aiohttp.ClientSession() as session:
            for headers, status in (
                ({"Host": "demo.example"}, 200),
                ({"Host": "demo.example", "Origin": "http://demo.example"}, 200),
                ({"Origin": "https://app.example"}, 200),
                ({"Host": "other.example"}, 403),
                ({"Origin": "https://other.example"}, 403),
            ):
                for path in ("", "page/main.js"):
                    async with session.get(url + path, headers=headers) as response:
                        assert response.status == status, (path, headers)
        server.signal(signal.SIGTERM)
        await server.end()


async def test_another_host_is_warned_of() -> None:
    arguments = ("--host", "0.0.0.0", "--port", "0", "--allow-host", "demo.example")
    async with running("demo-server", *arguments) as server, aiohttp.ClientSession() as session:
        url = (await server.line("ws://")).split()[3]
        for host, status in (("demo.example", 101), ("other.example", 403)):
            try:
                async with session.ws_connect(url, headers={"Host": host}) as ws:
                    await ws.send_str(ECHO)
                    assert json.loads((await ws.receive()).data)["status"] == "OK"
                assert status == 101
            except aiohttp.WSServerHandshakeError as error:
                assert error.status == status
        server.signal(signal.SIGTERM)
        ended = await server.end()
    assert ended.code == 0
    assert ended.error_line.startswith("wsengine: warning: --host 0.0.0.0: whoever reaches")
