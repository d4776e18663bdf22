"""Checks of TLS: whom a client trusts, and what it shows of itself."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl

from ...errors import ConnectError
from ...options import ConnectOptions
from ..certificates import CLIENT
from ..peer import Peer
from ..rawserver import RawServer
from .expectations import expect, expect_close, expect_equal, expect_refused, within
from .messages import MEBIBYTE
from .probe import DIRECT, Probe
from .registry import Chapter

check = Chapter("TLS")

HOST = "127.0.0.1"
PROMPT = 3.0
"""Seconds for a dial that is bound to fail."""

VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
"""In 1.3 a client without a certificate learns only after its handshake that it needs one."""


@check()
async def trusts_the_given_authority(probe: Probe) -> None:
    """ConnectOptions(ssl=...) says whom wss:// trusts, a private authority for one."""
    certificates = probe.certificates()
    server = await probe.serve(ssl=certificates.server(HOST))
    connection, peer = await probe.connect(trusting(certificates.client()), server=server)
    data = bytes(range(256)) * (MEBIBYTE // 256)
    peer.text("secret")
    peer.binary(data)
    expect_equal(await connection.receive(), "secret", "the text")
    expect_equal(await connection.receive(), data, "the data")
    sending = probe.start(connection.send(data))
    expect_equal(await peer.next_message(), data, "the data at the server")
    await sending


@check()
async def closes_over_tls(probe: Probe) -> None:
    """The end is told over TLS as it is without: a close by either side, a reset, an end of file.

    Also where the server ends TCP without ending TLS first, as many do.
    """
    certificates = probe.certificates()
    server = await probe.serve(ssl=certificates.server(HOST))
    options = trusting(certificates.client())
    connection, peer = await probe.connect(options, server=server)
    closing = probe.start(connection.close(4001, "mine"))
    expect_equal(await peer.answer_close(), (4001, "mine"), "the client's close frame")
    async with within(PROMPT, "close() returns"):
        await closing
    connection, peer = await probe.connect(options, server=server)
    receiving = await probe.start_and_wait(connection.receive())
    await peer.close(4002, "yours")
    await expect_close(receiving, 4002, "yours", by_client=False)
    for end in (Peer.reset, Peer.abort, Peer.hang_up):
        connection, peer = await probe.connect(options, server=server)
        receiving = await probe.start_and_wait(connection.receive())
        end(peer)
        await expect_close(receiving, 1006, by_client=False, what=f"receive() after {end.__name__}")


@check()
async def refuses_an_unknown_authority(probe: Probe) -> None:
    """A certificate of an authority that is not trusted is a ConnectError which tells so."""
    certificates = probe.certificates()
    server = await probe.serve(ssl=certificates.server(HOST))
    await expect_distrust(probe, server, DIRECT)
    stranger = probe.certificates().client()
    await expect_distrust(probe, server, trusting(stranger))


@check()
async def refuses_a_certificate_of_another_host(probe: Probe) -> None:
    """A certificate that is not for the host of the URL is a ConnectError which tells so."""
    certificates = probe.certificates()
    server = await probe.serve(ssl=certificates.server("other.test", "127.0.0.2"))
    await expect_distrust(probe, server, trusting(certificates.client()))


@check()
async def refuses_an_expired_certificate(probe: Probe) -> None:
    """A certificate that has expired is a ConnectError which tells so."""
    certificates = probe.certificates()
    server = await probe.serve(ssl=certificates.server(HOST, expired=True))
    error = await expect_distrust(probe, server, trusting(certificates.client()))
    expect("expired" in str(error), "an error that says 'expired'", f"it says {str(error)!r}")


@check()
async def shows_the_given_certificate(probe: Probe) -> None:
    """A client certificate in ConnectOptions(ssl=...) is shown to a server that asks for one."""
    certificates = probe.certificates()
    options = trusting(certificates.client(with_certificate=True))
    for version in VERSIONS:
        asking = certificates.server(HOST, asks_clients=True, version=version)
        server = await probe.serve(ssl=asking)
        connection, peer = await probe.connect(options, server=server)
        expect_equal(peer.certificate, CLIENT, "the name in the client's certificate")
        peer.text("welcome")
        expect_equal(await connection.receive(), "welcome", "the text")


@check()
async def tells_that_a_certificate_is_missing(probe: Probe) -> None:
    """A server that turns down a client without a certificate is a ConnectError, at once."""
    certificates = probe.certificates()
    for version in VERSIONS:
        asking = certificates.server(HOST, asks_clients=True, version=version)
        server = await probe.serve(ssl=asking)
        async with within(PROMPT, f"connect() fails over {version.name}"):
            dialling = probe.dial(server.url(), trusting(certificates.client()))
            error = await expect_refused(dialling, "the server wants a certificate")
        expect_equal(error.status, None, "error.status")


@check()
async def tells_that_a_server_speaks_no_tls(probe: Probe) -> None:
    """wss:// to a server without TLS is a ConnectError, at once."""
    async with await asyncio.start_server(_answer_in_plain, HOST, 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        async with within(PROMPT, "connect() fails"):
            dialling = probe.dial(f"wss://{HOST}:{port}/")
            error = await expect_refused(dialling, "the server speaks no TLS")
        expect_equal(error.status, None, "error.status")


def trusting(context: ssl.SSLContext) -> ConnectOptions:
    """Return options with a TLS context."""
    return dataclasses.replace(DIRECT, ssl=context)


async def expect_distrust(probe: Probe, server: RawServer, options: ConnectOptions) -> ConnectError:
    """Expect a dial to fail over the server's certificate, before anything is said to it.

    Raises:
        Mismatch: It does not.
    """
    async with within(PROMPT, "connect() fails"):
        dialling = probe.dial(server.url(), options)
        error = await expect_refused(dialling, "the certificate is not to be trusted")
    told = "certificate" in str(error)
    expect(told, "an error that tells of the certificate", f"it says {str(error)!r}")
    expect_equal(error.status, None, "error.status")
    expect_equal(server.clients, 0, "the number of clients that the server spoke with")
    return error


async def _answer_in_plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    writer.close()
