"""The least version of TLS is 1.2, whoever speaks it."""

from __future__ import annotations

import asyncio
import ssl
import warnings

import pytest

from tests.integration.conftest import ADAPTERS
from wsengine import ConnectError, ConnectOptions
from wsengine.loading import load_adapter
from wsengine.testing.certificates import Certificates
from wsengine.testing.rawserver import RawServer

OLD = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1]
ANY_CIPHER = "ALL:@SECLEVEL=0"
"""OpenSSL allows the old versions only together with ciphers of their time."""


def old_server(certificates: Certificates, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return the context of a server that speaks one old version only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = certificates.server("127.0.0.1", version=version)
    context.set_ciphers(ANY_CIPHER)
    return context


def lax_client(certificates: Certificates) -> ssl.SSLContext:
    """Return the context of a client that speaks the old versions, too."""
    context = certificates.client()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers(ANY_CIPHER)
    return context


async def dial(adapter: str, server: RawServer, context: ssl.SSLContext | None) -> None:
    """Dial, and hang up again.

    Raises:
        ConnectError: The dial failed.
    """
    options = ConnectOptions(proxy=None, ssl=context)
    async with asyncio.timeout(10):
        connection = await load_adapter(adapter).connect(server.url(), options)
        (await server.next_peer()).abort()
        await connection.close(1000, "")


@pytest.mark.parametrize("version", OLD, ids=lambda version: version.name)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_an_old_version_is_refused(adapter: str, version: ssl.TLSVersion) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # the server's side reports what failed
    certificates = Certificates()
    async with RawServer(ssl=old_server(certificates, version)) as server:
        try:  # so it would have been spoken
            await dial(adapter, server, lax_client(certificates))
        except ConnectError:
            pytest.skip(f"this OpenSSL does not speak {version.name}")
        heard = server.clients
        for context in (None, certificates.client()):
            with pytest.raises(ConnectError) as caught:
                await dial(adapter, server, context)
            assert caught.value.status is None
        assert server.clients == heard


def test_the_default_of_the_standard_library() -> None:
    context = ssl.create_default_context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
