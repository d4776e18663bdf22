"""Adapters that break a clause on the way to the server: TLS, proxies, redirects, addresses."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
from urllib.parse import urlsplit

from wsengine import ConnectError, ConnectOptions
from wsengine.adapter import Connection
from wsengine.adapters.websockets import WebsocketsAdapter

from .saboteurs import WrappedAdapter

# Whom it trusts.


class TrustsAnybody(WrappedAdapter):
    """Verifies nothing, and shows no certificate of its own."""

    def change(self, options: ConnectOptions) -> ConnectOptions:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return dataclasses.replace(options, ssl=context)


class IgnoresTheHostName(WrappedAdapter):
    def change(self, options: ConnectOptions) -> ConnectOptions:
        if options.ssl is not None:
            options.ssl.check_hostname = False
        return options


class HidesTheReason(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        try:
            return await super().connect(url, options)
        except ConnectError as error:
            raise ConnectError("it failed", status=error.status, headers=error.headers) from error


# Where it goes.


class FollowsRedirects(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        try:
            return await super().connect(url, options)
        except ConnectError as error:
            location = error.headers["location"].replace("http:", "ws:")
            return await super().connect(location, options)


class LooksWhereRedirectsLead(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        try:
            return await super().connect(url, options)
        except ConnectError as error:
            connection = await self.adapter.connect(
                error.headers["location"].replace("http:", "ws:"), options
            )
            connection.native.transport.abort()
            raise


class KnowsNoIPv6(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        return await super().connect(url.replace("[::1]", "127.0.0.1"), options)


# Proxies.


class GoesAroundSocks5(WrappedAdapter):
    """Ignores socks5:// proxies, those that need not look up the host."""

    def change(self, options: ConnectOptions) -> ConnectOptions:
        if str(options.proxy).startswith("socks5:"):
            return dataclasses.replace(options, proxy=None)
        return options


class ForgetsTheLogin(WrappedAdapter):
    def change(self, options: ConnectOptions) -> ConnectOptions:
        scheme, _, rest = str(options.proxy).partition("://")
        return dataclasses.replace(options, proxy=f"{scheme}://{rest.rpartition('@')[2]}")


class TellsThePassword(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        try:
            return await super().connect(url, options)
        except ConnectError as error:
            raise ConnectError(f"{options.proxy}: {error}", status=error.status) from error


class TellsTheProxyEverything(WrappedAdapter):
    """Asks the proxy with all the headers that are meant for the server."""

    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        proxy, target = urlsplit(str(options.proxy)), urlsplit(url).netloc
        raw = socket.create_connection((proxy.hostname, proxy.port))
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        headers = [f"{name}: {value}" for name, value in options.headers.items()]
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", *headers, "", ""]
        await loop.sock_sendall(raw, "\r\n".join(lines).encode())
        await loop.sock_recv(raw, 1000)
        direct = dataclasses.replace(options, proxy=None)
        return await WebsocketsAdapter(sock=raw).connect(url, direct)
