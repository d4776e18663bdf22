"""Dials: where to and with what is asked before each; and why one failed is said in words."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wsengine import ConnectError, ConnectOptions, EngineStartError

from .conftest import MakeEngine
from .measuring import until
from .recorder import Recorder
from .rude import Peer, RudeServer
from .servers import PoliteServer, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


def plain(value: Callable[[], Any]) -> Callable[[], Any]:
    """Leave a function as it is."""
    return value


def coroutine(value: Callable[[], Any]) -> Callable[[], Any]:
    """Make a coroutine function of a function."""

    async def ask() -> Any:
        await asyncio.sleep(0)
        return value()

    return ask


@pytest.mark.parametrize("kind", [plain, coroutine])
async def test_url_and_options_are_asked_before_every_dial(
    make_engine: MakeEngine, kind: Callable[[Callable[[], Any]], Callable[[], Any]]
) -> None:
    asked: list[str] = []

    def url() -> str:
        asked.append("url")
        return f"{server.url}?dial={asked.count('url')}"

    def options() -> ConnectOptions:
        asked.append("options")
        headers = {"Authorization": f"Bearer {asked.count('options')}"}
        return ConnectOptions(proxy=None, headers=headers)

    endpoint = Recorder()
    async with (
        PoliteServer() as server,
        make_engine(kind(url), endpoint, options=kind(options)) as engine,
    ):
        for dials in (2, 3):
            engine.restart()
            await until(lambda: len(endpoint.sessions) == dials)  # noqa: B023
        requests = [connection.request for connection in server.connections]
        assert [request.path for request in requests if request] == [
            f"/ws?dial={number}" for number in (1, 2, 3)
        ]
        assert [request.headers["Authorization"] for request in requests if request] == [
            f"Bearer {number}" for number in (1, 2, 3)
        ]
    assert asked == ["url", "options"] * 3


@pytest.mark.parametrize("kind", [plain, coroutine])
@pytest.mark.parametrize("source", ["url", "options"])
async def test_a_function_that_raises_is_asked_again(
    make_engine: MakeEngine,
    kind: Callable[[Callable[[], Any]], Callable[[], Any]],
    source: str,
) -> None:
    asked = 0

    def failing(value: Callable[[], Any]) -> Callable[[], Any]:
        def ask() -> Any:
            nonlocal asked
            asked += 1
            if asked in (1, 2, 4):
                raise LookupError("the directory is down")
            return value()

        return kind(ask)

    endpoint = Recorder()
    async with PoliteServer() as server:
        url = failing(lambda: server.url) if source == "url" else server.url
        fixed = ConnectOptions(proxy=None)
        options = failing(lambda: fixed) if source == "options" else fixed
        async with make_engine(url, endpoint, options=options, retry_start=True) as engine:
            assert asked == 3, "retry_start"
            engine.restart()
            await until(lambda: len(endpoint.sessions) == 2)
    assert [str(failure.error) for failure in endpoint.failures] == ["the directory is down"] * 3
    assert asked == 5


async def failed_dial(make_engine: MakeEngine, url: str, **settings: Any) -> ConnectError:
    """Dial, and return the error that comes of it."""
    engine = make_engine(url, Recorder(), **settings)
    with pytest.raises(EngineStartError) as failed:
        await engine.start()
    error = failed.value.__cause__
    assert isinstance(error, ConnectError)
    assert str(failed.value) == f"could not start: {error}"
    assert str(error).startswith(f"{url}: "), str(error)
    return error


async def test_wrong_port(make_engine: MakeEngine) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
    error = await failed_dial(make_engine, f"ws://127.0.0.1:{port}/ws")
    assert "connection refused; is the server running, and the port right?" in str(error)


async def test_host_name_that_cannot_be_resolved(make_engine: MakeEngine) -> None:
    error = await failed_dial(make_engine, "ws://host.invalid/ws")
    # Asking for a name takes a thread of the loop's executor, which stays with the loop.
    await asyncio.get_running_loop().shutdown_default_executor()
    assert "the host name cannot be resolved" in str(error)
    assert "check its spelling and DNS" in str(error)


async def test_tls_against_a_plain_server_that_answers(make_engine: MakeEngine) -> None:
    async def bad_request(peer: Peer) -> None:
        await peer.reader.read(1)
        peer.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await peer.reader.read()

    async with RudeServer(bad_request) as server:
        error = await failed_dial(make_engine, server.url.replace("ws://", "wss://"))
    assert "TLS failed" in str(error)
    assert "does the server speak wss:// on this port?" in str(error)


async def test_tls_against_a_plain_server_that_hangs_up(make_engine: MakeEngine) -> None:
    async with PoliteServer() as server:
        error = await failed_dial(make_engine, server.url.replace("ws://", "wss://"))
    assert "does the server speak wss:// on this port?" in str(error)


async def test_a_server_that_speaks_something_else(make_engine: MakeEngine, adapter: str) -> None:
    async def greet_as_smtp(peer: Peer) -> None:
        peer.writer.write(b"220 mail.example ESMTP\r\n")
        await peer.reader.read()

    async with RudeServer(greet_as_smtp) as server:
        if adapter == "picows":  # it waits for an empty line, as HTTP has one
            error = await failed_dial(make_engine, server.url, open_timeout=0.5)
            assert "the dial did not end within 0.5 s (open_timeout)" in str(error)
            return
        error = await failed_dial(make_engine, server.url)
    if adapter == "aiohttp" and "closing transport" in str(error):
        return  # it had seen the greeting before it sent its request, and does not say so
    assert "the handshake failed" in str(error)
    assert "does the server speak WebSocket here, or TLS (wss://)?" in str(error)


async def test_a_server_that_hangs_up(make_engine: MakeEngine) -> None:
    async def hang_up(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")

    async with RudeServer(hang_up) as server:
        error = await failed_dial(make_engine, server.url)
    assert "does the server speak WebSocket here, or TLS (wss://)?" in str(error)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the command `openssl` is not installed, which makes the test's certificate")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=wsengine test", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key


def tls_server(certificate: tuple[Path, Path]) -> PoliteServer:
    """Return a server for wss://."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return PoliteServer(greet("over TLS"), ssl=context)


async def test_certificate_that_is_not_trusted(
    make_engine: MakeEngine, certificate: tuple[Path, Path]
) -> None:
    async with tls_server(certificate) as server:
        error = await failed_dial(make_engine, server.url)
    assert "the server's certificate is not trusted" in str(error)
    assert "ConnectOptions(ssl=ssl.create_default_context(cafile=...))" in str(error)


async def test_certificate_that_is_trusted(
    make_engine: MakeEngine, certificate: tuple[Path, Path]
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    endpoint = Recorder()
    async with tls_server(certificate) as server:
        options = ConnectOptions(proxy=None, ssl=trusting)
        async with make_engine(server.url, endpoint, options=options):
            await until(lambda: endpoint.messages == ["over TLS"])
        assert await server.seen_close(0) == (1001, "")


async def test_plain_dial_against_a_tls_server(
    make_engine: MakeEngine, certificate: tuple[Path, Path]
) -> None:
    async with tls_server(certificate) as server:
        error = await failed_dial(make_engine, server.url.replace("wss://", "ws://"))
    assert "does the server speak WebSocket here, or TLS (wss://)?" in str(error)
