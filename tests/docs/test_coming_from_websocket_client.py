"""The programs of the page about websocket-client: each does what its counterpart does.

On the page a program that imports `websocket` is followed by its counterpart. Both are run against
one and the same server, which notes what they do, and both print the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from wsengine.testing.proxies import HttpProxy

from .reading import ROOT, Block, blocks
from .test_snippets import SERVER

PAGE = ROOT / "docs" / "coming-from-websocket-client.md"
PROGRAMS = [block for block in blocks(PAGE) if block.language == "python"]
PAIRS = [
    (theirs, ours)
    for theirs, ours in pairwise(PROGRAMS)
    if "import websocket\n" in theirs.text and "import websocket\n" not in ours.text
]
THE_CLOSE = {"closed 1000 None": "closed 1001 True"}
"""The one line that differs, as the page says: how each of them tells of a close."""

CALLED_WITH = """
def fresh_token():
    return "secret"


def on_message(ws, message):
    print(message)
    ws.close()


class Feed(__import__("wsengine").Endpoint):
    def on_message(self, session, message):
        print(message)
        session.exit()

"""
"""What the fragments about TLS take as given."""


def named(name: str) -> tuple[str, str]:
    """Return the pair that has this in its first program."""
    (pair,) = [(theirs.text, ours.text) for theirs, ours in PAIRS if name in theirs.text]
    return pair


async def run(program: str, folder: Path | None = None) -> list[str]:
    """Run a program, and return the lines that it prints; it must end by itself and well."""
    environment = {name: os.environ[name] for name in os.environ if "proxy" not in name.lower()}
    async with asyncio.timeout(30):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", program),
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            cwd=folder,
        )
        try:
            output, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    told = ": connection lost after ", ": open again after "  # in the log of ours
    others = [
        line for line in errors.decode().splitlines() if not any(each in line for each in told)
    ]
    assert (process.returncode, others) == (0, [])
    return output.decode().splitlines()


class Echo:
    """A server that sends messages back, and notes them; it may do something else at first.

    Attributes:
        came: The messages of each connection, decoded where they are JSON.
        connections: All of them.
    """

    def __init__(self, *first: Callable[[ServerConnection], Any]) -> None:
        self.came: list[list[Any]] = []
        self.connections: list[ServerConnection] = []
        self._first = list(first)

    async def __call__(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        came: list[Any] = []
        self.came.append(came)
        first = self._first.pop(0) if self._first else None
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                came.append(json.loads(text) if str(text).startswith("{") else text)
                if first is not None:
                    await first(connection)
                else:
                    await connection.send(text)

    @property
    def closes(self) -> list[int | None]:
        """The codes that clients closed with."""
        frames = [connection.protocol.close_rcvd for connection in self.connections]
        return [None if frame is None else int(frame.code) for frame in frames]


@contextlib.asynccontextmanager
async def listening(handler: Any, **settings: Any) -> AsyncIterator[int]:
    """Give the port of a server."""
    async with serve(handler, "127.0.0.1", 0, close_timeout=1, **settings) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def both(pair: tuple[str, str], *first: Callable[[ServerConnection], Any]) -> list[Echo]:
    """Run both programs, each against a server of its own; check that they print the same."""
    echoes = [Echo(*first) for _ in pair]
    async with listening(echoes[0]) as one, listening(echoes[1]) as other:
        programs = zip(pair, (one, other), strict=True)
        theirs, ours = await asyncio.gather(
            *[run(program.replace(SERVER, f"ws://127.0.0.1:{port}")) for program, port in programs]
        )
    assert [THE_CLOSE.get(line, line) for line in theirs] == ours
    assert ours
    return echoes


def test_every_program_is_one_of_a_pair() -> None:
    theirs = [block for block in PROGRAMS if "websocket." in block.text]
    assert theirs == [first for first, _ in PAIRS]
    assert len(PAIRS) == 5


RUNNING = [pair for pair in PAIRS if SERVER in pair[0].text]


@pytest.mark.parametrize(("theirs", "ours"), RUNNING, ids=[pair[0].name for pair in RUNNING])
async def test_both_do_the_same(theirs: Block, ours: Block) -> None:
    """They print the same, and the server gets the same."""
    one, other = await both((theirs.text, ours.text))
    assert one.came == other.came
    assert len(one.came) == 1


async def test_the_whole_of_it_closes_alike() -> None:
    one, other = await both(named("on_close=on_close"))
    assert one.closes == other.closes == [1000]


async def lose(connection: ServerConnection) -> None:
    connection.transport.abort()


async def close(connection: ServerConnection) -> None:
    await connection.close(4001, "go")


@pytest.mark.parametrize("end", [lose, close])
async def test_subscriptions_survive_in_both(end: Callable[[ServerConnection], Any]) -> None:
    """The first connection ends before it has answered; both come back and subscribe again."""
    one, other = await both(named('"op": "subscribe"'), end)
    assert one.came == other.came == [[{"op": "subscribe", "symbol": "BTC"}]] * 2


async def test_headers_tls_and_the_proxy(tmp_path: Path) -> None:
    """The same header, subprotocol and certificate come to the server, through the proxy."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ours.pem"))
    client = authority.issue_cert("client@example.com")
    client.cert_chain_pems[0].write_to_path(str(tmp_path / "me.pem"))
    client.private_key_pem.write_to_path(str(tmp_path / "me.key"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("example.com").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    seen: list[Any] = []

    async def feed(connection: ServerConnection) -> None:
        assert connection.request is not None
        certificate = connection.transport.get_extra_info("peercert")
        headers = connection.request.headers
        offered = headers["Sec-WebSocket-Protocol"].replace(" ", "")
        seen.append((headers["Authorization"], offered, certificate["subjectAltName"]))
        await connection.send("hello")
        await connection.wait_closed()

    settings = {"ssl": context, "subprotocols": ["v2"]}
    async with listening(feed, **settings) as port, HttpProxy(port, user=("user", "secret")) as way:
        where = way.url().removeprefix("http://")
        for fragment in named("sslopt="):
            program = CALLED_WITH + fragment.replace("proxy.example.com:3128", where)
            program = program.replace('"proxy.example.com"', '"127.0.0.1"')
            program = program.replace("=3128", f"={where.partition(':')[2]}")
            assert await run(program, tmp_path) == ["hello"]
        assert way.asked == ["example.com:443"] * 2
        assert len(way.requests) == 2
    certified = (("email", "client@example.com"),)
    assert seen == [("Bearer secret", "v2,v1", certified)] * 2


SESSIONS = (
    """
import websocket


def on_message(ws, message):
    print("message")
    ws.close()


app = websocket.WebSocketApp(
    URL,
    on_open=lambda ws: (print("open"), ws.send("hello")),
    on_message=on_message,
    on_error=lambda ws, error: print("error"),
    on_close=lambda ws, code, reason: print("close"),
)
app.run_forever(reconnect=0.01)
""",
    """
from wsengine import Endpoint, EngineConfig, ReconnectPolicy, SyncEngine


class Client(Endpoint):
    def on_open(self, session, *, restarting):
        print("open")
        session.send("hello")

    def on_message(self, session, message):
        print("message")
        session.exit()

    def on_close(self, session, close):
        print("close", int(close.code))


policy = ReconnectPolicy(initial_delay=0.01, jitter=0, min_uptime=0)
SyncEngine(URL, Client(), config=EngineConfig(reconnect=policy)).run()
""",
)


async def test_what_the_page_says_of_on_close() -> None:
    """One for each session here; there one at the end, and one error for the first that is lost."""
    printed = []
    for program in SESSIONS:
        async with listening(Echo(lose, close, lose)) as port:
            url = f"URL = 'ws://127.0.0.1:{port}'\n"
            printed.append(await run(url + program))
    theirs, ours = printed
    assert theirs == ["open", "error", "open", "open", "open", "message", "close"]
    ended = [["open", "close 1006"], ["open", "close 4001"], ["open", "close 1006"]]
    assert ours == [*sum(ended, []), "open", "message", "close 1001"]  # noqa: RUF017 - three
