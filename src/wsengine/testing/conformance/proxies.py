"""Checks of the ways through a proxy: HTTP CONNECT, and SOCKS 5."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TypeVar
from urllib.parse import urlsplit

from ...adapter import Connection
from ...errors import ConfigError, ConnectError, MissingDependencyError
from ...options import ConnectOptions
from ..peer import Request
from ..proxies import HttpProxy, Proxy, Socks5Proxy
from ..rawserver import RawServer
from .expectations import expect, expect_equal, expect_refused
from .probe import DIRECT, Probe
from .registry import Chapter, CheckSkipped, Mismatch

check = Chapter("Proxies")

ProxyT = TypeVar("ProxyT", bound=Proxy)

PLAIN, SECURE = "ws://service.test:8080/path", "wss://service.test:8443/path"
"""Hosts that only the proxy knows."""

USER, WRONG = ("user", "open-sesame"), ("user", "knock-knock")

REFUSALS = ("407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway")
REPLIES = (1, 2, 4, 5, 8)
"""General failure, not allowed, host unreachable, connection refused, unknown kind of address."""


@check(declinable=True)
async def goes_through_a_proxy(probe: Probe) -> None:
    """With proxy="http://..." the proxy is asked to CONNECT to the host and port of the URL.

    The request that comes out at the server is as without a proxy.
    """
    proxy = await _enter(probe, HttpProxy(probe.server.port))
    await expect_talk(probe, PLAIN, through(proxy.url()))
    expect_equal(proxy.asked, ["service.test:8080"], "what the proxy is asked for")


@check(declinable=True)
async def goes_through_a_proxy_to_tls(probe: Probe) -> None:
    """wss:// through an HTTP proxy is TLS with the server: its certificate has to be right."""
    await expect_tls_through(probe, HttpProxy)


@check(declinable=True)
async def tells_a_proxy_user_and_password(probe: Probe) -> None:
    """User and password of the proxy's URL are told to it; if they are wrong, it is a 407."""
    proxy = await _enter(probe, HttpProxy(probe.server.port, user=USER))
    request = await expect_talk(probe, PLAIN, through(proxy.url(user=USER)))
    told = request.all("proxy-authorization")
    expect_equal(told, [], "the header Proxy-Authorization at the server")
    for user in (WRONG, None):
        error = await expect_proxy_error(probe, proxy.url(user=user), f"the proxy knows no {user}")
        expect_equal(error.status, 407, "error.status")


@check(declinable=True)
async def tells_that_the_proxy_refused(probe: Probe) -> None:
    """A proxy that refuses is a ConnectError with its status, which says that it was the proxy."""
    for answer in REFUSALS:
        proxy = await _enter(probe, HttpProxy(probe.server.port, answer=answer))
        for url in (PLAIN, SECURE):
            error = await expect_proxy_error(probe, proxy.url(), answer, url)
            expect_equal(error.status, int(answer[:3]), f"after {answer}, error.status")


@check(declinable=True)
async def keeps_headers_from_the_proxy(probe: Probe) -> None:
    """The headers of ConnectOptions are for the server: the proxy is not told them."""
    proxy = await _enter(probe, HttpProxy(probe.server.port))
    options = dataclasses.replace(through(proxy.url()), headers={"Authorization": "Bearer abc"})
    request = await expect_talk(probe, PLAIN, options)
    expect_equal(request.one("authorization"), "Bearer abc", "the request's Authorization")
    told = proxy.requests[0].all("authorization")
    expect_equal(told, [], "the header Authorization at the proxy")


@check(declinable=True)
async def goes_through_socks5(probe: Probe) -> None:
    """With proxy="socks5h://..." the proxy looks the host up, with "socks5://..." it need not."""
    proxy = await _enter(probe, Socks5Proxy(probe.server.port))
    await expect_talk(probe, PLAIN, through(proxy.url()))
    expect_equal(proxy.asked, ["service.test:8080"], "what the proxy is asked for")
    await expect_talk(probe, probe.server.url("/path"), through(proxy.url("socks5")))
    expect_equal(proxy.asked[1:], [f"127.0.0.1:{probe.server.port}"], "what it is asked for then")


@check(declinable=True)
async def goes_through_socks5_to_tls(probe: Probe) -> None:
    """wss:// through a SOCKS 5 proxy is TLS with the server: its certificate has to be right."""
    await expect_tls_through(probe, Socks5Proxy)


@check(declinable=True)
async def tells_socks5_user_and_password(probe: Probe) -> None:
    """User and password of a SOCKS 5 proxy's URL are told to it; if wrong, it is a ConnectError."""
    proxy = await _enter(probe, Socks5Proxy(probe.server.port, user=USER))
    await expect_talk(probe, PLAIN, through(proxy.url(user=USER)))
    for user in (WRONG, None):
        await expect_proxy_error(probe, proxy.url(user=user), f"the proxy knows no {user}")
    expect_equal(len(proxy.asked), 1, "the number of clients that came through")


@check(declinable=True)
async def tells_that_socks5_refused(probe: Probe) -> None:
    """A SOCKS 5 proxy that refuses is a ConnectError which says that it was the proxy."""
    for reply in REPLIES:
        proxy = await _enter(probe, Socks5Proxy(probe.server.port, reply=reply))
        for url in (PLAIN, SECURE):
            error = await expect_proxy_error(probe, proxy.url(), f"the reply is {reply}", url)
            expect_equal(error.status, None, "error.status")


