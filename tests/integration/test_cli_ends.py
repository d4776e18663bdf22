"""How `wsengine connect` ends: its exit code, and one line where something is wrong."""

from __future__ import annotations

import asyncio
import http
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wsengine.servers.echo import EchoServer
from wsengine.testing.certificates import Certificates

from .command import START_UP, ran, running
from .rude import Peer, RudeServer
from .servers import PoliteServer
from .servers import echo as echo_back

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async with EchoServer() as server:
        yield server


@pytest.fixture
async def unused() -> str:
    """A URL where nothing listens."""
    async with EchoServer() as server:
        return server.url


async def test_refused_without_retrying_is_one_line(unused: str) -> None:
    ended = await ran("connect", unused, "--no-reconnect", typed="hi\n")
    assert ended.code == 1
    assert ended.error_line == (
        f"wsengine: {unused}: connection refused; is the server running, and the port right?"
    )


async def test_what_was_not_sent_is_counted() -> None:
    async def hang_up_a_bit_later(peer: Peer) -> None:
        await asyncio.sleep(0.5)  # by then, the line has been read

    async with RudeServer(hang_up_a_bit_later) as server:
        ended = await ran("connect", server.url, "--no-reconnect", typed="hi\n")
    assert ended.code == 1
    assert "* 1 line was not sent" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["http://127.0.0.1:1"], 2, "must begin with ws:// or wss:// (did you mean ws://?)"),
        (["127.0.0.1:1"], 2, "must begin with ws:// or wss://"),
        (["ws://127.0.0.1:99999"], 2, "url='ws://127.0.0.1:99999': its port must be a whole"),
        (["ws://127.0.0.1:1", "--adapter", "nosuch"], 2, "--adapter 'nosuch': is not one of"),
        (["ws://127.0.0.1:1", "--adapter", "no.such:It"], 2, "--adapter 'no.such:It': cannot"),
        (["ws://127.0.0.1:1", "--adapter", "broken:make"], 1, "RuntimeError('broken')"),
        (["ws://127.0.0.1:1", "-H", "Upgrade: no"], 2, "belongs to the handshake itself"),
    ],
)
async def test_what_cannot_be_is_one_line(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    broken = "def make():\n    raise RuntimeError('broken')\n"
    (tmp_path / "broken.py").write_text(broken)
    ended = await ran("connect", *arguments, cwd=tmp_path)
    assert ended.code == code
    assert message in ended.error_line
    assert ended.out == ""


@pytest.mark.parametrize(
    ("retrying", "advice"), [([], "; trying again would not help"), (["--no-reconnect"], "")]
)
async def test_a_fatal_refusal_is_one_line(retrying: list[str], advice: str) -> None:
    def deny(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no")

    async with PoliteServer(process_request=deny) as server:
        url = server.url
        ended = await ran("connect", url, *retrying)
    assert ended.code == 1
    assert ended.error_line == (
        f"wsengine: {url}: the server refused the handshake with HTTP status 401{advice}; "
        "give credentials with --header 'Authorization: ...'"
    )


async def test_a_fatal_close_is_one_line() -> None:
    async def expel(connection: ServerConnection) -> None:
        await connection.close(1008, "not you")

    async with PoliteServer(expel) as server, running("connect", server.url) as command:
        await command.line("closed by the server")
        ended = await command.end()
    assert ended.code == 1
    assert ended.error_line == (
        "wsengine: connection closed by the server: 1008 POLICY_VIOLATION (not you); "
        "trying again would not help"
    )


async def test_lines_that_a_server_did_not_wait_for_are_an_error() -> None:
    async def leave(connection: ServerConnection) -> None:
        connection.transport.pause_reading()  # so most of what comes cannot be sent
        await connection.send("enough")
        await connection.close(1000)

    async with PoliteServer(leave, compression=None) as server:
        ended = await ran("connect", server.url, "--no-reconnect", typed=300 * f"{'x' * 100_000}\n")
    assert ended.code == 1
    assert ended.error_line == (
        "wsengine: the server closed the connection before everything was sent"
    )
    assert "lines were not sent" in ended.out


@pytest.mark.parametrize(
    ("names", "trusted", "message"),
    [
        (
            ["127.0.0.1"],
            False,
            "the server's certificate is not trusted (unable to get local issuer certificate); "
            "for a private authority give --cafile FILE",
        ),
        (
            ["another.test"],
            True,
            "the server's certificate is not trusted (IP address mismatch, certificate is not "
            "valid for '127.0.0.1'.)",
        ),
    ],
)
async def test_a_certificate_that_is_not_trusted_is_one_line(
    names: list[str], trusted: bool, message: str, tmp_path: Path
) -> None:
    certificates = Certificates()
    options = _cafile(certificates, tmp_path) if trusted else []
    async with PoliteServer(ssl=certificates.server(*names)) as server:
        ended = await ran("connect", server.url, "--no-reconnect", *options)
        assert (ended.code, ended.error_line) == (1, f"wsengine: {server.url}: {message}")


async def test_a_private_authority_can_be_trusted(tmp_path: Path) -> None:
    certificates = Certificates()
    async with PoliteServer(echo_back, ssl=certificates.server("127.0.0.1")) as server:
        options = ["--once", "--send", "hi", *_cafile(certificates, tmp_path)]
        ended = await ran("connect", server.url, *options)
    assert (ended.code, ended.out, ended.err) == (0, "hi\n", "")


def _cafile(certificates: Certificates, folder: Path) -> list[str]:
    """Return the option that names a file with the authority's certificate."""
    (certificate,) = certificates.client().get_ca_certs(binary_form=True)
    path = folder / "ca.pem"
    path.write_text(ssl.DER_cert_to_PEM_cert(certificate))
    return ["--cafile", str(path)]


async def test_a_server_without_tls_is_one_line(echo: EchoServer) -> None:
    url = echo.url.replace("ws:", "wss:")
    ended = await ran("connect", url, "--no-reconnect")
    assert ended.code == 1
    assert ended.error_line.startswith(f"wsengine: {url}: ")
    assert ended.error_line.endswith("; does the server speak wss:// on this port?")


async def test_a_server_that_disappears_is_one_line(echo: EchoServer) -> None:
    async with running("connect", echo.url, "--no-reconnect") as command:
        await command.line("connected")
        await echo.drop_clients()
        ended = await command.end("")
    assert ended.code == 1
    assert ended.error_line.startswith("wsengine: connection lost: 1006 ABNORMAL_CLOSURE")


async def test_an_output_that_was_never_open_is_no_trouble(echo: EchoServer) -> None:
    command = f"exec {sys.executable} -m wsengine connect {echo.url} --no-proxy --linger 0.1 >&-"
    process = await asyncio.create_subprocess_shell(
        command, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(START_UP):
        _, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(echo: EchoServer, number: signal.Signals) -> None:
    async with running("connect", echo.url) as command:
        await command.line("connected")
        command.signal(number)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert "closing: 1001 GOING_AWAY" in ended.out


async def test_a_signal_ends_it_between_two_dials(unused: str) -> None:
    async with running("connect", unused) as command:
        await command.type("never sent\n")
        await command.line("attempt 2 failed")
        command.signal(signal.SIGINT)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert "1 line was not sent" in ended.out


async def test_a_reader_that_goes_away_ends_it_quietly(echo: EchoServer) -> None:
    reading, writing = os.pipe()
    async with running("connect", echo.url, stdout=writing) as command:
        os.close(writing)
        await asyncio.to_thread(os.read, reading, 10)
        os.close(reading)
        ended = await command.end("x\n" * 1000)
    assert (ended.code, ended.err) == (0, "")
