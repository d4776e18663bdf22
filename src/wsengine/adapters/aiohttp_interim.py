"""A bound on what a server may say before its answer to the handshake, for `aiohttp`.

aiohttp waits for the one answer behind all interim ones (RFC 9110 section 15.2), however many
come: it would be busy with them for as long as the server goes on, and no time-out could fire.
"""

# ruff: noqa: SLF001 - who makes the protocols of a connector is nowhere public

from __future__ import annotations

import functools
from typing import Any, Final

from aiohttp import BaseConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError

MAX_INTERIM: Final = 10
"""Interim answers that a server may send; one is what there may be a use for."""


class Handler(ResponseHandler):
    """aiohttp's protocol of one connection, which hangs up on interim answers without end."""

    _interim = 0

    def feed_data(self, data: Any, size: int = 0) -> None:
        """Take a whole answer of the server."""
        code = data[0].code
        if code < 200 and code != 101:
            self._interim += 1
        if self._interim <= MAX_INTERIM:
            super().feed_data(data, size)
        elif self.exception() is None:
            message = f"more than {MAX_INTERIM} interim answers, such as {code}, and no other"
            self.set_exception(HttpProcessingError(code=code, message=message))
            if self.transport is not None:
                self.transport.abort()


def bounded(connector: BaseConnector) -> BaseConnector:
    """Return the connector, which makes such protocols from now on."""
    factory: Any = functools.partial(Handler, loop=connector._loop)
    connector._factory = factory
    return connector
