"""Certificates for tests of TLS: an authority that nobody knows, and what it issues.

They are made by `trustme`, which comes with `pip install "wsengine[testing]"`.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

from ..errors import MissingDependencyError

CLIENT = "client@wsengine.test"
"""The name in the certificate of a client."""

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
"""When an expired certificate expired."""


class Certificates:
    """A private authority of its own, and the TLS contexts of both sides.

    Raises:
        MissingDependencyError: `trustme` is not installed.
    """

    def __init__(self) -> None:
        try:
            import trustme  # noqa: PLC0415 - comes with an extra
        except ImportError as error:
            raise MissingDependencyError(
                'certificates for tests are made by trustme; run: pip install "wsengine[testing]"'
            ) from error
        self._authority = trustme.CA()

    def server(
        self,
        *names: str,
        expired: bool = False,
        asks_clients: bool = False,
        version: ssl.TLSVersion | None = None,
    ) -> ssl.SSLContext:
        """Return the context of a server.

        Args:
            names: Host names and IP addresses that its certificate is for.
            expired: Whether its certificate has expired.
            asks_clients: Whether it takes only clients with a certificate of this authority.
            version: The one version of TLS that it speaks, if not any.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        until = LONG_AGO if expired else None
        self._authority.issue_cert(*names, not_after=until).configure_cert(context)
        if asks_clients:
            context.verify_mode = ssl.CERT_REQUIRED
            self._authority.configure_trust(context)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def client(self, *, with_certificate: bool = False) -> ssl.SSLContext:
        """Return the context of a client that trusts this authority, and no other.

        Args:
            with_certificate: Whether it has a certificate of its own to show.
        """
        context = ssl.create_default_context(cadata=self._authority.cert_pem.bytes().decode())
        if with_certificate:
            self._authority.issue_cert(CLIENT).configure_cert(context)
        return context
