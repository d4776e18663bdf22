"""Ctrl-C in the main thread of a program without asyncio, with every adapter."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE

import pytest

from .servers import PoliteServer, greet

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process")

PROGRAM = """
import sys
import threading
import time

from wsengine import ConnectOptions, Endpoint, EngineConfig, JsonCodec, JsonCorrelator, SyncEngine

adapter, url = sys.argv[1:]


class Client(Endpoint):
    def on_message(self, session, message):
        while session.stats().requests_in_flight < 2:
            time.sleep(0.01)
        print("message", message, flush=True)
        time.sleep(0.1)
        print("handled", flush=True)

    def on_close(self, session, close):
        print("close", int(close.code), close.client_initiated, flush=True)


def ask():
    try:
        engine.request({"op": "silence"}, timeout=None)
    except Exception as error:
        print(type(error).__name__, flush=True)


engine = SyncEngine(
    url,
    Client(),
    adapter=adapter,
    options=ConnectOptions(proxy=None),
    config=EngineConfig(stop_timeout=5),
    codec=JsonCodec(),
    correlator=JsonCorrelator(),
)
try:
    with engine:
        other = threading.Thread(target=ask)
        other.start()
        engine.request({"op": "silence"}, timeout=None)
except KeyboardInterrupt:
    other.join()
    print("interrupted", engine.state.value, threading.active_count(), flush=True)
"""


async def test_ctrl_c_while_the_main_thread_and_another_one_ask(adapter: str) -> None:
    """Both calls end, a running handler ends, `on_close` is called, and no thread is left."""
    async with PoliteServer(greet('{"n":1}')) as server, asyncio.timeout(30):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", PROGRAM, adapter, server.url),
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"message {'n': 1}\n"
            process.send_signal(signal.SIGINT)
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert errors == b""
        lines = output.decode().splitlines()
        assert sorted(lines) == [
            "ConnectionClosed",
            "close 1001 True",
            "handled",
            "interrupted stopped 1",
        ]
        assert lines.index("handled") < lines.index("close 1001 True")
        assert lines[-1] == "interrupted stopped 1"
        assert process.returncode == 0
        assert await server.seen_close(0) == (1001, "")
