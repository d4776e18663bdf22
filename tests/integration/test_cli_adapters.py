"""What goes wrong with a dial is the same one line, whichever library dials."""

from __future__ import annotations

import asyncio
import http
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wsengine.servers.echo import EchoServer
from wsengine.testing.certificates import Certificates

from .command import ran
from .servers import PoliteServer, port_of

pytestmark = pytest.mark.parametrize("library", ["websockets", "aiohttp", "picows"])

CREDENTIALS = "; give credentials with --header 'Authorization: ...'"


async def told(url: str, library: str, *options: str) -> str:
    """Return what the one line says about the URL."""
    ended = await ran("connect", url, "--adapter", library, "--no-reconnect", *options)
    begin = f"wsengine: {url}: "
    assert (ended.code, ended.error_line[: len(begin)]) == (1, begin)
    return ended.error_line[len(begin) :]


async def test_an_authority_that_is_not_known(library: str) -> None:
    async with PoliteServer(ssl=Certificates().server("127.0.0.1")) as server:
        assert await told(server.url, library) == (
            "the server's certificate is not trusted (unable to get local issuer certificate); "
            "for a private authority give --cafile FILE"
        )


async def test_a_certificate_for_another_host(library: str, tmp_path: Path) -> None:
    certificates = Certificates()
    (authority,) = certificates.client().get_ca_certs(binary_form=True)
    path = tmp_path / "ca.pem"
    path.write_text(ssl.DER_cert_to_PEM_cert(authority))
    async with PoliteServer(ssl=certificates.server("another.test")) as server:
        line = await told(server.url, library, "--cafile", str(path))
    assert line.startswith("the server's certificate is not trusted (IP address mismatch")
    assert line.endswith(")")  # no advice: another authority would not help


@pytest.mark.parametrize(("status", "advice"), [(401, CREDENTIALS), (403, CREDENTIALS), (503, "")])
async def test_a_refusal(library: str, status: int, advice: str) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus(status), "no")

    async with PoliteServer(process_request=refuse) as server:
        assert await told(server.url, library) == (
            f"the server refused the handshake with HTTP status {status}{advice}"
        )


async def test_nobody_there(library: str) -> None:
    async with EchoServer() as server:
        url = server.url
    assert await told(url, library) == (
        "connection refused; is the server running, and the port right?"
    )


async def test_a_server_without_tls(library: str) -> None:
    async with EchoServer() as server:
        line = await told(server.url.replace("ws:", "wss:"), library)
    assert line.endswith("; does the server speak wss:// on this port?")


async def test_a_server_with_tls_that_is_dialled_without(library: str) -> None:
    async with PoliteServer(ssl=Certificates().server("127.0.0.1")) as server:
        line = await told(server.url.replace("wss:", "ws:"), library)
    assert line.endswith("; does the server speak WebSocket here, or TLS (wss://)?")


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
async def test_a_server_of_pages(library: str, status: str) -> None:
    async def show(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nhi".encode())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(show, "127.0.0.1", 0) as server:
        line = await told(f"ws://127.0.0.1:{port_of(server.sockets)}", library)
    assert line == (
        f"the server refused the handshake with HTTP status {status[:3]}; "
        "is this a WebSocket endpoint, and the path right?"
    )