@check(declinable=True)
async def tells_that_no_proxy_is_there(probe: Probe) -> None:
    """A proxy where nobody listens is a ConnectError which says that it was the proxy."""
    closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    for url in (PLAIN, SECURE):
        proxy = f"http://127.0.0.1:{port}"
        error = await expect_proxy_error(probe, proxy, "nobody listens", url)
        expect_equal(error.status, None, "error.status")


@check(declinable=True)
async def a_cancelled_connect_leaves_the_proxy(probe: Probe) -> None:
    """Cancelling connect() while an HTTP proxy does not answer leaves no socket behind."""
    await expect_no_socket_left(probe, HttpProxy)


@check(declinable=True)
async def a_cancelled_connect_leaves_socks5(probe: Probe) -> None:
    """Cancelling connect() while a SOCKS 5 proxy does not answer leaves no socket behind."""
    await expect_no_socket_left(probe, Socks5Proxy)


def through(proxy: str) -> ConnectOptions:
    """Return options with a proxy."""
    return dataclasses.replace(DIRECT, proxy=proxy)


async def expect_talk(
    probe: Probe, url: str, options: ConnectOptions, server: RawServer | None = None
) -> Request:
    """Expect a connection that works both ways; return the request that the server saw.

    Raises:
        Mismatch: There is none.
    """
    connection = await _dial(probe, url, options)
    peer = await (server or probe.server).next_peer()
    peer.text("through")
    expect_equal(await connection.receive(), "through", "the message")
    await connection.send("and back")
    expect_equal(await peer.next_message(), "and back", "the message at the server")
    parts = urlsplit(url)
    expect_equal(peer.request.one("host"), parts.netloc, "the request's Host")
    expect_equal(peer.request.target, parts.path, "the request's target")
    return peer.request


async def expect_tls_through(probe: Probe, kind: type[Proxy]) -> None:
    """Expect TLS with the server behind a proxy, and no less care for its certificate.

    Raises:
        Mismatch: It is not so.
    """
    certificates = probe.certificates()
    for name in ("service.test", "other.test"):
        server = await probe.serve(ssl=certificates.server(name))
        proxy = await _enter(probe, kind(server.port))
        options = dataclasses.replace(through(proxy.url()), ssl=certificates.client())
        if name == "service.test":
            await expect_talk(probe, SECURE, options, server)
        else:
            error = await expect_refused(_dial(probe, SECURE, options), "it is another host")
            told = "certificate" in str(error)
            expect(told, "an error that tells of the certificate", f"it says {str(error)!r}")
        expect_equal(proxy.asked, ["service.test:8443"], "what the proxy is asked for")


async def expect_proxy_error(probe: Probe, proxy: str, why: str, url: str = PLAIN) -> ConnectError:
    """Expect an error which says that it was the proxy, and no password; return it.

    Raises:
        Mismatch: There is none, or it does not say so.
    """
    error = await expect_refused(_dial(probe, url, through(proxy)), why)
    said = str(error)
    expect("proxy" in said.lower(), "an error that tells of the proxy", f"it says {said!r}")
    secret = USER[1] in said or WRONG[1] in said
    expect(not secret, "an error without the password", f"it says {said!r}")
    return error


async def expect_no_socket_left(probe: Probe, kind: type[Proxy]) -> None:
    """Expect that a dial which is cancelled at the proxy leaves it.

    Raises:
        Mismatch: It does not.
    """
    for url in (PLAIN, SECURE):
        proxy = await _enter(probe, kind(probe.server.port, hangs=True))
        dialling = probe.start(_dial(probe, url, through(proxy.url())))
        asked = probe.start(proxy.was_asked())
        await asyncio.wait({dialling, asked}, return_when=asyncio.FIRST_COMPLETED)
        if dialling.done():
            dialling.result()  # or why it ended before
        dialling.cancel()
        await asyncio.wait({dialling}, timeout=1)
        expect(dialling.cancelled(), "a cancelled connect() ends", f"it is {dialling!r}")
        await proxy.all_left()


async def _enter(probe: Probe, proxy: ProxyT) -> ProxyT:
    """Run a proxy until the check ends."""
    proxy.faults = probe.server.faults  # whoever sees one: the check has failed
    await probe.use(proxy)
    return proxy


async def _dial(probe: Probe, url: str, options: ConnectOptions) -> Connection:
    """Dial; where the library is said to know no such proxy, expect a clear refusal instead.

    Raises:
        CheckSkipped: The refusal was clear.
        Mismatch: It was not.
    """
    if probe.cannot is None:
        return await probe.dial(url, options)
    try:
        await probe.dial(url, options)
    except (ConfigError, ConnectError, MissingDependencyError) as error:
        said = str(error).lower()
        told = "proxy" in said or "socks" in said
        expect(told, "an error that tells of the proxy", f"it says {str(error)!r}")
        raise CheckSkipped(probe.cannot) from error
    raise Mismatch(f"an error that tells: {probe.cannot}", "connect() returned a connection")
